"""Guide step 6: whether the file is in the bucket, whole, and the one that the row names."""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from doctor.chain import Link
from doctor.evidence.base import Unseen, Why
from doctor.evidence.object import (
    ObjectEvidence,
    Search,
    StoredObject,
    UnfinishedUpload,
    ZipTail,
)
from doctor.evidence.workflow import Run
from doctor.framework import Check, Found
from doctor.model import Exhibit, Fix, Role, Severity
from doctor.show import exhibit, listed, manual, quote, setting, shell, size
from doctor.story import RowState, is_over, row_state

if TYPE_CHECKING:
    from doctor.case import Case

check = Check(
    name="object",
    step=6,
    title="File in S3",
    evidence=ObjectEvidence,
    needs=("row", "workflow"),
    collected_by="doctor.collectors.object:look",
)

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
SHRUNK_BELOW = 0.1
EARLIER_NEEDED = 3
CLOCK_SLACK = timedelta(minutes=5)
CREDENTIAL_CODES = frozenset(
    {"ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"}
)
REGION_CODES = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "301"})
STOPPED_BEFORE = (
    "workflow/failed-before-update",
    "workflow/cancelled",
    "workflow/timed-out",
    "workflow/overdue",
)


@check.must_see
def the_file_itself(seen: ObjectEvidence, case: Case) -> tuple[Unseen, ...]:
    """A backup that is still going has no file yet: nothing to pass."""
    if case.is_preflight or seen.present is not None or seen.gaps():
        return ()
    return (Unseen(why=Why.NOT_ASKED, what="There is no file of this backup to look at."),)


def _bucket(seen: ObjectEvidence) -> str:
    return seen.bucket if isinstance(seen.bucket, str) else "your-bucket"


def _head(seen: ObjectEvidence, key: str) -> str:
    return f"aws s3api head-object --bucket {quote(_bucket(seen))} --key {quote(key)}"


def _list(seen: ObjectEvidence, case: Case) -> str:
    named = case.asked.dispatch_id or ""
    folder = quote(f"s3://{_bucket(seen)}/{case.names.prefix}")
    return f"aws s3 ls {folder} --recursive" + (f" | grep -F -- {quote(named)}" if named else "")


def _found_one(seen: ObjectEvidence, one: StoredObject) -> Exhibit:
    text = f"{one.key} ({size(one.size)}, {one.modified_at.isoformat()})"
    return exhibit("object", text, "S3", _head(seen, one.key))


def _expected(seen: ObjectEvidence) -> Exhibit:
    key = seen.expected_key or ""
    return exhibit(f"key named by {seen.key_source}", key, "S3", _head(seen, key))


def _gone(seen: ObjectEvidence) -> bool:
    """The key that the row or the log names is not in the bucket, and that is certain."""
    return seen.expected_key is not None and seen.head is None and isinstance(seen.bucket, str)


MAKE_AGAIN = manual(
    "Make the backup again",
    "Find out why the file is not there, then start a new backup: this one has no file.",
)


def _row_is_done(case: Case) -> bool:
    return row_state(case) in (RowState.RIGHT, RowState.INCOMPLETE)


