"""How the job that holds the update step was ended from outside: by a time limit, or by someone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.again import NEW_BACKUP, is_wanted_again, rerun
from backup_doctor.checks.workflow.stopped import (
    came_too_late,
    is_timed_out,
    lasted_to_its_limit,
    link_reached,
    may_be_its_limit,
    of_step_alone,
    stopped_step,
)
from backup_doctor.checks.workflow.view import (
    earlier_jobs,
    others_ran,
    run_exhibits,
    run_of,
    update_ended_well,
    view_command,
)
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history.file import own_file
from backup_doctor.judge.history.row import RowState, row_state
from backup_doctor.judge.show import after_row, exhibit, setting
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import Step


rules = Rules[WorkflowEvidence]()


@rules.cause(
    "workflow/timed-out",
    breaks=Link.BACKUP_MADE,
    traits=(Trait.ENDS_JOB, Trait.BREAKS_OFF, Trait.OF_ONE_RUN),
)
def timed_out(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job or a step ran into its time limit.

    Detected: an annotation says that the maximum execution time was exceeded (GitHub then calls the
    job `cancelled`), a step "has timed out after N minutes", or the conclusion is timed_out. Without
    annotations: a cancelled job that lasted as long as the file's timeout-minutes allow. Not if the
    update step had ended by then, or an earlier step had failed.
    Cause: the backup grew, the network was slow, a step hung.
    Fix: raise `timeout-minutes` of what ran into it, the step or the job, or make the step faster.
    By hand: the annotations on the run's page.
    Source: GitHub, `timeout-minutes`; annotations of jobs over their limit.
    """
    job = seen.job
    step = stopped_step(seen)
    if job is None or job.status != "completed" or not is_timed_out(seen):
        return None
    if came_too_late(seen, step):
        return None
    limited = of_step_alone(seen) and step
    at = f" in the step {step.name!r}" if step else ""
    return Found(
        summary=f"The step {step.name!r} of the job {job.name!r} ran into its own time limit."
        if limited and step
        else f"The job {job.name!r} ran into its time limit{at}.",
        evidence=(
            *run_exhibits(seen, case),
            *(
                exhibit("annotation", line, "GitHub API", view_command(seen, case))
                for line in job.annotations
            ),
        ),
        fixes=(
            setting(
                "Raise the limit",
                f"Raise `timeout-minutes` of the step {step.name!r}."
                if limited and step
                else f"Raise `timeout-minutes` of the job {job.name!r}.",
            ),
            *((after_row(NEW_BACKUP),) if is_wanted_again(case) else ()),
        ),
        breaks=(link_reached(seen, case),),
    )


@rules.cause(
    "workflow/cancelled",
    breaks=Link.BACKUP_MADE,
    yields_to=("workflow/timed-out",),
    traits=(Trait.ENDS_JOB, Trait.BREAKS_OFF, Trait.OF_ONE_RUN),
)
def cancelled(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run was cancelled before it could update the row.

    Detected: the job's (or, without jobs, the run's) conclusion is cancelled, no annotation speaks of
    a time limit, and neither had the update step ended nor an earlier step failed. GitHub says
    `cancelled` for both: where annotations may not be read (`checks: read`), the job's limit is not
    known, and it lasted for a multiple of five minutes, it is a symptom.
    Cause: someone cancelled it, or a newer run of the same concurrency group did.
    Fix: run it again.
    By hand: the run's page names who cancelled it.
    Source: GitHub, workflow cancellation.
    """
    run, job = run_of(seen), seen.job
    if job and job.conclusion == "success" and row_state(case) is RowState.FAILED:
        return _cancelled_earlier(seen, case)
    conclusion = job.conclusion if job else (run.conclusion if run else None)
    if conclusion != "cancelled" or is_timed_out(seen) or (job and update_ended_well(seen)):
        return None
    step = stopped_step(seen)
    if came_too_late(seen, step):
        return None
    at = _where(seen, step)
    open_which = lasted_to_its_limit(seen) is None and may_be_its_limit(seen)
    if seen.unread_annotations and job and job.steps and open_which:
        return Found(
            summary=f"The job was cancelled{at}, by someone or by its time limit: which of the two is "
            "in GitHub's annotations, which could not be read.",
            evidence=run_exhibits(seen, case),
            fixes=rerun(seen, case),
            breaks=(),
            role=Role.SYMPTOM,
        )
    told = _why_cancelled(seen)
    return Found(
        summary=f"The run was cancelled{at}." + (f" GitHub says: {told}" if told else ""),
        evidence=(
            *run_exhibits(seen, case),
            *(
                (exhibit("annotation", told, "GitHub API", view_command(seen, case)),)
                if told
                else ()
            ),
        ),
        fixes=rerun(seen, case),
        breaks=(_unseen_link(case) if _is_unseen(seen) else link_reached(seen, case),),
    )


def _where(seen: WorkflowEvidence, step: Step | None) -> str:
    """In which step it was, as a sentence goes on; empty where nobody saw its jobs."""
    if step is not None:
        return f" in the step {step.name!r}"
    if _is_unseen(seen):
        return ""
    of_job = f" of the job {seen.job.name!r}" if seen.job and others_ran(seen) else ""
    return f" before any step{of_job} ran"


def _is_unseen(seen: WorkflowEvidence) -> bool:
    return seen.job is None and isinstance(seen.jobs, Unseen)


def _unseen_link(case: Case) -> Link:
    """How far a run came at least of which only the end is seen: as far as its file shows."""
    return Link.FUNCTION_UPDATES if own_file(case) else Link.BACKUP_MADE


def _cancelled_earlier(seen: WorkflowEvidence, case: Case) -> Found | None:
    """An earlier job was, and the judged one recorded the failure; only its own annotations are read."""
    other = next(iter(earlier_jobs(seen, "cancelled")), None)
    if other is None:
        return None
    step = next((one for one in other.steps if one.conclusion == "cancelled"), None)
    at = f" in the step {step.name!r}" if step else ""
    return Found(
        summary=f"The job {other.name!r} was cancelled{at}, by someone or by its time limit: which of "
        "the two is on the run's page.",
        evidence=run_exhibits(seen, case),
        fixes=rerun(seen, case),
        breaks=(),
        role=Role.SYMPTOM,
    )


def _why_cancelled(seen: WorkflowEvidence) -> str | None:
    """GitHub's own word on it: a newer run of the group, a person; not that an operation was."""
    annotations = seen.job.annotations if seen.job else ()
    return next(
        (one for one in annotations if one.rstrip(".") != "The operation was canceled"), None
    )
