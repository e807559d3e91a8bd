"""What could not be told, and what to give the doctor to settle it."""

from __future__ import annotations

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

from doctor.reporting.results import sentence
from doctor.story import RowState, row_state

# General codes: where one of them is the root, something could still say more.
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
    why = case.workflow.run if case.workflow else case.evidence.get("workflow")
    if isinstance(why, Unseen):
        what = "The row is in progress and younger than stuck_after; its job could not be seen."
        return msgspec.structs.replace(why, what=f"{what} {why.what}")
    return Unseen(
        why=Why.NOT_ASKED,
        what="The row is in progress and younger than stuck_after; its job was not looked at.",
        remedy="Run the workflow check.",
    )


def cannot_tell(case: Case, diagnosis: Diagnosis, checks: tuple[AnyCheck, ...]) -> tuple[str, ...]:
    """What is open, and what to give the doctor to settle it."""
    if diagnosis.verdict is Verdict.UNKNOWN and case.is_preflight:
        findings = tuple(one.judged for one in diagnosis.placed)
        return tuple(map(sentence, preflight.unsettled(case, findings)))
    if diagnosis.verdict is Verdict.UNKNOWN:
        gap = deciding_gap(case)
        return (sentence(gap),) if gap else ()
    root = diagnosis.root
    if diagnosis.verdict is not Verdict.FAILING or (root and root.code not in GENERAL):
        return ()
    gaps: list[str] = []
    for name in ("workflow", "function", "rls", "secrets"):
        evidence = case.evidence.get(name)
        check = next((one for one in checks if one.name == name), None)
        if check is None or evidence is None:
            continue
        unseen = (evidence,) if isinstance(evidence, Unseen) else _open(check, evidence, case)
        gaps.extend(sentence(gap) for gap in unseen)
    return tuple(dict.fromkeys(gaps))


def _open(check: AnyCheck, evidence: Evidence, case: Case) -> tuple[Unseen, ...]:
    return (*check.gaps(evidence, case), *evidence.notes())
