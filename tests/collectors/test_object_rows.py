"""The file in a real bucket and its row in a real table: who else has it, and what shows where it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.object.collector import look
from backup_doctor.collect.object.control import ControlFiles, control
from backup_doctor.collect.object.rows import Neighbours, neighbours_of, owners_of
from backup_doctor.collect.row.collector import look as look_at_row
from backup_doctor.collect.sources import Sources
from backup_doctor.demo import storage as stand_in
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.ids import Ids
from backup_doctor.evidence.object import ObjectEvidence, Search, StoredObject
from backup_doctor.evidence.row import Route
from backup_doctor.settings.load import Flags, load
from backup_doctor.settings.model import Secret, Storage
from tests.collectors.test_object import archive, log, workflow
from tests.database.conftest import lab, postgres
from tests.database.lab import DISPATCH
from tests.e2e.conftest import servers, world
from tests.e2e.doctoring import AWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.log import LogReading
    from backup_doctor.evidence.row import RowEvidence
    from tests.database.lab import Lab

__all__ = ["lab", "postgres", "servers", "world"]

BUCKET = "acme-rows"
KEY = "backups/latest.zip"
OTHER_ID = "00000000-0000-4000-8000-000000000001"
UUID = "3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"
MADE = datetime(2026, 1, 15, 2, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def storage() -> Iterator[stand_in.Storage]:
    with stand_in.Storage() as serving:
        yield serving


@pytest.fixture
def bucket(storage: stand_in.Storage) -> Iterator[stand_in.Bucket]:
    made = storage.create_bucket(BUCKET, versioned=True)
    yield made
    storage.delete_bucket(made)


@pytest.fixture
def table(lab: Lab) -> Lab:
    lab.names = Names(bucket=BUCKET)
    return lab.migrate()


def add(lab: Lab, dispatch_id: str, key: str | None = None, **columns: Any) -> str:
    """Another row, a good one by default; its id."""
    values = {
        "id": OTHER_ID,
        "dispatch_id": dispatch_id,
        "status": "success",
        "s3_key": key,
        "created_at": MADE - timedelta(days=1),
        **columns,
    }
    names, marks = (
        ", ".join(values),
        ", ".join(
            "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
            for value in values.values()
        ),
    )
    lab.sql(f"INSERT INTO public.backup_history ({names}) VALUES ({marks})")
    return str(values["id"])


def row_of(lab: Lab) -> RowEvidence:
    return look_at_row(lab.ask(), lab.case())


def owners(lab: Lab, *keys: str, ids: Ids | None = None) -> Any:
    found = owners_of(
        lab.ask(), lab.case(), row_of(lab), keys or (KEY,), ids or Ids([DISPATCH]), BUCKET
    )
    assert not isinstance(found, Unseen), found
    return found


# Who else has it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"/{KEY}",
        f"s3://{BUCKET}/{KEY}",
        f"{BUCKET}/{KEY}",
        f"https://{BUCKET}.s3.eu-central-1.amazonaws.com/{KEY}",
        f"https://s3.amazonaws.com/{BUCKET}/{KEY}?X-Amz-Signature=abc",
    ],
)
def test_another_row_has_the_file_that_it_names_in_whatever_notation(table: Lab, text: str) -> None:
    add(table, "other", text, status="failed", size_bytes=7, error_text="private")

    (owner,) = owners(table)

    assert (owner.key, owner.by_id, owner.row.id) == (KEY, False, OTHER_ID)
    assert (owner.row.dispatch_id, owner.row.status, owner.row.size_bytes) == ("other", "failed", 7)
    assert (owner.row.values, owner.row.error_text) == ({}, None)


@pytest.mark.parametrize(
    "text", [None, "", f"archive/{KEY}", f"s3://another/{KEY}", f"{KEY}.old", "https://x.test/"]
)
def test_a_row_that_names_another_file_has_not_this_one(table: Lab, text: str | None) -> None:
    add(table, "other", text)

    assert owners(table) == ()


def test_the_row_itself_is_no_other(table: Lab) -> None:
    table.sql(f"UPDATE public.backup_history SET s3_key = '{KEY}'")

    assert owners(table) == ()


@pytest.mark.parametrize(
    ("mine", "other", "key"),
    [
        (DISPATCH, f"{DISPATCH}-2", f"backups/backup-{DISPATCH}-2.zip"),
        (DISPATCH, f"eu-{DISPATCH}", f"backups/eu-{DISPATCH}.zip"),
        (UUID, f"{UUID}-2", f"backups/{UUID}-2.zip"),
        (DISPATCH, UUID, f"backups/{UUID.upper()}.zip"),
    ],
)
def test_a_row_has_the_file_whose_name_holds_its_own_id(
    table: Lab, mine: str, other: str, key: str
) -> None:
    add(table, other)

    (owner,) = owners(table, key, ids=Ids([mine]))

    assert (owner.by_id, owner.row.dispatch_id) == (True, other)


def test_a_rows_own_id_in_a_name_counts_as_well(table: Lab) -> None:
    add(table, "other")

    assert [one.by_id for one in owners(table, f"backups/{OTHER_ID}.zip")] == [True]


def test_a_table_that_cannot_be_asked_is_said(table: Lab) -> None:
    rows = row_of(table)
    table.sql("ALTER TABLE public.backup_history RENAME TO elsewhere")

    found = owners_of(table.ask(), table.case(), rows, [KEY], Ids([DISPATCH]), BUCKET)

    assert isinstance(found, Unseen)
    assert owners_of(table.ask(), table.case(), rows, [], Ids([DISPATCH]), BUCKET) == ()


# Other backups' files ----------------------------------------------------------------------------


def test_the_backups_made_before_and_after_are_known(table: Lab) -> None:
    for number, days in enumerate((-3, -2, -1, 1, 2, 3)):
        add(
            table,
            f"day{days}",
            f"backups/{days}.zip",
            id=f"00000000-0000-4000-8000-00000000001{number}",
            created_at=MADE + timedelta(days=days),
        )
    add(table, "stuck", status="in_progress", created_at=MADE + timedelta(hours=1))

    near = neighbours_of(table.ask(), table.case(), row_of(table))

    assert isinstance(near, Neighbours)
    assert [one.dispatch_id for one in near.later] == ["stuck", "day1"]
    assert [one.dispatch_id for one in near.good_after] == ["day1", "day2"]
    assert [one.dispatch_id for one in near.good_before] == ["day-1", "day-2"]
    assert near.later[0].values == {}


def test_a_table_without_a_time_of_creation_tells_of_no_neighbours(table: Lab) -> None:
    table.sql("ALTER TABLE public.backup_history DROP COLUMN created_at")

    assert isinstance(neighbours_of(table.ask(), table.case(), row_of(table)), Unseen)


def there(key: str) -> StoredObject:
    return StoredObject(key=key, size=1, modified_at=MADE)


DENIED = Unseen(why=Why.DENIED, what="S3 refused.")


@pytest.mark.parametrize(
    ("files", "prefixes", "said"),
    [
        (ControlFiles(keys=("b/1.zip",), heads=(there("b/1.zip"),)), None, Shown),
        (ControlFiles(keys=("b/1.zip",), heads=(there("b/1.zip"),)), ("b/",), Shown),
        (ControlFiles(keys=("b/1.zip",), heads=(there("b/1.zip"),)), ("a/", ""), Shown),
        (
            ControlFiles(keys=("b/1.zip",), heads=(there("b/1.zip"),)),
            ("a/",),
            "outside of the prefix",
        ),
        (ControlFiles(keys=(), heads=()), None, "no other good backup"),
        (ControlFiles(keys=("b/1.zip",), heads=(DENIED,)), None, "could not be looked at"),
        (DENIED, None, "could not be read"),
    ],
)
def test_the_bucket_is_the_pipelines_where_another_backups_file_is(
    files: ControlFiles | Unseen, prefixes: tuple[str, ...] | None, said: Any
) -> None:
    search = Search(prefixes=prefixes, listed=1, complete=True) if prefixes else None

    found = control(BUCKET, files, search)

    if said is Shown:
        assert isinstance(found, Shown)
    else:
        assert isinstance(found, Unseen)
        assert said in found.what


# The whole look ----------------------------------------------------------------------------------


class Both:
    """A table and a bucket, and the doctor's look at a backup in both."""

    def __init__(self, lab: Lab, storage: stand_in.Storage, bucket: stand_in.Bucket) -> None:
        self.lab, self.storage, self.bucket = lab, storage, bucket

    def put(self, key: str, body: bytes | None = None) -> None:
        content = archive() if body is None else body
        self.storage.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    def look(
        self, reading: LogReading | None = None, dispatch_id: str = DISPATCH
    ) -> ObjectEvidence:
        given = Storage(
            endpoint=self.bucket.endpoint,
            region=self.bucket.region,
            access_key_id=Secret(self.bucket.doctor.access_key_id),
            secret_access_key=Secret(self.bucket.doctor.secret_access_key),
        )
        settings = self.lab.settings(storage=given)
        case = self.lab.case(dispatch_id=dispatch_id)
        rows = look_at_row(self.lab.ask(settings), case)
        return look(self.lab.ask(settings, rows, workflow(reading)), case)


