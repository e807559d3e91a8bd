"""The direct update, the fallback: what came of it, where the edge function was no help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.empty_values import (
    empty_value,
    empty_variables,
    said_empty,
    send_it,
)
from backup_doctor.checks.workflow.look_up import BELOW
from backup_doctor.checks.workflow.other_ways import how, name_of, other_ways, others_failed
from backup_doctor.checks.workflow.silent import printed_nothing
from backup_doctor.checks.workflow.told import (
    own_complaint,
    quoted,
    quoted_answer,
    quoted_error,
    red_upload,
    told_by_update,
    told_fixes,
    update_excerpt,
)
from backup_doctor.checks.workflow.update_fixes import (
    CHECK_ADDRESS,
    CHECK_METHOD,
    CORRECT_PATH,
    FAIL_ON_NONE,
    FIND_ROW,
    MAKE_PROCEDURE,
    READ_ANSWER,
    SEE_PROJECT,
    SHOW_ANSWER,
    SHOW_KEY,
    find_out,
)
from backup_doctor.checks.workflow.view import run_exhibits
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    RowState,
    another_row_succeeded,
    fallback_call,
    function_call,
    is_over,
    row_state,
    update_ran,
)
from backup_doctor.judge.history.calls import (
    FAILED,
    changed_nothing,
    function_said,
    look_up_found,
    same_refusal,
)
from backup_doctor.judge.history.written import is_begun, written_by
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.show import log_lines
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import NOT_ALLOWED, NOT_FOUND, data_api_status, database_meaning

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.log import Call
    from backup_doctor.evidence.workflow import Step
    from backup_doctor.services.errors import ToldError


rules = Rules[WorkflowEvidence]()

NO_PROCEDURE = "PGRST202"
BAD_PATH = "PGRST125"


@rules.cause(
    "workflow/fallback-failed",
    breaks=Link.FALLBACK_UPDATES,
    yields_to=BELOW,
    traits=(Trait.GENERAL, Trait.OF_ONE_RUN, Trait.AFTER_KEY, Trait.HAS_REASONS),
)
def fallback_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The direct update, the fallback, failed too.

    Detected: the log shows its failure, or that it changed no row, or a success after which the row is
    unchanged; or the update step is red and its log cannot be read, or does not say whose failure it is.
    A known error of a tool (psql, a module that is missing) that ended the step is its reason; if
    the log tells of no call, any error that the step names itself is the cause, as it is quoted.
    Cause: the service-role key, a grant, a policy, the table, the database: named if it is known.
    Fix: that of the cause.
    By hand: the log of the update step.
    Source: guide, step 1.
    """
    call = fallback_call(case)
    if changed_nothing(call) and row_state(case) is RowState.IN_PROGRESS:
        return _missed_the_row(case, call)
    if _left_row_alone(case, call):
        return Found(
            summary=f"The {name_of(case, call)} was answered as a success{how(call)}, but the row is "
            "unchanged.",
            evidence=log_lines(case, "log", call),
            fixes=(FAIL_ON_NONE,),
            by_log=True,
        )
    if call.outcome in FAILED:
        return _refused(seen, case, call)
    step = seen.update_step
    if step is None or step.conclusion != "failure" or _is_told_elsewhere(seen, case, step):
        return None
    return _red(seen, case, step)


def _missed_the_row(case: Case, call: Call) -> Found:
    """It was answered, and its filter matched no row."""
    found = look_up_found(case)
    return Found(
        summary=f"The {name_of(case, call)} changed no row{how(call)}"
        + (", which the step's own look-up had found." if found else ".")
        + others_failed(case, call),
        evidence=(*log_lines(case, "log", call), *other_ways(case, call)),
        fixes=(FIND_ROW if _database_was_asked(case) else _ask_the_database(case),),
        breaks=BOTH_WRITES if _missed_by_the_function(case) else None,
        by_log=True,
    )


def _refused(seen: WorkflowEvidence, case: Case, call: Call) -> Found:
    """It failed, of what its answer or the step's own error says."""
    told, sent = told_by_update(seen, case), empty_value(call)
    too = " too" if function_call(case).outcome in FAILED else ""
    same = bool(sent and empty_value(function_call(case))) or _told_by_the_function(case)
    why = quoted(told, ()) or how(call) + quoted_answer(call)
    method = call.status == NOT_ALLOWED
    asked = method or _database_was_asked(case)
    last_resort = _by_answer(call) if asked else _ask_the_database(case)
    return Found(
        summary=f"The {name_of(case, call)} failed{too}{_ended(why)}"
        f"{others_failed(case, call)}{said_empty(case, sent)}",
        evidence=(
            *log_lines(case, "log", call),
            *other_ways(case, call),
            *empty_variables(case, sent),
        ),
        fixes=_fixes(case, sent, told) or (last_resort,),
        breaks=() if same else None,
        role=Role.SYMPTOM if same else None,
        by_log=True,
        reason=told.error.id if told else None,
    )


