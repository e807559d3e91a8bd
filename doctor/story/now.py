"""What holds of the two ways beyond the log: blocked now, or proved to have worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.evidence.function import FunctionRecord, HttpAnswer
from doctor.evidence.log import Outcome
from doctor.signatures import fallback_meaning, gateway_meaning
from doctor.story.calls import fallback_call, function_call, function_said

if TYPE_CHECKING:
    from doctor.case import Case

UNAUTHORIZED = 401


def function_blocked_now(case: Case) -> bool:
    """Whether the function cannot get as far as the database now, for a reason of its own."""
    function = case.function
    if function is None:
        return False
    if function.record is None:
        return True
    if isinstance(function.record, FunctionRecord) and function.record.status not in ("ACTIVE", ""):
        return True
    answer = function.empty_post
    if not isinstance(answer, HttpAnswer):
        return False
    if answer.status == UNAUTHORIZED and not function.key_sent:
        # The doctor has no key; the pipeline may well have one.
        return False
    return bool(gateway_meaning(answer.status, answer.body)) or answer.status in (
        401,
        402,
        429,
        546,
    )


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
    return below is not None and below.startswith(("rls/", "row/"))


def function_key_worked(case: Case) -> bool:
    """Whether the log proves that the pipeline's function key was accepted."""
    if function_call(case).outcome is Outcome.OK:
        return True
    meaning = function_said(case)
    return meaning.own_words is True and not {"function/key-rejected", "function/rejected"} & set(
        meaning.codes
    )
