"""When a row was made that says it without a time zone. Pure functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow

# The zone of a session as the server opens it, whatever the doctor's own has, and the server's clock.
ZONE = """(
    SELECT jsonb_build_object('name', s.reset_val, 'now', now())
    FROM pg_catalog.pg_settings AS s WHERE s.name = 'TimeZone')"""
LOCAL_NOW = "(now() AT TIME ZONE (SELECT s.reset_val FROM pg_catalog.pg_settings AS s WHERE s.name = 'TimeZone'))"
AHEAD = timedelta(hours=1)


def at_latest(
    rows: Iterable[BackupRow], zone: Mapping[str, Any] | None, names: Names
) -> tuple[BackupRow, ...]:
    """The rows, none older than it surely is.

    A default of `now()` writes a local time into a column without a zone, and an app writes UTC. Of the two
    that a time may mean, it is the later one that is not yet to come.
    """
    column = names.column("created_at")
    return tuple(made_at_latest(row, row.values.get(column), zone) for row in rows)


def made_at_latest(row: BackupRow, told: object, zone: Mapping[str, Any] | None) -> BackupRow:
    """The row; `told` is its time as the database wrote it."""
    made = row.created_at
    if made is None or zone is None or not isinstance(told, str):
        return row
    if datetime.fromisoformat(told).tzinfo is not None:
        return row
    limit = datetime.fromisoformat(zone["now"]) + AHEAD
    known = [one for one in _meanings(made, zone["name"]) if one <= limit]
    return replace(row, created_at=max(known, default=made))


def _meanings(made: datetime, zone: str) -> Iterator[datetime]:
    yield made
    try:
        yield made.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OSError, KeyError):
        return
