"""Whether the run has an update step, and whether it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.foreseen import (
    add_step,
    let_it_run,
    step_to_be_missed,
    step_to_be_skipped,
)
from backup_doctor.checks.workflow.missed import never_followed
from backup_doctor.checks.workflow.view import earlier_jobs, failed_before, run_exhibits
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import fallback_call, function_call
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


rules = Rules[WorkflowEvidence]()

STOPPED = ("cancelled", "timed_out")


@rules.cause(
    "workflow/step-missing", breaks=Link.FUNCTION_UPDATES, traits=(Trait.ENDS_JOB, Trait.OF_ONE_RUN)
)
def step_missing(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run has no step that updates the row.

    Detected: the job is over, its steps are known, and none has the configured name or speaks of
    backup_history or the function; or, in `preflight`, the file on the default branch has
    no such step. If another workflow updates the row after this one's runs (`workflow_run`), and
    GitHub shows no run of it that began then, the report says so.
    Cause: the run used another branch or an older commit, the step has another name, or the workflow
    that follows was never started.
    Fix: add the step, or set `step` in the configuration; let the workflow that follows start.
    By hand: the steps on the run's page.
    Source: guide, step 1.
    """
    if case.is_preflight:
        return step_to_be_missed(seen, case)
    job = seen.job
    if job is None or seen.update_step is not None or job.status != "completed" or not job.steps:
        return None
    if job.conclusion != "success" or _log_shows_update(case):
        return None
    if seen.missed is not None:
        return never_followed(seen, seen.missed, case)
    return Found(
        summary=f"The run has no step {case.names.step!r}, nor one like it.",
        evidence=run_exhibits(seen, case),
        fixes=(add_step(),),
        weak=True,
    )


def _log_shows_update(case: Case) -> bool:
    calls = (function_call(case), fallback_call(case))
    return any(call.outcome not in (Outcome.NOT_SAID, Outcome.NOT_MADE) for call in calls)


@rules.cause(
    "workflow/step-skipped",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(
        "workflow/timed-out",
        "workflow/cancelled",
        "workflow/failed-before-update",
        "secrets/missing",
        "secrets/empty",
    ),
    traits=(Trait.ENDS_JOB, Trait.OF_ONE_RUN),
)
def step_skipped(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step (or its job) was skipped, although nothing failed before.

    Detected: its conclusion is skipped and no earlier step or job failed or was cancelled; or, in `preflight`, its
    `if:` in the file is `false`.
    Cause: its `if:` was false: a branch, an input, an output that was empty.
    Fix: read the step's `if:` in the workflow file.
    By hand: the grey step on the run's page.
    Source: GitHub, job and step conditions.
    """
    if case.is_preflight:
        return step_to_be_skipped(seen)
    job, step = seen.job, seen.update_step
    step_off = step is not None and step.conclusion == "skipped"
    job_off = job is not None and job.conclusion == "skipped"
    stopped = (
        failed_before(seen) is not None
        or (job and job.conclusion in STOPPED)
        or any(earlier_jobs(seen, how) for how in STOPPED)
    )
    if not (step_off or job_off) or stopped:
        return None
    file_step = getattr(seen.file, "update_step", None)
    condition = getattr(file_step, "condition", None)
    because = f": its condition is {condition!r}" if condition else ""
    name = step.name if step_off and step else (job.name if job else "")
    return Found(
        summary=f"{name!r} was skipped{because}.",
        evidence=run_exhibits(seen, case),
        fixes=(let_it_run(),),
    )
