"""When a row was made that says it without a time zone. Pure functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow

# The zone of a session as the server opens it, whatever the doctor's own has.
ZONE_NAME = """coalesce(
    (SELECT split_part(item, '=', 2)
     FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS item
     WHERE item ILIKE 'timezone=%' AND s.setrole = 0 AND s.setdatabase IN (
       0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))
     ORDER BY s.setdatabase <> 0 DESC LIMIT 1),
    (SELECT s.reset_val FROM pg_catalog.pg_settings AS s WHERE s.name = 'TimeZone'))"""
ZONE = f"(SELECT jsonb_build_object('name', {ZONE_NAME}, 'now', now()))"
LOCAL_NOW = f"(now() AT TIME ZONE {ZONE_NAME})"
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
    return replace(row, created_at=latest_of(made, zone))


def latest_of(made: datetime, zone: Mapping[str, Any]) -> datetime:
    """The later of what a time may mean that was told without a zone, and is read here in UTC."""
    limit = datetime.fromisoformat(zone["now"]) + AHEAD
    known = [one for one in meanings(made, zone) if one <= limit]
    return max(known, default=made)


def meanings(made: datetime, zone: Mapping[str, Any]) -> Iterator[datetime]:
    """What it may mean: a time in UTC, and a local one."""
    yield made
    try:
        yield made.replace(tzinfo=_tzinfo(zone)).astimezone(UTC)
    except (ValueError, OSError, KeyError, OverflowError):
        return


def _tzinfo(zone: Mapping[str, Any]) -> tzinfo:
    """The zone by its name, or by its distance from UTC where nothing tells the name."""
    ahead = zone.get("ahead")
    return timezone(ahead) if ahead is not None else ZoneInfo(zone["name"])
