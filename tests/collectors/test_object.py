"""The object's collector against an S3 server that checks credentials and policies."""

from __future__ import annotations

import io
import os
import zipfile
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.object import search as object_search
from backup_doctor.collect.object.collector import look
from backup_doctor.collect.sources import Sources
from backup_doctor.demo import storage as stand_in
from backup_doctor.evidence.base import Evidence, Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.log import LogReading
from backup_doctor.evidence.object import FileEnd, KeySource, ObjectEvidence, Search, StoredObject
from backup_doctor.evidence.row import BackupRow, Period, RowEvidence
from backup_doctor.evidence.workflow import Run, WorkflowEvidence
from backup_doctor.settings.model import Origin, Secret, Settings, Storage
from tests.clients.s3_faults import HTML, Answer, error, faulty_s3, listing

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

DISPATCH = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
NOW = datetime.now(UTC)
FOLDER = f"backups/{NOW:%Y/%m/%d}"
KEY = f"{FOLDER}/backup-{DISPATCH}.zip"
UNASKED = Unseen(why=Why.NOT_ASKED, what="Not asked.")


@pytest.fixture(scope="module")
def server() -> Iterator[stand_in.Storage]:
    with stand_in.Storage() as serving:
        yield serving


@pytest.fixture
def world(server: stand_in.Storage) -> Iterator[World]:
    made = World(server, server.create_bucket("acme-object"))
    yield made
    server.delete_bucket(made.bucket)


@pytest.fixture(autouse=True)
def no_other_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


class World:
    """A bucket, and the doctor's look at it after a row and a log."""

    def __init__(self, server: stand_in.Storage, bucket: stand_in.Bucket) -> None:
        self.server = server
        self.bucket = bucket
        self.names = Names(bucket=bucket.name)
        self.storage = Storage(
            endpoint=bucket.endpoint,
            region=bucket.region,
            access_key_id=Secret(bucket.doctor.access_key_id),
            secret_access_key=Secret(bucket.doctor.secret_access_key),
        )
        self.origins: dict[str, Origin] = {}
        self.asked = Asked(dispatch_id=DISPATCH)

    def put(self, key: str, body: bytes | None = None, **other: Any) -> bytes:
        content = archive() if body is None else body
        self.server.s3.put_object(Bucket=self.bucket.name, Key=key, Body=content, **other)
        return content

    def look(self, row: BackupRow | None = None, log: LogReading | None = None) -> ObjectEvidence:
        return look_with(
            Settings(names=self.names, storage=self.storage, origins=self.origins),
            self.asked,
            row_evidence(row),
            workflow(log),
        )

    def requests(self) -> list[stand_in.S3Request]:
        mine = self.bucket.doctor.access_key_id
        return [one for one in self.server.requests if one.access_key_id == mine]


def look_with(settings: Settings, asked: Asked, *earlier: Evidence) -> ObjectEvidence:
    known: dict[type[Evidence], Future[Any]] = {}
    for evidence in earlier:
        future: Future[Any] = Future()
        future.set_result(evidence)
        known[type(evidence)] = future
    case = Case(asked=asked, names=settings.names, now=NOW)
    return look(Sources(settings, Deadline(20), known), case)


def row(key: str | None = None, **other: Any) -> BackupRow:
    known: dict[str, Any] = {"dispatch_id": DISPATCH, "created_at": NOW, "s3_key": key}
    return BackupRow(**{**known, **other})


def row_evidence(one: BackupRow | None) -> RowEvidence:
    return RowEvidence(
        route=None, rows=(one,) if one else (), table=UNASKED, server=UNASKED, api=UNASKED
    )


def workflow(log: LogReading | None) -> WorkflowEvidence:
    return WorkflowEvidence(run=Run(id=1, created_at=NOW), log=log)


def log(*uploaded: str, key: str | None = None) -> LogReading:
    assignments = {"S3_KEY": key} if key is not None else {}
    return LogReading(source="job", uploaded=uploaded, assignments=assignments)


def archive(size: int = 200) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as made:
        made.writestr("dump.sql", b"-" * size)
    return stream.getvalue()


def search_of(evidence: ObjectEvidence) -> Search:
    assert isinstance(evidence.search, Search)
    return evidence.search


def keys_found(evidence: ObjectEvidence) -> list[str]:
    return [hit.key for hit in search_of(evidence).hits]


