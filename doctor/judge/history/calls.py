"""The two ways to update the row, as the log tells of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.function import HttpAnswer
from backup_doctor.evidence.log import NOT_SAID, Call, EnvShown, Outcome
from backup_doctor.judge.history.naming import left_its_file
from backup_doctor.judge.history.record import function_wrote, recorded_call
from backup_doctor.judge.history.secret_names import told_variables
from backup_doctor.judge.history.whole_step import ended_before_update
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.traits import Trait
from backup_doctor.services.answers import UNKNOWN
from backup_doctor.services.meaning import (
    Meaning,
    database_answer,
    database_meaning,
    fallback_meaning,
    function_meaning,
    gateway_meaning,
    look_up_meaning,
    seen_answer,
)
from backup_doctor.services.secret_uses import GUIDES_NAMES, Use, use_of

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import Attempt, Variable
    from backup_doctor.evidence.workflow import WorkflowEvidence

API_KEY = "BACKUP_API_KEY"
SERVICE_URLS = ("SUPABASE_URL", "VITE_SUPABASE_URL")
# Answers of the Data API, or of jq to them, in which there is no row.
NO_ROWS = frozenset({"[]", "null"})
FAILED = (Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.TIMED_OUT)


def update_ran(case: Case) -> bool | None:
    """Whether the update was executed; None where that cannot be told.

    A step that GitHub skipped because of a failure before it did not run, whatever the log seems to
    say: the step that failed may have called the same API. Nor did the update of a step that does all
    and ended before it.
    """
    workflow = case.workflow
    if workflow is None:
        return None
    step, job, reading = workflow.update_step, workflow.job, workflow.reading
    skipped = step is not None and step.conclusion == "skipped"
    no_run = workflow.run is None and not left_its_file(case)
    passed_by = (skipped and has_failed_before(workflow)) or ended_before_update(case)
    if no_run or workflow.ended_without_jobs or passed_by:
        return False
    if reading and reading.update_seen:
        return True
    if step is not None and step.status == "completed":
        return not skipped
    if job is not None and job.status == "completed" and (job.steps or job.conclusion == "skipped"):
        return False if step is None or step.conclusion is None else None
    return None


def has_failed_before(workflow: WorkflowEvidence) -> bool:
    """Whether a step of the job failed before the update step."""
    job, update = workflow.job, workflow.update_step
    return (
        job is not None
        and update is not None
        and any(one.conclusion == "failure" and one.number < update.number for one in job.steps)
    )


def logged_for(case: Case, use: Use) -> Variable | None:
    """The variable for this use in the update step's `env:` block: as it is told, else by its name."""
    if case.log is None:
        return None
    alike = (one for one in case.log.variables if use_of(one.name) is use)
    told = (*told_variables(case, use), *GUIDES_NAMES.get(use, ()))
    return case.log.variable(*told) or next(alike, None)


def function_call(case: Case) -> Call:
    """The log's call of the function; `not-made` where the update did not run or had no key."""
    if update_ran(case) is False:
        return Call(outcome=Outcome.NOT_MADE)
    log = case.log
    if log is None:
        return NOT_SAID
    variable = logged_for(case, Use.FUNCTION_KEY)
    if variable and variable.shown is EnvShown.EMPTY and _is_mere_words(log.function_call):
        return Call(outcome=Outcome.NOT_MADE)
    if log.function_call.outcome is Outcome.NOT_SAID and look_up_failed(case):
        return Call(outcome=Outcome.NOT_MADE)
    if log.function_call.outcome is Outcome.NOT_SAID:
        return recorded_call(case) or log.function_call
    return _with_record(case, log.function_call)


def _with_record(case: Case, call: Call) -> Call:
    """A call whose status the log does not show, with the one that the platform recorded.

    A success that only the script claims is none where the platform recorded a refusal.
    """
    claimed = call.outcome is Outcome.OK and not call.body
    if call.status is not None or not (claimed or call.outcome is Outcome.REFUSED):
        return call
    recorded = recorded_call(case)
    if recorded is None or recorded.outcome is not Outcome.REFUSED:
        return call
    if claimed:
        return recorded
    lines = (*call.lines, *recorded.lines)
    return msgspec.structs.replace(call, status=recorded.status, lines=lines)


def update_ways(case: Case) -> tuple[Attempt, ...]:
    """The ways to update the row that the script of the update step has, each named once.

    Of those that are called alike, the one that worked, else the last that the log tells of.
    """
    found: dict[str, Attempt] = {}
    for one in case.log.attempts if case.log else ():
        before = found.get(one.name)
        silent = one.call.outcome is Outcome.NOT_SAID
        done = before is not None and before.call.outcome is Outcome.OK
        if one.updates and (before is None or not (silent or done)):
            found[one.name] = one
    return tuple(found.values())


def has_function_alone(case: Case) -> bool:
    """Whether the whole script of the update step was read, and calls nothing but the function.

    Of another call to the table it may not be certain what it was for.
    """
    made = case.log.attempts if case.log and case.log.whole_script else ()
    return bool(made) and all(one.is_of_function for one in made)


