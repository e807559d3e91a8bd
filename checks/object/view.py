"""What the rules of this step share: the object and how to show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.object import KeySource
from backup_doctor.judge.commands import aws
from backup_doctor.judge.history.file import Whose, found_file
from backup_doctor.judge.history.versions import earlier_version
from backup_doctor.judge.show import after_row, exhibit, manual, rfc3339, size

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Shown
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit
    from backup_doctor.evidence.object import ObjectEvidence, StoredObject
    from backup_doctor.judge.commands import Command


def bucket_of(seen: ObjectEvidence) -> str:
    """The bucket's name, for sentences."""
    return seen.bucket if isinstance(seen.bucket, str) else "that was configured"


def object_command(seen: ObjectEvidence, case: Case, operation: str, *words: str) -> Command | None:
    """A command of S3's API on the bucket that was looked at; None where that is not known."""
    if not isinstance(seen.bucket, str):
        return None
    return aws(case, "s3api", operation, "--bucket", seen.bucket, *words)


def head_command(seen: ObjectEvidence, case: Case, key: str) -> Command | None:
    """The command that shows one object."""
    return object_command(seen, case, "head-object", "--key", key)


def found_one(seen: ObjectEvidence, case: Case, one: StoredObject) -> Exhibit:
    """An object as evidence."""
    text = f"{one.key} ({size(one.size)}, {rfc3339(one.modified_at)})"
    return exhibit("object", text, "S3", head_command(seen, case, one.key))


def earlier_exhibit(seen: ObjectEvidence, case: Case) -> tuple[Exhibit, ...]:
    """The version of the file that one of this backup's runs wrote and another one hides, as evidence."""
    before = earlier_version(seen, case)
    if before is None:
        return ()
    text = f"{before.version_id} ({size(before.size)}, {rfc3339(before.modified_at)})"
    command = object_command(seen, case, "list-object-versions", "--prefix", before.key)
    return (exhibit("earlier version", text, "S3", command),)


def judged_object(seen: ObjectEvidence, case: Case) -> StoredObject | None:
    """The object whose content is this backup's; None for one that is surely another's.

    One that is older than its run counts where the row names it.
    """
    found = found_file(case)
    by_row = seen.head is not None and seen.key_source is KeySource.ROW
    older = () if by_row else (Whose.OLDER,)
    others = (Whose.REPLACED, Whose.ANOTHERS, Whose.NOT_UPLOADED, *older)
    return seen.present if found and found.whose not in others else None


def as_shown(shown: Shown) -> Exhibit:
    """Why a thing that is said not to be there would have been seen."""
    return exhibit("why it would have been seen", shown.by, "doctor", None)


# What breaks this backup's updates would break the new one's too: all of that is fixed before.
MAKE_AGAIN = after_row(
    manual(
        "Make the backup again",
        "Find out why no whole file is there, then start a new backup: this one has none.",
    )
)


def refusal(seen: ObjectEvidence) -> Unseen | None:
    """The first thing that could not be seen, in the order in which it was asked for."""
    parts = (seen.bucket, seen.head, seen.search, seen.tail)
    return next((part for part in parts if isinstance(part, Unseen)), None)
