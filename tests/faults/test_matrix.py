"""Every HTTP dependency × every fault: a report in time, honest about what could not be seen.

A fixed sample runs with all tests, all of them with `make faults`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from doctor.model import Severity, Status, Verdict
from tests.faults.dependencies import DEPENDENCIES, Dependency
from tests.faults.scene import BUDGET_S, strike

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doctor.model import Report
    from tests.faults.catalogue import Fault
    from tests.faults.scene import Scene

GRACE_S = 1.0
SAMPLE = {"refused", "drip-head", "html", "503-json"}
VERDICTS = {
    "healthy": (Verdict.HEALTHY, Verdict.UNKNOWN),
    "stuck": (Verdict.FAILING, Verdict.UNKNOWN),
}


def pairs() -> Iterator[object]:
    """Each dependency with each of its faults; what is not in the sample is marked."""
    for dependency in DEPENDENCIES:
        for fault in dependency.faults:
            marks = () if fault.name in SAMPLE else (pytest.mark.exhaustive,)
            yield pytest.param(dependency, fault, id=f"{dependency.name}-{fault.name}", marks=marks)


@pytest.mark.parametrize("story", ["stuck", "healthy"])
@pytest.mark.parametrize(("dependency", "fault"), tuple(pairs()))
def test_a_failing_service_costs_what_it_knows_and_nothing_more(
    scenes: dict[str, Scene], dependency: Dependency, fault: Fault, story: str, tmp_path: Path
) -> None:
    scene = scenes[story]

    outcome = strike(scene, dependency, fault, tmp_path)

    report = outcome.report
    assert outcome.struck, "the fault was never met"
    assert outcome.seconds < BUDGET_S + GRACE_S
    assert report.errors == ()
    assert report.root_cause in (None, scene.truth.root_cause)
    assert report.verdict in VERDICTS[story]
    assert failures(report) <= failures(scene.truth), "found a failure that is none"
    if fault.name not in dependency.believable:
        assert_named(report, dependency.called)
        assert_named(report, fault.says)
        assert not passed(report).intersection(dependency.needed_by)
    assert_the_others_still_speak(report, scene.truth, dependency, fault)


def failures(report: Report) -> set[str]:
    """The codes of all findings of severity fail."""
    return {
        finding.code
        for result in report.results
        for finding in result.findings
        if finding.severity is Severity.FAIL
    }


def passed(report: Report) -> set[str]:
    """The checks that passed."""
    return {result.check for result in report.results if result.status is Status.PASS}


def assert_named(report: Report, pattern: str) -> None:
    """What the reader is told of gaps, or in a finding, matches the pattern."""
    said = [*report.notes, *report.fix_notes, *report.cannot_tell, report.summary]
    for result in report.results:
        said += result.notes
        said += [finding.summary for finding in result.findings]
    assert re.search(pattern, "\n".join(said)), said


def assert_the_others_still_speak(
    report: Report, truth: Report, dependency: Dependency, fault: Fault
) -> None:
    """A check that asks other services alone comes to the same as ever."""
    touched = touched_by(dependency, whole_host=fault.whole_host)
    was = {result.check: result.status for result in truth.results}
    now = {result.check: result.status for result in report.results}
    assert {name: now[name] for name in now if name not in touched} == {
        name: was[name] for name in was if name not in touched
    }


def touched_by(dependency: Dependency, *, whole_host: bool) -> set[str]:
    """The checks that ask this service, or whose judgement rests on what it says."""
    asked_by = {
        "GITHUB_API_URL": {"secrets", "workflow", "function", "row", "rls"},
        "SUPABASE_MANAGEMENT_URL": {"secrets", "function", "rls"},
        "AWS_ENDPOINT_URL_S3": {"object"},
    }
    if dependency.setting == "SUPABASE_URL":
        own = {"function"} if dependency.paths == "/functions/" else {"row", "rls", "secrets"}
        return {"function", "row", "rls", "secrets"} if whole_host else own
    if dependency.without:
        return asked_by[dependency.setting] | {"row", "rls"}
    return asked_by[dependency.setting]