@pytest.fixture
def both(
    table: Lab,
    storage: stand_in.Storage,
    bucket: stand_in.Bucket,
    monkeypatch: pytest.MonkeyPatch,
) -> Both:
    for name in AWS:
        monkeypatch.delenv(name, raising=False)
    return Both(table, storage, bucket)


def keys(found: tuple[StoredObject, ...]) -> list[str]:
    return [one.key for one in found]


def test_the_owners_of_the_file_and_the_next_backups_are_seen(both: Both) -> None:
    both.put(KEY)
    both.lab.sql(f"UPDATE public.backup_history SET s3_key = '{KEY}'")
    add(both.lab, "next", KEY, created_at=MADE + timedelta(days=1))

    seen = both.look()

    assert isinstance(seen.owners, tuple)
    assert [one.row.dispatch_id for one in seen.owners] == ["next"]
    assert [one.dispatch_id for one in seen.later] == ["next"]
    assert seen.endpoint == both.bucket.endpoint.partition("://")[2].rstrip("/")


def test_another_rows_longer_id_leaves_no_file_to_this_one(both: Both) -> None:
    both.put(f"backups/backup-{DISPATCH}-2.zip")
    add(both.lab, f"{DISPATCH}-2", f"backups/backup-{DISPATCH}-2.zip")

    seen = both.look()

    assert seen.present is None
    assert isinstance(seen.search, Search)
    assert keys(seen.search.possible) == [f"backups/backup-{DISPATCH}-2.zip"]
    assert isinstance(seen.owners, tuple)
    assert {one.key for one in seen.owners} == set(keys(seen.search.possible))


