"""The audit of a real PostgreSQL and an S3 server: each kind is found, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from backup_doctor.demo.storage import READ_ACTIONS, allow
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.object_keys import KeyPlace, places
from backup_doctor.evidence.row import Route
from backup_doctor.run.audit.statements import ODD, all_rows
from tests.audit.scene import FOLDER, Scene
from tests.audit.sides import told
from tests.programs import bare, on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUTES = {
    "psycopg": {},
    "Management API": {"SUPABASE_DB_URL": ""},
    "PostgREST": {"SUPABASE_DB_URL": "", "SUPABASE_ACCESS_TOKEN": ""},
}


@pytest.fixture(params=list(ROUTES))
def way(request: pytest.FixtureRequest) -> dict[str, str]:
    """Environment variables that leave one way to the table."""
    found: dict[str, str] = ROUTES[request.param]
    return found


def test_a_healthy_world_is_clean(scene: Scene, way: dict[str, str]) -> None:
    scene.row(scene.put(f"{FOLDER}/a.zip"))
    scene.row("/" + scene.put(f"{FOLDER}/b.zip"))
    scene.row(f"s3://{scene.world.bucket.name}/" + scene.put(f"{FOLDER}/c d+é.zip"))
    scene.row(scene.put("archive/outside the prefix.zip"))
    scene.row(None, "failed", None)
    scene.row(f"{FOLDER}/failed.zip", "failed", None)
    scene.row(None, "in_progress", None)
    running = scene.row(None, "in_progress", None, dispatch_id="nightly-7", age="1 minute")
    scene.put(f"{FOLDER}/backup-nightly-7.zip")

    items, audit = scene.audit(**way)

    assert running
    assert items == []
    assert audit.totals.complete
    assert audit.totals.rows == {"success": 4, "failed": 2, "stuck": 1, "running": 1}
    assert audit.totals.objects == 4


def test_each_kind_is_found_and_nothing_else(
    scene: Scene, way: dict[str, str], request: pytest.FixtureRequest
) -> None:
    missing = scene.row(f"{FOLDER}/gone.zip")
    other = scene.row(scene.put(f"{FOLDER}/other.zip", 6))
    by_key = scene.row(scene.put(f"{FOLDER}/stuck.zip"), "in_progress", None)
    by_name = scene.row(None, "in_progress", None, dispatch_id="nightly-42")
    named = scene.put(f"{FOLDER}/backup-nightly-42.zip")
    orphan = scene.put(f"{FOLDER}/orphan <b>`|$(id)é.zip")
    scene.row(scene.put(f"{FOLDER}/twice.zip"), age="2 days")
    second = scene.row("/" + f"{FOLDER}/twice.zip")
    outside = scene.row("archive/gone.zip")

    items, audit = scene.audit(**way)

    assert told(items) == sorted(
        [
            ("missing-object", missing, f"{FOLDER}/gone.zip"),
            ("missing-object", outside, "archive/gone.zip"),
            ("size-mismatch", other, f"{FOLDER}/other.zip"),
            ("stuck-with-object", by_key, f"{FOLDER}/stuck.zip"),
            ("stuck-with-object", by_name, named),
            ("orphan-object", None, orphan),
            ("duplicate-key", second, f"{FOLDER}/twice.zip"),
        ],
        key=str,
    )
    assert audit.totals.complete
    assert audit.route is Route(request.node.callspec.id)


def test_a_row_in_another_bucket_makes_the_audit_incomplete(scene: Scene) -> None:
    scene.row("s3://somewhere-else/backups/a.zip")

    items, audit = scene.audit()

    assert items == []
    assert "another bucket" in audit.totals.gaps[0].what


def test_where_no_row_has_the_configured_word_for_a_success_nothing_is_clean(scene: Scene) -> None:
    scene.row(f"{FOLDER}/gone.zip")

    items, audit = scene.audit(BACKUP_DOCTOR_STATUS_SUCCESS="completed")

    assert items == []
    assert "1 row has a status that is none" in audit.totals.gaps[0].what
    assert "status.success" in (audit.totals.gaps[0].remedy or "")


def test_without_a_listing_nothing_is_called_missing(scene: Scene) -> None:
    scene.row(f"{FOLDER}/gone.zip")
    scene.row(f"{FOLDER}/twice.zip", age="2 days")
    second = scene.row(f"{FOLDER}/twice.zip")
    bucket = scene.world.bucket
    allow(bucket, bucket.doctor, ["s3:GetObject"])

    items, audit = scene.audit()
    allow(bucket, bucket.doctor, READ_ACTIONS)

    assert told(items) == [("duplicate-key", second, f"{FOLDER}/twice.zip")]
    assert "s3:ListBucket" in audit.totals.gaps[0].what


def test_where_policies_may_hide_every_row_nothing_is_clean(scene: Scene) -> None:
    scene.world.sql_as_superuser("ALTER ROLE backup_doctor NOBYPASSRLS")

    items, audit = scene.audit()
    scene.world.sql_as_superuser("ALTER ROLE backup_doctor BYPASSRLS")

    assert items == []
    assert not audit.totals.complete


def test_where_policies_may_hide_rows_no_object_is_called_an_orphan(scene: Scene) -> None:
    scene.put(f"{FOLDER}/not-an-orphan.zip")
    scene.world.sql_as_superuser("ALTER ROLE backup_doctor NOBYPASSRLS")

    items, audit = scene.audit()
    scene.world.sql_as_superuser("ALTER ROLE backup_doctor BYPASSRLS")

    assert items == []
    assert "Row-level security" in audit.totals.gaps[0].what


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('table = "public.backup_histroy"\n', "There is public.backup_history"),
        ('columns.s3_key = "s3_keys"\n', "There is s3_key, "),
    ],
)
def test_a_configured_name_that_is_not_there_is_a_mistake_of_the_configuration(
    scene: Scene, toml: str, said: str
) -> None:
    (scene.directory / "backup-doctor.toml").write_text(toml)

    done = scene.command()

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("change", "undo", "said"),
    [
        (
            "ALTER TABLE public.backup_history RENAME TO backups",
            "ALTER TABLE public.backups RENAME TO backup_history",
            "Set table (BACKUP_DOCTOR_TABLE). There is public.backups.",
        ),
        (
            "ALTER TABLE public.backup_history RENAME s3_key TO file",
            "ALTER TABLE public.backup_history RENAME file TO s3_key",
            "Set columns.s3_key (BACKUP_DOCTOR_COLUMNS_S3_KEY).",
        ),
    ],
)
def test_without_the_guides_table_or_a_needed_column_nothing_is_compared(
    scene: Scene, change: str, undo: str, said: str
) -> None:
    scene.world.sql(change)
    try:
        items, audit = scene.audit()
    finally:
        scene.world.sql(undo)

    assert items == []
    assert said in str(audit.totals.gaps[0].remedy)


@pytest.mark.parametrize("column", ["size_bytes", "finished_at", "created_at", "dispatch_id"])
def test_another_column_that_the_table_lacks_is_not_compared(scene: Scene, column: str) -> None:
    scene.whole()
    scene.row(f"{FOLDER}/gone.zip")
    scene.world.sql(f"ALTER TABLE public.backup_history RENAME {column} TO another")
    try:
        items, audit = scene.audit()
    finally:
        scene.world.sql(f"ALTER TABLE public.backup_history RENAME another TO {column}")

    assert [one.kind for one in items] == ["missing-object"]
    assert audit.totals.gaps == []


ID, OTHER_ID = "3f0c7d52-8a1e-4b7e-9f64-1c2d3e4f5a6b", "7d1a0b3c-55aa-4d2e-8c11-0a9b8c7d6e5f"
NO_TIME = "ALTER COLUMN created_at DROP DEFAULT, ALTER COLUMN created_at TYPE {0} USING {1}"
AS_NUMBER = NO_TIME.format("bigint", "extract(epoch FROM created_at)::bigint")
AS_TIME = NO_TIME.format("timestamptz", "to_timestamp(created_at)")


@pytest.mark.parametrize(
    ("changes", "undo"),
    [
        ("RENAME created_at TO another", "RENAME another TO created_at"),
        (AS_NUMBER, f"{AS_TIME}, ALTER COLUMN created_at SET DEFAULT now()"),
    ],
    ids=["no column", "a number"],
)
def test_a_row_of_no_known_age_is_as_old_as_its_object(
    scene: Scene, way: dict[str, str], changes: str, undo: str
) -> None:
    scene.whole()
    young, old = f"{FOLDER}/young.zip", f"{FOLDER}/backup-{ID}.zip"
    scene.row(scene.put(young), "in_progress", None)
    scene.row(None, "in_progress", None, dispatch_id=ID)
    scene.put(old)
    world = scene.world
    world.servers.storage.date_back(world.bucket, old, timedelta(hours=9))
    world.sql(f"ALTER TABLE public.backup_history {changes}")
    try:
        items, audit = scene.audit(**way)
    finally:
        world.sql(f"ALTER TABLE public.backup_history {undo}")

    assert audit.totals.gaps == []
    assert [(one.kind, one.s3_key) for one in items] == [("stuck-with-object", old)]
    assert audit.totals.rows == {"success": 1, "in progress": 2}


def test_the_file_of_a_row_whose_status_no_setting_names_is_no_orphan(
    scene: Scene, way: dict[str, str]
) -> None:
    scene.whole()
    scene.world.sql(
        "ALTER TABLE public.backup_history DROP CONSTRAINT IF EXISTS backup_history_status_check"
    )
    scene.row(None, "working", None, dispatch_id=ID)
    scene.put(f"{FOLDER}/backup-{ID}.zip")
    given_up = scene.row(None, "cancelled", None, dispatch_id=OTHER_ID)
    left = scene.put(f"{FOLDER}/backup-{OTHER_ID}.zip")

    items, audit = scene.audit(**way)

    assert [(one.s3_key, one.backup_id) for one in items] == [(left, given_up)]
    (gap,) = audit.totals.gaps
    assert gap.what.startswith("1 object may be of backups in progress")


def test_what_may_be_a_stuck_backups_own_file_is_no_orphan(scene: Scene) -> None:
    scene.whole()
    scene.row(None, "in_progress", None, dispatch_id="nightly", age="2 days")
    scene.row(None, "in_progress", None, dispatch_id="nightly")
    scene.put(f"{FOLDER}/backup-nightly-042538.zip")
    orphan = scene.put(f"{FOLDER}/backup-weekly-042538.zip")

    items, audit = scene.audit()

    assert [(one.kind, one.s3_key) for one in items] == [("orphan-object", orphan)]
    (gap,) = audit.totals.gaps
    assert gap.what.startswith("1 object under the prefix may be a backup's in progress")


def test_of_two_rows_of_one_day_the_later_is_the_duplicate(
    scene: Scene, way: dict[str, str]
) -> None:
    shared = scene.put(f"{FOLDER}/shared.zip")
    rows = [(scene.row(shared, age=f"{hours} hours"), hours) for hours in (30, 31, 32, 33)]

    items, _ = scene.audit(**way)

    found = {one.backup_id for one in items if one.kind == "duplicate-key"}
    assert found == {row for row, hours in rows if hours != 33}


def test_in_a_bucket_without_any_rows_object_nothing_is_called_missing(
    scene: Scene, way: dict[str, str]
) -> None:
    scene.row(f"{FOLDER}/a.zip")
    scene.row("s3://" + scene.world.bucket.name + f"/{FOLDER}/b.zip")
    scene.row(None)
    scene.put(f"{FOLDER}/of another pipeline.zip")

    items, audit = scene.audit(**way)

    assert items == []
    (gap,) = audit.totals.gaps
    assert "none of 3 successful backups was called missing" in gap.what
    assert "BACKUP_BUCKET" in (gap.remedy or "")


def test_every_word_for_success_is_compared(scene: Scene) -> None:
    (scene.directory / "backup-doctor.toml").write_text('status.success = ["done", "success"]\n')
    scene.whole()
    scene.row(f"{FOLDER}/gone.zip")

    items, _ = scene.audit()

    assert [one.kind for one in items] == ["missing-object"]


def test_the_command_prints_json_lines_and_the_totals_beside_them(scene: Scene) -> None:
    scene.whole()
    missing = scene.row(f"{FOLDER}/gone.zip")
    scene.row(f"{FOLDER}/gone-too.zip")

    done = scene.command("--format", "json", "--limit", "1")

    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert json.loads(line).keys() == {
        "kind", "backup_id", "s3_key", "row_size", "object_size",
    }  # fmt: skip
    assert json.loads(line)["kind"] == "missing-object"
    assert "2 missing-object" in done.stderr
    assert "1 more were not printed" in done.stderr
    assert missing


def test_the_page_is_self_contained_and_quotes_what_is_hostile(scene: Scene) -> None:
    scene.row(scene.put(f"{FOLDER}/a.zip"))
    scene.row(scene.put(f"{FOLDER}/b.zip"), age="3 days")
    scene.put(f"{FOLDER}/<script>alert(1)</script>.zip")

    done = scene.command("--format", "html")

    assert done.returncode == 1
    assert "&lt;script&gt;" in done.stdout
    assert "<script" not in done.stdout
    assert "http://" not in done.stdout
    assert "Content-Security-Policy" in done.stdout
    assert done.stdout.count('class="day success"') == 3  # two days, and the legend
    assert "<polyline" in done.stdout


def test_the_audit_only_lists(scene: Scene) -> None:
    scene.row(scene.put(f"{FOLDER}/a.zip"))
    scene.row("archive/gone.zip")
    before = len(scene.world.servers.storage.requests)

    scene.audit()

    asked = scene.world.servers.storage.requests[before:]
    assert {(one.method, "list-type=2" in one.query) for one in asked} == {("GET", True)}


ODDITIES = (
    *("backups/a.zip", "backups/é b+c.zip", "backups/a%20b.zip", "/backups/a.zip", "backups/a "),
    *(
        "backups/a\u3000",
        "backups/a.zip ",
        "backups/a\t",
        " backups/a",
        "backups/***",
        "s3://acme/backups/a",
    ),
    *("https://acme.s3.amazonaws.com/backups/a", "archive/a", "acme/backups/a", "", "backups/"),
    *("backups/s3://acme/x", "backups/\U0001f512", "backups/a\u00a0", "backups/a\x1f"),
)


@pytest.mark.parametrize(
    ("prefix", "bucket"), [("backups/", "acme"), ("", "acme"), ("backups/", "backups")]
)
def test_a_key_that_sql_calls_plain_means_itself_alone(
    scene: Scene, prefix: str, bucket: str
) -> None:
    for text in ODDITIES:
        scene.row(text)

    plain = [key for key in _keys(scene, Names(prefix=prefix, bucket=bucket)) if key[0] != ODD]

    assert "backups/a.zip" in plain
    assert "backups/é b+c.zip" in plain
    for key in plain:
        first, *others = places(key, bucket)
        assert first == KeyPlace(None, key)
        assert not any(other.key.startswith(prefix) for other in others)
    assert plain == sorted(plain)


def _keys(scene: Scene, names: Names) -> Iterator[str]:
    with psycopg.connect(scene.world.reader_uri) as connection:
        read_at = connection.execute("SELECT now()").fetchone()
        assert read_at is not None
        yield from (row[0] for row in connection.execute(all_rows(names, read_at[0]).encode()))


def test_an_inventory_takes_the_place_of_the_listing(scene: Scene) -> None:
    missing = scene.row(f"{FOLDER}/gone.zip", age="9 days")
    scene.row(f"{FOLDER}/there.zip", age="9 days")
    scene.row(f"{FOLDER}/too-young.zip", age="1 hour")
    file = scene.directory / "inventory.csv"
    bucket = scene.world.bucket.name
    file.write_text(f'"{bucket}","{FOLDER}/there.zip","5","2026-01-15T02:03:04.000Z"\n')

    done = scene.command("--format", "json", "--inventory", str(file))

    assert [json.loads(line)["backup_id"] for line in done.stdout.splitlines()] == [missing]
    assert "S3 Inventory of" in done.stderr
    assert "Left out: 1 successful row, too young" in done.stderr
    assert done.returncode == 1


def test_an_inventory_on_s3_is_fetched(scene: Scene) -> None:
    scene.row(f"{FOLDER}/there.zip", age="9 days")
    bucket = scene.world.bucket.name
    line = f'"{bucket}","{FOLDER}/there.zip","5","2026-01-15T02:03:04.000Z"\n'
    scene.world.servers.storage.s3.put_object(
        Bucket=bucket, Key="inventory/one.csv", Body=line.encode()
    )

    done = scene.command("--inventory", f"s3://{bucket}/inventory/one.csv")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every successful row has its object" in done.stdout


def test_an_inventory_that_is_not_there_leaves_everything_unsaid(scene: Scene) -> None:
    scene.row(f"{FOLDER}/gone.zip")

    done = scene.command("--format", "json", "--inventory", "nowhere/manifest.json")

    assert (done.returncode, done.stdout) == (3, "")
    assert "There is no inventory at nowhere/manifest.json" in done.stderr


def test_quiet_says_nothing_of_a_clean_audit_and_exit_zero_only_reports(scene: Scene) -> None:
    clean = [scene.command("--quiet", "--format", form) for form in ("json", "text")]
    scene.whole()
    scene.row(f"{FOLDER}/gone.zip")
    dirty = scene.command("--quiet", "--exit-zero", "--format", "text")

    assert {(done.returncode, done.stdout, done.stderr) for done in clean} == {(0, "", "")}
    assert dirty.returncode == 0
    assert "1 missing-object" in dirty.stdout


def test_hundreds_of_lines_are_all_printed(scene: Scene) -> None:
    scene.world.sql(
        "INSERT INTO public.backup_history (dispatch_id, s3_key, status, size_bytes, created_at)"
        " SELECT at::text, 'backups/' || at || '.zip', 'success', 5, now() - interval '1 day'"
        " FROM generate_series(1, 250) AS at"
    )
    scene.whole()

    done = scene.command("--format", "json")

    assert len({json.loads(line)["s3_key"] for line in done.stdout.splitlines()}) == 250


def test_a_reader_who_goes_away_changes_nothing_of_the_verdict(scene: Scene) -> None:
    scene.whole()
    scene.row(f"{FOLDER}/gone.zip")
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run(
        [sys.executable, "-m", "backup_doctor", "audit", "--format", "json"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=scene.directory,
        env=bare(**scene.world.environment()),
    )
    os.close(write)

    assert done.returncode == 1
    assert "1 missing-object" in done.stderr


def test_the_query_for_athena_is_printed_without_asking_anybody(scene: Scene) -> None:
    before = len(scene.world.servers.storage.requests)

    done = scene.command("--print-sql", "athena")

    assert done.returncode == 0
    assert f"bucket = '{scene.world.bucket.name}'" in done.stdout
    assert len(scene.world.servers.storage.requests) == before


def test_a_terminal_gets_colours_and_a_count_while_it_works(scene: Scene) -> None:
    scene.row(scene.put(f"{FOLDER}/a.zip"))

    seen = on_a_terminal(
        [sys.executable, "-m", "backup_doctor", "audit"],
        cwd=scene.directory,
        env=bare(**scene.world.environment()),
    )

    assert "\x1b[1;32mCLEAN" in seen
    assert "rows, " in seen
    assert "0 disagreements" in seen
