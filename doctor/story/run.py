"""How far the backup's job is, and when things happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

from doctor.evidence.base import Unseen
from doctor.evidence.workflow import Job, Run
from doctor.story.row import row_age

if TYPE_CHECKING:
    from doctor.case import Case

QUEUE_LIMIT = timedelta(minutes=15)
DISPATCH_GRACE = timedelta(minutes=1)
USUAL_FACTOR = 3


class Progress(StrEnum):
    """Whether the backup is still being made: the job with the update step counts, never the run."""

    OVER = "over"
    GOING = "going"
    OVERDUE = "overdue"
    NOT_STARTED = "not started"
    UNSEEN = "unseen"


def progress(case: Case) -> Progress:
    """How far the job that holds the update step is."""
    workflow = case.workflow
    if workflow is None or isinstance(workflow.run, Unseen):
        return Progress.UNSEEN
    if workflow.run is None and any(one.status != "completed" for one in workflow.candidates):
        # Any of them may be this backup's.
        return Progress.UNSEEN
    if workflow.run is None:
        age = row_age(case)
        return Progress.GOING if age is not None and age < DISPATCH_GRACE else Progress.OVER
    if workflow.job is None:
        return _run_progress(case, workflow.run)
    return _job_progress(case, workflow.job)


def _run_progress(case: Case, run: Run) -> Progress:
    if run.status == "completed":
        return Progress.OVER
    return _waiting(case, run.created_at)


def _job_progress(case: Case, job: Job) -> Progress:
    if job.status == "completed":
        return Progress.OVER
    if job.started_at is None or job.status in ("queued", "waiting", "pending", "requested"):
        return _waiting(case, job.created_at or job.started_at)
    late = case.now - job.started_at > timedelta(seconds=usual_s(case))
    return Progress.OVERDUE if late else Progress.GOING


def _waiting(case: Case, since: datetime | None) -> Progress:
    if since is None:
        return Progress.GOING
    return Progress.NOT_STARTED if case.now - since > QUEUE_LIMIT else Progress.GOING


def usual_s(case: Case) -> float:
    """How long the job may take, in seconds: its own limit, else 3 × the usual, else stuck_after."""
    workflow = case.workflow
    file = workflow.file if workflow else None
    limit = None if file is None or isinstance(file, Unseen) else file.job_timeout_minutes
    if limit:
        return limit * 60
    if workflow and workflow.usual_s:
        return USUAL_FACTOR * median(workflow.usual_s)
    return case.names.stuck_after_s


def is_over(case: Case) -> bool:
    """Whether the backup is over or overdue, so that an unfinished row is a stuck one."""
    now = progress(case)
    if now is not Progress.UNSEEN:
        return now is not Progress.GOING
    age = row_age(case)
    return age is None or age > timedelta(seconds=case.names.stuck_after_s)


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
    return since is not None and failed is not None and since > failed


def run_read_secrets_at(case: Case) -> datetime | None:
    """When GitHub handed the secrets to the run: when it was queued."""
    workflow = case.workflow
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    return (run.started_at or run.created_at) if run else None