def test_the_file_that_the_row_names_is_seen_whole(world: World) -> None:
    content = world.put(KEY)

    evidence = world.look(row(KEY))

    assert (evidence.bucket, evidence.expected_key) == ("acme-object", KEY)
    assert evidence.key_source is KeySource.ROW
    assert isinstance(evidence.head, StoredObject)
    assert evidence.head.size == len(content)
    assert evidence.tail == FileEnd(whole=True, entries=1)
    assert evidence.search is None
    assert evidence.gaps() == ()


def test_only_the_end_of_a_large_file_is_read(world: World) -> None:
    world.put(KEY, archive(300_000))

    evidence = world.look(row(KEY))

    assert evidence.tail == FileEnd(whole=True, entries=1)
    assert all(request.method in ("GET", "HEAD") for request in world.requests())


def test_a_file_that_was_cut_off_is_not_whole(world: World) -> None:
    world.put(KEY, archive()[:-30])

    tail = world.look(row(KEY)).tail

    assert isinstance(tail, FileEnd)
    assert not tail.whole


def test_an_empty_file_is_there_and_empty(world: World) -> None:
    world.put(KEY, b"")

    evidence = world.look(row(KEY))

    assert isinstance(evidence.head, StoredObject)
    assert evidence.head.size == 0
    assert evidence.tail == FileEnd(whole=False, problem="the file is empty")


def test_a_file_whose_name_says_nothing_is_not_judged(world: World) -> None:
    key = KEY.replace(".zip", ".bin")
    world.put(key, b"\x1f\x8b")

    assert world.look(row(key)).tail == FileEnd(whole=True, applies=False)


def test_a_large_file_of_another_kind_is_read_at_both_ends(world: World) -> None:
    key = KEY.replace(".zip", ".sql")
    dump = b"--\n-- PostgreSQL database dump\n--\n" + b"INSERT INTO things VALUES (1);\n" * 9_000
    world.put(key, dump[:-5])

    tail = world.look(row(key)).tail

    assert tail == FileEnd(
        whole=False,
        kind="SQL file",
        end_known=False,
        problem="it ends within a line, and the dump's last line is missing",
    )


def test_a_large_gzip_under_the_name_of_a_zip_is_told_by_its_beginning(world: World) -> None:
    world.put(KEY, b"\x1f\x8b" + b"\x9c" * 200_000)

    tail = world.look(row(KEY)).tail

    assert tail == FileEnd(whole=True, kind="gzip file", end_known=False, named="zip")


def test_where_the_row_names_no_key_the_log_does(world: World) -> None:
    key = f"{FOLDER}/nightly.zip"
    world.put(key)

    evidence = world.look(row(), log(key=key))

    assert (evidence.expected_key, evidence.key_source) == (key, KeySource.LOG)
    assert isinstance(evidence.head, StoredObject)


def test_where_the_log_shows_no_key_its_upload_line_does(world: World) -> None:
    world.put(f"{FOLDER}/nightly.zip")

    evidence = world.look(row(), log(f"s3://***/{FOLDER}/nightly.zip", key=""))

    assert evidence.expected_key == f"{FOLDER}/nightly.zip"
    assert evidence.tail == FileEnd(whole=True, entries=1)


@pytest.mark.parametrize(
    "word",
    [
        "s3://acme/backups/nightly.zip",
        "./out/nightly.zip",
        "https://BUCKET.s3.eu-west-1.amazonaws.com/backups/nightly.zip",
        "https://s3.eu-west-1.amazonaws.com/BUCKET/backups/nightly.zip",
    ],
)
def test_a_file_that_the_log_only_speaks_of_is_looked_for_last(world: World, word: str) -> None:
    world.put("backups/nightly.zip")
    told = LogReading(
        source="job", mentioned=("backups/other.zip", word.replace("BUCKET", world.bucket.name))
    )

    assert keys_found(world.look(row(), told)) == ["backups/nightly.zip"]

    world.put(KEY)

    assert keys_found(world.look(row(), told)) == [KEY]


def test_the_address_of_a_tool_that_the_log_fetches_names_no_file_of_the_bucket(
    world: World,
) -> None:
    world.put("backups/tool.zip")
    told = LogReading(source="job", mentioned=("https://example.com/backups/tool.zip",))

    assert keys_found(world.look(row(), told)) == []


def test_a_file_that_the_log_speaks_of_is_looked_for_in_the_folder_of_the_day(
    world: World,
) -> None:
    world.put(f"{FOLDER}/nightly.zip")
    told = LogReading(source="job", mentioned=("nightly.zip",))

    assert keys_found(world.look(row(), told)) == [f"{FOLDER}/nightly.zip"]


