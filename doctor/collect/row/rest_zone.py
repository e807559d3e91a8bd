"""When a row was made that the Data API shows without a time zone: the database's zone, by a cast."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from backup_doctor.collect.clients.postgrest_query import WITH_ZONE
from backup_doctor.collect.database.rows import read_rows
from backup_doctor.collect.database.zones import at_latest
from backup_doctor.evidence.base import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backup_doctor.collect.clients.data_api import DataApi
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow


def read_at_latest(
    ask: Sources, found: Iterable[dict[str, Any]], names: Names
) -> tuple[BackupRow, ...]:
    """The rows that the Data API showed, none older than it surely is."""
    rows = read_rows(list(found), names)
    column = names.column("created_at")
    if not any(has_no_zone(row.values.get(column)) for row in rows):
        return rows
    return at_latest(rows, rest_zone(ask.data_api, names, ask.now), names)


def rest_zone(api: DataApi, names: Names, now: datetime) -> Mapping[str, Any] | None:
    """How far the database's sessions are ahead of UTC; None where no row tells."""
    column = names.column("created_at")
    page = api.newest_with(None, 1, (f"{column}{WITH_ZONE}",)) if column else []
    told = _moment(page[0].get(column)) if not isinstance(page, Unseen) and page else None
    ahead = told.utcoffset() if told else None
    return None if ahead is None else {"ahead": ahead, "now": now.isoformat()}


def east_of_utc(ask: Sources, names: Names) -> timedelta:
    """How far a time in the table may be ahead of UTC: nothing where times have their zones, or none tells."""
    column = names.column("created_at")
    page = ask.data_api.newest_with(None, 1, (column,)) if column else []
    shown = page[0].get(column) if not isinstance(page, Unseen) and page else None
    zone = rest_zone(ask.data_api, names, ask.now) if has_no_zone(shown) else None
    return max(zone["ahead"], timedelta()) if zone else timedelta()


def has_no_zone(value: object) -> bool:
    """Whether it is a time, and does not say of which zone."""
    told = _moment(value)
    return told is not None and told.tzinfo is None


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
