"""A row that the update wrote, and that says otherwise now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.columns import BY_DOCTOR, DUPLICATE_OF
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RowState, function_call, is_over, row_state
from backup_doctor.judge.history.calls import update_that_worked
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
    and the row is in progress now, or failed. Or the update was answered with success, a later step
    failed, and the failed row has what an update writes at the end: its size, or when it was finished.
    Cause: the app (a retry, a clean-up), a job of the database or a person set it back; or a trigger
    did after the write. Failed: a later step failed, and the handler wrote over the finished row.
    Fix: find what did it; then the row. Let a failure handler leave finished rows alone.
    By hand: compare the answer in the log of the update step with the row.
    Source: PostgREST: `Prefer: return=representation` answers with the row as it was written.
    """
    call, state = written_by(case), row_state(case)
    if not is_over(case) or state not in (RowState.IN_PROGRESS, RowState.FAILED):
        return None
    if state is RowState.FAILED:
        return None if _by_doctor(case) else _written_over(call, case)
    if call is None:
        return None
    return Found(
        summary=f"{_who(call, case)} wrote the row, as its own answer shows: something set it back since.",
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


def _who(call: Call, case: Case) -> str:
    by_function = function_call(case).outcome is Outcome.OK and call == function_call(case)
    return case.names.function if by_function else "The direct update"


def _written_over(shows: Call | None, case: Case) -> Found | None:
    """A finished row that was marked as failed, by the handler of a later step's failure most likely."""
    step, call = _failed_later(case), shows or update_that_worked(case)
    if call is None or (shows is None and not (step and _is_finished(case))):
        return None
    because = f" The step {step!r} failed after the update." if step else ""
    told = (
        "wrote the row as a success, as its own answer shows"
        if shows
        else "answered with success, and the row has what an update writes at the end"
    )
    return Found(
        summary=f"{_who(call, case)} {told}: something marked it as failed since.{because}",
        evidence=log_lines(case, "answer to the update", call),
        fixes=(
            manual(
                "Let the failure handler leave a finished row alone",
                "What records a failure should change the row only while it is in progress: "
                f"`{case.names.column('status')}=eq.{case.names.in_progress}` in its filter.",
            ),
        ),
        by_log=True,
        weak=shows is None,
    )


def _is_finished(case: Case) -> bool:
    """Whether the row has what nobody knows before the file was made."""
    row = case.backup
    return row is not None and bool(row.finished_at or row.size_bytes)


def _failed_later(case: Case) -> str:
    """The first step after the update that failed; empty where none is known."""
    workflow = case.workflow
    job, update = (workflow.job, workflow.update_step) if workflow else (None, None)
    if job is None or update is None:
        return ""
    later = (one for one in job.steps if one.number > update.number)
    return next((one.name for one in later if one.conclusion == "failure"), "")
