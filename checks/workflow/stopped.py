"""What stopped a job from outside: its time limit or a step's, somebody's cancelling, a lost machine."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.told import UPLOAD_STEP
from backup_doctor.checks.workflow.view import failed_before, jobs_of, link_not_begun
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.workflow import Step, WorkflowEvidence, WorkflowFile
from backup_doctor.judge.history.file import left_by_another_run

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

DEFAULT_LIMIT_MINUTES = 360
# Limits are set in whole minutes, and for a job mostly in multiples of five.
USUAL_LIMITS = timedelta(minutes=5)
# What the runner needs to end a job that ran into its limit.
TIME_TO_STOP = timedelta(seconds=40)
# GitHub tells whole seconds.
CLOCK_SLACK = timedelta(seconds=5)
JOB_TIMEOUT = re.compile(r"exceeded the maximum execution time", re.IGNORECASE)
SHUT_DOWN = re.compile(r"runner has received a shutdown signal|lost communication", re.IGNORECASE)
STEP_TIMEOUT = re.compile(
    r"(?:The action '(?P<step>.+)' )?has timed out after [\d.]+ minutes", re.IGNORECASE
)
# How a step ends that something else ended; one that ended by itself is a failure.
STOPPED = ("cancelled", "timed_out")


def said(seen: WorkflowEvidence, pattern: re.Pattern[str]) -> str | None:
    """The line of GitHub, in an annotation or the log, that says so."""
    annotations = seen.job.annotations if seen.job else ()
    errors = seen.reading.errors if seen.reading else ()
    return next((line for line in (*annotations, *errors) if pattern.search(line)), None)


def of_step_alone(seen: WorkflowEvidence) -> str | None:
    """GitHub's line on a step that ran into its own limit; None where the job ran into one."""
    return None if said(seen, JOB_TIMEOUT) else said(seen, STEP_TIMEOUT)


def stopped_step(seen: WorkflowEvidence) -> Step | None:
    """The step in which the job was stopped: the one that GitHub names, else the first that did not end.

    Where none is known to be, the first that did not end well, in the job or in one before it.
    """
    named = _named(seen)
    if named is not None:
        return named
    own = seen.job.steps if seen.job else ()
    cut = (one for one in own if one.conclusion in STOPPED or one.status == "in_progress")
    return next(cut, None) or first_bad_step(seen)


def _named(seen: WorkflowEvidence) -> Step | None:
    """The step that GitHub says ran into its own limit."""
    line = of_step_alone(seen)
    told = STEP_TIMEOUT.search(line) if line else None
    own = seen.job.steps if seen.job else ()
    return next((one for one in own if told and one.name == told["step"]), None)


def first_bad_step(seen: WorkflowEvidence) -> Step | None:
    """The first step that did not end well, in the job of the update step or in one before it."""
    jobs = [job for job in (seen.job, *jobs_of(seen)) if job is not None]
    bad = ("failure", *STOPPED)
    for job in jobs:
        for step in job.steps:
            if step.conclusion in bad or step.status == "in_progress":
                return step
    return None


def came_too_late(seen: WorkflowEvidence, step: Step | None) -> bool:
    """Whether all was decided when the job was stopped in this step.

    The update step had ended by then, or a step before had failed.
    """
    if step is None or seen.job is None or step not in seen.job.steps:
        return False
    update, failed = seen.update_step, failed_before(seen)
    if update is not None and step.number > update.number and _ended_itself(update):
        return True
    return failed is not None and failed in seen.job.steps and failed.number < step.number


def _ended_itself(step: Step) -> bool:
    return step.status == "completed" and step.conclusion in ("success", "failure")


def is_timed_out(seen: WorkflowEvidence) -> bool:
    """Whether the job, or a step without which it goes no further, ran into a time limit."""
    job = seen.job
    if job is None:
        return False
    if job.conclusion == "timed_out" or any(step.conclusion == "timed_out" for step in job.steps):
        return True
    if said(seen, JOB_TIMEOUT):
        return job.conclusion != "success"
    if of_step_alone(seen):
        named = _named(seen)
        # With continue-on-error it is green.
        return job.conclusion != "success" and (named is None or named.conclusion != "success")
    unsaid = job.conclusion == "cancelled" and not job.annotations
    return unsaid and lasted_to_its_limit(seen) is True


def lasted_to_its_limit(seen: WorkflowEvidence) -> bool | None:
    """Whether the job ran for as long as it may; None where its limit or its times are unknown."""
    job = seen.job
    file = seen.file if isinstance(seen.file, WorkflowFile) else None
    if job is None or job.started_at is None or job.completed_at is None:
        return None
    if file is None or file.job is None:
        return None
    limit = timedelta(minutes=file.job_timeout_minutes or DEFAULT_LIMIT_MINUTES)
    return job.completed_at - job.started_at >= limit - CLOCK_SLACK


def may_be_its_limit(seen: WorkflowEvidence) -> bool:
    """Whether a job of which nobody knows the limit ended where a limit is usually set."""
    job = seen.job
    if job is None or job.started_at is None or job.completed_at is None:
        return True
    lasted = job.completed_at - job.started_at + CLOCK_SLACK
    return lasted >= USUAL_LIMITS and lasted % USUAL_LIMITS <= CLOCK_SLACK + TIME_TO_STOP


def link_reached(seen: WorkflowEvidence, case: Case) -> Link:
    """The link of the chain at which the job was stopped."""
    update, step = seen.update_step, stopped_step(seen)
    if update is not None and _was_reached(update) and not _is_before(step, update, seen):
        return Link.FUNCTION_UPDATES
    if left_by_another_run(case):
        return Link.FUNCTION_UPDATES
    if step is not None and UPLOAD_STEP.search(step.name):
        return Link.FILE_UPLOADED
    if seen.job is None or not seen.job.steps:
        return link_not_begun(seen, case)
    return Link.BACKUP_MADE


def _is_before(step: Step | None, update: Step, seen: WorkflowEvidence) -> bool:
    own = seen.job.steps if seen.job else ()
    return step is not None and step in own and step.number < update.number


def _was_reached(step: Step) -> bool:
    begun = step.conclusion not in (None, "skipped") or step.status == "in_progress"
    return step.status != "queued" and begun
