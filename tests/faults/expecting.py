"""What every report must hold to, whatever failed while it was made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.findings import ResultStatus, Severity, Verdict

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Report
    from tests.faults.scene import Outcome

GRACE_S = 1.0


def assert_safe(outcome: Outcome, truth: Report) -> None:
    """In time, no error of the tool, and nothing said that is not so."""
    report = outcome.report
    assert outcome.struck, "the fault was never met"
    assert outcome.seconds < outcome.budget_s + GRACE_S
    assert report.errors == ()
    assert report.root_cause in (None, truth.root_cause)
    assert report.verdict in (truth.verdict, Verdict.UNKNOWN)
    assert failures(report) <= failures(truth), "found a failure that is none"


def assert_named(report: Report, pattern: str) -> None:
    """What the reader is told of gaps, or in a finding, matches the pattern."""
    said = [*report.notes, *report.fix_notes, *report.cannot_tell, report.summary]
    for result in report.results:
        said += result.notes
        said += [finding.summary for finding in result.findings]
    assert re.search(pattern, "\n".join(said)), said


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
    return {result.check for result in report.results if result.status is ResultStatus.PASS}


def statuses(report: Report, *, without: set[str]) -> dict[str, ResultStatus]:
    """The status of every check but those."""
    return {result.check: result.status for result in report.results if result.check not in without}
