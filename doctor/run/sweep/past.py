"""What the table says of the last 90 days, for the page: one bounded query, of outlines alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.row.newest import outlines
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Status

if TYPE_CHECKING:
    from backup_doctor.collect.row.newest import Newest
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow
    from backup_doctor.run.sweep.shared import Shared

SPAN = timedelta(days=90)
MOST_ROWS = 5000


class PastBackup(Immutable, frozen=True, kw_only=True):
    """A backup of these days: when it was begun, what became of it, and its size in bytes."""

    at: datetime
    status: Status
    stuck: bool = False
    size: int | None = None
    seconds: float | None = None


class Past(Immutable, frozen=True, kw_only=True):
    """The backups from `since` to `until`, oldest first; before `since` nothing was read.

    `unproved` is why there may be others.
    """

    since: datetime
    until: datetime
    backups: tuple[PastBackup, ...] = ()
    unproved: Unseen | None = None


def read_past(shared: Shared, older_than_s: float) -> Past | Unseen:
    """The last 90 days, as far as one page of rows goes."""
    table = shared.row if isinstance(shared.row, Unseen) else shared.row.table
    found = outlines(shared.ask, shared.case.names, table, MOST_ROWS)
    if isinstance(found, Unseen):
        return found
    return past_of(found, shared.case.names, shared.case.now, timedelta(seconds=older_than_s))


def past_of(found: Newest, names: Names, now: datetime, older_than: timedelta) -> Past:
    """The rows as backups. A page that may have been cut tells nothing of what lies before it. Pure."""
    made = [_made(row, names, now, older_than) for row in found.rows]
    dated = sorted((one for one in made if one is not None), key=lambda one: one.at)
    since = now - SPAN
    # The Data API may give less than it is asked for, and does not say so.
    cut = len(found.rows) >= MOST_ROWS or bool(found.columns)
    if cut and dated:
        since = max(since, dated[0].at)
    return Past(
        since=since,
        until=now,
        backups=tuple(one for one in dated if since <= one.at <= now),
        unproved=found.unproved,
    )


def _made(row: BackupRow, names: Names, now: datetime, older_than: timedelta) -> PastBackup | None:
    at = row.created_at or row.finished_at
    if at is None:
        return None
    status = names.status_of(row.status)
    took = row.finished_at - row.created_at if row.finished_at and row.created_at else None
    return PastBackup(
        at=at,
        status=status,
        stuck=status is Status.IN_PROGRESS and now - at > older_than,
        size=row.size_bytes,
        seconds=took.total_seconds() if took is not None and took >= timedelta() else None,
    )
