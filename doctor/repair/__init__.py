"""The repair of the row: the one statement that makes it say what is true, ready to paste.

Pure: from the case and the diagnosis to SQL text. Each statement is guarded so that running it
twice, or after the pipeline healed itself, changes nothing. Where what is true is not certain there
is no SQL, and the reason is said instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.model import Verdict
from doctor.repair.rows import close_duplicate, correct, finish, record
from doctor.repair.statement import Change, Repair, none
from doctor.story import RowState, row_state

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.diagnosis import Diagnosis

__all__ = ["Change", "Repair", "repair"]


def repair(case: Case, diagnosis: Diagnosis) -> Repair:
    """The repair of this case's row, as the contract's table has it; there is none to repair yet."""
    if case.is_preflight:
        return Repair()
    if diagnosis.verdict is Verdict.FAILING:
        return _of_failing(case, diagnosis)
    if diagnosis.verdict is Verdict.UNKNOWN:
        return none("what is true of this backup is not known yet.")
    return Repair()


def _of_failing(case: Case, diagnosis: Diagnosis) -> Repair:
    state = row_state(case)
    if state is RowState.ABSENT:
        return record(case, diagnosis)
    if any(one.code == "row/duplicate" for one in diagnosis.causes):
        return close_duplicate(case, diagnosis)
    if state is RowState.IN_PROGRESS:
        return finish(case, diagnosis)
    if state in (RowState.RIGHT, RowState.INCOMPLETE):
        return correct(case, diagnosis)
    if state is RowState.FAILED:
        return none(
            "the pipeline recorded a failure; a failed row is left as it is. Mend the cause and start "
            "a new backup."
        )
    return none("the row's status is none that the settings know; look at the row by hand.")
