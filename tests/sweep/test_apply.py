"""`sweep --apply` on rows of several kinds: each becomes what is true of its backup, or is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from backup_doctor.demo.crowd import multiply, original
from backup_doctor.demo.faults import FAULTS
from tests.e2e.doctoring import psql
from tests.fix.answering import asked
from tests.fix.losing import losing_answers
from tests.fix.test_meanwhile import wait_for_a_lock
from tests.programs import bare

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World

BEGAN = datetime.now(UTC) - timedelta(hours=10)


def broken(world: World, fault: str, count: int) -> list[str]:
    """Backups that this fault broke ten hours ago and left in progress; their dispatch ids."""
    dispatch_id = world.insert_row()
    FAULTS[fault].before(world)
    of = original(world, dispatch_id, world.run_pipeline(dispatch_id))
    world.sql(f"DELETE FROM public.backup_history WHERE dispatch_id = '{dispatch_id}'")
    return multiply(world, of, count, BEGAN)


def command(*flags: str) -> list[str]:
    return [sys.executable, "-m", "backup_doctor", "sweep", "--apply", *flags]


def apply(
    world: World, cwd: Path, *flags: str, database: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("--yes", *flags),
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment(world, database),
        stdin=subprocess.DEVNULL,
        timeout=180,
    )


def environment(world: World, database: str | None = None) -> dict[str, str]:
    return bare(**world.environment() | {"SUPABASE_DB_URL": database or world.owner_uri})


def rows(world: World) -> dict[str | None, dict[str, Any]]:
    with psycopg.connect(world.owner_uri, row_factory=dict_row) as connection:
        found = connection.execute("SELECT * FROM public.backup_history").fetchall()
    return {row["dispatch_id"]: row for row in found}


def test_each_row_becomes_what_is_true_of_its_backup_and_one_that_cannot_costs_no_other(
    world: World, tmp_path: Path
) -> None:
    uploaded, refused, locked = broken(world, "stuck", 3)
    (without_file,) = broken(world, "upload-denied-quietly", 1)
    without_run = world.insert_row()
    world.sql(
        "UPDATE public.backup_history SET created_at = now() - interval '10 hours'"
        f" WHERE dispatch_id = '{without_run}';"
        "ALTER TABLE public.backup_history ADD CONSTRAINT never_this_one"
        f" CHECK (dispatch_id <> '{refused}' OR status <> 'success')"
    )
    lock = f"SELECT FROM public.backup_history WHERE dispatch_id = '{locked}' FOR UPDATE"

    with asked(command(), cwd=tmp_path, env=environment(world)) as apply_all:
        world.hold_transaction(lock)
        apply_all.answer("y")
        code, shown = apply_all.end()
    world.end_transactions()

    became = rows(world)
    assert became[uploaded]["status"] == "success"
    assert uploaded in became[uploaded]["s3_key"]
    assert became[uploaded]["size_bytes"] > 0
    for one, cause in (
        (without_file, "workflow/failed-before-update"),
        (without_run, "workflow/run-not-found"),
    ):
        assert (became[one]["status"], became[one]["s3_key"]) == ("failed", None)
        assert became[one]["error_text"].startswith(f"backup-doctor: {cause}")
    for one in (refused, locked):
        assert became[one]["status"] == "in_progress"
    assert f"{refused} is left: " in shown
    assert "row/constraint-rejects" in shown
    assert f"{locked}: Not done (rolled back)." in shown
    assert "lock timeout" in shown
    assert "Changed 3 of 4 rows." in shown
    assert code == 3


def test_changes_that_nobody_confirmed_are_counted_as_what_they_are(
    world: World, tmp_path: Path
) -> None:
    broken(world, "stuck", 3)

    with losing_answers(world.owner_uri, b"COMMIT\0") as uri:
        done = apply(world, tmp_path, database=uri)

    assert [row["status"] for row in rows(world).values()] == ["success"] * 3
    assert "Changed 3 of 3 rows." in done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_the_next_row_from_being_begun(
    world: World, tmp_path: Path, number: signal.Signals
) -> None:
    """The second of three waits for a lock when the signal comes; the lock is given up after it."""
    _, second, _ = broken(world, "stuck", 3)
    before = rows(world)
    lock = f"SELECT FROM public.backup_history WHERE dispatch_id = '{second}' FOR UPDATE"
    with (
        asked(command("--quiet"), cwd=tmp_path, env=environment(world)) as apply_all,
        psycopg.connect(world.owner_uri) as other,
    ):
        other.execute(lock.encode())
        apply_all.answer("y")
        wait_for_a_lock(world)
        apply_all.send(number)
        time.sleep(0.5)
        other.rollback()
        code, shown = apply_all.end()

    became = {one: row["status"] for one, row in rows(world).items()}
    assert code == 128 + number, shown
    assert [*became.values()].count("success") == 2, shown
    assert became[second] == "success"
    assert "Interrupted: 1 row not started." in shown
    assert "Changed 2 of 3 rows." in shown
    psql(world, shown.partition("To undo it, run this SQL:")[2])
    assert rows(world) == before


def test_a_row_without_a_dispatch_id_is_not_said_to_have_no_run(
    world: World, tmp_path: Path
) -> None:
    broken(world, "stuck", 1)
    world.sql(
        "ALTER TABLE public.backup_history ALTER dispatch_id DROP NOT NULL;"
        "UPDATE public.backup_history SET dispatch_id = NULL"
    )

    done = apply(world, tmp_path)

    (row,) = rows(world).values()
    assert done.returncode == 1
    assert "1 backup, one cause: function/not-deployed" in done.stdout
    assert row["status"] == "in_progress"


def test_an_id_adds_no_line_to_what_is_said(world: World, tmp_path: Path) -> None:
    line = "backup-doctor: Nothing was changed."
    world.insert_row(f"x\n{line}")
    world.sql("UPDATE public.backup_history SET created_at = now() - interval '10 hours'")

    done = apply(world, tmp_path)

    assert line not in done.stderr.splitlines()
