"""`list`: the newest backups as the table has them, by SQL and by the service key alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.state import Project
from tests.database.lab import ROW_ID
from tests.programs import bare, on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.lab import Lab

ROOT = Path(__file__).parents[2]
WAYS = pytest.mark.parametrize("by_sql", [True, False], ids=["sql", "data-api"])
DISPATCH = "3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"
KEY = f"backups/2026/11/29/backup-{DISPATCH}-101112.zip"
ROWS = f"""
INSERT INTO public.backup_history
  (dispatch_id, status, s3_key, size_bytes, created_at, finished_at) VALUES
  ('{DISPATCH}', 'success', '{KEY}', 1024000, now() - interval '30 h', now() - interval '29 h'),
  ('young', 'in_progress', NULL, NULL, now() - interval '5 min', NULL),
  ('broken', 'failed', NULL, NULL, now() - interval '3 h', now() - interval '2 h')"""
NEWEST_FIRST = ["young", "broken", DISPATCH, "nightly-42"]


@pytest.fixture
def gateway(lab: Lab) -> Iterator[Gateway]:
    lab.migrate()
    with Gateway(Project(lab.uri("supabase_admin"))) as running:
        yield running


def environment(lab: Lab, gateway: Gateway, *, by_sql: bool, **more: str) -> dict[str, str]:
    over_rest = {
        "SUPABASE_URL": gateway.url,
        "SUPABASE_SERVICE_ROLE_KEY": gateway.project.keys.secret,
    }
    given = {"SUPABASE_DB_URL": lab.uri("backup_doctor")} if by_sql else over_rest
    return bare(**{"PYTHONPATH": str(ROOT), **given, **more})


def command(*flags: str) -> list[str]:
    return [sys.executable, "-m", "backup_doctor", "list", *flags]


class Lister:
    """Runs `list` against one database."""

    def __init__(self, env: dict[str, str], cwd: Path) -> None:
        self.env = env
        self.cwd = cwd

    def __call__(self, *flags: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*flags),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.cwd,
            env=self.env | more,
            timeout=60,
        )

    def document(self, *flags: str, code: int = 0, **more: str) -> dict[str, Any]:
        done = self("--format", "json", *flags, **more)
        assert (done.returncode, done.stderr) == (code, "")
        read: dict[str, Any] = json.loads(done.stdout)
        return read


def ids(document: dict[str, Any]) -> list[str]:
    return [one["dispatch_id"] for one in document["backups"]]


@WAYS
def test_the_newest_backups_and_the_last_good_one(
    lab: Lab, gateway: Gateway, tmp_path: Path, *, by_sql: bool
) -> None:
    lab.sql(ROWS)
    listed = Lister(environment(lab, gateway, by_sql=by_sql), tmp_path)

    document = listed.document("--limit", "4", BACKUP_MAX_AGE="26h")

    assert ids(document) == NEWEST_FIRST
    young, broken, good, old = document["backups"]
    assert set(good) == {
        "dispatch_id",
        "backup_id",
        "status",
        "created_at",
        "age_s",
        "size_bytes",
        "s3_key",
        "stuck",
    }
    assert (good["status"], good["size_bytes"], good["s3_key"]) == ("success", 1024000, KEY)
    assert [one["stuck"] for one in (young, broken, good, old)] == [False, False, False, True]
    assert abs(good["age_s"] - 30 * 3600) < 60
    assert (old["backup_id"], old["created_at"]) == (
        "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "2026-01-15T02:03:04Z",
    )
    fresh = document["freshness"]
    assert (fresh["max_age_s"], fresh["ok"]) == (26 * 3600, False)
    assert fresh["last_good_at"] > good["created_at"]

    assert listed.document(BACKUP_MAX_AGE="30h")["freshness"]["ok"] is True
    assert listed.document()["freshness"]["ok"] is None
    assert ids(listed.document("--limit", "1")) == ["young"]
    assert ids(listed.document("--status", "failed", "--status", "success")) == ["broken", DISPATCH]
    assert ids(listed.document("--status", "cancelled")) == []


def test_a_key_that_may_not_see_every_row_shows_what_it_sees_and_ends_with_3(
    lab: Lab, gateway: Gateway, tmp_path: Path
) -> None:
    lab.sql(ROWS)
    lab.sql("GRANT SELECT ON public.backup_history TO anon", "supabase_admin")
    lab.sql("CREATE POLICY most ON public.backup_history FOR SELECT USING (status <> 'success')")
    public = gateway.project.keys.publishable
    env = environment(lab, gateway, by_sql=False, SUPABASE_SERVICE_ROLE_KEY=public)

    document = Lister(env, tmp_path).document(code=3, BACKUP_MAX_AGE="26h")

    assert ids(document) == ["young", "broken", "nightly-42"]
    assert document["freshness"]["ok"] is None
    assert document["complete"] is False


def test_an_unknown_status_is_named_with_the_known_ones(
    lab: Lab, gateway: Gateway, tmp_path: Path
) -> None:
    listed = Lister(environment(lab, gateway, by_sql=True), tmp_path)

    done = listed("--status", "sucess", BACKUP_DOCTOR_STATUS_SUCCESS="done")
    known = listed.document("--status", "success", BACKUP_DOCTOR_STATUS_SUCCESS="done")

    assert done.returncode == 2
    assert "Did you mean success?" in done.stderr
    assert "There are in_progress, done, failed, cancelled, success." in done.stderr
    assert known["backups"] == []


def test_people_read_a_table_that_cuts_nothing_and_hides_what_steers(
    lab: Lab, gateway: Gateway, tmp_path: Path
) -> None:
    env = environment(
        lab, gateway, by_sql=True, BACKUP_MAX_AGE="26h", BACKUP_API_KEY="canary-0f9c8e7d6b5a"
    )
    lab.sql(ROWS)
    lab.sql(
        "INSERT INTO public.backup_history (dispatch_id, created_at) VALUES"
        " (E'\\x1b[2J ::error::x', '2026-01-01'), ('of canary-0f9c8e7d6b5a', '2026-01-01')"
    )
    listed = Lister(env, tmp_path)

    done = listed()
    seen = on_a_terminal(command(), cwd=tmp_path, env={**env, "COLUMNS": "180"})

    lines = done.stdout.splitlines()
    assert lines[0].split() == ["BACKUP", "AGE", "STATUS", "BYTES"]
    assert f"  {KEY}" in lines
    assert "  -" not in lines, "no line for a key that is not there"
    assert all(len(line) <= 80 for line in lines if KEY not in line)
    assert "No backup has succeeded for 1 d 5 h; there should be one at least every 1 d 2 h" in (
        " ".join(lines)
    )
    assert "backup-doctor --dispatch-id nightly-42" in done.stdout
    assert "What to do: backup-doctor explain row/none-lately" in lines
    assert "in_progress, stuck" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\\x1b[2J" in done.stdout
    assert " ::error" not in done.stdout
    assert "canary-0f9c" not in done.stdout
    assert f"1,024,000  {KEY}" in seen
    assert "\x1b[31m" in seen


def test_a_table_that_cannot_be_read_is_exit_3(lab: Lab, gateway: Gateway, tmp_path: Path) -> None:
    lab.sql(ROWS)
    nowhere = "postgresql://nobody:wrong@127.0.0.1:1/none"
    listed = Lister(environment(lab, gateway, by_sql=False), tmp_path)

    by_the_next_way = listed.document(SUPABASE_DB_URL=nowhere)
    unread = listed.document(code=3, SUPABASE_DB_URL=nowhere, SUPABASE_URL="")
    lab.sql("DELETE FROM public.backup_history")
    hidden = listed.document(code=3, BACKUP_MAX_AGE="1d")
    told = listed()

    assert ids(by_the_next_way) == NEWEST_FIRST
    assert any("refused the connection" in note for note in by_the_next_way["notes"])
    assert (unread["backups"], unread["complete"]) == ([], False)
    assert unread["freshness"] == {"last_good_at": None, "max_age_s": None, "ok": None}
    assert hidden["freshness"] == {"last_good_at": None, "max_age_s": 86400, "ok": None}
    assert told.returncode == 3
    assert told.stdout.startswith("No backup was seen.")
    assert "shows the doctor no row at all" in " ".join(told.stdout.split())


@WAYS
def test_a_configured_column_that_is_not_there_is_exit_2(
    lab: Lab, gateway: Gateway, tmp_path: Path, *, by_sql: bool
) -> None:
    listed = Lister(environment(lab, gateway, by_sql=by_sql), tmp_path)

    wrong = listed("--status", "failed", BACKUP_DOCTOR_COLUMNS_STATUS="state")
    lab.sql("ALTER TABLE public.backup_history RENAME status TO state")
    lacking = listed.document("--status", "failed", code=3)
    right = listed.document(BACKUP_DOCTOR_COLUMNS_STATUS="state")

    assert wrong.returncode == 2
    assert "There is status," in wrong.stderr
    assert any("has no column status" in note for note in lacking["notes"])
    assert lacking["backups"] == []
    assert [one["status"] for one in right["backups"]] == ["in_progress"]


@WAYS
def test_a_table_without_times_is_listed_all_the_same(
    lab: Lab, gateway: Gateway, tmp_path: Path, *, by_sql: bool
) -> None:
    lab.sql("ALTER TABLE public.backup_history DROP created_at, DROP finished_at, DROP s3_key")
    listed = Lister(environment(lab, gateway, by_sql=by_sql), tmp_path)

    document = listed.document(BACKUP_MAX_AGE="1d")

    (only,) = document["backups"]
    assert (only["dispatch_id"], only["age_s"], only["stuck"]) == ("nightly-42", None, None)
    assert document["freshness"]["ok"] is None


def test_the_command_that_it_prints_is_for_the_project_that_was_chosen(
    lab: Lab, gateway: Gateway, tmp_path: Path
) -> None:
    lab.sql(ROWS)
    (tmp_path / "backup-doctor.toml").write_text("[projects.'my shop']\nstuck_after = '1h'\n")
    listed = Lister(environment(lab, gateway, by_sql=True), tmp_path)

    done = listed("--project", "my shop")

    assert "backup-doctor --project 'my shop' --dispatch-id nightly-42" in done.stdout


PROJECTS = """
[projects.shop]
stuck_after = '1h'
[projects.'a "b"']
table = 'no_such_table'
"""


def test_of_all_projects_one_that_cannot_be_read_hides_none(
    lab: Lab, gateway: Gateway, tmp_path: Path
) -> None:
    lab.sql(ROWS)
    (tmp_path / "backup-doctor.toml").write_text(PROJECTS)
    listed = Lister(environment(lab, gateway, by_sql=True), tmp_path)

    done = listed("--format", "json", "--all-projects")
    projects = json.loads(done.stdout)["projects"]
    people = listed("--all-projects")

    assert done.returncode == 3
    assert 'a "b": table (backup-doctor.toml' in done.stderr
    assert list(projects) == ["shop", 'a "b"']
    assert ids(projects["shop"]) == NEWEST_FIRST
    assert projects['a "b"']["backups"] == []
    assert "no_such_table" in "".join(projects['a "b"']["notes"])
    assert "=== shop ===" in people.stdout
    assert people.returncode == 3


def test_all_projects_is_for_no_single_one(lab: Lab, gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "backup-doctor.toml").write_text(PROJECTS)
    listed = Lister(environment(lab, gateway, by_sql=True), tmp_path)

    done = listed("--all-projects", "--project", "shop")

    assert done.returncode == 2
    assert "--project is for one project" in done.stderr


@WAYS
@pytest.mark.parametrize("flags", [(), ("--status", "in_progress")])
def test_a_stuck_backup_whose_id_is_used_again_is_diagnosed_by_its_row(
    lab: Lab, gateway: Gateway, tmp_path: Path, flags: tuple[str, ...], *, by_sql: bool
) -> None:
    lab.sql(
        "INSERT INTO public.backup_history (dispatch_id, status, created_at)"
        " VALUES ('nightly-42', 'success', now())"
    )

    done = Lister(environment(lab, gateway, by_sql=by_sql), tmp_path)(*flags)

    assert f"backup-doctor --backup-id {ROW_ID}" in done.stdout
