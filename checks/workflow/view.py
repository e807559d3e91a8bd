"""What the rules of this step share: the run, its jobs, and how to show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.workflow import (
    Job,
    Run,
    RunAttempt,
    Step,
    WorkflowEvidence,
    WorkflowFile,
)
from backup_doctor.judge.commands import Command, gh
from backup_doctor.judge.history.file import own_file
from backup_doctor.judge.history.row import RowState
from backup_doctor.judge.show import exhibit, rfc3339

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit


def run_of(seen: WorkflowEvidence) -> Run | None:
    """The run, where one was found."""
    return seen.run if isinstance(seen.run, Run) else None


def jobs_of(seen: WorkflowEvidence) -> tuple[Job, ...]:
    """The run's jobs, without the doctor's own."""
    return () if isinstance(seen.jobs, Unseen) else seen.jobs


def usable_file(seen: WorkflowEvidence) -> WorkflowFile | None:
    """The workflow's file, where it could be read and is a workflow."""
    file = seen.file if isinstance(seen.file, WorkflowFile) else None
    return file if file and file.problem is None else None


def view_command(seen: WorkflowEvidence, case: Case) -> Command | None:
    """The command that shows the run."""
    run = run_of(seen)
    return gh(case, "run", "view", str(run.id)) if run else None


def run_exhibits(seen: WorkflowEvidence, case: Case) -> tuple[Exhibit, ...]:
    """Which run it is and how it was found, and how the job's steps ended."""
    run = run_of(seen)
    if run is None:
        return (exhibit("searched", seen.searched or "GitHub's runs", "GitHub API", None),)
    found = f"{run.id} (attempt {run.attempt}), found by {seen.found_by}"
    steps = "\n".join(
        f"{step.conclusion or step.status}: {step.name}"
        for step in (seen.job.steps if seen.job else ())
    )
    return (
        exhibit("run", found, "GitHub API", view_command(seen, case)),
        *((exhibit("steps", steps, "GitHub API", view_command(seen, case)),) if steps else ()),
        *_others(seen, case, run),
    )


def other_attempts(seen: WorkflowEvidence) -> tuple[RunAttempt, ...]:
    """The runs and attempts of the dispatch that are not judged, newest first."""
    run = run_of(seen)
    if run is None:
        return ()
    judged = (run.id, run.attempt)
    return tuple(one for one in seen.attempts if (one.run.id, one.run.attempt) != judged)


def named_attempt(attempt: RunAttempt) -> str:
    """A run's attempt, and how it stands: `run 42, attempt 2 (cancelled)`."""
    run, job = attempt.run, attempt.job
    stands = (job.conclusion or job.status) if job else (run.conclusion or run.status)
    return f"run {run.id}, attempt {run.attempt} ({stands})"


def _others(seen: WorkflowEvidence, case: Case, judged: Run) -> tuple[Exhibit, ...]:
    others = [_when(one) for one in other_attempts(seen)]
    if not others:
        return ()
    command = gh(case, "run", "list", "--json", "databaseId,attempt,displayTitle,conclusion")
    label = f"other runs and attempts (judged: {judged.id}, attempt {judged.attempt})"
    return (exhibit(label, others, "GitHub API", command),)


def _when(attempt: RunAttempt) -> str:
    began = attempt.run.started_at or attempt.run.created_at
    return named_attempt(attempt) + (f", started {rfc3339(began)}" if began else "")


def others_ran(seen: WorkflowEvidence) -> bool:
    """Whether another job of the run came to a step: the run started, though the judged one may not have."""
    judged = seen.job.id if seen.job else None
    return any(one.steps for one in jobs_of(seen) if one.id != judged)


def link_not_begun(seen: WorkflowEvidence, case: Case) -> Link:
    """Where the chain broke at a job that came to no step: at the run's start only if no other job did."""
    if not others_ran(seen):
        return Link.RUN_STARTS
    return Link.FUNCTION_UPDATES if own_file(case) else Link.BACKUP_MADE


def update_ended_well(seen: WorkflowEvidence) -> bool:
    """Whether the update step is green."""
    return seen.update_step is not None and seen.update_step.conclusion == "success"


def _died_in(step: Step, job: Job) -> bool:
    """Whether the job failed while this step was running: its runner was lost, or shut down."""
    stopped = step.status == "in_progress" or step.conclusion == "cancelled"
    return stopped and (job.status, job.conclusion) == ("completed", "failure")


def failed_before(
    seen: WorkflowEvidence, row: RowState | None = None, *, lost: bool = False
) -> Step | None:
    """The failed step that came before the update, in its job or in an earlier one.

    Where the row says that it failed, the update step may have recorded the failure of an earlier
    job. `lost`: the machine went away, and took the update step with it if the row is still open.
    """
    job, update = seen.job, seen.update_step
    if job is None:
        return None
    for step in job.steps:
        if step is update or (update and step.number >= update.number):
            break
        if step.conclusion == "failure" or _died_in(step, job):
            return step
    still_open = row is RowState.IN_PROGRESS
    if lost and still_open and update is not None and _died_in(update, job):
        return update
    recorded = row is RowState.FAILED
    if update is not None and update.conclusion not in (None, "skipped") and not recorded:
        return None
    others = earlier_jobs(seen, "failure")
    return next(
        (
            step
            for one in others
            for step in one.steps
            if step.conclusion == "failure" or _died_in(step, one)
        ),
        None,
    )


def earlier_jobs(seen: WorkflowEvidence, conclusion: str) -> tuple[Job, ...]:
    """The jobs that ended so before the judged one began."""
    return tuple(
        one for one in jobs_of(seen) if one.conclusion == conclusion and _is_earlier(one, seen)
    )


def _is_earlier(other: Job, seen: WorkflowEvidence) -> bool:
    """Whether the judged job may have needed another one: no leg of a matrix beside it, and no later job."""
    job, update = seen.job, seen.update_step
    if job is None or other.id == job.id:
        return False
    if update is not None and any(step.name == update.name for step in other.steps):
        return False
    ended, began = other.completed_at, job.started_at
    return began is None or ended is None or ended <= began
