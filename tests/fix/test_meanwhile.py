"""What happens between the diagnosis and the write is not written over: neither row nor file."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from backup_doctor.demo.faults import FAULTS, objects
from tests.fix.answering import asked
from tests.fix.test_fix_command import applying, environment, on_a_terminal, rows, stuck

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backup_doctor.demo.world import World

__all__ = ["stuck"]

DIFFERS = "The file is no longer as it was diagnosed."


def finish(world: World) -> None:
    """The pipeline writes the row after all."""
    world.sql(
        "UPDATE public.backup_history SET status = 'success', s3_key = 'by-the-pipeline.zip',"
        " size_bytes = 7, finished_at = now()"
    )


def put(world: World, key: str) -> None:
    world.servers.storage.s3.put_object(Bucket=world.bucket.name, Key=key, Body=b"PK")


@pytest.mark.parametrize(
    "happens",
    [objects.overwrite, objects.delete, objects.move],
    ids=["overwritten", "deleted", "moved"],
)
def test_a_file_that_is_another_by_now_is_not_written_as_success(
    world: World, stuck: str, tmp_path: Path, happens: Callable[[World], None]
) -> None:
    code, shown = on_a_terminal(world, stuck, "y", tmp_path, lambda: happens(world))

    assert (code, rows(world)[0]["status"]) == (3, "in_progress"), shown
    assert DIFFERS in shown


def test_a_file_that_has_come_by_now_is_not_written_as_a_failure(
    world: World, tmp_path: Path
) -> None:
    dispatch_id = world.insert_row()
    FAULTS["no-upload"].before(world)
    world.run_pipeline(dispatch_id)
    world.sql("UPDATE public.backup_history SET status = 'in_progress', error_text = NULL")
    key = f"backups/2026/backup-{dispatch_id}.zip"

    code, shown = on_a_terminal(world, dispatch_id, "y", tmp_path, lambda: put(world, key))

    assert '"in_progress" → "failed"' in shown
    assert (code, rows(world)[0]["status"]) == (3, "in_progress"), shown
    assert DIFFERS in shown


def test_another_backups_file_changes_nothing(world: World, stuck: str, tmp_path: Path) -> None:
    key = "backups/2026/backup-00000000-0000-4000-8000-000000000000.zip"

    code, shown = on_a_terminal(world, stuck, "y", tmp_path, lambda: put(world, key))

    assert (code, rows(world)[0]["status"]) == (0, "success"), shown


def test_a_row_that_the_pipeline_has_written_by_now_is_left_to_it(
    world: World, stuck: str, tmp_path: Path
) -> None:
    code, shown = on_a_terminal(world, stuck, "y", tmp_path, lambda: finish(world))

    assert (code, rows(world)[0]["s3_key"]) == (3, "by-the-pipeline.zip"), shown
    assert "no longer as it was announced" in shown


@pytest.mark.parametrize("spelling", ["'{}'", "'s3://' || '{}'"], ids=["as it is", "as a URL"])
def test_a_file_that_another_row_names_by_now_is_not_given_to_this_one(
    world: World, stuck: str, tmp_path: Path, spelling: str
) -> None:
    (key,) = world.objects()
    named = key if "s3" not in spelling else f"{world.bucket.name}/{key}"
    takes = (
        "INSERT INTO public.backup_history (dispatch_id, status, s3_key)"
        f" VALUES ('another-backup', 'failed', {spelling.format(named)})"
    )

    code, shown = on_a_terminal(world, stuck, "y", tmp_path, lambda: world.sql(takes))

    assert code == 3, shown
    assert "another row names its file by now" in shown
    assert "success" not in {row["status"] for row in rows(world)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_row_under_way_end_and_says_how(
    world: World, stuck: str, tmp_path: Path, number: signal.Signals
) -> None:
    """The lock that it waits for is held by another transaction, which then gives it up."""
    env = environment(world, SUPABASE_DB_URL=world.owner_uri)
    with (
        asked(applying(stuck), cwd=tmp_path, env=env) as command,
        psycopg.connect(world.owner_uri) as other,
    ):
        other.execute("SELECT 1 FROM public.backup_history FOR UPDATE")
        command.answer("y")
        wait_for_a_lock(world)
        command.send(number)
        time.sleep(0.5)
        other.rollback()
        code, shown = command.end()

    assert code == 128 + number, shown
    assert rows(world)[0]["status"] == "success"
    assert "Done." in shown
    assert "Interrupted" in shown
    assert "-- This restores the row" in shown


def wait_for_a_lock(world: World) -> None:
    """Until a session of the doctor's waits for the row."""
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'backup-doctor fix'"
        " AND wait_event_type = 'Lock'"
    )
    until = time.monotonic() + 180
    with psycopg.connect(world.owner_uri, autocommit=True) as connection:
        while connection.execute(waiting).fetchone() is None:
            assert time.monotonic() < until
            time.sleep(0.05)
