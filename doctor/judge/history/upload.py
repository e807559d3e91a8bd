"""What the run itself shows of its upload: that there was one, that it failed, that there was none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown, Unseen
from backup_doctor.evidence.object_keys import places
from backup_doctor.evidence.workflow import Job, Run, WorkflowFile
from backup_doctor.judge.history.calls import update_ran
from backup_doctor.judge.history.run import dispatch_runs, is_over
from backup_doctor.judge.history.whole_step import ended_before_update
from backup_doctor.services.error_lines import is_of_another_call, is_of_upload
from backup_doctor.services.runner_steps import ARTIFACT, is_runners
from backup_doctor.services.uploading import BY_NAME_AND_DONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import RunAttempt, Step, WorkflowStep

# What the next try may well get over.
_PASSING = re.compile(
    r"SlowDown|InternalError|ServiceUnavailable|RequestTimeout|OperationAborted|Failed to copy"
    r"|Could not connect|EndpointConnection|timed? ?out|reset by peer|\b50[0234]\b",
    re.IGNORECASE,
)
_EXITED = re.compile(r"^Process completed with exit code \d+")
# Actions of GitHub's that only prepare the runner.
_PREPARES = re.compile(r"^Run actions/(?:checkout|setup-)")
NEVER_CAME = "the run never came to the step that uploads"


def upload_succeeded(case: Case) -> bool:
    """Whether the run's log says that a file was uploaded."""
    return case.log is not None and bool(case.log.uploaded)


def logged_keys(case: Case) -> frozenset[str]:
    """The keys that the run's log says were uploaded."""
    bucket = case.object.bucket if case.object and isinstance(case.object.bucket, str) else None
    meant = (places(text, bucket) for text in (case.log.uploaded if case.log else ()))
    return frozenset(found[0].key for found in meant if found)


def upload_errors(case: Case) -> tuple[str, ...]:
    """The lines of the run's log in which an upload says why it failed."""
    told = case.log.upload_errors if case.log else ()
    return tuple(line for line in told if not is_of_another_call(line))


def upload_failed(case: Case) -> str | None:
    """The upload's own error in the log of the attempt that is judged, where no other one uploaded."""
    log = case.log
    if log is None or log.uploaded or _others_may_have_uploaded(case):
        return None
    died = _died_in_upload(case)
    # Where the upload did not die, an S3 that refused may have refused another request.
    own = next((line for line in upload_errors(case) if died or is_of_upload(line)), None)
    told = (line for line in log.errors if not _EXITED.match(line))
    return own or ended_before_update(case) or (next(told, None) if died else None)


def may_have_passed(case: Case, error: str) -> bool:
    """Whether the job went on after an error of its upload that another try may have got over."""
    return bool(_PASSING.search(error)) and update_ran(case) is not False


def _died_in_upload(case: Case) -> bool:
    """Whether the first step that failed is the one that uploads."""
    job = case.workflow.job if case.workflow else None
    failed = next((one for one in job.steps if one.conclusion == "failure"), None) if job else None
    return failed is not None and _is_named_upload(failed.name)


def _is_named_upload(name: str) -> bool:
    return bool(BY_NAME_AND_DONE.search(name)) and not ARTIFACT.search(name)


def _others_may_have_uploaded(case: Case) -> bool:
    """Whether another run or attempt of the dispatch came to a step that uploads, or nobody knows."""
    run = case.workflow.run if case.workflow else None
    if not isinstance(run, Run):
        return False
    known = dispatch_runs(case)
    attempts = {(one.run.id, one.run.attempt) for one in known}
    if any((run.id, number) not in attempts for number in range(1, run.attempt)):
        return True
    others = (one for one in known if (one.run.id, one.run.attempt) != (run.id, run.attempt))
    return not all(_never_uploaded(case, one) for one in others)


