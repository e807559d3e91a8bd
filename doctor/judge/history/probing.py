"""Whether a call of the function with an empty body would decide what the log leaves open.

A real function may act on any call, so it is made for a reason or not at all: before the next
backup, whose key nobody else has tried; and after a failure of which the log does not tell whose
refusal it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.function import FunctionRecord
from backup_doctor.evidence.log import Outcome
from backup_doctor.judge.history.calls import function_call, function_said, update_ran
from backup_doctor.judge.history.function_calls import calls_function, is_shown_alike
from backup_doctor.judge.history.row import RowState, row_state
from backup_doctor.judge.history.run import RunProgress, progress

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

ACTIVE = "ACTIVE"
NO_KEY = Unseen(
    why=Why.NOT_ASKED,
    what="Whether the function accepts the pipeline's key could not be tried.",
    remedy="Set BACKUP_API_KEY.",
    dependency="The functions gateway",
)
UNFINISHED = (RunProgress.GOING, RunProgress.OVERDUE, RunProgress.NOT_STARTED)
UNAUTHORIZED, FORBIDDEN = 401, 403


def why_not_posted(case: Case) -> Unseen | None:
    """Why the function is not called with a body; None where the answer would decide something."""
    called = calls_function(case)
    if not isinstance(called, Shown):
        return called or _no("The pipeline calls no function.")
    if not is_shown_alike(case):
        return _no("The function was not called: the pipeline shows it its key in another way.")
    record = case.function.record if case.function else None
    if not isinstance(record, (FunctionRecord, Unseen)) or _is_off(record):
        return _no("The function was not called: the platform's record says enough.")
    if not (case.is_preflight or _is_open(case)):
        return _no("The function was not called with a body: the log leaves nothing open.")
    return None if case.function and case.function.key_sent else NO_KEY


def _no(what: str) -> Unseen:
    return Unseen(why=Why.NOT_ASKED, what=what, dependency="The functions gateway")


def _is_off(record: FunctionRecord | Unseen) -> bool:
    return isinstance(record, FunctionRecord) and record.status != ACTIVE


def _is_open(case: Case) -> bool:
    """Whether the log leaves open whose refusal it was, and the function's answer would tell."""
    if (
        progress(case) in UNFINISHED
        or row_state(case) is RowState.RIGHT
        or update_ran(case) is False
    ):
        return False
    call, meaning = function_call(case), function_said(case)
    if call.outcome is Outcome.NOT_SAID:
        return True
    if call.outcome is not Outcome.REFUSED:
        return False
    bare = call.status == UNAUTHORIZED and not meaning.proved
    return bare or not meaning.codes or (call.status == FORBIDDEN and meaning.own_words is True)