@check.cause(
    "object/missing",
    breaks=Link.FILE_UPLOADED,
    yields_to=(
        "object/deleted",
        "object/found-elsewhere",
        "object/unfinished-upload",
        "object/bucket-missing",
        "secrets/missing",
        "secrets/empty",
        *STOPPED_BEFORE,
    ),
)
def missing(seen: ObjectEvidence, case: Case) -> Found | None:
    """The file is not in the bucket.

    Detected: HEAD of the key that the row or the log names finds nothing, and the doctor may list
    the bucket, so that absence is certain; and no other key names the dispatch. Where no key was
    ever named, an empty search is a symptom.
    Cause: the upload failed silently, went to another bucket, or a lifecycle rule deleted the file.
    Fix: make the backup again.
    By hand: `aws s3 ls s3://your-bucket/backups/ --recursive | grep your-dispatch-id`
    Source: guide, step 6.
    """
    if seen.present is not None:
        return None
    if _gone(seen):
        return Found(
            summary=f"{seen.expected_key} is not in the bucket {_bucket(seen)}.",
            evidence=(_expected(seen), *_searched(seen, case)),
            fixes=(MAKE_AGAIN,),
        )
    searched = seen.search if isinstance(seen.search, Search) else None
    unfinished = row_state(case) in (RowState.IN_PROGRESS, RowState.OTHER) and is_over(case)
    if searched is None or not searched.complete or searched.hits or not unfinished:
        return None
    return Found(
        summary="No object in the bucket names this dispatch.",
        evidence=_searched(seen, case),
        breaks=(),
        role=Role.SYMPTOM,
    )


def _searched(seen: ObjectEvidence, case: Case) -> tuple[Exhibit, ...]:
    if not isinstance(seen.search, Search):
        return ()
    end = "" if seen.search.complete else ", stopped at the bound"
    text = f"{seen.search.listed} keys under {listed(seen.search.prefixes)}{end}"
    return (exhibit("searched", text, "S3", _list(seen, case)),)


@check.cause(
    "object/found-elsewhere",
    breaks=Link.FILE_UPLOADED,
)
def found_elsewhere(seen: ObjectEvidence, case: Case) -> Found | None:
    """The file is not where the row or the log says, but it is in the bucket.

    Detected: the named key is absent, and exactly one other key names the dispatch (or has the same
    file name).
    Cause: the update step computed the key anew (another date at midnight, another prefix), or the
    file was moved.
    Fix: the fix SQL writes the real key; let the upload's own key be used.
    By hand: `aws s3 ls s3://your-bucket/backups/ --recursive | grep your-dispatch-id`
    Source: guide, step 6.
    """
    if not _gone(seen) or seen.present is None:
        return None
    return Found(
        summary=f"The file is not at {seen.expected_key} but at {seen.present.key}.",
        evidence=(_expected(seen), _found_one(seen, seen.present)),
        fixes=(
            manual(
                "Use the upload's own key",
                "Let the update step take S3_KEY from the upload step instead of computing it again.",
            ),
        ),
    )


