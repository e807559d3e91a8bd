"""Whether the bucket that the doctor looks into is the pipeline's, and what shows that a file is not there.

An object is missing only where whoever looked would have seen it. The run itself may show that it
left none; else bucket, prefix and endpoint must be the pipeline's, which another backup's file
shows, or a trace of this very file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.object import NO_SUCH_BUCKET, Search
from backup_doctor.evidence.object_keys import places
from backup_doctor.evidence.workflow import Held, Job, Run, WorkflowFile
from backup_doctor.judge.history.row import RowState, row_state
from backup_doctor.judge.history.run import dispatch_runs, is_over
from backup_doctor.judge.history.whole_step import ended_before_update
from backup_doctor.services.error_lines import is_of_reading, is_of_upload
from backup_doctor.services.runner_steps import is_runners

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import ObjectEvidence
    from backup_doctor.evidence.workflow import RunAttempt, Step, WorkflowStep

# "Nothing was uploaded" is what a step says, not what it does.
_UPLOADS = re.compile(
    r"upload(?!ed)|rclone|minio|s5cmd|(?<![a-z0-9])(?:s3|aws|r2)(?![a-z0-9])", re.IGNORECASE
)
# It keeps files with GitHub.
_ARTIFACT = re.compile(r"artifact|actions/cache", re.IGNORECASE)
_EXITED = re.compile(r"^Process completed with exit code \d+")
# Actions of GitHub's that only prepare the runner.
_PREPARES = re.compile(r"^Run actions/(?:checkout|setup-)")
AMAZON = "amazonaws.com"
NEVER_CAME = "the run never came to the step that uploads"
NOT_LOOKED = Unseen(
    why=Why.NOT_ASKED,
    what="Whether other backups' files are in this bucket was not looked at.",
    remedy="Diagnose this backup alone.",
    dependency="S3",
)


class SettingDifference(NamedTuple):
    """A setting of the doctor's that is not what the run's log shows of the pipeline."""

    setting: str
    given: str
    named: str


# What the log says of the upload -----------------------------------------------------------------


def upload_succeeded(case: Case) -> bool:
    """Whether the run's log says that a file was uploaded."""
    return case.log is not None and bool(case.log.uploaded)


def logged_keys(case: Case) -> frozenset[str]:
    """The keys that the run's log says were uploaded."""
    bucket = case.object.bucket if case.object and isinstance(case.object.bucket, str) else None
    meant = (places(text, bucket) for text in (case.log.uploaded if case.log else ()))
    return frozenset(found[0].key for found in meant if found)


def upload_failed(case: Case) -> str | None:
    """The error in the judged attempt's log that kept it from an upload, where no other one uploaded."""
    log = case.log
    if log is None or log.uploaded or _others_may_have_uploaded(case):
        return None
    died = _died_in_upload(case)
    uploads = (one for one in log.upload_errors if died or is_of_upload(one))
    own = next((one for one in uploads if not is_of_reading(one)), None)
    told = (line for line in log.errors if not _EXITED.match(line))
    return own or ended_before_update(case) or (next(told, None) if died else None)


def _died_in_upload(case: Case) -> bool:
    """Whether the first step that failed is the one that uploads."""
    job = case.workflow.job if case.workflow else None
    failed = next((one for one in job.steps if one.conclusion == "failure"), None) if job else None
    return failed is not None and _is_named_upload(failed.name)


def _is_named_upload(name: str) -> bool:
    return bool(_UPLOADS.search(name)) and not _ARTIFACT.search(name)


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
        return Shown(by=f"the run's own log shows that nothing was uploaded: {error}")
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
    if workflow is None or workflow.job is None or not isinstance(file, WorkflowFile):
        return None
    jobs = () if isinstance(workflow.jobs, Unseen) else workflow.jobs
    others = [one for one in jobs if one.id != workflow.job.id]
    if any(_works(job) for job in others):
        # The file's steps are those of the job that updates the row: what others do is not seen.
        return None
    return Shown(by=NEVER_CAME) if _passed_by(workflow.job, file) else None


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


def _is_given_to_all(file: WorkflowFile) -> bool:
    """Whether the job or the workflow hands what opens the bucket to each of its steps."""
    own = {name for step in file.steps for name in step.secrets}
    return any(map(_UPLOADS.search, {*file.env_secrets, *(set(file.secrets) - own)}))


def _may_upload(step: WorkflowStep) -> bool:
    if _ARTIFACT.search(step.uses or ""):
        return False
    told = (step.name, step.uses or "", step.script, *step.secrets, *step.env)
    return any(map(_UPLOADS.search, told))


# Whose bucket it is ------------------------------------------------------------------------------


def uploaded_to_bucket(case: Case) -> bool:
    """Whether the row's key, the run's upload or a step's `env:` names the bucket that the doctor was given."""
    bucket = case.names.bucket
    if bucket is None:  # then it was one of these that named it
        return True
    row_key = case.backup.s3_key if case.backup else None
    texts = (*(case.log.uploaded if case.log else ()), row_key or "")
    named = case.log.buckets if case.log else ()
    last = case.workflow.held if case.workflow else None
    if isinstance(last, Held):
        named = (*named, *last.buckets)
    return bucket in named or any(text.startswith(f"s3://{bucket}/") for text in texts)