def uuid_row(both: Both) -> None:
    both.lab.sql(f"UPDATE public.backup_history SET dispatch_id = '{UUID}'")


def test_of_two_files_the_one_that_is_another_rows_is_no_choice(both: Both) -> None:
    uuid_row(both)
    both.put(f"backups/{UUID}.zip")
    both.put(f"backups/{UUID}-2.zip")
    add(both.lab, f"{UUID}-2")

    seen = both.look(dispatch_id=UUID)

    assert seen.present is not None
    assert seen.present.key == f"backups/{UUID}.zip"
    assert seen.present_tail is not None
    assert seen.present_tail.whole


def test_a_file_that_only_another_rows_id_names_is_looked_for_further(both: Both) -> None:
    uuid_row(both)
    both.put(f"backups/2026/01/15/{UUID}-2.zip")
    both.put(f"elsewhere/{UUID}.zip")
    add(both.lab, f"{UUID}-2")

    seen = both.look(dispatch_id=UUID)

    assert seen.present is not None
    assert seen.present.key == f"elsewhere/{UUID}.zip"


def test_a_dump_and_its_manifest_are_one_backup(both: Both) -> None:
    uuid_row(both)
    both.put(f"backups/{UUID}.sql.gz", b"x")
    both.put(f"backups/{UUID}.manifest.json", b"{}")
    both.put(f"backups/{UUID}.sql.gz.sha256", b"abc")

    seen = both.look(dispatch_id=UUID)

    assert seen.present is not None
    assert seen.present.key == f"backups/{UUID}.sql.gz"


def test_a_manifest_alone_is_no_backup_and_a_json_perhaps_one(both: Both) -> None:
    uuid_row(both)
    both.put(f"backups/{UUID}.manifest.json", b"{}")
    alone = both.look(dispatch_id=UUID)
    both.put(f"backups/{UUID}.json", b"{}")
    perhaps = both.look(dispatch_id=UUID)

    assert (alone.present, alone.keys) == (None, ())
    assert (perhaps.present, perhaps.keys) == (None, (f"backups/{UUID}.json",))