def _red(seen: WorkflowEvidence, case: Case, step: Step) -> Found:
    """The step is red, and no call tells why: by its own error, else that it failed and no more."""
    silent = seen.reading.silent if seen.reading else None
    if silent is not None:
        return printed_nothing(seen, case, step, silent)
    told, own = told_by_update(seen, case), own_complaint(seen)
    evidence = (*run_exhibits(seen, case), *update_excerpt(case))
    if told or own:
        return Found(
            summary=f"The step {step.name!r} failed"
            + (_ended(quoted(told, own)) if told else quoted(told, own)),
            evidence=evidence,
            fixes=told_fixes(told),
            breaks=BOTH_WRITES,
            by_log=told is not None,
            reason=told.error.id if told else None,
        )
    return Found(
        summary=f"The step {step.name!r} failed; its log "
        + ("cannot be read." if case.log is None else "does not say of which call.")
        + quoted_error(seen),
        evidence=evidence,
        breaks=(),
        role=Role.SYMPTOM,
    )


def _ended(text: str) -> str:
    """The end of a sentence, with its full stop; what is quoted may have brought one."""
    return text if text.endswith(".") else f"{text}."


def _database_was_asked(case: Case) -> bool:
    """Whether the database itself told what the writing role may do."""
    return case.rls is not None and not isinstance(case.rls.proof, Unseen)


def _ask_the_database(case: Case) -> Fix:
    return find_out(
        case,
        "rls",
        "Configure SUPABASE_DB_URL for the doctor: PostgreSQL itself tells why it refuses the update.",
    )


def _left_row_alone(case: Case, call: Call) -> bool:
    """Whether the last way was a success without a count, and left the row as the failed function had."""
    if call.outcome is not Outcome.OK or call.rows is not None or written_by(case):
        return False
    if another_row_succeeded(case):
        return False
    unchanged = row_state(case) is RowState.IN_PROGRESS and not is_begun(case)
    return unchanged and is_over(case) and function_call(case).outcome in FAILED


def _by_answer(call: Call) -> Fix:
    """What to do about a refusal that nothing explains, where the log has the answer, or only a status."""
    if data_api_status(call.status).whose is not None and not database_meaning(call.body):
        return SEE_PROJECT
    if call.status == NOT_ALLOWED and not call.body:
        return CHECK_METHOD
    if BAD_PATH in call.body:
        return CORRECT_PATH
    if call.body:
        return READ_ANSWER
    return SHOW_ANSWER if call.status else CHECK_ADDRESS


def _fixes(case: Case, sent: str | None, told: ToldError | None) -> tuple[Fix, ...]:
    """The one for the empty value that was sent, else those of the known error, or of a key not shown."""
    if sent:
        return (send_it(case, sent),)
    if told:
        return told_fixes(told)
    body = fallback_call(case).body
    if NO_PROCEDURE in body:
        return (MAKE_PROCEDURE,)
    return (SHOW_KEY,) if codes_with(Trait.KEY_NOT_SHOWN) & {*database_meaning(body)} else ()


def _told_by_the_function(case: Case) -> bool:
    """Whether the function failed of the same error of the database, and says so."""
    return bool(same_refusal(case)) and "function/server-error" in function_said(case).codes


def _missed_by_the_function(case: Case) -> bool:
    """Whether the function, which ran, did not find the row either."""
    return function_call(case).status == NOT_FOUND and function_said(case).own_words is True


def _is_told_elsewhere(seen: WorkflowEvidence, case: Case, step: Step) -> bool:
    """Whether a call is what failed, or what comes before the update in a step that does all."""
    return _tells_of_a_call(case) or red_upload(seen) == step.name or update_ran(case) is False


def _tells_of_a_call(case: Case) -> bool:
    """Whether the log says how a call ended, or that the row was not found."""
    log = case.log
    if log is None:
        return False
    calls = (function_call(case), fallback_call(case), log.lookup_call)
    told = any(call.outcome not in (Outcome.NOT_SAID, Outcome.NOT_MADE) for call in calls)
    return told or bool(log.backup_id_not_found)
