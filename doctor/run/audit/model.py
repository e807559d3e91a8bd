"""What is compared, and what comes of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from backup_doctor.base.models import from_json

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Unseen

DAY = len("YYYY-MM-DD")
# So many rows are diagnosed for a page, and for a script: each takes several requests.
MOST_OF_PAGE, MOST_OF_SCRIPT = 10, 300


class BackupState(StrEnum):
    """What a row says of its backup. Stuck: in progress for longer than `stuck_after`.

    Undated: in progress, and the row does not say since when.
    """

    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RUNNING = "running"
    STUCK = "stuck"
    UNDATED = "in progress"
    OTHER = "other"


IN_PROGRESS = frozenset({BackupState.RUNNING, BackupState.STUCK, BackupState.UNDATED})

# A row: key (`backup_doctor.run.audit.statements` says how one that is not plain is written), id, state, size as
# the database writes it, and when it was made, which begins with YYYY-MM-DD. There are millions of rows and
# of objects, and nothing is made as fast as a bare tuple.
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
        text, dispatch_id = from_json(packed[1:], tuple[str | None, str | None])
        return cls(text, backup_id, state, size, day, dispatch_id)


class DisagreementKind(StrEnum):
    """The ways in which table and bucket can disagree, as the contract names them."""

    MISSING_OBJECT = "missing-object"
    SIZE_MISMATCH = "size-mismatch"
    STUCK_WITH_OBJECT = "stuck-with-object"
    ORPHAN_OBJECT = "orphan-object"
    DUPLICATE_KEY = "duplicate-key"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One disagreement. `day` (and time of the row) is for the picture, and not printed as JSON."""

    kind: DisagreementKind
    backup_id: str | None = None
    s3_key: str | None = None
    row_size: int | None = None
    object_size: int | None = None
    day: str | None = None


class DisagreeingRows:
    """The rows of the first disagreements: `each` of a kind, and `most` in all."""

    def __init__(self, most: int, each: int) -> None:
        self._most = most
        self._each = each
        self._ids: dict[DisagreementKind, list[str]] = defaultdict(list)
        self._items = 0

    def take(self, item: Item) -> None:
        """Keep its row, if it has one and is among the first."""
        if item.backup_id is None:
            return
        self._items += 1
        if len(self._ids[item.kind]) < self._each:
            self._ids[item.kind].append(item.backup_id)

    def chosen(self) -> tuple[str, ...]:
        """As many as there may be, of each kind in turn."""
        in_turn = zip_longest(*(self._ids[kind] for kind in DisagreementKind))
        each = dict.fromkeys(one for turn in in_turn for one in turn if one is not None)
        return tuple(islice(each, self._most))

    def rest(self) -> int:
        """How many disagreements have a row that was not chosen."""
        chosen = set(self.chosen())
        return self._items - sum(one in chosen for ids in self._ids.values() for one in ids)


class LeftRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that a person must look at, by the id that the main command takes, and why."""

    backup_id: str
    why: str


class Proposals(msgspec.Struct, frozen=True, kw_only=True):
    """The SQL of `ready` rows as one script, and the rows without any.

    `rest` counts the disagreements whose rows were not diagnosed.
    """

    script: str
    ready: int
    left: list[LeftRow]
    rest: int = 0


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
            self.missing_by_day[item.day[:DAY]] += 1

    @property
    def complete(self) -> bool:
        """Whether everything was looked at."""
        return not self.gaps


def counted(count: int, of: str) -> str:
    """So many of them, in words: `1 row`, `2,000 rows`."""
    return f"{count:,} {of}{'' if count == 1 else 's'}"


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
