"""What the rules of this step share: the run, its jobs, and how to show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.evidence.base import Unseen
from doctor.evidence.workflow import Job, Run, Step, WorkflowEvidence, WorkflowFile
from doctor.show import (
    exhibit,
    repo_flag,
)

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.model import Exhibit


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


def view_command(seen: WorkflowEvidence, case: Case) -> str | None:
    """The command that shows the run."""
    run = run_of(seen)
    return f"gh run view {run.id}{repo_flag(case)}" if run else None


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
    )


def update_ended_well(seen: WorkflowEvidence) -> bool:
    """Whether the update step is green."""
    return seen.update_step is not None and seen.update_step.conclusion == "success"


def _died_in(step: Step, job: Job) -> bool:
    """Whether the job failed while this step was running: its runner was lost."""
    return step.status == "in_progress" and (job.status, job.conclusion) == ("completed", "failure")


def failed_before(seen: WorkflowEvidence) -> Step | None:
    """The failed step that came before the update, in its job or in an earlier one."""
    job, update = seen.job, seen.update_step
    if job is None:
        return None
    for step in job.steps:
        if step is update or (update and step.number >= update.number):
            break
        if step.conclusion == "failure" or _died_in(step, job):
            return step
    if update is not None and update.conclusion not in (None, "skipped"):
        return None
    others = (one for one in jobs_of(seen) if one.id != job.id and one.conclusion == "failure")
    return next(
        (step for one in others for step in one.steps if step.conclusion == "failure"), None
    )
