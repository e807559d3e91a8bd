"""With the README's five settings alone: the row is written by the Data API, all guards as filters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest

from backup_doctor.demo.faults import FAULTS
from backup_doctor.run.fix.by_data_api import STRICT, unable
from backup_doctor.settings.model import Secret, Settings
from tests.e2e.doctoring import psql
from tests.fix.plans import to_new_row
from tests.fix.test_fix_command import fix, on_a_terminal, rows
from tests.fix.test_transaction import trigger_text

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from backup_doctor.demo.supabase.gateway import Exchange
    from backup_doctor.demo.world import World

NO_SQL: dict[str, str | None] = {"SUPABASE_DB_URL": None, "SUPABASE_ACCESS_TOKEN": None}


@pytest.fixture
def stuck(world: World) -> str:
    """A backup whose function is not deployed, and whose fallback had no grant then."""
    dispatch_id = world.insert_row()
    FAULTS["stuck"].before(world)
    world.run_pipeline(dispatch_id)
    world.sql("GRANT SELECT, INSERT, UPDATE ON public.backup_history TO service_role")
    world.gateway.requests.clear()
    return dispatch_id


def apply(world: World, dispatch_id: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return fix(world, dispatch_id, "--apply", "--yes", cwd=cwd, **NO_SQL)


def patches(world: World) -> list[Exchange]:
    return [one for one in world.gateway.requests if one.method == "PATCH"]


def test_the_row_is_written_once_with_every_guard(world: World, stuck: str, tmp_path: Path) -> None:
    (before,) = rows(world)

    done = apply(world, stuck, tmp_path)

    (row,), (patch,) = rows(world), patches(world)
    guards = dict(parse_qsl(patch.query))
    assert (done.returncode, row["status"]) == (0, "success"), done.stderr
    assert patch.headers["Prefer"] == STRICT
    assert guards["id"] == f"eq.{before['id']}"
    assert guards["status"] == "eq.in_progress"
    assert {guards[name] for name in ("s3_key", "size_bytes", "finished_at")} == {"is.null"}
    assert json.loads(patch.body)["s3_key"] == row["s3_key"]
    assert "It would be written by the Data API, as it was read" in done.stderr
    assert f"host {world.gateway.url.partition('//')[2]}" in done.stderr
    assert "cannot show whether triggers or rules will act on the change" in done.stderr
    assert "Now healthy" in done.stderr


def test_what_undoes_it_is_sql_that_restores_the_row(
    world: World, stuck: str, tmp_path: Path
) -> None:
    before = rows(world)

    psql(world, apply(world, stuck, tmp_path).stdout)

    assert rows(world) == before


def finished(world: World) -> None:
    world.sql("UPDATE public.backup_history SET size_bytes = 7")


def taken(world: World) -> None:
    (key,) = world.objects()
    world.sql(
        "INSERT INTO public.backup_history (dispatch_id, status, s3_key)"
        f" VALUES ('another-backup', 'failed', '{key}')"
    )


def taken_in_another_spelling(world: World) -> None:
    taken(world)
    world.sql(
        f"UPDATE public.backup_history SET s3_key = 's3://{world.bucket.name}/' || s3_key"
        " WHERE dispatch_id = 'another-backup'"
    )


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (finished, "no longer as it was announced"),
        (taken, "Another row names this file by now"),
        (taken_in_another_spelling, "Another row names this file by now"),
    ],
    ids=["changed", "taken", "taken in another spelling"],
)
def test_what_happens_before_the_answer_is_not_written_over(
    world: World, stuck: str, tmp_path: Path, happens: Callable[[World], None], said: str
) -> None:
    code, shown = on_a_terminal(world, stuck, "y", tmp_path, lambda: happens(world), **NO_SQL)

    assert code == 3, shown
    assert said in shown
    assert "success" not in {row["status"] for row in rows(world)}


def test_a_server_that_cannot_limit_a_change_is_asked_for_none(
    world: World, stuck: str, tmp_path: Path
) -> None:
    world.project.rest_limits_changes = False

    done = apply(world, stuck, tmp_path)

    assert (done.returncode, done.stdout) == (3, "")
    assert "cannot limit a change to one row" in done.stderr
    assert rows(world)[0]["status"] == "in_progress"


def test_what_the_database_refuses_is_quoted(world: World, stuck: str, tmp_path: Path) -> None:
    world.sql("ALTER TABLE public.backup_history ADD CONSTRAINT never CHECK (status <> 'success')")

    done = apply(world, stuck, tmp_path)

    assert (done.returncode, done.stdout) == (3, "")
    assert "violates check constraint" in done.stderr
    assert rows(world)[0]["status"] == "in_progress"


def test_a_trigger_that_makes_something_else_of_it_is_said_and_can_be_undone(
    world: World, stuck: str, tmp_path: Path
) -> None:
    before = rows(world)
    world.sql(trigger_text("NEW.size_bytes := 0; RETURN NEW;"))

    done = apply(world, stuck, tmp_path)
    between = rows(world)
    world.sql("DROP TRIGGER interfere ON public.backup_history")
    psql(world, done.stdout)

    assert done.returncode == 3
    assert "Not as announced" in done.stderr
    assert between[0]["size_bytes"] == 0
    assert rows(world) == before


def test_a_new_row_is_not_inserted(tmp_path: Path) -> None:
    service = Settings(service_key=Secret("sb_secret_0123456789"), supabase_url="http://localhost")

    assert "A new row is not inserted" in (unable(service, to_new_row("nightly-43")) or "")
