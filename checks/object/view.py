"""What the rules of this step share: the object and how to show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.evidence.base import Unseen
from doctor.show import exhibit, manual, quote, size

if TYPE_CHECKING:
    from doctor.evidence.object import (
        ObjectEvidence,
        StoredObject,
    )
    from doctor.model import Exhibit

STOPPED_BEFORE = (
    "workflow/failed-before-update",
    "workflow/cancelled",
    "workflow/timed-out",
    "workflow/overdue",
)


def bucket_of(seen: ObjectEvidence) -> str:
    """The bucket's name, for commands."""
    return seen.bucket if isinstance(seen.bucket, str) else "your-bucket"


def head_command(seen: ObjectEvidence, key: str) -> str:
    """The command that shows one object."""
    return f"aws s3api head-object --bucket {quote(bucket_of(seen))} --key {quote(key)}"


def found_one(seen: ObjectEvidence, one: StoredObject) -> Exhibit:
    """An object as evidence."""
    text = f"{one.key} ({size(one.size)}, {one.modified_at.isoformat()})"
    return exhibit("object", text, "S3", head_command(seen, one.key))


MAKE_AGAIN = manual(
    "Make the backup again",
    "Find out why the file is not there, then start a new backup: this one has no file.",
)


def refusal(seen: ObjectEvidence) -> Unseen | None:
    """The first thing that could not be seen, in the order in which it was asked for."""
    parts = (seen.bucket, seen.head, seen.search, seen.tail)
    return next((part for part in parts if isinstance(part, Unseen)), None)
