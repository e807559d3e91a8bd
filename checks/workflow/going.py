"""Whether a run of the backup is still going, and which of several is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.stopped import link_reached
from backup_doctor.checks.workflow.view import named_attempt, other_attempts, run_exhibits, run_of
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.commands import gh
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RunProgress, progress
from backup_doctor.judge.show import by_command, duration, listed, setting
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

rules = Rules[WorkflowEvidence]()


@rules.context("workflow/still-running")
def still_running(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job has not ended, and is within its usual time.

    Detected: the update step of a run or attempt of this dispatch, or a later step that could still
    write the row, has not concluded; the job counts, never the run. Or the row is younger than 15
    minutes, and its run is not there yet.
    Cause: none: wait.
    Fix: none.
    By hand: `gh run watch`.
    Source: GitHub REST, jobs, `status`.
    """
    if progress(case) is not RunProgress.GOING:
        return None
    job, run = seen.job, run_of(seen)
    if run is None:
        return Found(
            summary="The row is younger than 15 minutes: its run may still come.",
            evidence=run_exhibits(seen, case),
        )
    since = job.started_at if job and job.started_at else None
    going = f" for {duration(case.now - since)}" if since else ""
    name = f"The job {job.name!r}" if job else "The run"
    attempt = f" (attempt {run.attempt} of run {run.id})" if seen.attempts[1:] else ""
    return Found(
        summary=f"{name}{attempt} is still going{going}.", evidence=run_exhibits(seen, case)
    )


@rules.context("workflow/several-runs")
def several_runs(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The dispatch has several runs or attempts; one of them is judged.

    Detected: several runs name the dispatch, or the run was run again. While one of them is going,
    the backup is; else the newest that left the row as it is is judged.
    Cause: someone ran it again, or the app dispatched it twice.
    Fix: none.
    By hand: the run's page, "Latest attempt"; the titles in GitHub → Actions.
    Source: GitHub, re-running workflows and jobs.
    """
    run, others = run_of(seen), other_attempts(seen)
    if run is None or not others:
        return None
    named = listed(map(named_attempt, others))
    return Found(
        summary=f"This dispatch has {len(others) + 1} runs or attempts. Judged is run {run.id}, attempt "
        f"{run.attempt}; the others: {named}.",
    )


@rules.cause(
    "workflow/overdue",
    breaks=Link.BACKUP_MADE,
    traits=(Trait.ENDS_JOB, Trait.BREAKS_OFF, Trait.OF_ONE_RUN),
)
def overdue(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job runs much longer than usual.

    Detected: longer than its timeout-minutes, else three times the median of recent successful runs,
    else `stuck_after`.
    Cause: a step hangs: the log of the running job shows which.
    Fix: cancel the run, give the step a timeout.
    By hand: open the running job on GitHub.
    Source: GitHub, workflow syntax, `jobs.<job_id>.timeout-minutes`.
    """
    job = seen.job
    if progress(case) is not RunProgress.OVERDUE or job is None or job.started_at is None:
        return None
    step = next((one for one in job.steps if one.status == "in_progress"), None)
    at = f" in the step {step.name!r}" if step else ""
    run = run_of(seen)
    command = gh(case, "run", "cancel", str(run.id)) if run is not None else None
    cancel = (by_command("Cancel it", command, in_words="On the run's page: Cancel workflow."),)
    return Found(
        summary=f"The job {job.name!r} has been running for {duration(case.now - job.started_at)}{at}, "
        "much longer than usual.",
        evidence=run_exhibits(seen, case),
        fixes=(*cancel, setting("Give the job a limit", "Set `timeout-minutes` on the job.")),
        breaks=(link_reached(seen, case),),
    )
