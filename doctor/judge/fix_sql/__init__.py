"""The repair of the row: the one statement that makes it say what is true, ready to paste.

Pure: from the case and the diagnosis to SQL text. Each statement is guarded so that running it
twice, or after the pipeline healed itself, changes nothing. Where what is true is not certain there
is no SQL, and the reason is said instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.evidence.findings import Verdict
from backup_doctor.judge.fix_sql.absent import record
from backup_doctor.judge.fix_sql.refusal import settled
from backup_doctor.judge.fix_sql.rows import close_duplicate, correct, finish, keep
from backup_doctor.judge.fix_sql.statement import Alternative, Change, Repair, none
from backup_doctor.judge.history import RowState, row_state
from backup_doctor.judge.show import listed
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.collected import FixCheck
    from backup_doctor.judge.diagnosis import Diagnosis

__all__ = ["Alternative", "Change", "Repair", "repair"]


def repair(case: Case, diagnosis: Diagnosis, check: FixCheck | Unseen | None = None) -> Repair:
    """The repair of this case's row, as the contract's table has it; there is none to repair yet.

    `check` is what the database says of its statement, once it was asked (`offered` is what it is to
    be asked about): what is refused for a reason of its own is no repair.
    """
    if case.is_preflight:
        return Repair()
    if diagnosis.verdict is Verdict.FAILING and not case.clock.is_settled:
        services = listed(sorted(case.clock.ahead_s))
        return none(f"the clocks of {services} do not agree, so how old it is is not certain.")
    if diagnosis.verdict is Verdict.FAILING:
        return settled(case, diagnosis, _of_failing(case, diagnosis), check)
    if diagnosis.verdict is Verdict.UNKNOWN:
        hidden = row_state(case) is RowState.UNSEEN
        unknown = none("what is true of this backup is not known yet.")
        return replace(unknown, waits_for=Trait.HIDES_TABLE if hidden else None)
    return Repair()


def _of_failing(case: Case, diagnosis: Diagnosis) -> Repair:
    state = row_state(case)
    if state is RowState.ABSENT:
        return record(case)
    if any(one.has(Trait.DUPLICATES_ROW) for one in diagnosis.causes):
        return close_duplicate(case)
    if state is RowState.IN_PROGRESS:
        return finish(case, diagnosis)
    if state in (RowState.RIGHT, RowState.INCOMPLETE):
        return correct(case, diagnosis)
    return keep(case, diagnosis)