@check.cause(
    "object/size-mismatch",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("object/truncated", "object/empty"),
)
def size_mismatch(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object has another size than the row says.

    Detected: the row's size_bytes differs from the object's size.
    Cause: the size was taken before the archive was finished, in another unit, or the object was
    overwritten.
    Fix: where the zip is whole, the fix SQL writes the real size.
    By hand: compare `aws s3api head-object` with size_bytes.
    Source: guide, step 3 and 6.
    """
    row, here = case.backup, seen.head if isinstance(seen.head, StoredObject) else None
    if row is None or here is None or row.size_bytes is None or here.size == row.size_bytes:
        return None
    if not _row_is_done(case):
        return None
    return Found(
        summary=f"The object has {size(here.size)}, the row says {size(row.size_bytes)}.",
        evidence=(_found_one(seen, here), exhibit("size_bytes", row.size_bytes, "database", None)),
        fixes=(
            manual(
                "Send the size of the finished file",
                "Let the update step take BACKUP_SIZE after the upload, in bytes (stat -c %s).",
            ),
        ),
    )


@check.cause("object/empty", breaks=Link.FILE_UPLOADED, yields_to=STOPPED_BEFORE)
def empty(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object is there and has no bytes.

    Detected: its size is 0.
    Cause: an empty file was uploaded: the dump or the zip step failed without stopping the job.
    Fix: let the job stop on errors (`set -euo pipefail`), and make the backup again.
    By hand: `aws s3api head-object`, ContentLength.
    Source: guide, step 6.
    """
    here = seen.present
    if here is None or here.size > 0:
        return None
    return Found(
        summary=f"{here.key} is empty (0 bytes).",
        evidence=(_found_one(seen, here),),
        fixes=(MAKE_AGAIN,),
    )


@check.cause(
    "object/truncated", breaks=Link.FILE_UPLOADED, yields_to=("object/empty", *STOPPED_BEFORE)
)
def truncated(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object is not a complete zip.

    Detected: the end of the file, read with one ranged GET, has no end record, or one that does not
    fit the file.
    Cause: the archive was uploaded while it was still being written, or the writing was cut off
    (disk full); or it is no zip at all.
    Fix: make the backup again; test the archive (`unzip -t`) before the upload.
    By hand: download it and run `unzip -t`.
    Source: the zip format's end of central directory record.
    """
    here, tail = seen.present, seen.present_tail
    if here is None or tail is None or tail.whole or here.size == 0:
        return None
    return Found(
        summary=f"{here.key} is not a complete zip: {tail.problem or 'its end is missing'}.",
        evidence=(
            _found_one(seen, here),
            exhibit("end of the archive", tail.problem or "no end record", "S3, ranged GET", None),
        ),
        fixes=(MAKE_AGAIN,),
    )


@check.cause(
    "object/unfinished-upload",
    breaks=Link.FILE_UPLOADED,
    yields_to=STOPPED_BEFORE,
)
def unfinished_upload(seen: ObjectEvidence, case: Case) -> Found | None:
    """A multipart upload of the file was begun and never completed: it is no object.

    Detected: the key is absent, and list-multipart-uploads shows an upload for it.
    Cause: the uploading process died, or the completion was refused.
    Fix: abort the upload (its parts cost money), and make the backup again.
    By hand: `aws s3api list-multipart-uploads --bucket your-bucket --prefix backups/`
    Source: S3, multipart uploads.
    """
    uploads = () if isinstance(seen.uploads, Unseen) else seen.uploads
    if seen.present is not None or not uploads or _row_waits(case):
        return None
    newest = uploads[-1]
    parts = f", {newest.parts} parts" if newest.parts is not None else ""
    return Found(
        summary=f"The upload of {newest.key} was begun and never completed{parts}.",
        evidence=tuple(_upload(seen, one) for one in uploads),
        fixes=(*(_abort(seen, one) for one in uploads), MAKE_AGAIN),
    )


def _row_waits(case: Case) -> bool:
    return row_state(case) is RowState.IN_PROGRESS and not is_over(case)


def _upload(seen: ObjectEvidence, one: UnfinishedUpload) -> Exhibit:
    return exhibit(
        "unfinished upload",
        f"{one.key}, since {one.initiated_at}",
        "S3",
        f"aws s3api list-multipart-uploads --bucket {quote(_bucket(seen))} --prefix {quote(one.key)}",
    )


def _abort(seen: ObjectEvidence, one: UnfinishedUpload) -> Fix:
    return shell(
        "Abort the upload and free its parts",
        f"aws s3api abort-multipart-upload --bucket {quote(_bucket(seen))} "
        f"--key {quote(one.key)} --upload-id {quote(one.upload_id)}",
    )


@check.cause("object/deleted", breaks=Link.STAYS_SO)
def deleted(seen: ObjectEvidence, case: Case) -> Found | None:
    """The file was uploaded, and deleted afterwards.

    Detected: the bucket keeps versions, and the key's newest one is a delete marker.
    Cause: a lifecycle rule, a clean-up job, a person.
    Fix: remove the delete marker, and the file is back; find out who deletes.
    By hand: `aws s3api list-object-versions --bucket your-bucket --prefix KEY`
    Source: S3, delete markers.
    """
    marker = seen.deleted
    if marker is None or seen.present is not None:
        return None
    when = f" on {marker.deleted_at.isoformat()}" if marker.deleted_at else ""
    restore = (
        (
            shell(
                "Bring the file back by removing the delete marker",
                f"aws s3api delete-object --bucket {quote(_bucket(seen))} --key {quote(marker.key)} "
                f"--version-id {quote(marker.version_id)}",
            ),
        )
        if marker.version_id and marker.previous
        else ()
    )
    return Found(
        summary=f"{marker.key} was uploaded and deleted{when}.",
        evidence=(
            exhibit(
                "delete marker",
                marker.version_id or marker.key,
                "S3",
                f"aws s3api list-object-versions --bucket {quote(_bucket(seen))} "
                f"--prefix {quote(marker.key)}",
            ),
            *((_found_one(seen, marker.previous),) if marker.previous else ()),
        ),
        fixes=restore or (MAKE_AGAIN,),
    )


@check.warning("object/archived")
def archived(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object lies in an archive class: it must be restored before it can be read.

    Detected: storage class GLACIER or DEEP_ARCHIVE, and no restored copy.
    Cause: a lifecycle rule.
    Fix: none, if that is intended; a restore takes hours.
    By hand: `aws s3api head-object`, StorageClass.
    Source: S3, storage classes.
    """
    here = seen.present
    if here is None or here.storage_class not in ARCHIVED or here.restored:
        return None
    return Found(
        summary=f"{here.key} is archived ({here.storage_class}): reading it needs a restore first, and "
        "its end could not be checked.",
        evidence=(_found_one(seen, here),),
    )


@check.warning("object/stale")
def stale(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object is older than the run that should have made it.

    Detected: its time lies before the run's start (five minutes of slack for clocks).
    Cause: the upload failed silently, and an object of an earlier backup has the same key.
    Fix: give every backup a key of its own.
    By hand: compare LastModified with the run's start.
    Source: guide, step 6.
    """
    here = seen.present
    run = case.workflow.run if case.workflow and isinstance(case.workflow.run, Run) else None
    row = case.backup
    began = run.created_at if run else (row.created_at if row else None)
    if here is None or began is None or here.modified_at >= began - CLOCK_SLACK:
        return None
    return Found(
        summary=f"{here.key} is older than the run that should have made it.",
        evidence=(_found_one(seen, here), exhibit("run began", began, "GitHub API", None)),
    )


@check.warning("object/shrunk")
def shrunk(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object is far smaller than the backups before.

    Detected: less than a tenth of the median of at least three earlier successful backups.
    Cause: the dump was incomplete: a table or a folder was left out.
    Fix: look into the archive before you rely on it.
    By hand: compare size_bytes of the last backups.
    Source: guide, "Monitor".
    """
    here, earlier = seen.present, case.row.earlier_sizes if case.row else ()
    if here is None or here.size == 0 or len(earlier) < EARLIER_NEEDED:
        return None
    usual = median(earlier)
    if here.size >= usual * SHRUNK_BELOW:
        return None
    return Found(
        summary=f"{here.key} has {size(here.size)}; the backups before had about {size(int(usual))}.",
        evidence=(_found_one(seen, here),),
    )


@check.cause("object/bucket-missing", breaks=Link.FILE_UPLOADED)
def bucket_missing(seen: ObjectEvidence, case: Case) -> Found | None:
    """The bucket does not exist.

    Detected: S3 answers NoSuchBucket.
    Cause: a wrong name in the settings or in the workflow, or the bucket was deleted.
    Fix: correct the name, or create the bucket.
    By hand: `aws s3 ls s3://your-bucket`
    Source: S3 error codes.
    """
    refused = _refusal(seen)
    if refused is None or refused.code != "NoSuchBucket":
        return None
    if _uploaded_by_log(case):
        return Found(
            summary=f"The bucket that the doctor was given does not exist. {refused.what} The run's "
            "upload succeeded: it used another one.",
            breaks=(),
            severity=Severity.WARN,
            role=Role.CONTEXT,
        )
    return Found(
        summary=f"The bucket does not exist. {refused.what}",
        evidence=(
            exhibit("answer", refused.code, "S3", f"aws s3 ls s3://{case.names.bucket or ''}"),
        ),
        fixes=(
            setting("Correct the bucket's name", "BACKUP_BUCKET, and the workflow's own setting."),
        ),
    )


def _uploaded_by_log(case: Case) -> bool:
    return bool(case.log and case.log.uploaded and not case.log.upload_errors)


def _refusal(seen: ObjectEvidence) -> Unseen | None:
    """The first thing that could not be seen, in the order in which it was asked for."""
    parts = (seen.bucket, seen.head, seen.search, seen.tail)
    return next((part for part in parts if isinstance(part, Unseen)), None)


def _access(seen: ObjectEvidence, kinds: tuple[Why, ...], codes: frozenset[str]) -> Unseen | None:
    refused = _refusal(seen)
    if refused is None or refused.code in ("NoSuchBucket", "InvalidObjectState"):
        return None
    if refused.code in codes or (
        refused.code not in REGION_CODES | CREDENTIAL_CODES and refused.why in kinds
    ):
        return refused
    return None


def _note(refused: Unseen | None) -> Found | None:
    """What the doctor's own access lacks. It says nothing about the pipeline."""
    if refused is None:
        return None
    return Found(
        summary=refused.what,
        fixes=(setting("Give the doctor access", refused.remedy),) if refused.remedy else (),
    )


@check.context("object/access-denied")
def access_denied(seen: ObjectEvidence, case: Case) -> Found | None:
    """S3 does not let the doctor look.

    Detected: 403 AccessDenied; without s3:ListBucket an absent key is a 403 too.
    Cause: the doctor's own credentials lack s3:GetObject or s3:ListBucket.
    Fix: give them the read-only policy of the documentation.
    By hand: the same aws command with the same credentials.
    Source: S3, HeadObject permissions.
    """
    return _note(_access(seen, (Why.DENIED,), frozenset({"AccessDenied", "403"})))


@check.context("object/wrong-region")
def wrong_region(seen: ObjectEvidence, case: Case) -> Found | None:
    """The bucket lies in another region than the doctor asked.

    Detected: PermanentRedirect, or AuthorizationHeaderMalformed that names another region.
    Cause: AWS_REGION is another one.
    Fix: set AWS_REGION to the bucket's.
    By hand: `aws s3api get-bucket-location --bucket your-bucket`
    Source: S3 error codes.
    """
    return _note(_access(seen, (), REGION_CODES))


@check.context("object/bad-credentials")
def bad_credentials(seen: ObjectEvidence, case: Case) -> Found | None:
    """The doctor's AWS credentials are missing, expired or wrong.

    Detected: no credentials found, ExpiredToken, InvalidAccessKeyId, SignatureDoesNotMatch.
    Cause: the doctor's own environment.
    Fix: set credentials that may read the bucket.
    By hand: `aws sts get-caller-identity`
    Source: S3 error codes.
    """
    return _note(_access(seen, (Why.BAD_CREDENTIALS,), CREDENTIAL_CODES))


@check.context("object/unreachable")
def unreachable(seen: ObjectEvidence, case: Case) -> Found | None:
    """S3 could not be asked, or what answered is not S3.

    Detected: no connection, no answer in time, or an answer without ETag and Last-Modified.
    Cause: a network problem, a wrong endpoint, a captive portal.
    Fix: check the endpoint and the network.
    By hand: the same aws command.
    Source: boto3's connection errors.
    """
    kinds = (Why.UNREACHABLE, Why.TIMED_OUT, Why.GARBLED, Why.RATE_LIMITED, Why.REFUSED)
    return _note(_access(seen, kinds, frozenset()))


def archive_is_whole(seen: ObjectEvidence) -> bool | None:
    """Whether the object of this backup is a whole archive; None where its end was not read."""
    here, tail = seen.present, seen.present_tail
    if here is None or here.size == 0:
        return False
    return tail.whole if isinstance(tail, ZipTail) else None