def differences(seen: ObjectEvidence, case: Case) -> tuple[SettingDifference, ...]:
    """The doctor's settings that differ from what the run's log shows of bucket and endpoint."""
    log = case.log
    if log is None:
        return ()
    given = seen.bucket if isinstance(seen.bucket, str) else case.names.bucket
    named = (*log.buckets, *(text for text in map(_bucket_in, log.uploaded) if text))
    found = []
    if given and named and given not in named:
        found.append(SettingDifference("BACKUP_BUCKET", given, named[0]))
    hosts = [_host(one) for one in log.endpoints]
    own = _host(seen.endpoint or "")
    if hosts and own not in hosts:
        found.append(
            SettingDifference("AWS_ENDPOINT_URL_S3", seen.endpoint or "Amazon S3", hosts[0])
        )
    return tuple(found)


def _bucket_in(text: str) -> str:
    named = text.removeprefix("s3://").partition("/")[0] if text.startswith("s3://") else ""
    return "" if "***" in named else named


def _host(address: str) -> str:
    """The host and port; all of Amazon's own are one."""
    host = urlsplit(address).netloc if "://" in address else address.partition("/")[0]
    host = host.rpartition("@")[2].lower()
    return AMAZON if not host or host.endswith((AMAZON, f"{AMAZON}.cn")) else host


def settings_to_check(seen: ObjectEvidence, case: Case) -> str:
    """Which settings may be wrong, with what they are."""
    bucket = seen.bucket if isinstance(seen.bucket, str) else case.names.bucket or "not set"
    endpoint = seen.endpoint or "not set: Amazon S3"
    return (
        f"Check that BACKUP_BUCKET ({bucket}), BACKUP_PREFIX ({case.names.prefix or 'empty'}) and "
        f"AWS_ENDPOINT_URL_S3 ({endpoint}) are the pipeline's."
    )


def shown_bucket(seen: ObjectEvidence, case: Case) -> Shown | Unseen:
    """Proof that the pipeline's files are where the doctor looked; else why that is not known."""
    differing = differences(seen, case)
    if differing:
        one = differing[0]
        return _open(
            seen, case, f"The run's log shows {one.named}; the doctor looked in {one.given}."
        )
    trace = _trace(seen)
    if trace is not None:
        return trace
    if isinstance(seen.control, Shown):
        return seen.control
    if case.log is not None and not case.log.uploaded and seen.bucket in case.log.buckets:
        return Shown(by=f"the run's log names the bucket {seen.bucket}")
    why = seen.control or NOT_LOOKED
    return _open(seen, case, why.what)


def _trace(seen: ObjectEvidence) -> Shown | None:
    """What S3 still has of this very file."""
    versions = () if isinstance(seen.versions, Unseen) else seen.versions
    uploads = () if isinstance(seen.uploads, Unseen) else seen.uploads
    if seen.deleted is not None or versions:
        return Shown(by="the bucket still has a version of it, or the mark of its deletion")
    return Shown(by="its upload was started in this bucket") if uploads else None


def _open(seen: ObjectEvidence, case: Case, why: str) -> Unseen:
    return Unseen(
        why=Why.NOT_ASKED, what=why, remedy=settings_to_check(seen, case), dependency="S3"
    )


def shown_bucket_gone(seen: ObjectEvidence, case: Case) -> Shown | Unseen | None:
    """Proof that a bucket that does not exist is the pipeline's own; None where S3 says no such thing."""
    refused = next((one for one in (seen.bucket, seen.head) if isinstance(one, Unseen)), None)
    if refused is None or refused.code != NO_SUCH_BUCKET:
        return None
    if not differences(seen, case) and met_no_bucket(case):
        return Shown(by="the run's own upload met no such bucket either")
    if differences(seen, case) or not uploaded_to_bucket(case):
        return _open(seen, case, f"{refused.what} Nothing shows that it is the pipeline's.")
    return Shown(by="the run's log or the row names this bucket")


def met_no_bucket(case: Case) -> bool:
    """Whether the run's own upload failed because there was no such bucket."""
    return any(NO_SUCH_BUCKET in line for line in (case.log.upload_errors if case.log else ()))


# Whether there is no file ------------------------------------------------------------------------


def shown_missing(seen: ObjectEvidence, case: Case) -> Shown | Unseen | None:
    """Proof that nothing is at the named key, or that no key names the backup; None if not claimed."""
    if seen.present is not None or isinstance(seen.head, Unseen) or not _is_claimed(seen, case):
        return None
    return left_no_file(case) or shown_bucket(seen, case)


def _is_claimed(seen: ObjectEvidence, case: Case) -> bool:
    search = seen.search if isinstance(seen.search, Search) else None
    if not isinstance(seen.bucket, str) or (search is not None and search.hits):
        return False
    if seen.expected_key is not None:
        return True
    unfinished = row_state(case) in (RowState.IN_PROGRESS, RowState.OTHER) and is_over(case)
    return unfinished and search is not None and search.complete