def test_an_older_file_that_the_log_speaks_of_is_not_this_backups(world: World) -> None:
    world.put("backups/nightly.zip")
    later = row(created_at=NOW + timedelta(hours=1))

    assert keys_found(world.look(later, LogReading(source="job", mentioned=("nightly.zip",)))) == []


def test_a_file_that_a_search_found_while_the_log_was_read_is_not_asked_for_again(
    world: World,
) -> None:
    world.put(KEY)

    evidence = world.look(row(), log(key=KEY))

    assert isinstance(evidence.head, StoredObject)
    assert evidence.tail == FileEnd(whole=True, entries=1)
    assert [request.method for request in world.requests()].count("HEAD") == 0


def test_where_nobody_names_a_key_the_file_that_names_the_dispatch_is_found(world: World) -> None:
    world.put(KEY)
    world.put(f"{FOLDER}/backup-other.zip")

    evidence = world.look(row())

    assert (evidence.expected_key, evidence.key_source) == (None, None)
    assert keys_found(evidence) == [KEY]
    assert search_of(evidence).complete
    assert evidence.found_tail == FileEnd(whole=True, entries=1)
    assert evidence.present is not None
    assert evidence.gaps() == ()


def test_a_file_outside_the_date_folders_is_found_in_the_whole_prefix(world: World) -> None:
    key = f"backups/monthly/backup-{DISPATCH}.zip"
    world.put(key)

    evidence = world.look(row(created_at=NOW - timedelta(days=90)))

    assert keys_found(evidence) == [key]
    assert "backups/" in search_of(evidence).prefixes


@pytest.mark.parametrize(
    "elsewhere",
    [
        f"backup-{DISPATCH}.zip",
        f"backups/backup-{DISPATCH}.zip",
        f"backups/{KEY}",
        f"/{KEY}",
        f"archive/2020/{DISPATCH.upper()}.zip",
        KEY.upper(),
    ],
)
def test_a_file_at_another_key_than_the_rows_is_found(world: World, elsewhere: str) -> None:
    world.put(elsewhere)

    evidence = world.look(row(KEY))

    assert evidence.expected_key == KEY
    assert evidence.head is None
    assert keys_found(evidence) == [elsewhere]
    assert evidence.found_tail == FileEnd(whole=True, entries=1)


def test_the_key_that_the_log_uploaded_is_found_where_the_row_names_another(world: World) -> None:
    world.put("exports/full.zip")

    evidence = world.look(row(f"{FOLDER}/full.zip"), log("s3://acme-object/exports/full.zip"))

    assert keys_found(evidence) == ["exports/full.zip"]


def test_the_same_name_of_an_earlier_backup_is_not_this_one(
    world: World, server: stand_in.Storage
) -> None:
    world.put("backups/2020/backup-20200101.zip")
    late = row("backups/2026/backup-20200101.zip", created_at=NOW + timedelta(days=1))

    assert keys_found(world.look(late)) == []


def test_a_checksum_beside_the_file_does_not_make_it_ambiguous(world: World) -> None:
    world.put(KEY)
    world.put(f"{KEY}.sha256", b"abc")

    assert world.look(row()).present is not None


def test_two_files_that_name_the_dispatch_are_both_reported(world: World) -> None:
    world.put(KEY)
    world.put(f"{FOLDER}/retry-{DISPATCH}.zip")

    evidence = world.look(row())

    assert len(keys_found(evidence)) == 2
    assert evidence.found_tail is None
    assert evidence.present is None


@pytest.mark.parametrize("first", [KEY, f"backups/monthly/backup-{DISPATCH}.zip"])
def test_a_second_file_outside_of_the_folder_of_the_day_makes_it_a_choice(
    world: World, first: str
) -> None:
    world.put(first)
    world.put(f"tenants/a/{DISPATCH}.zip")

    evidence = world.look(row())

    assert sorted(keys_found(evidence)) == sorted([first, f"tenants/a/{DISPATCH}.zip"])
    assert evidence.present is None


def test_a_second_file_is_no_choice_where_the_log_says_which_one_it_uploaded(world: World) -> None:
    world.put(KEY)
    world.put(f"tenants/a/{DISPATCH}.zip")

    evidence = world.look(row(), log(KEY))

    assert evidence.present is not None
    assert evidence.present.key == KEY


