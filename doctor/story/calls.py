"""The two ways to update the row, as the log tells of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from doctor.evidence.base import Unseen
from doctor.evidence.function import HttpAnswer
from doctor.evidence.log import NOT_SAID, Call, Outcome, Shown
from doctor.signatures import (
    Meaning,
    database_meaning,
    fallback_meaning,
    function_meaning,
    gateway_meaning,
    look_up_meaning,
)

if TYPE_CHECKING:
    from datetime import datetime

    from doctor.case import Case
    from doctor.evidence.function import Invocation

API_KEY = "BACKUP_API_KEY"
SERVICE_URLS = ("SUPABASE_URL", "VITE_SUPABASE_URL")
SUCCESS = range(200, 300)
# GitHub tells whole seconds, and two clocks need not agree.
CLOCKS = timedelta(seconds=3)
FAILED = (Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.TIMED_OUT)
# What the function answers when something below it fails: its own words for the database's refusal.
FROM_BELOW = frozenset({"function/server-error", "function/rejected", "function/timeout"})


def update_ran(case: Case) -> bool | None:
    """Whether the update step was executed; None where that cannot be told."""
    workflow = case.workflow
    if workflow is None:
        return None
    if workflow.reading and workflow.reading.update_seen:
        return True
    step = workflow.update_step
    if step is not None and step.status == "completed":
        return step.conclusion != "skipped"
    if workflow.run is None:
        return False
    job = workflow.job
    if job is not None and job.status == "completed" and (job.steps or job.conclusion == "skipped"):
        return False if step is None or step.conclusion is None else None
    return None


def function_call(case: Case) -> Call:
    """The log's call of the function; `not-made` where the update did not run or had no key."""
    if update_ran(case) is False:
        return Call(outcome=Outcome.NOT_MADE)
    log = case.log
    if log is None:
        return NOT_SAID
    variable = log.variable(API_KEY)
    if variable and variable.shown is Shown.EMPTY and _is_mere_words(log.function_call):
        return Call(outcome=Outcome.NOT_MADE)
    if log.function_call.outcome is Outcome.NOT_SAID and look_up_failed(case):
        return Call(outcome=Outcome.NOT_MADE)
    if log.function_call.outcome is Outcome.NOT_SAID:
        return _recorded_call(case) or log.function_call
    return log.function_call


def _is_mere_words(call: Call) -> bool:
    """Whether nothing shows that the call was made: a script may call it failed that had no key."""
    answered = call.outcome is Outcome.OK or call.status is not None or bool(call.body)
    return not answered and call.outcome not in (Outcome.UNREACHABLE, Outcome.TIMED_OUT)


def _recorded_call(case: Case) -> Call | None:
    """The one call of the function that the platform recorded while the update step ran."""
    during = _update_step(case)
    posts = _posts(case, during) if during else ()
    if len(posts) != 1:
        return None
    (post,) = posts
    return Call(
        outcome=Outcome.OK if post.status in SUCCESS else Outcome.REFUSED,
        status=post.status,
        lines=(f"Supabase's own record: POST, HTTP {post.status}, {post.at:%H:%M:%S} UTC",),
    )


def _update_step(case: Case) -> tuple[datetime, datetime] | None:
    """When the update step ran, by either clock."""
    step = case.workflow.update_step if case.workflow else None
    if step is None or step.started_at is None or step.completed_at is None:
        return None
    return step.started_at - CLOCKS, step.completed_at + CLOCKS


def _posts(case: Case, during: tuple[datetime, datetime]) -> tuple[Invocation, ...]:
    """The calls of the function that the platform recorded in that time."""
    invocations = case.function.invocations if case.function else ()
    if isinstance(invocations, Unseen):
        return ()
    since, until = during
    return tuple(one for one in invocations if one.method == "POST" and since <= one.at <= until)


def fallback_call(case: Case) -> Call:
    """The log's direct update; `not-made` where the update did not run or gave up before."""
    if update_ran(case) is False:
        return Call(outcome=Outcome.NOT_MADE)
    log = case.log
    if log is None:
        return NOT_SAID
    unsaid = log.fallback_call.outcome is Outcome.NOT_SAID
    if unsaid and (look_up_failed(case) or function_call(case).outcome is Outcome.OK):
        return Call(outcome=Outcome.NOT_MADE)
    return log.fallback_call


def look_up_failed(case: Case) -> bool:
    """Whether the look-up of the backup's id, which comes before both ways, brought none."""
    log = case.log
    return log is not None and bool(log.backup_id_not_found or log.lookup_call.outcome in FAILED)


def url_was_unusable(case: Case) -> bool:
    """Whether the update step was given no address, or one that ends in a newline and led nowhere."""
    variable = case.log.variable(*SERVICE_URLS) if case.log else None
    if variable is None:
        return False
    broken = variable.shown is Shown.MASKED_THEN_NEWLINE and function_call(case).status is None
    return broken or variable.shown is Shown.EMPTY


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
    if meaning.own_words is False or not FROM_BELOW & set(meaning.codes):
        return meaning
    below = database_meaning(function_wrote(case))
    if below:
        return Meaning(codes=below, own_words=True)
    by_gateway = () if call.body.strip() else _platform_now(case, call.status)
    return Meaning(codes=by_gateway, own_words=False) if by_gateway else meaning


def function_told(case: Case) -> str:
    """All that the function said of its failure: its answer, and its own log."""
    return f"{function_call(case).body}\n{function_wrote(case)}"


def function_wrote(case: Case, *levels: str) -> str:
    """What the function wrote into its own log while the update step ran, at these levels or any.

    Empty where other calls came at the same time: the lines may be theirs.
    """
    logs = case.function.logs if case.function else ()
    during = _update_step(case)
    if isinstance(logs, Unseen) or during is None or len(_posts(case, during)) > 1:
        return ""
    since, until = during
    return "\n".join(
        line.message
        for line in logs
        if line.at and since <= line.at <= until and (not levels or line.level.lower() in levels)
    )


def _platform_now(case: Case, status: int | None) -> tuple[str, ...]:
    """The platform's own refusal of a call now, where it has the same status."""
    answer = case.function.empty_post if case.function else None
    if not isinstance(answer, HttpAnswer) or answer.status != status or answer.from_function:
        return ()
    return gateway_meaning(answer.status, f"{answer.error_code or ''} {answer.body}")


def fallback_said(case: Case) -> Meaning:
    """What the log's answer to the direct update can mean."""
    return fallback_meaning(fallback_call(case))


def look_up_said(case: Case) -> Meaning:
    """What the log's answer to the look-up can mean; no codes where it says nothing."""
    return look_up_meaning(case.log.lookup_call) if case.log else Meaning()
