"""A dispatch id that is used again each time (`nightly`): which runs are those of one of its rows. Pure."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.ids import is_uuid
from backup_doctor.evidence.row import Period

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from backup_doctor.evidence.row import BackupRow

# What the app inserts twice for one backup, it inserts within so long.
APART = timedelta(minutes=15)
# By the clocks of two services a run may seem to be older than its row.
CLOCKS = timedelta(minutes=5)


def are_apart(rows: Sequence[BackupRow]) -> bool:
    """Whether rows with one dispatch id are backups of different times; none with a UUID is."""
    made = sorted(row.created_at for row in rows if row.created_at)
    dated = len(made) == len(rows) and not any(is_uuid(row.dispatch_id) for row in rows)
    return dated and all(after - before > APART for before, after in pairwise(made))


def period_of(row: BackupRow, same: Iterable[BackupRow]) -> Period | None:
    """The row's own time among all rows with its dispatch id; None where the others do not bound it."""
    made = row.created_at
    if made is None:
        return None
    others = [one.created_at for one in same if one.created_at]
    # Who inserts a UUID again does so for the same backup, of which the earlier run may be.
    before = not is_uuid(row.dispatch_id) and any(made - one > APART for one in others)
    after = min((one for one in others if one - made > APART), default=None)
    if not before and after is None:
        return None
    return Period(since=made - CLOCKS if before else None, until=after - CLOCKS if after else None)


def is_reused_later(row: BackupRow, same: Iterable[BackupRow]) -> bool:
    """Whether the row's dispatch id is a later backup's too: by it that one is found."""
    period = period_of(row, same)
    return period is not None and period.until is not None


def asked_of(row: BackupRow, same: Iterable[BackupRow]) -> Asked:
    """By what a diagnosis finds this very row, where `same` are all rows with its dispatch id."""
    by_row = not row.dispatch_id or (row.id is not None and is_reused_later(row, same))
    return Asked(backup_id=row.id) if by_row else Asked(dispatch_id=row.dispatch_id)


def row_of_run(rows: Sequence[BackupRow], started: datetime | None) -> BackupRow | None:
    """The row for which a run was started then; None where they are no backups of different times."""
    if started is None or not are_apart(rows):
        return None
    mine = ((period_of(row, rows), row) for row in rows)
    return next((row for period, row in mine if period and period.has(started)), None)
