"""When backups were made, by their rows. Pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.row import BackupRow

# Clocks differ by so much; what is later than that was not written by a clock that is right.
ALLOWANCE = timedelta(minutes=1)


def made_at(row: BackupRow, now: datetime) -> datetime | None:
    """When a backup was made: when it was finished, else begun. A time to come is none."""
    times = (row.finished_at, row.created_at)
    return next((at for at in times if at is not None and at <= now + ALLOWANCE), None)


def newest(rows: Iterable[BackupRow], now: datetime) -> BackupRow | None:
    """The row that was made last, of those that say when."""
    timed = [(at, row) for row in rows if (at := made_at(row, now)) is not None]
    return max(timed, key=lambda one: one[0])[1] if timed else None
