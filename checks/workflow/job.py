"""How the job that holds the update step ended, and what failed before it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from checks.workflow.view import (
    failed_before,
    jobs_of,
    run_exhibits,
    run_of,
    update_ended_well,
    view_command,
)
from doctor.chain import Link
from doctor.evidence.workflow import Step, WorkflowEvidence, WorkflowFile
from doctor.framework import Found, Rules
from doctor.model import Role
from doctor.show import (
    duration,
    exhibit,
    log_command,
    manual,
    repo_flag,
    setting,
    shell,
)
from doctor.story import (
    Progress,
    progress,
)

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.model import Fix


rules = Rules[WorkflowEvidence]()


DEFAULT_LIMIT_MINUTES = 360
# GitHub tells whole seconds.
CLOCK_SLACK = timedelta(seconds=5)
JOB_TIMEOUT = re.compile(r"exceeded the maximum execution time", re.IGNORECASE)


STEP_TIMEOUT = re.compile(r"has timed out after \d+ minutes", re.IGNORECASE)


UPLOAD_STEP = re.compile(r"upload|\bs3\b|rclone|aws", re.IGNORECASE)


def _rerun(seen: WorkflowEvidence, case: Case) -> tuple[Fix, ...]:
    run = run_of(seen)
    if run is None:
        return ()
    return (
        shell(
            "Run it again, once the cause is mended",
            f"gh run rerun {run.id} --failed{repo_flag(case)}",
        ),
    )


def link_reached(seen: WorkflowEvidence) -> Link:
    """The link of the chain at which the job stopped."""
    if (
        seen.update_step is not None
        and seen.update_step.status != "queued"
        and (
            seen.update_step.conclusion not in (None, "skipped")
            or seen.update_step.status == "in_progress"
        )
    ):
        return Link.FUNCTION_UPDATES
    stopped = _first_bad_step(seen)
    if stopped is not None and UPLOAD_STEP.search(stopped.name):
        return Link.FILE_UPLOADED
    if seen.job is None or not seen.job.steps:
        return Link.RUN_STARTS
    return Link.BACKUP_MADE


def _first_bad_step(seen: WorkflowEvidence) -> Step | None:
    """The first step that did not end well, in the job of the update step or in one before it."""
    jobs = [job for job in (seen.job, *jobs_of(seen)) if job is not None]
    bad = ("failure", "cancelled", "timed_out")
    for job in jobs:
        for step in job.steps:
            if step.conclusion in bad or step.status == "in_progress":
                return step
    return None


@rules.context("workflow/still-running")
def still_running(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job has not ended, and is within its usual time.

    Detected: the job that holds the update step is not over; the job counts, never the run.
    Cause: none: wait.
    Fix: none.
    By hand: `gh run watch`.
    Source: GitHub REST, jobs, `status`.
    """
    if progress(case) is not Progress.GOING:
        return None
    job = seen.job
    since = job.started_at if job and job.started_at else None
    going = f" for {duration(case.now - since)}" if since else ""
    name = f"The job {job.name!r}" if job else "The run"
    return Found(summary=f"{name} is still going{going}.", evidence=run_exhibits(seen, case))


