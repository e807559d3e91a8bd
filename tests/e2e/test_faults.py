"""Each named fault of the demo is found, and its row can be mended by pasting what is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import FAULTS, STORIES
from backup_doctor.evidence.findings import Severity, Verdict
from tests.e2e.doctoring import diagnose_world, psql

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World

BROKEN = [fault.name for fault in STORIES.values() if fault.root_cause]
WHOLE = [fault.name for fault in STORIES.values() if not fault.root_cause]


def run_broken(world: World, fault: str) -> str:
    dispatch_id = world.insert_row()
    FAULTS[fault].before(world)
    world.run_pipeline(dispatch_id)
    FAULTS[fault].after(world)
    return dispatch_id


@pytest.mark.parametrize("fault", BROKEN)
def test_the_root_cause_of_a_broken_pipeline_is_found(
    world: World, fault: str, tmp_path: Path
) -> None:
    report = diagnose_world(world, run_broken(world, fault), tmp_path)

    assert report.errors == ()
    assert report.verdict is Verdict.FAILING
    assert report.root_cause == FAULTS[fault].root_cause
    assert report.failing_step is not None
    assert report.root_cause is not None
    assert report.failing_step.check == report.root_cause.split("/")[0]


@pytest.mark.parametrize("fault", WHOLE)
def test_a_pipeline_that_works_is_healthy_with_nothing_failing(
    world: World, fault: str, tmp_path: Path
) -> None:
    report = diagnose_world(world, run_broken(world, fault), tmp_path)

    assert report.errors == ()
    assert report.verdict is Verdict.HEALTHY
    failing = [
        finding.code
        for result in report.results
        for finding in result.findings
        if finding.severity is Severity.FAIL
    ]
    assert failing == []


@pytest.mark.parametrize("fault", ["stuck", "wrong-key", "jwt-gate"])
def test_the_printed_sql_mends_the_row_and_changes_nothing_the_second_time(
    world: World, fault: str, tmp_path: Path
) -> None:
    dispatch_id = run_broken(world, fault)
    report = diagnose_world(world, dispatch_id, tmp_path)
    assert report.fix_sql is not None

    psql(world, report.fix_sql)
    once = psql(world, "TABLE public.backup_history")
    psql(world, report.fix_sql)

    assert psql(world, "TABLE public.backup_history") == once
    assert diagnose_world(world, dispatch_id, tmp_path).verdict is Verdict.HEALTHY


def test_a_row_that_was_never_created_is_inserted_once(world: World, tmp_path: Path) -> None:
    report = diagnose_world(world, run_broken(world, "no-row"), tmp_path)
    assert report.fix_sql is not None

    psql(world, report.fix_sql)
    once = psql(world, "TABLE public.backup_history")
    psql(world, report.fix_sql)

    assert psql(world, "TABLE public.backup_history") == once


def test_a_function_is_called_by_the_name_by_which_the_script_calls_it(
    world: World, tmp_path: Path
) -> None:
    FAULTS["no-update-grant"].before(world)
    dispatch_id = run_broken(world, "other-function-name")

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert "The edge function update_backup is not deployed." in report.summary
    assert report.plan[0].one_of[0].title == "Let the update step call update-backup"