def _never_uploaded(case: Case, attempt: RunAttempt) -> bool:
    """Whether an attempt's job shows that it never came to its upload."""
    job = attempt.job
    if job is None or job.status != "completed":
        return False
    if not any(_steps_that_ran((job,))):
        return True
    workflow = case.workflow
    file = workflow.file if workflow else None
    return isinstance(file, WorkflowFile) and _passed_by(job, file)


def left_no_file(case: Case) -> Shown | None:
    """Proof from the run itself that it uploaded nothing."""
    error = upload_failed(case)
    if error is not None:
        by = f"the run's own log has the error of its upload: {error}"
        return None if may_have_passed(case, error) else Shown(by=by)
    workflow = case.workflow
    if workflow is None or upload_succeeded(case) or _others_may_have_uploaded(case):
        return None
    if workflow.run is None:
        shown = is_over(case) and isinstance(workflow.absence, Shown)
        return Shown(by="no run of this backup was started") if shown else None
    if not isinstance(workflow.run, Run) or not is_over(case) or isinstance(workflow.jobs, Unseen):
        return None
    if not any(_steps_that_ran(workflow.jobs)):
        ended = workflow.run.status == "completed"
        return Shown(by="no step of its run was executed") if ended else None
    return _uploads_skipped(case)


def _steps_that_ran(jobs: tuple[Job, ...]) -> Iterator[Step]:
    return (
        step
        for job in jobs
        for step in job.steps
        if step.conclusion not in (None, "skipped") or step.status == "in_progress"
    )


def _uploads_skipped(case: Case) -> Shown | None:
    """Proof that the attempt that is judged never came to a step that could upload."""
    workflow = case.workflow
    file = workflow.file if workflow else None
    if workflow is None or workflow.job is None:
        return None
    jobs = () if isinstance(workflow.jobs, Unseen) else workflow.jobs
    others = [one for one in jobs if one.id != workflow.job.id]
    if any(_works(job) for job in others):
        # The file's steps are those of the job that updates the row: what others do is not seen.
        return None
    job = workflow.job
    passed = isinstance(file, WorkflowFile) and _passed_by(job, file)
    return Shown(by=NEVER_CAME) if passed or _stopped_early(case, job, others) else None


def _works(job: Job) -> set[str]:
    """The names of its steps that ran and do more than prepare the runner."""
    names = {step.name for step in job.steps}
    ran = {step.name for step in _steps_that_ran((job,))}
    return {one for one in ran if not is_runners(one, names) and not _PREPARES.search(one)}


def _passed_by(job: Job, file: WorkflowFile) -> bool:
    """Whether the job has steps that could upload, and only others of the file ran."""
    everybody = _is_given_to_all(file)
    uploading = {
        step.name for step in file.steps if _may_upload(step) or (everybody and step.script)
    }
    uploading |= {step.name for step in job.steps if _is_named_upload(step.name)}
    ran = _works(job)
    known = {step.name for step in file.steps}
    return bool(uploading) and not uploading & ran and ran <= known


def _stopped_early(case: Case, job: Job, others: list[Job]) -> bool:
    """Whether an upload was still to come, in the job or in another, and the log shows none that could be one.

    So it is known where the workflow's file cannot be read, or tells of another job.
    """
    log = case.log
    if log is None or log.truncated or not log.shows_no_store:
        return False
    named = {step.name for step in job.steps if _is_named_upload(step.name)}
    return bool(named or others) and not named & _works(job)


def _is_given_to_all(file: WorkflowFile) -> bool:
    """Whether the job or the workflow hands what opens the bucket to each of its steps."""
    own = {name for step in file.steps for name in step.secrets}
    return any(map(BY_NAME_AND_DONE.search, {*file.env_secrets, *(set(file.secrets) - own)}))


def _may_upload(step: WorkflowStep) -> bool:
    if ARTIFACT.search(step.uses or ""):
        return False
    return any(map(BY_NAME_AND_DONE.search, step.told))
