"""What could not be told, and what to give the doctor to settle it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from doctor import preflight
from doctor.evidence.base import Evidence, Unseen, Why
from doctor.model import (
    Verdict,
)

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.diagnosis import Diagnosis
    from doctor.framework import AnyCheck
    from doctor.judgement import Judged

from doctor.reporting.results import sentence
from doctor.story import BOTH_WRITES, RowState, row_state

# General codes: where one of them is the root, something could still say more.
TELLING = ("workflow", "function", "rls", "secrets")
GENERAL = ("workflow/edge-call-failed", "workflow/fallback-failed", "workflow/green-but-failed")


def deciding_gap(case: Case) -> Unseen | None:
    """The one thing that would settle an unknown verdict: the row, then the object it names."""
    row = case.evidence.get("row")
    if isinstance(row, Unseen):
        return row
    if case.row is None:
        return Unseen(
            why=Why.NOT_ASKED, what="The row was not looked at.", remedy="Run the row check."
        )
    if isinstance(case.row.rows, Unseen):
        return case.row.rows
    if row_state(case) in (RowState.IN_PROGRESS, RowState.OTHER):
        return _unseen_job(case)
    seen = case.evidence.get("object")
    if isinstance(seen, Unseen):
        return seen
    return next(iter(case.object.gaps()), None) if case.object else None


def _unseen_job(case: Case) -> Unseen:
    """Why it is not known whether the backup is still going."""
    young = "The row is in progress and younger than stuck_after;"
    why = case.workflow.run if case.workflow else case.evidence.get("workflow")
    if isinstance(why, Unseen):
        return msgspec.structs.replace(why, what=f"{young} its job could not be seen. {why.what}")
    if case.workflow is not None:
        what, remedy = "which of the runs going is its own cannot be told.", "Give --run-id."
    else:
        what, remedy = "its job was not looked at.", "Run the workflow check."
    return Unseen(why=Why.NOT_ASKED, what=f"{young} {what}", remedy=remedy)


def cannot_tell(case: Case, diagnosis: Diagnosis, checks: tuple[AnyCheck, ...]) -> tuple[str, ...]:
    """What is open, and what to give the doctor to settle it."""
    if diagnosis.verdict is Verdict.UNKNOWN and case.is_preflight:
        findings = tuple(one.judged for one in diagnosis.placed)
        return tuple(map(sentence, preflight.unsettled(case, findings)))
    if diagnosis.verdict is Verdict.UNKNOWN:
        gap = deciding_gap(case)
        return (sentence(gap),) if gap else ()
    if diagnosis.verdict is not Verdict.FAILING:
        return ()
    gaps: list[str] = []
    for check in checks:
        evidence = case.evidence.get(check.name)
        if evidence is None or not _could_say_more(check, diagnosis.root):
            continue
        unseen = (evidence,) if isinstance(evidence, Unseen) else _open(check, evidence, case)
        gaps.extend(sentence(gap) for gap in unseen)
    return tuple(dict.fromkeys(gaps))


def _could_say_more(check: AnyCheck, root: Judged | None) -> bool:
    """Whether a finding of this check could be an earlier or a more special cause than the root."""
    if root is None or root.code in GENERAL:
        return check.name in TELLING
    special = any(
        fnmatchcase(rule.code, pattern) for rule in check.rules for pattern in root.rule.yields_to
    )
    guessed = not root.found.by_log and min(root.breaks) in BOTH_WRITES
    return special or (guessed and check.name in ("workflow", "function"))


def _open(check: AnyCheck, evidence: Evidence, case: Case) -> tuple[Unseen, ...]:
    return (*check.gaps(evidence, case), *evidence.notes())
