"""An update step that is green, and has not updated the row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.told import update_excerpt
from backup_doctor.checks.workflow.update_fixes import FAIL_ON_NONE, SET_STATUS
from backup_doctor.checks.workflow.view import run_exhibits, update_ended_well
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    RowState,
    another_row_succeeded,
    is_over,
    row_age,
    row_state,
    update_ran,
)
from backup_doctor.judge.history.written import is_begun, written_by
from backup_doctor.judge.show import duration
from backup_doctor.judge.traits import Trait
from backup_doctor.judge.unseen_triggers import after_triggers, unless_set_back

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

rules = Rules[WorkflowEvidence]()


@rules.cause(
    "workflow/green-but-failed",
    breaks=Link.STAYS_SO,
    yields_to=("*",),
    traits=(Trait.GENERAL, Trait.OF_ONE_RUN),
)
def green_but_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step is green, and the row is not updated.

    Detected: the step's conclusion is success, and the row is still in progress.
    Cause: the step swallows its errors (`continue-on-error`, `|| true`, curl without --fail), or the
    update changed no row and was a success all the same. A cause only if nothing explains it.
    Fix: let the step fail when no row was changed.
    By hand: the log of the green step.
    Source: guide, step 1; PostgREST's silent updates.
    """
    if not update_ended_well(seen) or not is_over(case) or not update_ran(case):
        return None
    if row_state(case) not in (RowState.IN_PROGRESS, RowState.ABSENT):
        return None
    if another_row_succeeded(case) or written_by(case):
        return None
    age, begun = row_age(case), is_begun(case)
    return Found(
        summary="The update step is green, but the row was not "
        + ("finished" if begun else "updated")
        + (f" in {duration(age)}." if age else ".")
        + (unless_set_back(case) if begun else ""),
        evidence=(*run_exhibits(seen, case), *update_excerpt(case)),
        fixes=after_triggers(case, SET_STATUS) if begun else (FAIL_ON_NONE,),
    )
