"""What is compared, and what comes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Unseen


class BackupState(StrEnum):
    """What a row says of its backup. Stuck: in progress for longer than `stuck_after`."""

    SUCCESS = "success"
    FAILED = "failed"
    RUNNING = "running"
    STUCK = "stuck"
    OTHER = "other"


# A row: key (`backup_doctor.run.audit.statements` says how one that is not plain is written), id, state, size as
# the database writes it, day as YYYY-MM-DD. There are millions of rows and of objects, and nothing
# is made as fast as a bare tuple.
Row: TypeAlias = "tuple[str, str, str, str | None, str | None]"
# An object: key, size and time of its last change as S3 writes them.
Stored: TypeAlias = "tuple[str, str, str]"


class OddRow(NamedTuple):
    """A row whose key is absent, or written in a way that may mean several keys."""

    text: str | None
    backup_id: str
    state: str
    size: str | None
    day: str | None
    dispatch_id: str | None

    @classmethod
    def unpacked(cls, row: Row) -> OddRow:
        """The row, whose key and dispatch id stand as JSON behind a control character.

        Raises:
            msgspec.DecodeError: they do not.
        """
        packed, backup_id, state, size, day = row
        text, dispatch_id = msgspec.json.decode(packed[1:], type=tuple[str | None, str | None])
        return cls(text, backup_id, state, size, day, dispatch_id)


class DisagreementKind(StrEnum):
    """The ways in which table and bucket can disagree, as the contract names them."""

    MISSING_OBJECT = "missing-object"
    SIZE_MISMATCH = "size-mismatch"
    STUCK_WITH_OBJECT = "stuck-with-object"
    ORPHAN_OBJECT = "orphan-object"
    DUPLICATE_KEY = "duplicate-key"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One disagreement. `day` (of the row) is for the picture, and not printed as JSON."""

    kind: DisagreementKind
    backup_id: str | None = None
    s3_key: str | None = None
    row_size: int | None = None
    object_size: int | None = None
    day: str | None = None


@dataclass(kw_only=True)
class Totals:
    """What has been counted so far.

    `gaps` says what was not read to its end, or not at all; `notes` what else the reader should know.
    """

    rows: Counter[str] = field(default_factory=Counter)
    objects: int = 0
    object_bytes: int = 0
    kinds: Counter[DisagreementKind] = field(default_factory=Counter)
    missing_by_day: Counter[str] = field(default_factory=Counter)
    gaps: list[Unseen] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, item: Item) -> None:
        """Take an item into account."""
        self.kinds[item.kind] += 1
        if item.kind is DisagreementKind.MISSING_OBJECT and item.day:
            self.missing_by_day[item.day] += 1

    @property
    def complete(self) -> bool:
        """Whether everything was looked at."""
        return not self.gaps


def is_since(modified: str, moment: datetime) -> bool:
    """Whether an object was last changed at a moment or after it; not, where no time is told."""
    try:
        at = datetime.fromisoformat(modified)
    except ValueError:
        return False
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) >= moment


def number(text: str | None) -> int | None:
    """A size as a whole number of bytes; None where it is none."""
    from decimal import Decimal, InvalidOperation

    try:
        value = Decimal(text) if text is not None else None
        return int(value) if value is not None and value == int(value) else None
    except (InvalidOperation, ValueError, OverflowError):
        return None
