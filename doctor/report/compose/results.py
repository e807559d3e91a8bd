"""What each check came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.findings import (
    CheckResult,
    FailingStep,
    Finding,
    ResultStatus,
    Role,
    Severity,
)
from backup_doctor.judge.explanation import explanation_of, page_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.collected import Collected
    from backup_doctor.judge.diagnosis import Diagnosis, Placed
    from backup_doctor.judge.framework import AnyCheck


# Nobody asked for it, or the user did not give what it needs: the check was skipped.
NOT_ASKED = frozenset({Why.NOT_CONFIGURED, Why.NOT_ASKED, Why.NOT_TRUSTED})
LEFT_OUT = Unseen(why=Why.NOT_ASKED, what="Skipped (--only or --skip).")


def result_of(
    check: AnyCheck,
    case: Case,
    diagnosis: Diagnosis,
    collected: Collected,
    failed: tuple[str, ...] = (),
) -> CheckResult:
    """What one check came to, with the findings placed by the diagnosis; `failed` are rules that raised."""
    evidence = case.evidence.get(check.name, LEFT_OUT)
    placed = [one for one in diagnosis.placed if one.judged.check is check]
    gaps = (evidence,) if isinstance(evidence, Unseen) else check.gaps(evidence, case)
    gaps += tuple(_unjudged(rule.code) for rule in check.rules if rule.code in failed)
    also = () if isinstance(evidence, Unseen) else evidence.notes()
    return CheckResult(
        check=check.name,
        step=check.step,
        title=check.title,
        status=_status(placed, gaps),
        duration_s=collected.seconds.get(check.name, 0.0),
        findings=tuple(_finding(one, diagnosis) for one in placed),
        notes=tuple(dict.fromkeys(sentence(gap) for gap in (*gaps, *also))),
        saw="" if isinstance(evidence, Unseen) else evidence.saw(),
    )


def _unjudged(code: str) -> Unseen:
    return Unseen(why=Why.CRASHED, what=f"Whether {code} is so could not be judged.")


def _status(placed: list[Placed], gaps: tuple[Unseen, ...]) -> ResultStatus:
    severities = {one.severity for one in placed}
    if Severity.FAIL in severities:
        return ResultStatus.FAIL
    if gaps and not all(gap.why in NOT_ASKED for gap in gaps):
        return ResultStatus.UNKNOWN
    if Severity.WARN in severities:
        return ResultStatus.WARN
    return ResultStatus.SKIP if gaps else ResultStatus.PASS


def sentence(gap: Unseen) -> str:
    """What could not be seen, and what would enable it."""
    return f"{gap.what} {gap.remedy}" if gap.remedy else gap.what


def _finding(placed: Placed, diagnosis: Diagnosis) -> Finding:
    found = placed.judged.found
    return Finding(
        code=placed.judged.code,
        severity=placed.severity,
        role=Role.SYMPTOM if _is_explained(placed, diagnosis) else placed.role,
        summary=found.summary,
        explanation=explanation_of(placed.judged.rule),
        evidence=found.evidence,
        fixes=found.fixes,
        url=page_url(placed.judged.code),
        reason=found.reason,
    )


def _is_explained(placed: Placed, diagnosis: Diagnosis) -> bool:
    """Whether a more specific finding tells where a general one comes from: its advice is moot."""
    return placed.judged not in diagnosis.causes and any(
        placed.judged.rule.yields(other.judged.rule)
        for other in diagnosis.placed
        if other is not placed and other.judged.breaks
    )


def failing_step(checks: Iterable[AnyCheck], diagnosis: Diagnosis) -> FailingStep | None:
    """The check that found the root cause, else the strongest symptom."""
    name = diagnosis.failing_check
    check = next((one for one in checks if one.name == name), None)
    if name is None:
        return None
    if check is None:
        return FailingStep(check=name, step=None, title=name)
    return FailingStep(check=check.name, step=check.step, title=check.title)