@rules.cause("workflow/overdue", breaks=Link.BACKUP_MADE)
def overdue(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job runs much longer than usual.

    Detected: longer than its timeout-minutes, else three times the median of recent successful runs,
    else `stuck_after`.
    Cause: a step hangs: the log of the running job shows which.
    Fix: cancel the run, give the step a timeout.
    By hand: open the running job on GitHub.
    Source: contract, Verdict.
    """
    job = seen.job
    if progress(case) is not Progress.OVERDUE or job is None or job.started_at is None:
        return None
    step = next((one for one in job.steps if one.status == "in_progress"), None)
    at = f" in the step {step.name!r}" if step else ""
    run = run_of(seen)
    cancel = (
        (shell("Cancel it", f"gh run cancel {run.id}{repo_flag(case)}"),) if run is not None else ()
    )
    return Found(
        summary=f"The job {job.name!r} has been running for {duration(case.now - job.started_at)}{at}, "
        "much longer than usual.",
        evidence=run_exhibits(seen, case),
        fixes=(*cancel, setting("Give the job a limit", "Set `timeout-minutes` on the job.")),
        breaks=(link_reached(seen),),
    )


def _timed_out(seen: WorkflowEvidence) -> bool:
    job = seen.job
    if job is None:
        return False
    log = seen.reading
    said = [*job.annotations, *(log.errors if log else ())]
    by_step = any(STEP_TIMEOUT.search(line) for line in said)
    by_job = any(JOB_TIMEOUT.search(line) for line in said)
    if job.conclusion == "timed_out" or any(step.conclusion == "timed_out" for step in job.steps):
        return True
    if by_job or by_step:
        return job.conclusion != "success"
    unsaid = job.conclusion == "cancelled" and not job.annotations
    return unsaid and _lasted_to_its_limit(seen) is True


def _lasted_to_its_limit(seen: WorkflowEvidence) -> bool | None:
    """Whether the job ran for as long as it may; None where its limit or its times are unknown."""
    job = seen.job
    file = seen.file if isinstance(seen.file, WorkflowFile) else None
    if job is None or job.started_at is None or job.completed_at is None:
        return None
    if file is None or file.job is None:
        return None
    limit = timedelta(minutes=file.job_timeout_minutes or DEFAULT_LIMIT_MINUTES)
    return job.completed_at - job.started_at >= limit - CLOCK_SLACK


@rules.cause("workflow/timed-out", breaks=Link.BACKUP_MADE)
def timed_out(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job or a step ran into its time limit.

    Detected: an annotation says that the maximum execution time was exceeded (GitHub then calls the
    job `cancelled`), a step "has timed out after N minutes", or the conclusion is timed_out. Without
    annotations: a cancelled job that lasted as long as the file's timeout-minutes allow.
    Cause: the backup grew, the network was slow, a step hung.
    Fix: raise `timeout-minutes`, or make the step faster.
    By hand: the annotations on the run's page.
    Source: GitHub, `timeout-minutes`; annotations of jobs over their limit.
    """
    job = seen.job
    if job is None or job.status != "completed" or not _timed_out(seen):
        return None
    step = _first_bad_step(seen)
    at = f" in the step {step.name!r}" if step else ""
    return Found(
        summary=f"The job {job.name!r} ran into its time limit{at}.",
        evidence=(
            *run_exhibits(seen, case),
            *(
                exhibit("annotation", line, "GitHub API", view_command(seen, case))
                for line in job.annotations
            ),
        ),
        fixes=(
            setting("Raise the limit", "Raise `timeout-minutes` of the job or step."),
            *_rerun(seen, case),
        ),
        breaks=(link_reached(seen),),
    )


@rules.cause("workflow/cancelled", breaks=Link.BACKUP_MADE, yields_to=("workflow/timed-out",))
def cancelled(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run was cancelled before it could update the row.

    Detected: the job's (or, without jobs, the run's) conclusion is cancelled, and no annotation
    speaks of a time limit. Where annotations may not be read (`checks: read`) and the job's limit is
    not known, GitHub says `cancelled` for both: then it is a symptom.
    Cause: someone cancelled it, or a newer run of the same concurrency group did.
    Fix: run it again.
    By hand: the run's page names who cancelled it.
    Source: GitHub, workflow cancellation.
    """
    run, job = run_of(seen), seen.job
    conclusion = job.conclusion if job else (run.conclusion if run else None)
    if conclusion != "cancelled" or _timed_out(seen) or (job and update_ended_well(seen)):
        return None
    step = _first_bad_step(seen)
    at = f" in the step {step.name!r}" if step else " before any step ran"
    if seen.unread_annotations and job and job.steps and _lasted_to_its_limit(seen) is None:
        return Found(
            summary=f"The job was cancelled{at}, by someone or by its time limit: which of the two is "
            "in GitHub's annotations, which could not be read.",
            evidence=run_exhibits(seen, case),
            fixes=_rerun(seen, case),
            breaks=(),
            role=Role.SYMPTOM,
        )
    return Found(
        summary=f"The run was cancelled{at}.",
        evidence=run_exhibits(seen, case),
        fixes=_rerun(seen, case),
        breaks=(link_reached(seen),),
    )


@rules.cause(
    "workflow/failed-before-update",
    breaks=(Link.BACKUP_MADE,),
    yields_to=(
        "secrets/missing",
        "secrets/empty",
        "workflow/timed-out",
        "workflow/cancelled",
        "object/bucket-missing",
    ),
)
def failed_before_update(seen: WorkflowEvidence, case: Case) -> Found | None:
    """A step before the update failed: the backup was not made, or not uploaded.

    Detected: an earlier step (or a job that this one needs) ended with `failure`; or an upload that
    reported an error in a step that is green all the same.
    Cause: what the step's own error says; it is quoted.
    Fix: mend that, then run the workflow again.
    By hand: the red step on the run's page.
    Source: guide, step 1.
    """
    log = seen.reading
    step = failed_before(seen)
    swallowed = _swallowed_upload_error(case)
    if step is None and not swallowed:
        return None
    errors = (log.upload_errors or log.errors) if log else ()
    quoted = f": {errors[0]}" if errors else _annotated(seen)
    name = (
        f"The step {step.name!r} failed"
        if step
        else "The upload failed, in a step that is green all the same"
    )
    uploads = bool(log and log.upload_errors) or (
        step is not None and bool(UPLOAD_STEP.search(step.name))
    )
    return Found(
        summary=f"{name}{quoted}",
        evidence=(
            *run_exhibits(seen, case),
            *(
                (exhibit("error", "\n".join(errors), "workflow log", log_command(case)),)
                if errors
                else ()
            ),
        ),
        fixes=(
            manual("Mend what the step says, then run the workflow again", _advice(errors)),
            *_rerun(seen, case),
        ),
        breaks=(Link.FILE_UPLOADED if uploads else Link.BACKUP_MADE,),
    )


def _annotated(seen: WorkflowEvidence) -> str:
    """What GitHub itself says of the failure, beside that a process ended."""
    said = seen.job.annotations if seen.job else ()
    told = next((one for one in said if not one.startswith("Process completed")), "")
    return f". GitHub says: {told}" if told else ""


def _swallowed_upload_error(case: Case) -> bool:
    """An upload error in the log of a green step, and indeed no object of this backup."""
    if not case.log or not case.log.upload_errors or case.log.uploaded:
        return False
    return case.object is None or case.object.present is None


def _advice(errors: tuple[str, ...]) -> str:
    text = " ".join(errors).lower()
    if "accessdenied" in text or "access denied" in text:
        return "S3 refused the upload: give the pipeline's AWS identity s3:PutObject on the prefix."
    if "credential" in text or "invalidaccesskeyid" in text or "signaturedoesnotmatch" in text:
        return "The upload's AWS credentials are missing or wrong: set them again on GitHub."
    if "nosuchbucket" in text:
        return "The bucket does not exist: create it, or correct its name in the workflow."
    return "Read the quoted error; it is the step's own."
