"""A row that the update wrote, and that says otherwise now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RowState, function_call, is_over, row_state
from backup_doctor.judge.history.written import written_by
from backup_doctor.judge.show import log_lines, manual

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

rules = Rules[RowEvidence]()


@rules.cause("row/set-back", breaks=Link.STAYS_SO, yields_to=("row/trigger-interferes",))
def set_back(_seen: RowEvidence, case: Case) -> Found | None:
    """The update wrote the row, and the row is in progress again.

    Detected: the answer of the update in the log holds this very row with the status of a good backup,
    and the row is in progress now.
    Cause: the app (a retry, a clean-up), a job of the database or a person set it back; or a trigger
    did after the write.
    Fix: find what did it; then the row.
    By hand: compare the answer in the log of the update step with the row.
    Source: PostgREST: `Prefer: return=representation` answers with the row as it was written.
    """
    call = written_by(case)
    if call is None or row_state(case) is not RowState.IN_PROGRESS or not is_over(case):
        return None
    by_function = function_call(case).outcome is Outcome.OK and call == function_call(case)
    who = case.names.function if by_function else "The direct update"
    return Found(
        summary=f"{who} wrote the row, as its own answer shows: something set it back since.",
        evidence=log_lines(case, "answer with the row as it was written", call),
        fixes=(
            manual(
                "Find out what set the row back",
                "Look for what writes the table beside the pipeline: a retry or a clean-up of the app, "
                "`SELECT * FROM cron.job;`, a trigger, a person. If the backup was started again, wait "
                "for that run.",
            ),
        ),
    )
