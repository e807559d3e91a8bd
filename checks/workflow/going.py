"""Whether a run of the backup is still going, and which of several is judged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.stopped import link_reached
from backup_doctor.checks.workflow.view import named_attempt, other_attempts, run_exhibits, run_of
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.workflow import Run, WorkflowEvidence
from backup_doctor.judge.commands import gh
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RunProgress, progress, usual_s
from backup_doctor.judge.history.run import (
    Measure,
    allowed_s,
    is_run_again,
    judged_attempt,
    measure,
)
from backup_doctor.judge.show import by_command, duration, listed, setting
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import RunAttempt

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
    run, attempt = run_of(seen), judged_attempt(case)
    if run is None or attempt is None:
        return Found(
            summary="The row is younger than 15 minutes: its run may still come.",
            evidence=run_exhibits(seen, case),
        )
    return Found(
        summary=_how_it_stands(seen, case, attempt, run), evidence=run_exhibits(seen, case)
    )


def _how_it_stands(seen: WorkflowEvidence, case: Case, attempt: RunAttempt, run: Run) -> str:
    """What is going, waits or is still to come, as a sentence."""
    of_run = f" (attempt {run.attempt} of run {run.id})" if seen.attempts[1:] else ""
    if is_run_again(attempt):
        return f"{_name(attempt)} is still going{_for_long(case, run.started_at)}."
    job = seen.job
    if job is not None and job.status == "completed":
        return f"The job {job.name!r}{of_run} has ended; another job of its run may still write the row."
    if job is not None and job.started_at is None:
        return f"The job {job.name!r}{of_run} has not started yet."
    since = job.started_at if job else None
    return f"{_name(attempt)}{of_run} is still going{_for_long(case, since)}."


def _name(attempt: RunAttempt) -> str:
    """The job that is going; the run where its job is still to come."""
    run, job = attempt.run, attempt.job
    if is_run_again(attempt):
        return f"Attempt {run.attempt} of run {run.id}"
    return f"The job {job.name!r}" if job else "The run"


def _for_long(case: Case, since: datetime | None) -> str:
    return f" for {duration(case.now - since)}" if since else ""


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
    attempt, job = judged_attempt(case), seen.job
    if progress(case) is not RunProgress.OVERDUE or attempt is None or job is None:
        return None
    again = is_run_again(attempt)
    since = attempt.run.started_at if again else job.started_at
    if since is None:
        return None
    step = next((one for one in job.steps if one.status == "in_progress"), None)
    at = f" in the step {step.name!r}" if step else ""
    command = gh(case, "run", "cancel", str(attempt.run.id))
    cancel = (by_command("Cancel it", command, in_words="On the run's page: Cancel workflow."),)
    limit = setting("Give the job a limit", "Set `timeout-minutes` on the job.")
    return Found(
        summary=f"{_name(attempt)} has been running for {duration(case.now - since)}{at}, "
        f"{_held_against(case, attempt)}.",
        evidence=run_exhibits(seen, case),
        fixes=cancel if measure(case) is Measure.LIMIT else (*cancel, limit),
        breaks=(Link.BACKUP_MADE if again else link_reached(seen, case),),
    )


def _held_against(case: Case, attempt: RunAttempt) -> str:
    """What it is too long for, as the end of a sentence."""
    allowed = allowed_s(case, attempt)
    text = duration(timedelta(seconds=allowed))
    if allowed != usual_s(case) or measure(case) is Measure.STUCK_AFTER:
        return f"longer than the {text} after which a backup counts as stuck"
    return {
        Measure.LIMIT: f"longer than its limit of {text}",
        Measure.USUAL: "much longer than usual",
    }[measure(case)]
