"""A machine whose clock is wrong judges by the services' clocks, and says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.faults.rewriting import age
from backup_doctor.demo.world import World
from backup_doctor.evidence import clocks
from backup_doctor.evidence.findings import Verdict
from backup_doctor.run import runner
from tests.e2e.doctoring import diagnose_world
from tests.e2e.test_runs import at_its_archive
from tests.matrix.pipelines import upload_quickly

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import Servers

OFF = [timedelta(hours=-3), timedelta(hours=3), timedelta(days=40), timedelta(days=-400)]


@pytest.fixture(autouse=True)
def _outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


@pytest.fixture
def world(world: World) -> World:
    """What matters here comes after the upload."""
    upload_quickly(world)
    return world


def set_clock(monkeypatch: pytest.MonkeyPatch, off: timedelta) -> None:
    """Let this machine's clock be off by that."""

    def own_now() -> datetime:
        return datetime.now(UTC) + off

    monkeypatch.setattr(clocks, "own_now", own_now)
    monkeypatch.setattr(runner, "own_now", own_now)


@pytest.mark.parametrize("off", OFF, ids=str)
def test_a_backup_that_is_going_is_going(
    world: World, off: timedelta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch_id = world.insert_row()
    world.actions = at_its_archive
    world.run_pipeline(dispatch_id)
    set_clock(monkeypatch, off)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert (report.verdict, report.fix_sql) == (Verdict.RUNNING, None)
    assert "This machine's clock is" in report.notes[0]
    assert ("slow" if off < timedelta() else "fast") in report.notes[0]
    assert "GitHub, PostgreSQL" in report.notes[0]


@pytest.mark.parametrize("off", [timedelta(), *OFF], ids=str)
def test_a_stuck_one_is_told_as_with_the_right_time(
    world: World, off: timedelta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch_id = world.insert_row()
    FAULTS["stuck"].before(world)
    world.run_pipeline(dispatch_id)
    age(world, timedelta(hours=1))
    set_clock(monkeypatch, off)

    report = diagnose_world(world, dispatch_id, tmp_path)

    told = datetime.fromisoformat(report.generated_at)
    assert (report.verdict, report.root_cause) == (Verdict.FAILING, "function/not-deployed")
    assert report.fix_sql is not None
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)
    assert any("This machine's clock" in note for note in report.notes) is bool(off)


def test_with_the_database_alone_its_clock_counts(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with World(servers) as world:
        dispatch_id = world.insert_row()
        monkeypatch.setattr(
            world, "environment", lambda: {"SUPABASE_DB_URL": world.doctor_database_uri}
        )
        set_clock(monkeypatch, timedelta(hours=3))

        report = diagnose_world(world, dispatch_id, tmp_path)

    assert "This machine's clock is 3 h fast by PostgreSQL" in report.notes[0]


def test_where_the_services_differ_there_is_no_sql(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch_id = world.insert_row()
    FAULTS["stuck"].before(world)
    world.run_pipeline(dispatch_id)
    age(world, timedelta(hours=1))
    heard = clocks.Clocks.heard

    def lie(self: clocks.Clocks, service: str, time: datetime) -> None:
        heard(self, service, time + timedelta(hours=3) if service == "PostgreSQL" else time)

    monkeypatch.setattr(clocks.Clocks, "heard", lie)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert report.fix_sql is None
    assert "do not agree, so how old it is is not certain" in report.fix_notes[0]
    assert "PostgreSQL is 3 h ahead of this machine" in report.notes[0]
