"""What holds of the two ways beyond the log: blocked now, or proved to have worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.function import FunctionRecord, HttpAnswer
from backup_doctor.evidence.log import Outcome
from backup_doctor.judge.history.calls import fallback_call, function_call, function_said
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import fallback_meaning, platform_answer

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

UNAUTHORIZED, TOO_MANY = 401, 429


def function_blocked_now(case: Case) -> bool:
    """Whether the function cannot get as far as the database now, for a reason of its own."""
    function = case.function
    if function is None:
        return False
    if function.record is None:
        return True
    if isinstance(function.record, FunctionRecord) and function.record.status not in ("ACTIVE", ""):
        return True
    answer = function.probe
    return isinstance(answer, HttpAnswer) and _is_refusal(answer, key_sent=function.key_sent)


def _is_refusal(answer: HttpAnswer, *, key_sent: bool) -> bool:
    """Whether a call that is answered so comes no further than the function, if as far."""
    if answer.status == UNAUTHORIZED:
        # Without a key of the doctor's: the pipeline may well have one.
        return key_sent
    refused = platform_answer(answer.status, answer.body, answer.error_code)
    # What a function passes on it has from below: it came that far.
    return answer.status == TOO_MANY or bool(refused.means and not answer.from_function)


def pipeline_key_worked(case: Case) -> bool:
    """Whether the log or the row proves that the pipeline's service key was accepted."""
    fallback = fallback_call(case)
    if fallback.outcome is Outcome.OK:
        return True
    log = case.log
    if log is None:
        return False
    if log.lookup_call.outcome is Outcome.OK:
        return True
    below = fallback_meaning(fallback).proved
    return below in codes_with(Trait.AFTER_KEY)


def function_key_worked(case: Case) -> bool:
    """Whether the log proves that the pipeline's function key was accepted."""
    if function_call(case).outcome is Outcome.OK:
        return True
    meaning = function_said(case)
    return meaning.own_words is True and not codes_with(Trait.REFUSES_KEY) & set(meaning.codes)