def _is_mere_words(call: Call) -> bool:
    """Whether nothing shows that the call was made: a script may call it failed that had no key."""
    answered = call.outcome is Outcome.OK or call.status is not None or bool(call.body)
    return not answered and call.outcome not in (Outcome.UNREACHABLE, Outcome.TIMED_OUT)


def fallback_call(case: Case) -> Call:
    """The log's direct update; `not-made` where the update did not run, gave up before, or has none."""
    if update_ran(case) is False:
        return Call(outcome=Outcome.NOT_MADE)
    log = case.log
    if log is None:
        return NOT_SAID
    unsaid = log.fallback_call.outcome is Outcome.NOT_SAID
    none = has_function_alone(case) or look_up_failed(case)
    if unsaid and (none or function_call(case).outcome is Outcome.OK):
        return Call(outcome=Outcome.NOT_MADE)
    return log.fallback_call


def changed_nothing(call: Call) -> bool:
    """Whether it is told that the call worked, and that no row was changed by it."""
    return call.outcome is Outcome.OK and call.rows == 0


def update_that_worked(case: Case) -> Call | None:
    """The update that was answered with success, and is not told to have changed nothing; the function's first."""
    calls = (function_call(case), fallback_call(case))
    return next(
        (one for one in calls if one.outcome is Outcome.OK and not changed_nothing(one)), None
    )


_CODE = re.compile(r"\\?\"code\\?\":\s*\\?\"([0-9A-Z]{5}|PGRST\d{3})\\?\"")


def same_refusal(case: Case) -> str | None:
    """The code of the database with which the function and the direct update were refused alike."""
    below, direct = _CODE.search(function_told(case)), _CODE.search(fallback_call(case).body)
    return direct[1] if below and direct and below[1] == direct[1] else None


def look_up_failed(case: Case) -> bool:
    """Whether the look-up of the backup's id, which comes before both ways, brought none."""
    log = case.log
    return log is not None and bool(log.backup_id_not_found or log.lookup_call.outcome in FAILED)


def look_up_found(case: Case) -> bool:
    """Whether the look-up is told to have found the row: it was answered, and not with no rows."""
    if case.log is None or look_up_failed(case):
        return False
    call = case.log.lookup_call
    return call.outcome is Outcome.OK and call.rows != 0 and call.body.strip() not in NO_ROWS


def url_was_unusable(case: Case) -> bool:
    """Whether the update step was given no address, or one that ends in a newline and led nowhere."""
    variable = logged_for(case, Use.URL)
    if variable is None:
        return False
    broken = variable.shown is EnvShown.MASKED_THEN_NEWLINE and function_call(case).status is None
    return broken or variable.shown is EnvShown.EMPTY


def stopped_at_look_up(case: Case) -> bool:
    """Whether the update went no further than the look-up."""
    made = {function_call(case).outcome, fallback_call(case).outcome} - {Outcome.NOT_MADE}
    return look_up_failed(case) and not made


def function_said(case: Case) -> Meaning:
    """What the log's answer of the function can mean.

    Where that is a bare failure, what the function wrote into its own log then tells whose it was;
    so does the platform, where it answers with the same status now.
    """
    call = function_call(case)
    meaning = function_meaning(call)
    if meaning.own_words is False or not codes_with(Trait.FROM_BELOW) & set(meaning.codes):
        return meaning
    below = database_meaning(function_wrote(case))
    if below:
        return Meaning(codes=below, own_words=True)
    by_gateway = () if call.body.strip() else _platform_now(case, call.status)
    return Meaning(codes=by_gateway, own_words=False) if by_gateway else meaning


def function_told(case: Case) -> str:
    """All that the function said of its failure: its answer, and its own log."""
    return f"{function_call(case).body}\n{function_wrote(case)}"


def answers_told(case: Case) -> tuple[str, str, str]:
    """What the function, the direct update and the look-up were answered, by the log."""
    look_up = case.log.lookup_call.body if case.log else ""
    return function_told(case), fallback_call(case).body, look_up


def said_beyond(case: Case, code: str) -> str:
    """What an answer says of this code's matter beyond the code itself, in the log or else now."""
    calls = (function_call(case), fallback_call(case), case.log.lookup_call if case.log else None)
    texts = ("\n".join((one.body, *one.lines)) for one in calls if one)
    api = case.row.api if case.row else None
    now = UNKNOWN if api is None or isinstance(api, Unseen) else seen_answer(api)
    known = (*map(database_answer, (function_wrote(case), *texts)), now)
    return next((one.what for one in known if code in one.means and one.what), "")


def _platform_now(case: Case, status: int | None) -> tuple[str, ...]:
    """The platform's own refusal of a call now, where it has the same status."""
    answer = case.function.probe if case.function else None
    if not isinstance(answer, HttpAnswer) or answer.status != status or answer.from_function:
        return ()
    return gateway_meaning(answer.status, answer.body, answer.error_code)


def fallback_said(case: Case) -> Meaning:
    """What the log's answer to the direct update can mean."""
    return fallback_meaning(fallback_call(case))


def look_up_said(case: Case) -> Meaning:
    """What the log's answer to the look-up can mean; no codes where it says nothing."""
    return look_up_meaning(case.log.lookup_call) if case.log else Meaning()
