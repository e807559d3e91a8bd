"""`fix`: one repair on standard output, and with --apply in the database; else exit code 3."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from backup_doctor.demo.faults import FAULTS
from tests.e2e.doctoring import diagnose_world, psql
from tests.e2e.test_faults import run_broken
from tests.fix.answering import asked
from tests.programs import bare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backup_doctor.demo.world import World

FIX = [sys.executable, "-m", "backup_doctor", "fix"]


def environment(world: World, **more: str | None) -> dict[str, str]:
    given = {**world.environment(), **more}
    return bare(**{name: value for name, value in given.items() if value is not None})


def fix(
    world: World, dispatch_id: str, *flags: str, cwd: Path, **environ: str | None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FIX, "--dispatch-id", dispatch_id, *flags],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment(world, **environ),
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def on_a_terminal(
    world: World,
    dispatch_id: str,
    answer: str,
    cwd: Path,
    meanwhile: Callable[[], object] = lambda: None,
    **environ: str | None,
) -> tuple[int, str]:
    """Answer the question, after something else happened; the exit code, and what was shown."""
    env = environment(world, **{"SUPABASE_DB_URL": world.owner_uri, **environ})
    with asked(applying(dispatch_id), cwd=cwd, env=env) as command:
        meanwhile()
        command.answer(answer)
        return command.end()


def applying(dispatch_id: str) -> list[str]:
    return [*FIX, "--dispatch-id", dispatch_id, "--apply", "--quiet"]


def rows(world: World) -> list[dict[str, Any]]:
    with psycopg.connect(world.owner_uri, row_factory=dict_row) as connection:
        return connection.execute("SELECT * FROM public.backup_history").fetchall()


@pytest.fixture
def stuck(world: World) -> str:
    return run_broken(world, "stuck")


def test_the_repair_of_the_report_is_all_that_is_printed(
    world: World, stuck: str, tmp_path: Path
) -> None:
    report = diagnose_world(world, stuck, tmp_path)

    done = fix(world, stuck, cwd=tmp_path)

    assert done.stdout == report.fix_sql
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(world)[0]["status"] == "in_progress"


def test_what_is_printed_can_be_pasted_and_then_there_is_nothing_to_do(
    world: World, stuck: str, tmp_path: Path
) -> None:
    psql(world, fix(world, stuck, "--dry-run", cwd=tmp_path).stdout)

    done = fix(world, stuck, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, "")
    assert "The backup succeeded" in done.stderr


@pytest.mark.parametrize(
    ("direct", "way"),
    [(True, "directly (psycopg)"), (False, "by the Management API")],
    ids=["psycopg", "API"],
)
def test_apply_announces_where_and_what_and_shows_the_verdict(
    world: World, stuck: str, tmp_path: Path, *, direct: bool, way: str
) -> None:
    url = world.owner_uri if direct else None

    done = fix(world, stuck, "--apply", "--yes", cwd=tmp_path, SUPABASE_DB_URL=url)

    (row,) = rows(world)
    place = conninfo_to_dict(world.owner_uri)
    host = f"{place['host']}:{place['port']}" if direct else world.management.url.split("//")[1]
    assert done.returncode == 0, done.stderr
    assert row["status"] == "success"
    assert 'status       "in_progress" → "success"' in done.stderr
    assert f's3_key       NULL → "{row["s3_key"]}"' in done.stderr
    assert f"It would be written {way}, as it was read: host {host}, database" in done.stderr
    assert f"{place['dbname']}" in done.stderr
    assert "table public.backup_history." in done.stderr
    assert "Done." in done.stderr
    assert "Now healthy: The backup succeeded" in done.stderr
    assert ": function/not-deployed." in done.stderr


@pytest.mark.parametrize("direct", [True, False], ids=["psycopg", "API"])
def test_what_undoes_the_fix_is_printed_and_restores_the_row(
    world: World, stuck: str, tmp_path: Path, *, direct: bool
) -> None:
    before = rows(world)
    url = world.owner_uri if direct else None
    done = fix(world, stuck, "--apply", "--yes", cwd=tmp_path, SUPABASE_DB_URL=url)
    fixed = rows(world)

    psql(world, done.stdout)

    assert fixed[0]["status"] == "success"
    assert rows(world) == before


def test_what_undoes_the_fix_changes_nothing_once_the_row_is_another(
    world: World, stuck: str, tmp_path: Path
) -> None:
    done = fix(world, stuck, "--apply", "--yes", cwd=tmp_path, SUPABASE_DB_URL=world.owner_uri)
    world.sql("UPDATE public.backup_history SET size_bytes = 7")
    before = rows(world)

    psql(world, done.stdout)

    assert rows(world) == before


def test_a_row_that_a_reading_user_showed_is_written_by_no_other_way(
    world: World, stuck: str, tmp_path: Path
) -> None:
    """The access token may lead to another project than the database URL."""
    done = fix(world, stuck, "--apply", "--yes", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (3, "")
    assert "written there and nowhere else" in done.stderr
    assert rows(world)[0]["status"] == "in_progress"


def test_a_token_without_the_permission_to_write_is_named(
    world: World, stuck: str, tmp_path: Path
) -> None:
    permissions = frozenset({"database_read", "project_admin_read", "edge_functions_read"})
    world.management.tokens[:] = [type(world.access_token)(world.access_token.value, permissions)]

    done = fix(world, stuck, "--apply", "--yes", cwd=tmp_path, SUPABASE_DB_URL=None)

    assert (done.returncode, done.stdout) == (3, "")
    assert "database_write" in done.stderr
    assert rows(world)[0]["status"] == "in_progress"


def test_a_backup_without_a_file_becomes_failed_and_stays_so(world: World, tmp_path: Path) -> None:
    dispatch_id = world.insert_row()
    FAULTS["no-upload"].before(world)
    world.run_pipeline(dispatch_id)
    world.sql("UPDATE public.backup_history SET status = 'in_progress', error_text = NULL")

    owner = world.owner_uri
    done = fix(world, dispatch_id, "--apply", "--yes", cwd=tmp_path, SUPABASE_DB_URL=owner)
    again = fix(world, dispatch_id, "--apply", "--yes", cwd=tmp_path, SUPABASE_DB_URL=owner)

    (row,) = rows(world)
    assert (done.returncode, again.returncode) == (0, 3), done.stderr + again.stderr
    assert row["status"] == "failed"
    assert "workflow/failed-before-update" in row["error_text"]
    assert again.stdout == ""
    assert "a failed row is left as it is" in again.stderr


def test_without_a_terminal_nothing_is_changed_unasked(
    world: World, stuck: str, tmp_path: Path
) -> None:
    done = fix(world, stuck, "--apply", cwd=tmp_path, SUPABASE_DB_URL=world.owner_uri)

    assert (done.returncode, done.stdout) == (3, "")
    assert "Give --yes" in done.stderr
    assert rows(world)[0]["status"] == "in_progress"


@pytest.mark.parametrize(
    ("answer", "code", "status"), [("y", 0, "success"), ("", 3, "in_progress")]
)
def test_a_terminal_is_asked(
    world: World, stuck: str, tmp_path: Path, answer: str, code: int, status: str
) -> None:
    ended, shown = on_a_terminal(world, stuck, answer, tmp_path)

    assert ended == code, shown
    assert rows(world)[0]["status"] == status
    assert '"in_progress" → "success"' in shown


def test_a_repair_that_the_cause_would_refuse_is_neither_printed_nor_made(
    world: World, tmp_path: Path
) -> None:
    dispatch_id = world.insert_row()
    world.sql(
        "ALTER TABLE public.backup_history ADD CONSTRAINT no_success CHECK (status <> 'success')"
    )
    world.run_pipeline(dispatch_id)

    shown = fix(world, dispatch_id, cwd=tmp_path)
    done = fix(
        world, dispatch_id, "--apply", "--yes", cwd=tmp_path, SUPABASE_DB_URL=world.owner_uri
    )

    for one in (shown, done):
        assert (one.returncode, one.stdout) == (3, "")
        assert "would fail until row/constraint-rejects is fixed" in one.stderr
    assert rows(world)[0]["status"] == "in_progress"


def test_what_cannot_be_told_is_refused(world: World, stuck: str, tmp_path: Path) -> None:
    done = fix(world, stuck, "--apply", "--yes", "--skip", "object", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (3, "")
    assert "No fix SQL" in done.stderr
    assert rows(world)[0]["status"] == "in_progress"


def test_no_secret_is_shown(world: World, stuck: str, tmp_path: Path) -> None:
    done = fix(
        world, stuck, "--apply", "--yes", "-v", cwd=tmp_path, SUPABASE_DB_URL=world.owner_uri
    )

    for secret in (world.backup_api_key, world.access_token.value, world.servers.postgres.password):
        assert secret not in done.stdout + done.stderr


def test_only_the_row_is_mended_never_what_a_finding_advises(
    world: World, stuck: str, tmp_path: Path
) -> None:
    fix(world, stuck, "--apply", "--yes", cwd=tmp_path, SUPABASE_DB_URL=world.owner_uri)

    granted = psql(
        world, "SELECT has_table_privilege('service_role', 'public.backup_history', 'UPDATE');"
    )
    assert "f" in granted.split()


def test_ctrl_c_changes_nothing_and_says_so(world: World, stuck: str, tmp_path: Path) -> None:
    world.project.faults.latency_s = 3.0
    world.management.requests.clear()
    try:
        process = subprocess.Popen(
            [*FIX, "--dispatch-id", stuck, "--apply", "--yes"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(world, SUPABASE_DB_URL=world.owner_uri),
        )
        while not world.management.requests and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    finally:
        world.project.faults.latency_s = 0.0

    assert (process.returncode, out) == (130, "")
    assert "Interrupted; nothing was changed." in errors
    assert rows(world)[0]["status"] == "in_progress"