def test_a_file_of_the_id_that_is_older_than_the_row_is_no_choice(world: World) -> None:
    made = NOW + timedelta(days=2)
    world.put(f"tenants/a/{DISPATCH}.zip")
    world.put(f"{made:backups/%Y/%m/%d}/{DISPATCH}.zip")

    assert world.look(row(created_at=made)).present is not None


def test_a_file_from_another_backups_time_with_the_same_id_is_no_choice(world: World) -> None:
    world.put(KEY)
    world.put(f"tenants/a/{DISPATCH}.zip")

    evidence = look_with(
        Settings(names=world.names, storage=world.storage),
        world.asked,
        replace(row_evidence(row()), period=Period(until=NOW - timedelta(hours=1))),
        workflow(None),
    )

    assert evidence.present is not None
    assert evidence.present.key == KEY


def test_where_nothing_is_found_the_whole_bucket_was_looked_through(world: World) -> None:
    world.put("other/file.zip")

    evidence = world.look(row(KEY))

    assert evidence.head is None
    assert keys_found(evidence) == []
    assert search_of(evidence).complete
    assert "" in search_of(evidence).prefixes
    assert (evidence.deleted, evidence.uploads, evidence.versions) == (None, (), ())


def test_a_bound_that_ended_the_search_is_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_search, "SEARCH_KEYS", 0)

    assert not search_of(world.look(row(KEY))).complete


def test_without_a_row_the_dispatch_is_searched_around_the_run(world: World) -> None:
    world.put(KEY)

    assert keys_found(world.look(None)) == [KEY]


@pytest.mark.parametrize(
    "text",
    [f"/{KEY}", f"s3://acme-object/{KEY}", KEY.replace("/", "%2F"), f"acme-object/{KEY}"],
)
def test_a_key_in_another_form_is_normalized(world: World, text: str) -> None:
    world.put(KEY)

    evidence = world.look(row(text))

    assert evidence.expected_key == KEY
    assert isinstance(evidence.head, StoredObject)


