"""What the function itself answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.function.view import (
    answer_now,
    deployed_after_404,
    function_exhibits,
    is_called,
    last_error,
    probe_exhibits,
    quoted,
    record_of,
    says_now,
    see_logs,
)
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Exhibit, Role, Severity
from backup_doctor.evidence.function import FunctionEvidence, HttpAnswer
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.secrets import FunctionKey, KeyMatch
from backup_doctor.judge.advice import new_api_key
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    RowState,
    fallback_call,
    function_call,
    function_key_worked,
    function_said,
    function_then,
    row_state,
    weigh,
)
from backup_doctor.judge.history.calls import changed_nothing, function_log, same_refusal
from backup_doctor.judge.history.function_calls import Shows, is_shown_alike, shows_key
from backup_doctor.judge.history.last_run import refused_last_time
from backup_doctor.judge.history.secret_names import secret_name
from backup_doctor.judge.history.since import (
    as_stored,
    function_key_changed,
    stored_for,
    was_set_since,
)
from backup_doctor.judge.show import exhibit, manual
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import NOT_ALLOWED, NOT_FOUND, gateway_meaning
from backup_doctor.services.secret_uses import Use
from backup_doctor.services.success_bodies import SUCCESS, refuses_caller

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


rules = Rules[FunctionEvidence]()


UNAUTHORIZED = 401


BELOW = ("row/*", "rls/*", "secrets/*")


SEND_ALL = manual(
    "Compare what the step sends with what the function expects",
    "backup_id, s3_key, size_bytes and workflow_run_id must all be set when the update step runs.",
)
USE_POST = manual(
    "Let the step call the function with POST",
    "405 says that it does not take the method. curl sends a POST with `--request POST` or with "
    "`--data`; what follows a redirect may become a GET.",
)


@rules.cause(
    "function/key-rejected",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(
        "secrets/bad-url",
        "secrets/project-mismatch",
        "secrets/api-key-mismatch",
        "secrets/function-secret-missing",
        "secrets/whitespace",
        "secrets/empty",
        "secrets/missing",
        "function/not-deployed",
        "function/jwt-gate",
        "function/project-paused",
    ),
    traits=(Trait.REFUSES_KEY,),
)
def key_rejected(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function itself refuses the key with 401.

    Detected: a 401 in the function's own words or with its x-deno-execution-id, not the gateway's.
    In `preflight` also in the log of the last run, unless GitHub shows that the secret was set since.
    If the log shows that the pipeline's key worked, a key refused now is the doctor's own.
    Cause: BACKUP_API_KEY differs between GitHub and the function, one side has none, or it is sent in
    a header that the function does not read.
    Fix: set the same key on both sides.
    By hand: call the function with curl (guide, step 5).
    Source: guide, step 1.
    """
    if not is_called(case):
        return None
    now = _refuses_key(seen, case)
    if now and function_key_worked(case):
        return Found(
            summary=f"{seen.name} refuses {_own_name(case)} as the doctor was given it; the pipeline's "
            "own worked in this run, as the log shows.",
            evidence=probe_exhibits(seen, case),
            breaks=(),
            severity=Severity.WARN,
            role=Role.CONTEXT,
        )
    weight = weigh(
        function_then(case, "function/key-rejected"),
        now=now,
        since=function_key_changed(case),
        case=case,
    )
    shows, how = shows_key(case)
    own = "" if shows is Shows.OTHER_KEY else secret_name(case, Use.FUNCTION_KEY)
    named = ", ".join(one for one in (own, how) if one)
    summary = (
        f"{seen.name} refuses the key that the workflow sends{f' ({named})' if named else ''}."
    )
    if weight is None:
        return _refused_before(case, summary)
    return weight.found(
        summary,
        (*function_exhibits(seen, case), *as_stored(case, Use.FUNCTION_KEY)),
        _on_key(case),
        resolved=_keys_agree(case),
    )


def _refused_before(case: Case, summary: str) -> Found | None:
    """The doctor's copy is accepted or was not tried; the last run's log tells of the pipeline's own."""
    last = refused_last_time(case, Use.FUNCTION_KEY, "function/key-rejected")
    if last is None:
        return None
    return last.found(
        summary,
        as_stored(case, Use.FUNCTION_KEY),
        _on_key(case),
        (Link.FUNCTION_UPDATES,),
    )


def _refuses_key(seen: FunctionEvidence, case: Case) -> bool | None:
    """Whether the function refuses the pipeline's key now; only tried where that is shown alike."""
    answer = answer_now(seen)
    if answer is None or not seen.key_sent or not is_shown_alike(case):
        return None
    own = answer.from_function is not False and not gateway_meaning(answer.status, answer.body)
    refuses = answer.status == UNAUTHORIZED or (
        answer.status in SUCCESS and refuses_caller(answer.body)
    )
    return True if refuses and own else None


def _own_name(case: Case) -> str:
    key = case.secrets.function_key if case.secrets else None
    return key.setting if isinstance(key, FunctionKey) else "the key"


def _keys_agree(case: Case) -> Resolved | None:
    """GitHub's key was set after the failure, and the doctor's copy is the function's."""
    key, stored = (
        case.secrets.function_key if case.secrets else None,
        stored_for(case, Use.FUNCTION_KEY),
    )
    equal = isinstance(key, FunctionKey) and key.match is KeyMatch.EQUAL
    if not equal or stored is None or not was_set_since(case, stored):
        return None
    return Resolved(
        by=f"GitHub shows that {stored.name} was set again since, and it is the function's key"
    )


def _on_key(case: Case) -> tuple[Fix, ...]:
    """What to do: the key itself may be right where it is shown in a way that the function does not read."""
    shows, how = shows_key(case)
    if shows not in (Shows.OTHER_KEY, Shows.OWN_HEADER):
        return new_api_key(case)
    compare = manual(
        "Compare what the step shows the function with what it expects",
        f"The update step authenticates itself {how}; the function's source says what it wants.",
    )
    return (compare,) if shows is Shows.OTHER_KEY else (compare, *new_api_key(case))


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
    if _proved_by_log(case) == "function/rejected" or _bare_404_of_a_deployed_function(seen, case):
        call = function_call(case)
        said = quoted(":", call.body)
        # It does not find the row that the direct update cannot change either: one cause.
        missed = call.status == NOT_FOUND and changed_nothing(fallback_call(case))
        return Found(
            breaks=() if missed else None,
            role=Role.SYMPTOM if missed else None,
            summary=f"{seen.name} rejects the call itself (HTTP {call.status}){said}.",
            evidence=function_exhibits(seen, case),
            fixes=(
                see_logs(case),
                USE_POST if call.status == NOT_ALLOWED else SEND_ALL,
            ),
            by_log=True,
        )
    return None


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
        return Found(
            summary=f"{seen.name} failed with HTTP {call.status}{said}.{last_error(function_log(case))}",
            evidence=(*function_exhibits(seen, case), *_log_of_function(case)),
            fixes=(see_logs(case),),
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


def _log_of_function(case: Case) -> tuple[Exhibit, ...]:
    """What it wrote of the very call; not what the doctor's calls, or another backup's, made it write."""
    lines = [f"{line.level}: {line.message.strip()}" for line in function_log(case)[-10:]]
    shown = exhibit("the function's log", "\n".join(lines), "Management API", None)
    return (shown,) if lines else ()
