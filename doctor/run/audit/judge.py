"""What a row, an object, or both together come to.

Failed rows, and rows in progress without an object, come to nothing: `sweep` speaks of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.run.audit.model import (
    IN_PROGRESS,
    BackupState,
    DisagreementKind,
    Item,
    is_since,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from backup_doctor.run.audit.aside import Aside
    from backup_doctor.run.audit.model import Row, Stored


@dataclass(kw_only=True)
class ReadSoFar:
    """How far what was read reaches, and the number of those that lie beyond it.

    An object that is younger than `read_at`, the time of the table, may have a row that was not
    read. A row of `listed_until` (a day) or later may have an object that was not listed, where the
    listing is an inventory. Where `all_rows` is False, rows may be hidden from the doctor. `matched`:
    some row's object is there, so that this is the pipeline's bucket. A row of no known age waits for
    too long if its object is older than `waiting_since`.
    """

    read_at: datetime
    waiting_since: datetime
    listed_until: str | None = None
    all_rows: bool = True
    matched: bool = False
    young_objects: int = 0
    young_rows: int = 0
    hidden_rows: int = 0
    perhaps_waited_for: int = 0
    of_unknown_status: int = 0
    unlisted: int = 0


def with_object(row: Row, stored: Stored, known: ReadSoFar) -> Iterator[Item]:
    """What a row is, whose object is there."""
    key, backup_id, state, size, day = row
    kind = None
    if _waits_too_long(state, stored, known):
        kind = DisagreementKind.STUCK_WITH_OBJECT
    elif state == BackupState.SUCCESS and _differ(size, stored[1]):
        kind = DisagreementKind.SIZE_MISMATCH
    if kind is not None:
        yield Item(
            kind=kind,
            backup_id=backup_id,
            s3_key=key,
            row_size=number(size),
            object_size=number(stored[1]),
            day=day,
        )


def _waits_too_long(state: str, stored: Stored, known: ReadSoFar) -> bool:
    """Whether the row has been in progress for too long: by its object, if it does not say it itself."""
    if state == BackupState.UNDATED:
        return not is_since(stored[2], known.waiting_since)
    return state == BackupState.STUCK


def _differ(row_size: str | None, object_size: str) -> bool:
    """Whether both are sizes, and not the same: a row without one is another matter."""
    if row_size == object_size:
        return False
    said, is_there = number(row_size), number(object_size)
    return said is not None and is_there is not None and said != is_there


def missing(row: Row, known: ReadSoFar) -> Iterator[Item]:
    """What a successful row is, whose object is not there; the key is empty where it has none."""
    key, backup_id, _, size, day = row
    if known.listed_until and day and day >= known.listed_until:
        known.young_rows += 1
        return
    yield Item(
        kind=DisagreementKind.MISSING_OBJECT,
        backup_id=backup_id,
        s3_key=key or None,
        row_size=number(size),
        day=day,
    )


def rivals(rows: Sequence[Row], *, has_object: bool) -> list[Row]:
    """Those of the rows with one key that say more than `failed`, oldest first."""
    told = [
        row
        for row in rows
        if row[2] == BackupState.SUCCESS or (has_object and row[2] != BackupState.FAILED)
    ]
    return sorted(told, key=lambda row: (row[4] or "", row[1])) if len(told) > 1 else told


def duplicates(rivals: Sequence[Row], stored: Stored | None) -> Iterator[Item]:
    """Every row but the oldest that names the same key."""
    for key, backup_id, _, size, day in rivals[1:]:
        yield Item(
            kind=DisagreementKind.DUPLICATE_KEY,
            backup_id=backup_id,
            s3_key=key,
            row_size=number(size),
            object_size=number(stored[1]) if stored else None,
            day=day,
        )


def unnamed(stored: Stored, aside: Aside, known: ReadSoFar) -> Iterator[Item]:
    """What an object is, that is no row's key.

    A row in progress whose key is not set yet means it by its dispatch id, perhaps also where the name
    holds more than the id, as where each backup has the same one. A row that has ended without a key
    does not name it; but the item says whose it was.
    """
    key, size, modified = stored
    bearers = aside.named_in(key)
    known.matched |= bool(bearers)
    for bearer in bearers:
        if _waits_too_long(bearer.state, stored, known) and not bearer.is_found:
            yield Item(
                kind=DisagreementKind.STUCK_WITH_OBJECT,
                backup_id=bearer.backup_id,
                s3_key=key,
                row_size=number(bearer.size),
                object_size=number(size),
                day=bearer.day,
            )
        aside.note_found(bearer)
    if any(bearer.state in IN_PROGRESS for bearer in bearers):
        return
    if any(bearer.state == BackupState.OTHER for bearer in bearers):
        known.of_unknown_status += 1
        return
    if is_since(modified, known.read_at):
        known.young_objects += 1
    elif not known.all_rows:
        known.hidden_rows += 1
    elif aside.may_be_named_in(key):
        known.perhaps_waited_for += 1
    else:
        yield Item(
            kind=DisagreementKind.ORPHAN_OBJECT,
            backup_id=bearers[0].backup_id if bearers else None,
            s3_key=key,
            object_size=number(size),
        )