@pytest.fixture
def misled(world: World, server: stand_in.Storage) -> Iterator[World]:
    """A doctor that was given another bucket than the pipeline's, and may read both."""
    world.put(KEY)
    world.names = Names(bucket="acme-configured")
    server.s3.create_bucket(
        Bucket="acme-configured", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    admin = server.administrator
    world.storage = Storage(
        endpoint=server.url,
        region="eu-central-1",
        access_key_id=Secret(admin.access_key_id),
        secret_access_key=Secret(admin.secret_access_key),
    )
    yield world
    server.s3.delete_bucket(Bucket="acme-configured")


def test_a_file_in_another_bucket_that_the_row_names_is_seen_there(misled: World) -> None:
    evidence = misled.look(row(f"s3://acme-object/{KEY}"))

    assert evidence.bucket == "acme-object"
    assert isinstance(evidence.head, StoredObject)


@pytest.mark.parametrize("key", [KEY, None], ids=["by the row as well", "by the log alone"])
def test_a_file_in_another_bucket_that_the_upload_names_is_seen_there(
    misled: World, key: str | None
) -> None:
    evidence = misled.look(row(key), log(f"s3://acme-object/{KEY}", key=KEY))

    assert evidence.bucket == "acme-object"
    assert isinstance(evidence.head, StoredObject)


def test_a_bucket_that_the_upload_names_is_not_asked_at_an_endpoint_from_a_file(
    misled: World,
) -> None:
    misled.origins = {"endpoint": Origin(name="aws_endpoint_url_s3", place="backup-doctor.toml")}

    evidence = misled.look(row(KEY), log(f"s3://acme-object/{KEY}"))

    assert isinstance(evidence.head, Unseen)
    assert "uploaded to the bucket acme-object" in evidence.head.what


def test_an_upload_to_a_bucket_that_is_gone_leaves_the_file_missing(misled: World) -> None:
    evidence = misled.look(row(f"{KEY}.gone"), log(f"s3://acme-gone/{KEY}.gone"))

    assert evidence.bucket == "acme-configured"
    assert evidence.head is None


def test_a_deleted_file_is_known_by_its_marker(server: stand_in.Storage) -> None:
    bucket = server.create_bucket("acme-versioned", versioned=True)
    world = World(server, bucket)
    content = world.put(KEY)
    server.s3.delete_object(Bucket=bucket.name, Key=KEY)

    known, unknown = world.look(row(KEY)), world.look(row())
    server.delete_bucket(bucket)

    for evidence in (known, unknown):
        assert evidence.head is None
        assert evidence.deleted is not None
        assert evidence.deleted.key == KEY
        assert evidence.deleted.previous is not None
        assert evidence.deleted.previous.size == len(content)
        assert isinstance(evidence.versions, tuple)


@pytest.mark.parametrize("folder", ["backups", "elsewhere/nightly"])
def test_a_deleted_file_is_known_in_whatever_folder_it_was(
    server: stand_in.Storage, folder: str
) -> None:
    bucket = server.create_bucket("acme-flat", versioned=True)
    world = World(server, bucket)
    key = f"{folder}/backup-{DISPATCH}.zip"
    world.put(key)
    world.put("backups/backup-of-somebody-else.zip")
    server.s3.delete_object(Bucket=bucket.name, Key=key)

    evidence = world.look(row())
    server.delete_bucket(bucket)

    assert evidence.deleted is not None
    assert evidence.deleted.key == key
    assert evidence.deleted.previous is not None


def test_an_unfinished_upload_is_found_with_its_parts(
    world: World, server: stand_in.Storage
) -> None:
    begun = server.s3.create_multipart_upload(Bucket=world.bucket.name, Key=KEY)
    server.s3.upload_part(
        Bucket=world.bucket.name,
        Key=KEY,
        UploadId=begun["UploadId"],
        PartNumber=1,
        Body=b"x" * 700,
    )

    for evidence in (world.look(row(KEY)), world.look(row())):
        assert isinstance(evidence.uploads, tuple)
        (upload,) = evidence.uploads
        assert (upload.key, upload.parts, upload.bytes) == (KEY, 1, 700)


def test_an_archived_file_has_a_size_and_an_unseen_end(world: World) -> None:
    content = world.put(KEY, StorageClass="DEEP_ARCHIVE")

    evidence = world.look(row(KEY))

    assert isinstance(evidence.head, StoredObject)
    assert (evidence.head.size, evidence.head.storage_class) == (len(content), "DEEP_ARCHIVE")
    assert isinstance(evidence.tail, Unseen)
    assert evidence.tail.code == "InvalidObjectState"


def test_without_a_bucket_setting_the_one_in_the_row_is_asked(world: World) -> None:
    world.put(KEY)
    world.names = Names()

    evidence = world.look(row(f"s3://acme-object/{KEY}"))

    assert evidence.bucket == "acme-object"
    assert isinstance(evidence.head, StoredObject)


def test_without_a_bucket_setting_the_one_in_the_log_is_asked(world: World) -> None:
    world.put(KEY)
    world.names = Names()

    evidence = world.look(row(KEY), log(f"s3://acme-object/{KEY}"))

    assert evidence.bucket == "acme-object"
    assert isinstance(evidence.head, StoredObject)


def test_a_bucket_of_the_log_is_not_asked_at_an_endpoint_from_a_file(world: World) -> None:
    """A stranger's file may choose the endpoint; no credentials are taken there."""
    world.names = Names()
    world.origins = {"endpoint": Origin(name="aws_endpoint_url_s3", place="backup-doctor.toml")}

    evidence = world.look(row(f"s3://acme-object/{KEY}"))

    assert isinstance(evidence.bucket, Unseen)
    assert world.requests() == []


def test_without_any_bucket_the_setting_is_named(world: World) -> None:
    world.names = Names()

    evidence = world.look(row(KEY))

    assert isinstance(evidence.bucket, Unseen)
    assert evidence.bucket.why is Why.NOT_CONFIGURED
    assert "BACKUP_BUCKET" in (evidence.bucket.remedy or "")
    assert evidence.gaps() == (evidence.bucket,)


def test_preflight_sees_the_bucket_and_looks_for_no_file(world: World) -> None:
    world.asked = Asked()

    evidence = world.look()

    assert (evidence.bucket, evidence.head, evidence.search) == ("acme-object", None, None)


def test_preflight_sees_that_the_bucket_may_not_be_listed(world: World) -> None:
    world.asked = Asked()
    stand_in.allow(world.bucket, world.bucket.doctor, ["s3:GetObject"])

    evidence = world.look()

    assert isinstance(evidence.bucket, Unseen)
    assert evidence.bucket.why is Why.DENIED


def test_without_the_right_to_list_an_absent_file_is_unseen(world: World) -> None:
    stand_in.allow(world.bucket, world.bucket.doctor, ["s3:GetObject"])

    named, unnamed = world.look(row(KEY)), world.look(row())

    assert isinstance(named.head, Unseen)
    assert named.head.why is Why.DENIED
    assert named.bucket == "acme-object"
    assert isinstance(unnamed.search, Unseen)


def test_without_the_right_to_read_the_size_is_known_and_the_end_is_not(world: World) -> None:
    content = world.put(KEY)
    stand_in.allow(world.bucket, world.bucket.doctor, ["s3:ListBucket"])

    evidence = world.look(row(KEY))

    assert isinstance(evidence.head, StoredObject)
    assert evidence.head.size == len(content)
    assert isinstance(evidence.tail, Unseen)
    assert evidence.tail.why is Why.DENIED


def test_without_the_rights_to_see_traces_the_absence_is_certain_all_the_same(
    world: World,
) -> None:
    stand_in.allow(world.bucket, world.bucket.doctor, ["s3:GetObject", "s3:ListBucket"])

    evidence = world.look(row(KEY))

    assert evidence.head is None
    assert evidence.gaps() == ()
    assert {note.why for note in evidence.notes()} == {Why.DENIED}


def test_a_wrong_secret_leaves_nothing_seen(world: World) -> None:
    world.put(KEY)
    stray = world.bucket.pipeline.secret_access_key
    world.storage = Storage(
        endpoint=world.bucket.endpoint,
        region=world.bucket.region,
        access_key_id=Secret(world.bucket.doctor.access_key_id),
        secret_access_key=Secret(stray),
    )

    for evidence in (world.look(row(KEY)), world.look(row())):
        assert isinstance(evidence.bucket, Unseen)
        assert evidence.bucket.code == "SignatureDoesNotMatch"
        assert evidence.head == evidence.bucket
        assert stray not in repr(evidence)


FAULTS = {
    "portal": (Answer(200, HTML, {"Content-Type": "text/html"}), Why.GARBLED),
    "empty": (Answer(200), Why.GARBLED),
    "expired": (error(400, "ExpiredToken"), Why.BAD_CREDENTIALS),
    "region": (error(301, "PermanentRedirect", x_amz_bucket_region="eu-west-3"), Why.REFUSED),
    "no bucket": (error(404, "NoSuchBucket"), Why.NOT_FOUND),
    "clock": (error(403, "RequestTimeTooSkewed"), Why.BAD_CREDENTIALS),
    "broken": (error(500, "InternalError"), Why.UNREACHABLE),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("asked", [Asked(), Asked(dispatch_id=DISPATCH)])
def test_a_fault_of_s3_is_never_an_absent_file(fault: str, key: str | None, asked: Asked) -> None:
    answer, why = FAULTS[fault]
    with faulty_s3(lambda _: answer) as server:
        storage = Storage(
            endpoint=server.url,
            region="eu-central-1",
            access_key_id=Secret("AKIA0"),
            secret_access_key=Secret("secret"),
        )
        settings = Settings(names=Names(bucket="acme"), storage=storage)
        evidence = look_with(settings, asked, row_evidence(row(key)), workflow(None))

    assert isinstance(evidence.bucket, Unseen)
    assert evidence.bucket.why is why
    assert isinstance(evidence.head, Unseen)
    assert evidence.search is None


def test_a_row_that_was_not_seen_does_not_stop_the_search(world: World) -> None:
    world.put(KEY)
    hidden = replace(row_evidence(None), rows=UNASKED)
    settings = Settings(names=world.names, storage=world.storage)

    evidence = look_with(settings, world.asked, hidden)

    assert keys_found(evidence) == [KEY]


def test_a_listing_that_stops_answering_is_not_complete() -> None:
    pages = iter([listing(), listing()])

    def answer(asked: Any) -> Answer:
        if not asked.lists:
            return error(404, "NoSuchKey")
        return next(pages, error(503, "InternalError"))

    with faulty_s3(answer) as server:
        storage = Storage(
            endpoint=server.url,
            region="eu-central-1",
            access_key_id=Secret("AKIA0"),
            secret_access_key=Secret("secret"),
        )
        settings = Settings(names=Names(bucket="acme"), storage=storage)
        evidence = look_with(settings, Asked(dispatch_id=DISPATCH), row_evidence(row(KEY)))

    assert not (isinstance(evidence.search, Search) and evidence.search.complete)
