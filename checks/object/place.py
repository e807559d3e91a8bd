"""Whether the file is in the bucket, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.object.bringing_back import undeleted
from backup_doctor.checks.object.keys import difference, lacking_front, padded_key, trim
from backup_doctor.checks.object.view import (
    MAKE_AGAIN,
    as_shown,
    bucket_of,
    found_one,
    head_command,
    object_command,
    refusal,
)
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Exhibit, Fix, Role, Severity
from backup_doctor.evidence.object import (
    NO_SUCH_BUCKET,
    ObjectEvidence,
    Search,
    StoredObject,
    UnfinishedUpload,
)
from backup_doctor.judge.advice import to_its_writer
from backup_doctor.judge.commands import aws
from backup_doctor.judge.framework import Found, Rules, needs
from backup_doctor.judge.history import RowState, is_over, row_state
from backup_doctor.judge.history.bucket import shown_bucket_gone, shown_missing
from backup_doctor.judge.history.file import Whose, found_file
from backup_doctor.judge.history.upload import logged_keys, upload_succeeded
from backup_doctor.judge.history.versions import own_marker, own_uploads
from backup_doctor.judge.show import by_command, exhibit, listed, manual, moment, setting
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Shown
    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.commands import Command


rules = Rules[ObjectEvidence]()


def _list(seen: ObjectEvidence, case: Case) -> Command | None:
    if not isinstance(seen.bucket, str):
        return None
    listing = aws(case, "s3", "ls", f"s3://{seen.bucket}/{case.names.prefix}", "--recursive")
    named = case.dispatch_id
    return listing.piped("grep", "-F", "--", named) if named else listing


def _expected(seen: ObjectEvidence, case: Case) -> Exhibit:
    key = seen.expected_key or ""
    return exhibit(f"key named by {seen.key_source}", key, "S3", head_command(seen, case, key))


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
        Trait.BREAKS_OFF,
    ),
    traits=(Trait.SPOILS_SUCCESS,),
)
@needs(shown_missing)
def missing(seen: ObjectEvidence, case: Case, shown: Shown) -> Found:
    """The file is not in the bucket.

    Detected: HEAD of the key that the row or the log names finds nothing, the doctor may list the
    bucket, and no other key names the backup. The run itself shows that it uploaded nothing, or
    another backup's file (or a trace of this one) shows that the bucket is the pipeline's; else it is
    unknown. If no key was ever named, an empty search is a symptom.
    Cause: the upload failed silently, or a person or a lifecycle rule deleted the file.
    Fix: make the backup again.
    By hand: `aws s3 ls s3://your-bucket/backups/ --recursive | grep your-dispatch-id`
    Source: guide, step 6.
    """
    if _gone(seen):
        return Found(
            summary=f"{seen.expected_key} is not in the bucket {bucket_of(seen)}.",
            evidence=(_expected(seen, case), *_searched(seen, case), as_shown(shown)),
            fixes=(MAKE_AGAIN,),
            breaks=(Link.STAYS_SO,) if _uploaded_by_log(case) else None,
        )
    return Found(
        summary="No object in the bucket names this dispatch.",
        evidence=(*_searched(seen, case), as_shown(shown)),
        breaks=(),
        role=Role.SYMPTOM,
    )


def _searched(seen: ObjectEvidence, case: Case) -> tuple[Exhibit, ...]:
    if not isinstance(seen.search, Search):
        return ()
    end = "" if seen.search.complete else ", stopped at the bound"
    named = (one or "the whole bucket" for one in dict.fromkeys(seen.search.prefixes))
    text = f"{seen.search.listed} keys under {listed(named)}{end}"
    return (exhibit("searched", text, "S3", _list(seen, case)),)


@rules.cause("object/found-elsewhere", breaks=Link.FILE_UPLOADED, traits=(Trait.SPOILS_SUCCESS,))
def found_elsewhere(seen: ObjectEvidence, case: Case) -> Found | None:
    """The file is not where the row or the log says, but it is in the bucket.

    Detected: the named key is absent, and exactly one other key names the dispatch (or has the same
    file name); or the row names another backup's file, and the run's own log names one that is there.
    A row's key with blanks or a line end around it is a warning.
    Cause: the update step computed the key anew (another date at midnight, another prefix), the
    bucket's variable has a path in it that the row's key lacks, or the file was moved later, which the run's log shows where it names the key that the row has.
    Fix: the fix SQL writes the real key; let the upload's own key be used, or find out what moved it.
    By hand: `aws s3 ls s3://your-bucket/backups/ --recursive | grep your-dispatch-id`
    Source: guide, step 6.
    """
    padded = padded_key(seen, case)
    if padded is not None:
        return _padded(case, padded)
    here, found = seen.present if _gone(seen) else seen.logged, found_file(case)
    anothers = found is not None and found.whose is Whose.ANOTHERS
    if not isinstance(here, StoredObject) or anothers == _gone(seen):
        return None
    why = difference(seen.expected_key or "", here.key)
    if found is not None and anothers:
        why = found.why
    why = f" {why}" if why else ""
    summary = f"The file is not at {seen.expected_key} but at {here.key}.{why}"
    evidence = (_expected(seen, case), found_one(seen, case, here))
    if seen.expected_key in logged_keys(case):
        return Found(
            summary=f"{summary} The run's log says that it was uploaded to where it is not now.",
            evidence=evidence,
            fixes=(
                manual(
                    "Find out what moved the file",
                    "The upload and the row agree, so that the file was moved later: by a person, a "
                    "script that tidies up, or a rule of the bucket. It will do so again.",
                ),
            ),
            breaks=(Link.STAYS_SO,),
        )
    return Found(
        breaks=(Link.STAYS_SO,) if _uploaded_by_log(case) else None,
        summary=summary,
        evidence=evidence,
        fixes=(to_its_writer(case, _use_whole_key(seen.expected_key or "", here.key)),),
    )


def _use_whole_key(named: str, stored: str) -> Fix:
    """How the row comes to name the file's own key; what only stands before it was put there."""
    front = lacking_front(named, stored)
    if front is not None:
        return manual(
            "Let the row name the whole key",
            f"The upload puts {front!r} before the key that the row gets: look for it in the variable of "
            "the bucket (a path, or a slash at its end) and in the upload's script. Take it out there, "
            "or let the update step send it too.",
        )
    return manual(
        "Use the upload's own key",
        "Let the update step take S3_KEY from the upload step instead of computing it again.",
    )


