"""What a success of the function is worth: the row it left, and what it says in its body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.function.view import (
    answer_now,
    deploy_as_it_was,
    function_exhibits,
    is_called,
    quoted,
)
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.function import FunctionEvidence
from backup_doctor.evidence.log import Outcome
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    RowState,
    another_row_succeeded,
    function_call,
    is_over,
    row_state,
)
from backup_doctor.judge.history.written import is_begun, shows_written
from backup_doctor.judge.show import manual
from backup_doctor.judge.unseen_triggers import after_triggers, unless_set_back
from backup_doctor.services.success_bodies import (
    SUCCESS,
    is_of_template,
    refuses_caller,
    says_failure,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.function import HttpAnswer

rules = Rules[FunctionEvidence]()

SEE_CHANGE = manual(
    "Let the function see what it changed",
    "Update with `Prefer: return=representation` (supabase-js: `.select()`), and answer "
    "with an error if no row comes back.",
)
SET_STATUS = manual(
    "Let the function set the status",
    "Write it together with the key and the size, in one update, and answer with an error if the "
    "row that comes back does not have it.",
)
FAIL_OPENLY = manual(
    "Let the function answer a failure with its status",
    "With 4xx or 5xx. Who calls it and looks at the status alone takes a 200 for done.",
)


@rules.cause(
    "function/false-success",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("rls/*", "row/*", "secrets/*"),
)
def false_success(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function answered success, and the row is unchanged, or its status is.

    Detected: a 2xx of the function in the log, and the row is still in progress. Before the next
    backup: it answers an empty body, which names no backup, with success; or its answer is that of the
    template with which a new function begins.
    Cause: it does not check how many rows its update changed; the row is hidden from its key, or it
    updates another row or project; another function was deployed under its name.
    Fix: let the function return what it changed (`Prefer: return=representation`) and fail on none.
    By hand: compare the log of the update step with the row (guide, step 3).
    Source: PostgREST: an update that matches no row is a success.
    """
    if case.is_preflight:
        return _before_the_next(seen, case)
    call = function_call(case)
    said_done = call.outcome is Outcome.OK and not another_row_succeeded(case)
    if not said_done or row_state(case) is not RowState.IN_PROGRESS or not is_over(case):
        return None
    if shows_written(case, call):
        return None
    answered = f"HTTP {call.status}" if call.status else "success"
    if is_of_template(call.body):
        return _is_template(seen, case, call.body)
    begun = is_begun(case)
    left = "its status is still in progress" if begun else "the row is unchanged"
    doubt = unless_set_back(case) if begun else ""
    return Found(
        summary=f"{seen.name} answered {answered}{quoted(' with', call.body)}, but {left}.{doubt}",
        evidence=function_exhibits(seen, case),
        fixes=after_triggers(case, SET_STATUS) if begun else (SEE_CHANGE,),
    )


def _is_template(seen: FunctionEvidence, case: Case, body: str) -> Found:
    return Found(
        summary=f"{seen.name} answers{quoted('', body)}, as the template does with which a new function "
        "begins: it updates nothing.",
        evidence=function_exhibits(seen, case),
        fixes=(deploy_as_it_was(seen, case),),
        # Its success keeps the step from trying anything else.
        breaks=BOTH_WRITES if case.is_preflight else None,
    )


def _before_the_next(seen: FunctionEvidence, case: Case) -> Found | None:
    """What a success for an empty body says of the next call."""
    answer = answer_now(seen)
    if answer is None or answer.status not in SUCCESS or not is_called(case):
        return None
    if is_of_template(answer.body):
        return _is_template(seen, case, answer.body)
    refuses = refuses_caller(answer.body)
    return Found(
        summary=_of_empty_body(seen, answer),
        evidence=function_exhibits(seen, case),
        fixes=(FAIL_OPENLY if says_failure(answer.body) else SEE_CHANGE,),
        # Taken for a success, it keeps the step from trying anything else.
        breaks=BOTH_WRITES if refuses else (),
        severity=None if refuses else Severity.WARN,
        role=None if refuses else Role.CONTEXT,
        weak=refuses,
    )


def _of_empty_body(seen: FunctionEvidence, answer: HttpAnswer) -> str:
    said = quoted(":", answer.body)
    if says_failure(answer.body):
        return (
            f"{seen.name} reports a failure with HTTP {answer.status}{said}. A step that looks at the "
            "status alone takes it for done."
        )
    return (
        f"{seen.name} answers HTTP {answer.status} to a call that names no backup{said}. It may be "
        "another function, or one that succeeds even if it changes nothing."
    )
