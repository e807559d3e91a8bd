"""Whether the file is whole, and the one that it should be."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from backup_doctor.checks.object.bringing_back import way_back
from backup_doctor.checks.object.view import (
    earlier_exhibit,
    found_one,
    judged_object,
)
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.object import ObjectEvidence
from backup_doctor.judge.advice import to_its_writer
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RowState, row_state
from backup_doctor.judge.history.versions import is_written_over, version_of_row
from backup_doctor.judge.show import exhibit, manual, rfc3339, size
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.object import FileEnd, StoredObject

rules = Rules[ObjectEvidence]()

SHRUNK_BELOW = 0.1
EARLIER_NEEDED = 3


def _row_is_done(case: Case) -> bool:
    return row_state(case) in (RowState.RIGHT, RowState.INCOMPLETE)


@rules.cause(
    "object/size-mismatch",
    breaks=Link.STAYS_SO,
    yields_to=("object/truncated", "object/empty"),
    traits=(Trait.SPOILS_SUCCESS,),
)
def size_mismatch(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object has another size than the row says.

    Detected: the row's size_bytes differs from the object's size.
    Cause: the size was taken before the archive was finished, in another unit, or the object was
    overwritten.
    Fix: bring back the version that has the row's size, if the bucket has one. Else, where the zip is
    whole, the fix SQL writes the real size.
    By hand: compare `aws s3api head-object` with size_bytes.
    Source: guide, step 3; guide, step 6.
    """
    row, here = case.backup, judged_object(seen, case)
    if row is None or here is None or row.size_bytes is None or here.size == row.size_bytes:
        return None
    if here is not seen.head or not _row_is_done(case):
        return None
    return Found(
        summary=f"The object has {size(here.size)}, the row says {size(row.size_bytes)}."
        f"{_written_over(seen, case, here)}",
        evidence=(
            found_one(seen, case, here),
            *earlier_exhibit(seen, case),
            exhibit("size_bytes", row.size_bytes, "database", None),
        ),
        fixes=(_of_other_size(seen, case, here),),
    )


def _of_other_size(seen: ObjectEvidence, case: Case, here: StoredObject) -> Fix:
    if version_of_row(seen, case):
        return way_back(seen, case)
    if is_written_over(seen, case, here):
        unseen = isinstance(seen.versions, Unseen)
        left = "the doctor may not list its versions" if unseen else "no version of it is kept"
        return manual(
            "Find out what overwrote the file",
            "It was written after the run had ended: by another job, a script or a person. Of what "
            f"the run uploaded, {left}.",
        )
    send = manual(
        "Send the size of the finished file",
        "Let the update step take BACKUP_SIZE after the upload, in bytes (stat -c %s).",
    )
    return to_its_writer(case, send)


@rules.cause(
    "object/empty",
    breaks=Link.FILE_UPLOADED,
    yields_to=(Trait.BREAKS_OFF,),
    traits=(Trait.SPOILS_SUCCESS,),
)
def empty(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object is there and has no bytes, or is an archive without a file in it.

    Detected: its size is 0, or the zip's end record counts no files.
    Cause: an empty file was uploaded: the dump or the zip step failed without stopping the job; or
    the file was written over later, which its versions or its time show.
    Fix: bring an earlier version back, if the bucket has one. Else let the job stop on errors
    (`set -euo pipefail`), and make the backup again.
    By hand: `aws s3api head-object`, ContentLength.
    Source: guide, step 6.
    """
    here = judged_object(seen, case)
    if here is None or (here.size > 0 and not seen.holds_nothing):
        return None
    how = "is a zip without any file in it" if here.size else "is empty (0 bytes)"
    return Found(
        summary=f"{here.key} {how}.{_written_over(seen, case, here)}",
        evidence=(found_one(seen, case, here), *earlier_exhibit(seen, case)),
        fixes=(way_back(seen, case),),
        breaks=(Link.STAYS_SO,) if is_written_over(seen, case, here) else None,
    )


@rules.cause(
    "object/truncated",
    breaks=Link.FILE_UPLOADED,
    yields_to=("object/empty", Trait.BREAKS_OFF),
    traits=(Trait.SPOILS_SUCCESS,),
)
def truncated(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object is not a complete zip, or not the file that its name says.

    Detected: the end of a zip, read with one ranged GET, has no end record, or one that does not fit
    the file, and the file does not begin as one of another kind does (gzip, 7z, OpenPGP and others,
    which under the name of a zip are a warning). Other files are known by how they begin; 7z, xz, tar, plain dumps and ASCII armour also
    by how they end.
    Cause: the file was uploaded while it was still being written, or the writing was cut off
    (disk full); or it is not such a file at all; or it was written over later.
    Fix: bring an earlier version back, if the bucket has one. Else make the backup again; test the file (`unzip -t`, `gzip -t`, `xz -t`) before the upload.
    By hand: download it and run that test.
    Source: the zip format's end of central directory record; the formats' own descriptions.
    """
    here, tail = judged_object(seen, case), seen.present_tail
    if here is None or tail is None or here.size == 0 or seen.holds_nothing:
        return None
    if tail.whole:
        return _misnamed(seen, case, here, tail)
    return Found(
        summary=f"{here.key} is not a complete {tail.kind}: {tail.problem or 'its end is missing'}."
        f"{_written_over(seen, case, here)}",
        evidence=(
            found_one(seen, case, here),
            *earlier_exhibit(seen, case),
            exhibit("ends of the file", tail.problem or "no end record", "S3, ranged GET", None),
        ),
        fixes=(way_back(seen, case),),
        breaks=(Link.STAYS_SO,) if is_written_over(seen, case, here) else None,
    )


def _misnamed(seen: ObjectEvidence, case: Case, here: StoredObject, tail: FileEnd) -> Found | None:
    """A good file under another kind's name, over which who restores it stumbles."""
    if tail.named is None:
        return None
    return Found(
        summary=f"{here.key} is named a {tail.named}, but by its beginning it is another kind of file: "
        f"{tail.kind}.",
        evidence=(found_one(seen, case, here),),
        fixes=(
            manual(
                "Give the file the name of what it is",
                f"It is not taken for a broken {tail.named}: nothing shows that it is not whole. Who "
                "restores it must know what it is.",
            ),
        ),
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


def _written_over(seen: ObjectEvidence, case: Case, here: StoredObject) -> str:
    """When the run's own file was written over, as one more sentence."""
    if not is_written_over(seen, case, here):
        return ""
    return f" The run's file was overwritten at {rfc3339(here.modified_at)}."


@rules.warning("object/shrunk")
def shrunk(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object is far smaller than the backups before.

    Detected: less than a tenth of the median of at least three earlier successful backups.
    Cause: the dump was incomplete: a table or a folder was left out.
    Fix: look into the archive before you rely on it.
    By hand: compare size_bytes of the last backups.
    Source: guide, prevention.
    """
    here, earlier = judged_object(seen, case), case.row.earlier_sizes if case.row else ()
    if here is None or here.size == 0 or len(earlier) < EARLIER_NEEDED:
        return None
    usual = median(earlier)
    if here.size >= usual * SHRUNK_BELOW:
        return None
    return Found(
        summary=f"{here.key} has {size(here.size)}; the backups before had about {size(int(usual))}.",
        evidence=(found_one(seen, case, here),),
    )
