"""What the function itself answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.function.view import (
    answer_now,
    deployed_after_404,
    function_exhibits,
    is_called,
    last_error,
    quoted,
    record_of,
    says_now,
    see_logs,
)
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Exhibit, Role, Severity
from backup_doctor.evidence.function import FunctionEvidence, HttpAnswer
from backup_doctor.evidence.log import Outcome
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    RowState,
    address_then,
    fallback_call,
    function_call,
    function_said,
    row_state,
)
from backup_doctor.judge.history.calls import changed_nothing, same_refusal
from backup_doctor.judge.history.record import function_log
from backup_doctor.judge.show import exhibit, manual
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import NOT_ALLOWED, NOT_FOUND
from backup_doctor.services.single_row import found_instead
from backup_doctor.services.success_bodies import says_not_found

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.log import Call


rules = Rules[FunctionEvidence]()

BELOW = ("row/*", "rls/*", "secrets/*")
SEND_ALL = manual(
    "Compare what the step sends with what the function expects",
    "backup_id, s3_key, size_bytes and workflow_run_id must all be set when the update step runs.",
)
FIND_ONE = manual(
    "Let the function find the one row",
    "Its query ends in `.single()`, which fails unless there is exactly one row. Compare the id by which it "
    "asks with the row's own; see whether the key that it uses may read the row (row-level security), and "
    "whether several rows have that id.",
)
USE_POST = manual(
    "Let the step call the function with POST",
    "405 says that it does not take the method. curl sends a POST with `--request POST` or with "
    "`--data`; what follows a redirect may become a GET.",
)


@rules.cause(
    "function/rejected",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=BELOW,
    traits=(Trait.FROM_BELOW, Trait.REFUSES_KEY),
)
def rejected(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function ran and answered 400, 403 or 404 itself: it did not like the call.

    Detected: the log has a 4xx in the function's own words, not one of the gateway's codes; or a
    bare 404 although the function had been deployed before.
    Cause: a body that it does not accept (an empty S3_KEY), a backup that it does not find (the
    row is missing or hidden from it), one of its rules.
    Fix: read its message; compare what the step sends with what the function expects.
    By hand: call the function with curl (guide, step 5).
    Source: guide, step 5.
    """
    bare = _bare_404_of_a_deployed_function(seen, case) or _bare_405_at_the_right_address(case)
    if _proved_by_log(case) == "function/rejected" or bare:
        call = function_call(case)
        said = quoted(":", call.body)
        # It does not find the row that the direct update cannot change either: one cause.
        not_found = call.status == NOT_FOUND or says_not_found(call.body)
        missed = not_found and changed_nothing(fallback_call(case))
        return Found(
            breaks=() if missed else None,
            role=Role.SYMPTOM if missed else None,
            summary=f"{seen.name} rejects the call itself (HTTP {call.status}){said}."
            f"{_asked_for_one(call)}",
            evidence=function_exhibits(seen, case),
            fixes=_accept(case, call),
            by_log=True,
        )
    return None


def _accept(case: Case, call: Call) -> tuple[Fix, ...]:
    """What lets the function take the call."""
    if found_instead(call.body):
        return (FIND_ONE,)
    return (see_logs(case), USE_POST if call.status == NOT_ALLOWED else SEND_ALL)


def _bare_404_of_a_deployed_function(seen: FunctionEvidence, case: Case) -> bool:
    record, call = record_of(seen), function_call(case)
    return bool(
        call.status == 404
        and "function/rejected" in function_said(case).codes
        and record
        and record.created_at
        and record.status == "ACTIVE"
        and says_now(seen, "function/not-deployed") is not True
        and not deployed_after_404(seen, case)
    )


def _bare_405_at_the_right_address(case: Case) -> bool:
    """Whether the other update was answered as only Supabase does: then the function took no such method."""
    refused = function_call(case).status == NOT_ALLOWED
    own = "function/rejected" in function_said(case).codes
    return refused and own and address_then(case).get(Link.FALLBACK_UPDATES) is False


def _proved_by_log(case: Case) -> str | None:
    """The code that the log's answer of the function proves on its own."""
    if function_call(case).outcome in (Outcome.NOT_MADE, Outcome.OK, Outcome.NOT_SAID):
        return None
    return function_said(case).proved


@rules.cause(
    "function/server-error",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(
        "row/*",
        "rls/*",
        "secrets/*",
        "function/not-deployed",
        "function/boot-error",
        "function/inactive",
        "function/project-paused",
    ),
    traits=(Trait.FROM_BELOW,),
)
def server_error(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function ran and failed with 5xx.

    Detected: the log has a 5xx that no more specific answer explains. What it says now to `{}` is
    weak evidence: a function that throws on an empty body may be fine.
    Cause: an exception in the function, or what lies below it (the database, its key): then that is
    named instead.
    Fix: read the function's log.
    By hand: Supabase Dashboard → Edge Functions → Logs.
    Source: guide, step 1.
    """
    call = function_call(case)
    if call.outcome in (Outcome.NOT_MADE, Outcome.OK):
        return None
    meaning = function_said(case)
    if "workflow/fallback-failed" in meaning.codes:
        # It was handed an empty value: that is the update step's.
        return None
    in_log = "function/server-error" in meaning.codes or (
        call.outcome is Outcome.REFUSED and (call.status or 0) >= 500 and meaning.own_words
    )
    if in_log:
        said = quoted(":", call.body)
        asked = _asked_for_one(call)
        return Found(
            summary=f"{seen.name} failed with HTTP {call.status}{said}.{asked}"
            f"{last_error(function_log(case))}",
            evidence=(*function_exhibits(seen, case), *_log_of_function(case)),
            fixes=(FIND_ONE,) if asked else (see_logs(case),),
            # The same error of the database twice is one cause, whatever it means.
            breaks=BOTH_WRITES if same_refusal(case) else None,
            by_log=True,
        )
    answer = answer_now(seen)
    tested = isinstance(seen.test_call, HttpAnswer)
    crashes_now = (
        answer is not None
        and answer.status >= 500
        and (says_now(seen, "function/server-error") or answer.from_function)
    )
    open_end = row_state(case) is RowState.IN_PROGRESS or case.is_preflight
    unexplained = call.outcome is Outcome.NOT_SAID and open_end and is_called(case)
    if not crashes_now or answer is None or not unexplained:
        return None
    return Found(
        summary=f"{seen.name} answers HTTP {answer.status} now"
        + ("." if tested else " to an empty body, which a working function may do as well."),
        evidence=function_exhibits(seen, case),
        fixes=(see_logs(case),),
        breaks=None if tested else (),
        severity=None if tested else Severity.WARN,
        role=None if tested else Role.CONTEXT,
        weak=True,
    )


def _asked_for_one(call: Call) -> str:
    """That it passes on PostgREST's refusal to give it the one row, as a sentence; else empty."""
    instead = found_instead(call.body)
    return f" It asked the Data API for exactly one row and found {instead}." if instead else ""


def _log_of_function(case: Case) -> tuple[Exhibit, ...]:
    """What it wrote of the very call; not what the doctor's calls, or another backup's, made it write."""
    lines = [f"{line.level}: {line.message.strip()}" for line in function_log(case)[-10:]]
    shown = exhibit("the function's log", "\n".join(lines), "Management API", None)
    return (shown,) if lines else ()
