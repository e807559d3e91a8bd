"""With whatever access is taken away, the doctor names the right cause, or what would settle it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import SINGLE, STORIES, expected
from backup_doctor.demo.faults.rewriting import age
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.findings import Severity, Verdict
from tests.access.patterns import PATTERNS, Pattern, all_rights
from tests.e2e.doctoring import diagnose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.faults import Fault
    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Report

HOURS = timedelta(hours=5)
BROKEN: dict[str, Fault] = {
    **{name: STORIES[name] for name in ("stuck", "wrong-key", "no-row", "jwt-gate")},
    **{
        name: SINGLE[name]
        for name in (
            "no-run",
            "no-runner",
            "job-timed-out",
            "upload-key-not-set",
            "upload-denied-quietly",
            "update-step-off",
            "update-dies-silently",
            "row-duplicate",
            "object-deleted",
            "archive-cut",
            "bucket-deleted",
        )
    },
}
# Each takes a quarter of a minute; `make faults` plays all of them.
ALWAYS = ("stuck", "wrong-key", "no-run", "upload-denied-quietly", "object-deleted", "archive-cut")
PLAYED = [
    pytest.param(name, marks=() if name in ALWAYS else pytest.mark.exhaustive) for name in BROKEN
]
# True of a backup and less than its cause, which only the access that is missing would show: then
# the report has to say so. By what it is less than; the last four are less than anything.
LESS = {
    "secrets/api-key-mismatch": {"function/key-rejected"},
    "rls/role-without-bypass": {"rls/update-blocked"},
    "secrets/missing": {"workflow/failed-before-update"},
    "workflow/failed-before-update": {"object/missing"},
    "object/deleted": {"object/missing"},
}
LEAST = {
    "workflow/edge-call-failed",
    "workflow/fallback-failed",
    "workflow/backup-id-not-found",
    "workflow/green-but-failed",
}


@pytest.fixture
def broken(world: World, request: pytest.FixtureRequest) -> tuple[World, Fault, str]:
    fault: Fault = BROKEN[request.param]
    dispatch_id = world.insert_row()
    fault.before(world)
    world.run_pipeline(dispatch_id)
    fault.after(world)
    age(world, HOURS)
    return world, fault, dispatch_id


def seen_with(pattern: Pattern, world: World, dispatch_id: str, directory: Path) -> Report:
    with all_rights(world):
        return diagnose(pattern.given(world), Asked(dispatch_id=dispatch_id), directory)


def wrong(report: Report, right: tuple[str, ...]) -> Iterator[str]:
    """What no report on a broken backup may say, however little it was given to see."""
    if report.errors:
        yield f"failed itself: {report.errors}"
    if report.verdict in (Verdict.HEALTHY, Verdict.RUNNING):
        yield f"is {report.verdict}: {report.summary}"
    allowed = {*right, *LEAST}.union(*(LESS.get(code, ()) for code in right))
    untrue = [code for code in report.causes if code not in allowed]
    if untrue:
        yield f"names {untrue}: {report.summary}"
    if report.root_cause != right[0] and not report.cannot_tell:
        yield f"does not say what would settle it: {report.root_cause}, {report.summary}"


@pytest.mark.parametrize("broken", PLAYED, indirect=True)
def test_a_broken_backup_is_never_blamed_on_something_else(
    broken: tuple[World, Fault, str], tmp_path: Path
) -> None:
    world, fault, dispatch_id = broken
    right = expected([fault]).causes

    said = {
        pattern.name: [*wrong(seen_with(pattern, world, dispatch_id, tmp_path), right)]
        for pattern in PATTERNS
    }

    assert {name: problems for name, problems in said.items() if problems} == {}


def test_a_healthy_backup_is_never_called_failing(world: World, tmp_path: Path) -> None:
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)
    age(world, HOURS)

    for pattern in PATTERNS:
        report = seen_with(pattern, world, dispatch_id, tmp_path)

        findings = [finding for result in report.results for finding in result.findings]
        failing = [one.code for one in findings if one.severity is Severity.FAIL]
        assert (pattern.name, report.errors, report.causes, failing) == (pattern.name, (), (), [])
        assert report.verdict in (Verdict.HEALTHY, Verdict.UNKNOWN), pattern.name
        assert bool(report.cannot_tell) is (report.verdict is Verdict.UNKNOWN), pattern.name
