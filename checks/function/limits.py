"""What the platform says when it cannot run the function to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.function.view import (
    deploy_as_it_was,
    function_exhibits,
    is_called,
    last_error,
    log_of,
    says_now,
    see_logs,
)
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.function import FunctionEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import function_said, function_then, platform_then, weigh
from backup_doctor.judge.history.record import function_log
from backup_doctor.judge.history.since import runs_now
from backup_doctor.judge.show import manual
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.function import FunctionLogLine


rules = Rules[FunctionEvidence]()


def _gateway_fault(
    seen: FunctionEvidence, case: Case, code: str, summary: str, fixes: tuple[Fix, ...]
) -> Found | None:
    """A fault that the gateway names, in the log or now."""
    now = says_now(seen, code) or None
    weight = weigh(function_then(case, code), now=now, case=case) if is_called(case) else None
    if weight is None:
        return None
    # That it starts is all that an answer to OPTIONS shows.
    resolved = runs_now(case) if code == "function/boot-error" else None
    return weight.found(summary, function_exhibits(seen, case), fixes, resolved=resolved)


@rules.cause(
    "function/boot-error",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/not-deployed", "function/project-paused"),
    traits=(Trait.BEFORE_KEY,),
)
def boot_error(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function crashes when it starts; the platform answers 503 BOOT_ERROR.

    Detected: BOOT_ERROR in the log or now; or a bare 503 in the log and BOOT_ERROR now.
    Cause: an import that cannot be resolved, a syntax error, an exception at the top level (an
    environment variable that is missing).
    Fix: read the function's log, fix the code, deploy again.
    By hand: Supabase Dashboard → Edge Functions → Logs.
    Source: Supabase, error codes, BOOT_ERROR.
    """
    return _gateway_fault(
        seen,
        case,
        "function/boot-error",
        f"{seen.name} crashes when it starts (BOOT_ERROR).{last_error(_log_of_boot(seen, case))}",
        (see_logs(case), deploy_as_it_was(seen, case)),
    )


def _log_of_boot(seen: FunctionEvidence, case: Case) -> tuple[FunctionLogLine, ...]:
    """What it wrote while the update step called it; all of it only while it still does not start."""
    return function_log(case) or (log_of(seen) if says_now(seen, "function/boot-error") else ())


@rules.cause(
    "function/resource-limit",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/not-deployed", "function/project-paused"),
    traits=(Trait.BEFORE_KEY,),
)
def resource_limit(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function ran out of memory or CPU time; the platform answers 546.

    Detected: status 546 or WORKER_RESOURCE_LIMIT (formerly WORKER_LIMIT), in the log or now.
    Cause: it loads too much (the whole backup?) or computes too long: 256 MB and 2 s of CPU.
    Fix: let it only update the row.
    By hand: Supabase Dashboard → Edge Functions → Logs.
    Source: Supabase, function limits.
    """
    return _gateway_fault(
        seen,
        case,
        "function/resource-limit",
        f"{seen.name} ran out of memory or CPU time (546).",
        (see_logs(case),),
    )


@rules.cause(
    "function/rate-limited", breaks=Link.FUNCTION_UPDATES, yields_to=("function/inactive",)
)
def rate_limited(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function's call was refused with 429: too many requests.

    Detected: status 429 in the log.
    Cause: many backups at once, or a rate limit of the function's own.
    Fix: retry with a pause; spread the backups.
    By hand: the log of the update step.
    Source: Supabase, error codes, RATE_LIMIT_EXCEEDED.
    """
    weight = weigh(function_then(case, "function/rate-limited"), now=None, case=case)
    if weight is None:
        return None
    retry = manual("Retry with a pause", "Let the update step retry on 429 (curl --retry 3).")
    return weight.found(
        f"The call of {seen.name} was refused: too many requests (429).",
        function_exhibits(seen, case),
        (retry,),
    )


@rules.cause(
    "function/timeout",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("row/locked", "row/api-overloaded", "function/project-paused"),
    traits=(Trait.FROM_BELOW, Trait.OUT_OF_TIME, Trait.BEFORE_KEY),
)
def timeout(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function did not answer in time.

    Detected: 504, 544, IDLE_TIMEOUT, or curl's 28 in the log.
    Cause: the function waits for something (a locked row, another service), or the step's own limit
    is too short.
    Fix: find what it waits for; give curl `--max-time 60 --retry 2`.
    By hand: Supabase Dashboard → Edge Functions → Logs, the execution time.
    Source: Supabase, error codes, IDLE_TIMEOUT.
    """
    codes = function_said(case).codes
    in_log = "function/timeout" in codes
    api = case.row.api if case.row else None
    # Where the Data API of the same project was not waited for either, the doctor had no time.
    now = _timed_out(seen.probe) and not _timed_out(api)
    if not is_called(case):
        return None
    if not in_log and not now and not says_now(seen, "function/timeout"):
        return None
    then: dict[Link, bool | None] = (
        # The platform's or a proxy's own time limit stands before both ways.
        {**platform_then(case, "function/timeout"), Link.FUNCTION_UPDATES: True}
        if in_log
        else function_then(case, "function/timeout")
    )
    weight = weigh(then, now=True if now or says_now(seen, "function/timeout") else None, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{seen.name} did not answer in time.",
        function_exhibits(seen, case),
        (see_logs(case),),
        weak=True,
    )


def _timed_out(answer: object) -> bool:
    return isinstance(answer, Unseen) and answer.why is Why.TIMED_OUT
