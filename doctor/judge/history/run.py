"""Which runs a dispatch has, how far they are, and when things happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown, Unseen
from backup_doctor.evidence.workflow import Run, RunAttempt
from backup_doctor.judge.history.naming import left_its_file
from backup_doctor.judge.history.row import row_age

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import Job, WorkflowEvidence

QUEUE_LIMIT = timedelta(minutes=15)
# A run that belongs to a row is there by then, whatever GitHub has in its queues.
DISPATCH_GRACE = timedelta(minutes=15)
# GitHub ends a run after so long, approvals and queues included.
LONGEST_RUN = timedelta(days=35)
USUAL_FACTOR = 3
NOT_BEGUN = ("queued", "waiting", "pending", "requested")


class RunProgress(StrEnum):
    """Whether the backup is still being made: the job with the update step counts, never the run."""

    OVER = "over"
    GOING = "going"
    OVERDUE = "overdue"
    NOT_STARTED = "not started"
    UNSEEN = "unseen"


def dispatch_runs(case: Case) -> tuple[RunAttempt, ...]:
    """Every attempt of every run of this dispatch that was seen, newest first."""
    workflow = case.workflow
    if workflow is None or not isinstance(workflow.run, Run):
        return ()
    return workflow.attempts or (_judged(workflow, workflow.run),)


def dispatch_began(case: Case) -> datetime | None:
    """When the earliest run of this dispatch was created; None where no run was seen."""
    created = (one.run.created_at or one.run.started_at for one in dispatch_runs(case))
    return min(filter(None, created), default=None)


def ended_at(case: Case) -> datetime | None:
    """When the last job ended that uploads the file; None where one has not, or is not seen."""
    ended = [one.job.completed_at if one.job else None for one in dispatch_runs(case)]
    return None if None in ended else max((one for one in ended if one), default=None)


def _judged(workflow: WorkflowEvidence, run: Run) -> RunAttempt:
    """The attempt that is judged, where only its own evidence was kept."""
    job = workflow.job
    return RunAttempt(
        run=run,
        found_by=workflow.found_by,
        job=job,
        update_step=workflow.update_step,
        may_write=(job.status if job else run.status) != "completed",
    )


def progress(case: Case) -> RunProgress:
    """How far the backup is: while any run or attempt of the dispatch is going, it is."""
    workflow = case.workflow
    if workflow is None or isinstance(workflow.run, Unseen):
        return _unseen(case)
    if workflow.run is None:
        return _without_run(case, workflow)
    stages = [_of_attempt(case, one) for one in dispatch_runs(case)]
    if RunProgress.GOING in stages:
        return RunProgress.GOING
    return _of_attempt(case, _attempt_of(case, workflow.run))


def _attempt_of(case: Case, run: Run) -> RunAttempt:
    """The attempt that is judged, among those of the dispatch."""
    known = dispatch_runs(case)
    same = (one for one in known if (one.run.id, one.run.attempt) == (run.id, run.attempt))
    return next(same, known[0])


def _unseen(case: Case) -> RunProgress:
    age = row_age(case)
    return RunProgress.OVER if age is not None and age > LONGEST_RUN else RunProgress.UNSEEN


def _without_run(case: Case, workflow: WorkflowEvidence) -> RunProgress:
    """No run was found: that ends a backup only where one would have been seen by now."""
    if any(one.status != "completed" for one in workflow.candidates):
        # Any of them may be this backup's.
        return _unseen(case)
    age = row_age(case)
    if age is not None and age <= DISPATCH_GRACE:
        return RunProgress.GOING
    shown = age is not None and isinstance(workflow.absence, Shown)
    return RunProgress.OVER if shown else _unseen(case)


def _of_attempt(case: Case, attempt: RunAttempt) -> RunProgress:
    if not attempt.may_write:
        return RunProgress.OVER
    run, job = attempt.run, attempt.job
    began = run.started_at or run.created_at
    if began is not None and case.now - began > LONGEST_RUN:
        return RunProgress.OVER
    if job is None or is_run_again(attempt):
        return _before_job(case, attempt, began)
    if job.status == "completed":
        return _before_handler(case, job)
    if job.started_at is None or job.status in NOT_BEGUN:
        return _waiting(case, job.created_at or job.started_at)
    return _running(case, job.started_at)


def _before_job(case: Case, attempt: RunAttempt, began: datetime | None) -> RunProgress:
    """The job is still to come: in a new attempt other jobs may take their own time before."""
    if attempt.job is None and attempt.run.status in NOT_BEGUN:
        return _waiting(case, began)
    return _running(case, began, allowed_s(case, attempt))


def is_run_again(attempt: RunAttempt) -> bool:
    """Whether its job is one of an earlier attempt, and this attempt has not come to it yet."""
    job = attempt.job
    return attempt.may_write and job is not None and job.attempt < attempt.run.attempt


def _running(case: Case, since: datetime | None, allowed: float | None = None) -> RunProgress:
    within = timedelta(seconds=usual_s(case) if allowed is None else allowed)
    late = since is not None and case.now - since > within
    return RunProgress.OVERDUE if late else RunProgress.GOING


def _before_handler(case: Case, job: Job) -> RunProgress:
    """The job is over, and another one of its run is to record how: that comes soon or not at all."""
    ended = job.completed_at
    soon = ended is not None and case.now - ended <= QUEUE_LIMIT
    return RunProgress.GOING if soon else RunProgress.OVER


def _waiting(case: Case, since: datetime | None) -> RunProgress:
    if since is None:
        return RunProgress.GOING
    until = max(since + QUEUE_LIMIT, timer_ends(case) or since)
    return RunProgress.NOT_STARTED if case.now > until else RunProgress.GOING


def timer_ends(case: Case) -> datetime | None:
    """When the timer of an environment lets the job begin by itself; None where a person must."""
    approvals = case.workflow.approvals if case.workflow else ()
    if isinstance(approvals, Unseen) or any(one.reviewers for one in approvals):
        return None
    ends = (
        one.waits_since + timedelta(minutes=one.wait_minutes)
        for one in approvals
        if one.waits_since is not None
    )
    return max(ends, default=None)


def judged_attempt(case: Case) -> RunAttempt | None:
    """The attempt that is judged; None where no run was seen."""
    run = case.workflow.run if case.workflow else None
    return _attempt_of(case, run) if isinstance(run, Run) else None


class Measure(StrEnum):
    """What the time of a job is held against."""

    LIMIT = "its own limit"
    USUAL = "what earlier runs took"
    STUCK_AFTER = "the setting"


def measure(case: Case) -> Measure:
    """The best measure that is known."""
    if _limit_minutes(case):
        return Measure.LIMIT
    return Measure.USUAL if case.workflow and case.workflow.usual_s else Measure.STUCK_AFTER


def _limit_minutes(case: Case) -> float | None:
    file = case.workflow.file if case.workflow else None
    return None if file is None or isinstance(file, Unseen) else file.job_timeout_minutes


def usual_s(case: Case) -> float:
    """How long the job may take, in seconds: its own limit, else 3 × the usual, else stuck_after."""
    workflow, limit = case.workflow, _limit_minutes(case)
    if limit:
        return limit * 60
    if workflow and workflow.usual_s:
        return USUAL_FACTOR * median(workflow.usual_s)
    return case.names.stuck_after_s


def allowed_s(case: Case, attempt: RunAttempt) -> float:
    """How long the attempt may take, in seconds; the limit of a job that is still to come is not its own."""
    usual = usual_s(case)
    return max(usual, case.names.stuck_after_s) if is_run_again(attempt) else usual


def is_over(case: Case) -> bool:
    """Whether the backup is over or overdue, so that an unfinished row is a stuck one."""
    now = progress(case)
    if now is not RunProgress.UNSEEN:
        return now is not RunProgress.GOING
    age = row_age(case)
    age = _age_of_file(case) if age is None else age
    long_ago = age is not None and age > timedelta(seconds=case.names.stuck_after_s)
    return case.backup is None or long_ago


def _age_of_file(case: Case) -> timedelta | None:
    """How old the file is that surely names the backup: its row is no younger."""
    here = case.object.present if case.object else None
    return case.now - here.modified_at if here and left_its_file(case) else None


def run_is_going(case: Case) -> bool:
    """Whether a run of this dispatch was seen that is going, so that its row may still change."""
    return bool(dispatch_runs(case)) and progress(case) is RunProgress.GOING


def failed_at(case: Case) -> datetime | None:
    """When the update failed, as closely as GitHub tells; else the row's creation."""
    workflow = case.workflow
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    times = (
        workflow.update_step.completed_at if workflow and workflow.update_step else None,
        workflow.job.completed_at if workflow and workflow.job else None,
        run.updated_at if run and run.status == "completed" else None,
    )
    return next((time for time in times if time), None)


def began_after_failure(case: Case, since: datetime | None) -> bool:
    """Whether something that began at `since` is too late to explain this backup."""
    failed = failed_at(case)
    # GitHub tells the second in which it was, and what began in the same one may have come before.
    return since is not None and failed is not None and since.replace(microsecond=0) > failed


def run_read_secrets_at(case: Case) -> datetime | None:
    """When GitHub handed the secrets to the run: when it was queued."""
    workflow = case.workflow
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    return (run.started_at or run.created_at) if run else None