def test_the_file_that_the_log_names_is_seen_where_the_row_names_another(both: Both) -> None:
    both.put("backups/eu.zip")
    both.put("backups/own.zip")
    both.lab.sql("UPDATE public.backup_history SET s3_key = 'backups/eu.zip'")
    add(both.lab, "other", "backups/eu.zip")

    seen = both.look(log("backups/own.zip"))
    same = both.look(log("backups/eu.zip", "backups/own.zip"))

    assert isinstance(seen.logged, StoredObject)
    assert (seen.expected_key, seen.logged.key) == ("backups/eu.zip", "backups/own.zip")
    assert seen.logged_tail is not None
    assert same.logged is None


def test_other_backups_files_show_whether_the_bucket_is_theirs(both: Both) -> None:
    both.lab.sql("UPDATE public.backup_history SET s3_key = 'backups/lost.zip'")
    nobody = both.look()
    add(both.lab, "other", "backups/other.zip")
    elsewhere = both.look()
    both.put("backups/other.zip")
    here = both.look()

    assert isinstance(nobody.control, Unseen)
    assert "no other good backup" in nobody.control.what
    assert isinstance(elsewhere.control, Unseen)
    assert "are not there either: backups/other.zip" in elsewhere.control.what
    assert isinstance(here.control, Shown)


def test_a_pipeline_may_have_moved_since_an_earlier_backup(both: Both) -> None:
    both.lab.sql("UPDATE public.backup_history SET s3_key = 'backups/lost.zip'")
    both.put("backups/before.zip")
    add(both.lab, "before", "backups/before.zip")
    only_before = both.look()
    later_id = "00000000-0000-4000-8000-000000000002"
    add(both.lab, "after", "backups/after.zip", id=later_id, created_at=MADE + timedelta(days=1))
    moved = both.look()

    assert isinstance(only_before.control, Shown)
    assert isinstance(moved.control, Unseen)


def test_a_file_that_is_not_whole_has_its_versions_looked_at(both: Both) -> None:
    both.put("backups/a.zip")
    both.put("backups/a.zip", b"cut")
    both.lab.sql("UPDATE public.backup_history SET s3_key = 'backups/a.zip'")

    cut = both.look()
    both.put("backups/a.zip")
    whole = both.look()

    assert isinstance(cut.versions, tuple)
    assert len(cut.versions) == 2
    assert whole.versions == ()


def test_a_file_that_another_row_names_as_well_has_its_versions_looked_at(both: Both) -> None:
    both.put("backups/a.zip")
    both.put("backups/a.zip")
    both.lab.sql("UPDATE public.backup_history SET s3_key = 'backups/a.zip'")
    add(both.lab, "later", "backups/a.zip", created_at=MADE + timedelta(days=1))

    shared = both.look()

    assert isinstance(shared.versions, tuple)
    assert len(shared.versions) == 2


# By the Data API alone ---------------------------------------------------------------------------


def test_the_data_api_tells_the_same(world: World, tmp_path: Path) -> None:
    names = ("SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY")
    given = {name: world.environment()[name] for name in names}
    dispatch_id = world.insert_row()
    world.sql(
        "INSERT INTO public.backup_history (dispatch_id, status, s3_key, created_at) VALUES"
        f" ('by-key', 'success', 's3://b/{KEY}', now() + interval '1 day'),"
        f" ('{dispatch_id}-2', 'success', 'x.zip', now() - interval '1 day')"
    )
    settings = load(Flags(), environ=given, cwd=tmp_path)
    ask = Sources(settings, Deadline(30))
    asked = Asked(dispatch_id=dispatch_id)
    case = Case(asked=asked, names=settings.names, now=datetime.now(UTC))
    rows = look_at_row(ask, case)
    wanted = (KEY, f"backups/{dispatch_id}-2.zip")

    found = owners_of(ask, case, rows, wanted, Ids([dispatch_id]), "b")
    near = neighbours_of(ask, case, rows)

    assert rows.route is Route.REST
    assert isinstance(found, tuple)
    assert [(one.row.dispatch_id, one.key, one.by_id) for one in found] == [
        ("by-key", KEY, False),
        (f"{dispatch_id}-2", wanted[1], True),
    ]
    assert isinstance(near, Neighbours)
    assert [one.dispatch_id for one in near.good_after] == ["by-key"]
    assert [one.dispatch_id for one in near.good_before] == [f"{dispatch_id}-2"]