def _padded(case: Case, written: str) -> Found:
    return Found(
        summary="The row's key has blanks or a line end around it: who reads it as it is written finds no "
        "file.",
        evidence=(exhibit("s3_key", repr(written), "database", None),),
        fixes=(trim(case, written),),
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


@rules.cause(
    "object/unfinished-upload",
    breaks=Link.FILE_UPLOADED,
    yields_to=("object/deleted", Trait.BREAKS_OFF),
    traits=(Trait.SPOILS_SUCCESS,),
)
def unfinished_upload(seen: ObjectEvidence, case: Case) -> Found | None:
    """A multipart upload of the file was started and never completed: it is not an object.

    Detected: the key is absent, and list-multipart-uploads shows an upload for it, started while a run
    of this backup was going.
    Cause: the uploading process died, or the completion was refused.
    Fix: abort the upload (its parts cost money), and make the backup again.
    By hand: `aws s3api list-multipart-uploads --bucket your-bucket --prefix backups/`
    Source: S3, multipart uploads.
    """
    uploads = own_uploads(seen, case)
    waits = row_state(case) is RowState.IN_PROGRESS and not is_over(case)
    if seen.present is not None or not uploads or waits:
        return None
    newest = uploads[-1]
    arrived = (
        ""
        if newest.parts is None
        else f" ({newest.parts} part{'' if newest.parts == 1 else 's'} arrived)"
    )
    return Found(
        summary=f"The upload of {newest.key} was started and never completed{arrived}.",
        evidence=tuple(_upload(seen, case, one) for one in uploads),
        fixes=(*(_abort(seen, case, one) for one in uploads), MAKE_AGAIN),
    )


def _upload(seen: ObjectEvidence, case: Case, one: UnfinishedUpload) -> Exhibit:
    return exhibit(
        "unfinished upload",
        f"{one.key}, since {one.initiated_at}",
        "S3",
        object_command(seen, case, "list-multipart-uploads", "--prefix", one.key),
    )


def _abort(seen: ObjectEvidence, case: Case, one: UnfinishedUpload) -> Fix:
    words = ("--key", one.key, "--upload-id", one.upload_id)
    return by_command(
        "Abort the upload and free its parts",
        object_command(seen, case, "abort-multipart-upload", *words),
        in_words=f"Abort the upload {one.upload_id} of {one.key}.",
    )


@rules.cause("object/deleted", breaks=Link.STAYS_SO, traits=(Trait.SPOILS_SUCCESS,))
def deleted(seen: ObjectEvidence, case: Case) -> Found | None:
    """The file was uploaded, and deleted afterwards.

    Detected: the bucket keeps versions, and the key's newest one is a delete marker. Not if that, or the
    file below it, is older than this backup.
    Cause: a lifecycle rule, a clean-up job, a person.
    Fix: remove the delete marker, and the file is back; find out who deletes.
    By hand: `aws s3api list-object-versions --bucket your-bucket --prefix KEY`
    Source: S3, delete markers.
    """
    marker = own_marker(seen, case)
    if marker is None or seen.present is not None:
        return None
    when = f" at {moment(marker.deleted_at)}" if marker.deleted_at else ""
    return Found(
        summary=f"{marker.key} was uploaded, and was deleted{when}.",
        evidence=(
            exhibit(
                "delete marker",
                marker.version_id or marker.key,
                "S3",
                object_command(seen, case, "list-object-versions", "--prefix", marker.key),
            ),
            *((found_one(seen, case, marker.previous),) if marker.previous else ()),
        ),
        fixes=(undeleted(seen, case, marker),),
    )


@rules.cause("object/bucket-missing", breaks=Link.FILE_UPLOADED, traits=(Trait.SPOILS_SUCCESS,))
@needs(shown_bucket_gone)
def bucket_missing(seen: ObjectEvidence, case: Case, shown: Shown) -> Found:
    """The pipeline's bucket does not exist.

    Detected: S3 answers NoSuchBucket, and the row or the run's log names this very bucket. Else the
    doctor may have been given another one than the pipeline, and it is unknown.
    Cause: a wrong name in the settings or in the workflow, or the bucket was deleted.
    Fix: correct the name, or create the bucket.
    By hand: `aws s3 ls s3://your-bucket`
    Source: S3 error codes.
    """
    refused = refusal(seen)
    what = refused.what if refused else ""
    return Found(
        summary=f"The bucket does not exist. {what}",
        evidence=(exhibit("answer", NO_SUCH_BUCKET, "S3", _list_bucket(case)), as_shown(shown)),
        fixes=(
            setting("Correct the bucket's name", "BACKUP_BUCKET, and the workflow's own setting."),
        ),
        breaks=(Link.STAYS_SO,) if _uploaded_by_log(case) else None,
    )


def _list_bucket(case: Case) -> Command | None:
    return aws(case, "s3", "ls", f"s3://{case.names.bucket}") if case.names.bucket else None


def _uploaded_by_log(case: Case) -> bool:
    return upload_succeeded(case) and not (case.log and case.log.upload_errors)
