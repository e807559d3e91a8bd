"""Whether the file is in the bucket, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.object.view import (
    MAKE_AGAIN,
    STOPPED_BEFORE,
    bucket_of,
    found_one,
    head_command,
    refusal,
)
from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.object import (
    NO_SUCH_BUCKET,
    ObjectEvidence,
    Search,
    UnfinishedUpload,
)
from doctor.framework import Found, Rules
from doctor.model import Exhibit, Fix, Role, Severity
from doctor.show import exhibit, listed, manual, quote, setting, shell
from doctor.story import RowState, is_over, row_state
from doctor.story.bucket import uploaded_to_bucket

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[ObjectEvidence]()


def _list(seen: ObjectEvidence, case: Case) -> str:
    named = case.asked.dispatch_id or ""
    folder = quote(f"s3://{bucket_of(seen)}/{case.names.prefix}")
    return f"aws s3 ls {folder} --recursive" + (f" | grep -F -- {quote(named)}" if named else "")


def _expected(seen: ObjectEvidence) -> Exhibit:
    key = seen.expected_key or ""
    return exhibit(f"key named by {seen.key_source}", key, "S3", head_command(seen, key))


def _gone(seen: ObjectEvidence) -> bool:
    """The key that the row or the log names is not in the bucket, and that is certain."""
    return seen.expected_key is not None and seen.head is None and isinstance(seen.bucket, str)


@rules.cause(
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
            summary=f"{seen.expected_key} is not in the bucket {bucket_of(seen)}.",
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


@rules.cause(
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
        evidence=(_expected(seen), found_one(seen, seen.present)),
        fixes=(
            manual(
                "Use the upload's own key",
                "Let the update step take S3_KEY from the upload step instead of computing it again.",
            ),
        ),
    )


@rules.cause(
    "object/unfinished-upload",
    breaks=Link.FILE_UPLOADED,
    yields_to=("object/deleted", *STOPPED_BEFORE),
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
    arrived = "" if newest.parts is None else f", parts that arrived: {newest.parts}"
    return Found(
        summary=f"The upload of {newest.key} was begun and never completed{arrived}.",
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
        f"aws s3api list-multipart-uploads --bucket {quote(bucket_of(seen))} --prefix {quote(one.key)}",
    )


def _abort(seen: ObjectEvidence, one: UnfinishedUpload) -> Fix:
    return shell(
        "Abort the upload and free its parts",
        f"aws s3api abort-multipart-upload --bucket {quote(bucket_of(seen))} "
        f"--key {quote(one.key)} --upload-id {quote(one.upload_id)}",
    )


@rules.cause("object/deleted", breaks=Link.STAYS_SO)
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
                f"aws s3api delete-object --bucket {quote(bucket_of(seen))} --key {quote(marker.key)} "
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
                f"aws s3api list-object-versions --bucket {quote(bucket_of(seen))} "
                f"--prefix {quote(marker.key)}",
            ),
            *((found_one(seen, marker.previous),) if marker.previous else ()),
        ),
        fixes=restore or (MAKE_AGAIN,),
    )


@rules.cause("object/bucket-missing", breaks=Link.FILE_UPLOADED)
def bucket_missing(seen: ObjectEvidence, case: Case) -> Found | None:
    """The bucket does not exist.

    Detected: S3 answers NoSuchBucket. Where the run's upload succeeded, the log or the row must name
    this very bucket; else the doctor was given another one than the pipeline.
    Cause: a wrong name in the settings or in the workflow, or the bucket was deleted.
    Fix: correct the name, or create the bucket.
    By hand: `aws s3 ls s3://your-bucket`
    Source: S3 error codes.
    """
    refused = refusal(seen)
    if refused is None or refused.code != NO_SUCH_BUCKET:
        return None
    proved_to_be_ours = uploaded_to_bucket(case)
    if _uploaded_by_log(case) and not proved_to_be_ours:
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
        breaks=(Link.STAYS_SO,) if proved_to_be_ours and _uploaded_by_log(case) else None,
    )


def _uploaded_by_log(case: Case) -> bool:
    return bool(case.log and case.log.uploaded and not case.log.upload_errors)
