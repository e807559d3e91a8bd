"""Whether the function takes the key that the workflow sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.function.view import (
    answer_now,
    function_exhibits,
    is_called,
    probe_exhibits,
)
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.function import FunctionEvidence
from backup_doctor.evidence.secrets import FunctionKey
from backup_doctor.judge.advice import new_api_key
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    function_key_worked,
    function_then,
    weigh,
)
from backup_doctor.judge.history.function_calls import Shows, is_shown_alike, shows_key
from backup_doctor.judge.history.last_run import refused_last_time
from backup_doctor.judge.history.secret_names import secret_name
from backup_doctor.judge.history.since import as_stored, function_key_changed, keys_agree
from backup_doctor.judge.show import manual
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import gateway_meaning
from backup_doctor.services.secret_uses import Use
from backup_doctor.services.success_bodies import SUCCESS, refuses_caller

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


rules = Rules[FunctionEvidence]()

UNAUTHORIZED = 401


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
        since=function_key_changed(case, "function/key-rejected"),
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
        resolved=keys_agree(case),
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
