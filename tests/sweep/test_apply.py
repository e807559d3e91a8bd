"""`sweep --apply` on rows of several kinds: each becomes what is true of its backup, or is left."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from doctor.demo.crowd import multiply, original
from doctor.demo.faults import FAULTS
from doctor.demo.world import World
from tests.programs import bare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doctor.demo.world import Servers

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


@dataclass(frozen=True)
class Mixture:
    """Stuck rows of several kinds, and what became of them."""

    uploaded: str
    without_file: str
    without_run: str
    refused: str
    locked: str
    done: subprocess.CompletedProcess[str]
    rows: dict[str | None, dict[str, Any]]


@pytest.fixture(scope="module")
def mixture(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixture]:
    with World(servers) as world:
        uploaded, refused, locked = broken(world, "stuck", 3)
        (without_file,) = broken(world, "upload-denied-quietly", 1)
        without_run = world.insert_row()
        world.sql(
            "UPDATE public.backup_history SET created_at = now() - interval '10 hours'"
            f" WHERE dispatch_id = '{without_run}'"
        )
        world.sql(
            "ALTER TABLE public.backup_history ADD CONSTRAINT never_this_one"
            f" CHECK (dispatch_id <> '{refused}' OR status <> 'success')"
        )
        world.hold_transaction(
            f"SELECT FROM public.backup_history WHERE dispatch_id = '{locked}' FOR UPDATE"
        )
        done = apply(world, tmp_path_factory.mktemp("mixture"))
        world.end_transactions()
        yield Mixture(uploaded, without_file, without_run, refused, locked, done, rows(world))


def test_what_was_uploaded_has_succeeded_and_what_was_not_has_failed(mixture: Mixture) -> None:
    uploaded = mixture.rows[mixture.uploaded]
    failed = [mixture.rows[one] for one in (mixture.without_file, mixture.without_run)]

    assert uploaded["status"] == "success"
    assert mixture.uploaded in uploaded["s3_key"]
    assert uploaded["size_bytes"] > 0
    for row, cause in zip(
        failed, ("workflow/failed-before-update", "workflow/run-not-found"), strict=True
    ):
        assert (row["status"], row["s3_key"], row["size_bytes"]) == ("failed", None, None)
        assert row["error_text"].startswith(f"backup-doctor: {cause}")


def test_a_row_that_the_database_keeps_as_it_is_costs_no_other_its_repair(
    mixture: Mixture,
) -> None:
    said = mixture.done.stderr

    assert mixture.done.returncode == 3
    for one, reason in ((mixture.refused, "never_this_one"), (mixture.locked, "lock timeout")):
        assert mixture.rows[one]["status"] == "in_progress"
        assert any(reason in line for line in said.splitlines() if f"{one}: not done" in line)
    assert "Changed 3 of 5 rows." in said


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
