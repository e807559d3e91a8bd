"""What Supabase's own record says of the function while the update step ran: its calls, and its log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import dispatch_id_of
from backup_doctor.evidence.ids import mentions
from backup_doctor.evidence.log import Call, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.function import FunctionLogLine, Invocation

SUCCESS = range(200, 300)
# GitHub tells whole seconds, and two clocks need not agree.
CLOCKS = timedelta(seconds=3)
# Who calls the function within minutes of the step may be another backup's run.
NEAR = timedelta(minutes=5)


def recorded_call(case: Case) -> Call | None:
    """The one call of the function that the platform recorded while the update step ran."""
    during = _update_step(case)
    posts = _posts(case, during) if during else ()
    if during is None or len(posts) != 1 or not _is_this_backups(case, during):
        return None
    (post,) = posts
    return Call(
        outcome=Outcome.OK if post.status in SUCCESS else Outcome.REFUSED,
        status=post.status,
        lines=(f"Supabase's own record: POST, HTTP {post.status}, {post.at:%H:%M:%S} UTC",),
    )


def _is_this_backups(case: Case, during: tuple[datetime, datetime]) -> bool:
    """Whether a call at that time can only be this run's: of others that go on, the time tells nothing.

    Where the function was called for other backups too, its own log must name this one.
    """
    since, until = during
    doctors = case.function.asked_at if case.function else None
    around = _posts(case, (since - NEAR, until + NEAR))
    others = [one for one in around if doctors is None or one.at < doctors]
    alone = len(others) <= 1 and not (case.workflow and case.workflow.beside)
    return alone or any(_names_backup(case, line.message) for line in _lines(case, during))


def _names_backup(case: Case, text: str) -> bool:
    row = case.backup
    ids = (row.id if row else None, dispatch_id_of(case.asked, row))
    return any(one is not None and mentions(text, str(one)) for one in ids)


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


def function_wrote(case: Case, *levels: str) -> str:
    """What the function wrote into its own log while the update step ran, at these levels or any."""
    return "\n".join(line.message for line in function_log(case, *levels))


def function_log(case: Case, *levels: str) -> tuple[FunctionLogLine, ...]:
    """The lines of it. None where other calls came at the same time: they may be theirs."""
    during = _update_step(case)
    if during is None or len(_posts(case, during)) > 1 or not _is_this_backups(case, during):
        return ()
    return tuple(
        line for line in _lines(case, during) if not levels or line.level.lower() in levels
    )


def _lines(case: Case, during: tuple[datetime, datetime]) -> tuple[FunctionLogLine, ...]:
    """The lines of that time.

    The doctor's own calls make it write too, seconds after the step where the doctor is the next one of
    the job.
    """
    seen = case.function
    if seen is None or isinstance(seen.logs, Unseen):
        return ()
    (since, until), asked_at = during, seen.asked_at
    return tuple(
        line
        for line in seen.logs
        if line.at and since <= line.at <= until and (asked_at is None or line.at < asked_at)
    )
