"""Whether the bucket that the doctor looks into is the pipeline's, and what shows that a file is not there.

An object is missing only where whoever looked would have seen it. The run itself may show that it
left none; else bucket, prefix and endpoint must be the pipeline's, which another backup's file
shows, or a trace of this very file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.object import NO_SUCH_BUCKET, Search
from backup_doctor.evidence.workflow import Held
from backup_doctor.judge.history.row import RowState, row_state
from backup_doctor.judge.history.run import is_over
from backup_doctor.judge.history.upload import left_no_file

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import ObjectEvidence

AMAZON = "amazonaws.com"
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
