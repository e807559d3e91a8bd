"""A row that the update wrote, and that says otherwise now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.columns import BY_DOCTOR, DUPLICATE_OF
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RowState, function_call, is_over, row_state
from backup_doctor.judge.history.written import written_by
from backup_doctor.judge.show import log_lines, manual

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import Call

rules = Rules[RowEvidence]()


@rules.cause("row/set-back", breaks=Link.STAYS_SO, yields_to=("row/trigger-interferes",))
def set_back(_seen: RowEvidence, case: Case) -> Found | None:
    """The update wrote the row, and the row is in progress again, or failed.

    Detected: the answer of the update in the log holds this very row with the status of a good backup,
    and the row is in progress now, or failed.
    Cause: the app (a retry, a clean-up), a job of the database or a person set it back; or a trigger
    did after the write. Failed: a later step failed, and the handler wrote over the finished row.
    Fix: find what did it; then the row. Let a failure handler leave finished rows alone.
    By hand: compare the answer in the log of the update step with the row.
    Source: PostgREST: `Prefer: return=representation` answers with the row as it was written.
    """
    call, state = written_by(case), row_state(case)
    if call is None or not is_over(case) or state not in (RowState.IN_PROGRESS, RowState.FAILED):
        return None
    if state is RowState.FAILED and _by_doctor(case):
        return None
    by_function = function_call(case).outcome is Outcome.OK and call == function_call(case)
    who = case.names.function if by_function else "The direct update"
    if state is RowState.FAILED:
        return _written_over(who, call, case)
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


def _by_doctor(case: Case) -> bool:
    """Whether the row says itself that the doctor's own SQL marked it, and why."""
    row = case.backup
    return row is not None and (row.error_text or "").startswith((BY_DOCTOR, DUPLICATE_OF))


def _written_over(who: str, call: Call, case: Case) -> Found:
    """A finished row that was marked as failed, by the handler of a later step's failure most likely."""
    step = _failed_later(case)
    because = f" The step {step!r} failed after the update." if step else ""
    return Found(
        summary=f"{who} wrote the row as a success, as its own answer shows: something marked it as "
        f"failed since.{because}",
        evidence=log_lines(case, "answer with the row as it was written", call),
        fixes=(
            manual(
                "Let the failure handler leave a finished row alone",
                "What records a failure should change the row only while it is in progress: "
                f"`{case.names.column('status')}=eq.{case.names.in_progress}` in its filter.",
            ),
        ),
        by_log=True,
    )


def _failed_later(case: Case) -> str:
    """The first step after the update that failed; empty where none is known."""
    workflow = case.workflow
    job, update = (workflow.job, workflow.update_step) if workflow else (None, None)
    if job is None or update is None:
        return ""
    later = (one for one in job.steps if one.number > update.number)
    return next((one.name for one in later if one.conclusion == "failure"), "")
