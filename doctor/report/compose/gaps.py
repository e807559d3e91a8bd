"""What could not be told, and what to give the doctor to settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.evidence.base import Evidence, Unseen, Why, unseen
from backup_doctor.evidence.findings import Verdict
from backup_doctor.judge import preflight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.diagnosis import Diagnosis
    from backup_doctor.judge.framework import AnyCheck
    from backup_doctor.judge.judgement import Judged

from backup_doctor.judge.history import (
    BOTH_WRITES,
    RowState,
    absence_of_row,
    absence_of_table,
    row_age,
    row_state,
    unknown_status,
)
from backup_doctor.judge.history.file import object_gaps
from backup_doctor.judge.traits import Trait
from backup_doctor.report.compose.results import sentence

# The built-in checks of which something could still say more than a general root.
TELLING = ("workflow", "function", "rls", "secrets")


def deciding_gap(case: Case) -> Unseen | None:
    """The one thing that would settle an unknown verdict: the row, then the object it names."""
    row = case.evidence.get("row")
    if isinstance(row, Unseen):
        return row
    if case.row is None:
        return Unseen(
            why=Why.NOT_ASKED, what="The row was not looked at.", remedy="Run the row check."
        )
    if row_state(case) in (RowState.UNSEEN, RowState.OTHER):
        seen_row = case.row
        proofs = (absence_of_table(seen_row, case), seen_row.rows, absence_of_row(seen_row, case))
        return next(iter((*unseen(*proofs), *unknown_status(case))), None)
    if row_state(case) in (RowState.IN_PROGRESS, RowState.CANCELLED):
        return _unseen_job(case)
    seen = case.evidence.get("object")
    if isinstance(seen, Unseen):
        return seen
    return next(iter(object_gaps(case.object, case)), None) if case.object else None


def _unseen_job(case: Case) -> Unseen:
    """Why it is not known whether the backup is still going."""
    young = "The row is in progress and younger than stuck_after;"
    if row_age(case) is None:
        young = "The row is in progress, and nothing tells how old it is;"
    if row_state(case) is RowState.CANCELLED:
        young = "The row says cancelled, and its run may go on;"
    workflow = case.workflow
    why = workflow.run or workflow.absence if workflow else case.evidence.get("workflow")
    if isinstance(why, Unseen):
        return msgspec.structs.replace(why, what=f"{young} its job could not be seen. {why.what}")
    if workflow is not None and not workflow.candidates:
        what = "no run of it was seen, and one may still come."
        remedy = "Set columns.created_at to the column that has the time at which a row was made."
    elif workflow is not None:
        what, remedy = "could not determine which of the running runs is its own.", "Give --run-id."
    else:
        what, remedy = "its job was not looked at.", "Run the workflow check."
    return Unseen(why=Why.NOT_ASKED, what=f"{young} {what}", remedy=remedy)


def open_gaps(case: Case, diagnosis: Diagnosis, checks: tuple[AnyCheck, ...]) -> tuple[Unseen, ...]:
    """What is open, and what to give the doctor to settle it."""
    if diagnosis.verdict is Verdict.UNKNOWN and case.is_preflight:
        findings = tuple(one.judged for one in diagnosis.placed)
        return tuple(preflight.unsettled(case, findings))
    if diagnosis.verdict is Verdict.UNKNOWN:
        gap = deciding_gap(case)
        return (gap,) if gap else ()
    if diagnosis.verdict is not Verdict.FAILING:
        return ()
    gaps: list[Unseen] = []
    for check in checks:
        evidence = case.evidence.get(check.name)
        if evidence is None or not _could_say_more(check, diagnosis.root):
            continue
        gaps += (evidence,) if isinstance(evidence, Unseen) else _open(check, evidence, case)
    return tuple(gaps)


def questions(gaps: Iterable[Unseen]) -> tuple[str, ...]:
    """Each gap as a sentence, once."""
    return tuple(dict.fromkeys(map(sentence, gaps)))


def to_settle(gaps: Iterable[Unseen]) -> tuple[str, ...]:
    """The same without what nobody can bring back, such as a log that has expired."""
    return questions(gap for gap in gaps if gap.why is not Why.GONE)


def _could_say_more(check: AnyCheck, root: Judged | None) -> bool:
    """Whether a finding of this check could be an earlier or a more special cause than the root."""
    if root is None or root.has(Trait.GENERAL):
        return check.name in TELLING
    special = any(root.rule.yields(rule) for rule in check.rules)
    guessed = not root.found.by_log and min(root.breaks) in BOTH_WRITES
    return special or (guessed and check.name in ("workflow", "function"))


def _open(check: AnyCheck, evidence: Evidence, case: Case) -> tuple[Unseen, ...]:
    """What the check could not see, but for what there is nothing to see of."""
    gaps = (*check.gaps(evidence, case), *evidence.notes())
    return tuple(gap for gap in gaps if gap.why is not Why.NOT_ASKED or gap.remedy)
