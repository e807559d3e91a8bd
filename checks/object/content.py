"""Whether the file is whole, and the one that it should be."""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from checks.object.view import (
    MAKE_AGAIN,
    STOPPED_BEFORE,
    found_one,
)
from doctor.chain import Link
from doctor.evidence.object import (
    ObjectEvidence,
    StoredObject,
)
from doctor.evidence.workflow import Run
from doctor.framework import Found, Rules
from doctor.show import exhibit, manual, size
from doctor.story import RowState, row_state

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[ObjectEvidence]()


ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})


SHRUNK_BELOW = 0.1


EARLIER_NEEDED = 3


CLOCK_SLACK = timedelta(minutes=5)


def _row_is_done(case: Case) -> bool:
    return row_state(case) in (RowState.RIGHT, RowState.INCOMPLETE)


@rules.cause(
    "object/size-mismatch",
    breaks=Link.STAYS_SO,
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
        evidence=(found_one(seen, here), exhibit("size_bytes", row.size_bytes, "database", None)),
        fixes=(
            manual(
                "Send the size of the finished file",
                "Let the update step take BACKUP_SIZE after the upload, in bytes (stat -c %s).",
            ),
        ),
    )


@rules.cause("object/empty", breaks=Link.FILE_UPLOADED, yields_to=STOPPED_BEFORE)
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
        evidence=(found_one(seen, here),),
        fixes=(MAKE_AGAIN,),
    )


@rules.cause(
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
            found_one(seen, here),
            exhibit("end of the archive", tail.problem or "no end record", "S3, ranged GET", None),
        ),
        fixes=(MAKE_AGAIN,),
    )


@rules.warning("object/archived")
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
        evidence=(found_one(seen, here),),
    )


@rules.warning("object/stale")
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
        evidence=(found_one(seen, here), exhibit("run began", began, "GitHub API", None)),
    )


@rules.warning("object/shrunk")
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
        evidence=(found_one(seen, here),),
    )
