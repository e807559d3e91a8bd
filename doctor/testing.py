"""Help for testing a check of your own: a case to judge it in, and what it comes to there.

    result = judged(check, FreshnessEvidence(newest=long_ago))
    assert [finding.code for finding in result.findings] == ["freshness/stale"]

Its collector is best tested in a real world: `backup-doctor demo --keep` leaves one running and
prints the settings to `eval`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.collected import Collected
from backup_doctor.judge.registry import LoadedCheck, Registry
from backup_doctor.report.compose import write

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Evidence
    from backup_doctor.evidence.findings import CheckResult
    from backup_doctor.judge.framework import AnyCheck

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
UNSEEN = Unseen(why=Why.UNREACHABLE, what="Nobody answered.", dependency="the world")


def a_case(**changes: Any) -> Case:  # noqa: ANN401 -- any field of the case
    """A case about a backup of which nothing is known; `changes` are fields of `Case`."""
    base = {"asked": Asked(dispatch_id="a-dispatch-id"), "names": Names(), "now": NOW}
    return Case(**{**base, **changes})


def judged(check: AnyCheck, evidence: Evidence | Unseen, case: Case | None = None) -> CheckResult:
    """What the check comes to with this evidence, as it will stand in the report.

    Raises:
        AssertionError: a rule of the check failed.
    """
    known = a_case() if case is None else case
    together = Case(
        asked=known.asked,
        names=known.names,
        now=known.now,
        evidence={**known.evidence, check.name: evidence},
    )
    registry = Registry(checks=(LoadedCheck(check=check, origin="under test"),))
    report = write(Collected(case=together), registry)
    assert not report.errors, report.errors
    return next(result for result in report.results if result.check == check.name)
