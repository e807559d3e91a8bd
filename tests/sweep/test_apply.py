"""`sweep --apply` on rows of several kinds: each becomes what is true of its backup, or is left."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from doctor.demo.crowd import multiply, original
from doctor.demo.faults import FAULTS
from tests.programs import bare

if TYPE_CHECKING:
    from pathlib import Path

    from doctor.demo.world import World

BEGAN = datetime.now(UTC) - timedelta(hours=10)


def broken(world: World, fault: str, count: int) -> list[str]:
    """Backups that this fault broke ten hours ago and left in progress; their dispatch ids."""
    dispatch_id = world.insert_row()
    FAULTS[fault].before(world)
    of = original(world, dispatch_id, world.run_pipeline(dispatch_id))
    world.sql(f"DELETE FROM public.backup_history WHERE dispatch_id = '{dispatch_id}'")
    return multiply(world, of, count, BEGAN)


def apply(world: World, cwd: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "doctor", "sweep", "--apply", "--yes", *flags],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=bare(**world.environment() | {"SUPABASE_DB_URL": world.owner_uri}),
        stdin=subprocess.DEVNULL,
        timeout=180,
    )


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
    world.hold_transaction(
        f"SELECT FROM public.backup_history WHERE dispatch_id = '{locked}' FOR UPDATE"
    )

    done = apply(world, tmp_path)
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
    for one, reason in ((refused, "never_this_one"), (locked, "lock timeout")):
        assert became[one]["status"] == "in_progress"
        assert f"{one}: not done (rolled back)" in done.stderr
        assert reason in done.stderr
    assert "Changed 3 of 5 rows." in done.stderr
    assert done.returncode == 3


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
