"""The table through the Data API, with the service-role key alone: page by page, by the rows' ids.

The API sorts as the database's language does; S3 sorts byte by byte. So the rows are sorted here, in
SQLite's private database, which spills to disk by itself. There is no snapshot, as with any pages.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from backup_doctor.collect.clients.key_role import SERVICE_ROLE
from backup_doctor.collect.database.zones import latest_of, meanings
from backup_doctor.collect.row.rest_zone import has_no_zone, rest_zone
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.object_keys import places
from backup_doctor.evidence.row import Route
from backup_doctor.run.audit.model import BackupState
from backup_doctor.run.audit.statements import ODD
from backup_doctor.run.audit.table import About, BrokeOffError, Day, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from backup_doctor.collect.clients.data_api import DataApi
    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.audit.model import Row

BATCH_ROWS = 2000
# No store holds a file whose size has more; SQLite's own numbers, and their sums, end at 19.
SIZE_DIGITS = 14
STATES = {
    Status.SUCCESS: BackupState.SUCCESS,
    Status.FAILED: BackupState.FAILED,
    Status.CANCELLED: BackupState.CANCELLED,
}
COLUMNS = ("id", "dispatch_id", "s3_key", "status", "size_bytes", "created_at", "finished_at")
SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE rows (
  is_plain INTEGER, key TEXT, backup_id TEXT, state TEXT, size TEXT, day TEXT, bytes INTEGER
);
"""
SORTED = "SELECT key, backup_id, state, size, day FROM rows ORDER BY is_plain, key, backup_id"
BY_DAY = """
SELECT substr(day, 1, 10) AS day, state, count(*), sum(bytes) FROM rows WHERE day IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
"""


class DataApiTable:
    """The table of the configured project, as the service-role key sees it."""

    route = Route.REST

    def __init__(self, api: DataApi, names: Names, deadline: Deadline) -> None:
        self._api = api
        self._names = names
        self._deadline = deadline
        self._read_at: datetime | None = None
        # Read by a thread of its own, closed by another.
        self._kept = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._is_read = False
        # None: not looked for yet; empty where nothing tells it.
        self._zone: Mapping[str, Any] | None = None

    def about(self) -> About:
        """What one row tells: the columns, and that this key sees rows."""
        (row,) = _seen(self._api.newest_with(None, 1)) or (None,)
        if row is None:
            raise BrokeOffError(NO_ROW)
        self._read_at = self._deadline.clocks.now()
        return About(
            read_at=self._read_at,
            may_hide=self._api.role != SERVICE_ROLE,
            columns=tuple(row),
        )

    def fit(self, names: Names) -> None:
        """For the pages to come."""
        self._names = names

    def rows(self) -> Iterator[list[Row]]:
        """By key, byte by byte, once all are here."""
        self._read()
        cursor = self._kept.execute(SORTED)
        while batch := cursor.fetchmany(BATCH_ROWS):
            yield batch

    def by_day(self) -> list[Day]:
        """Counted here."""
        self._read()
        return [
            Day(day=day, state=state, rows=rows, bytes=size)
            for day, state, rows, size in self._kept.execute(BY_DAY)
        ]

    def close(self) -> None:
        """Delete the file."""
        self._kept.close()

    def _read(self) -> None:
        if self._is_read:
            return
        self._kept.executescript(SCHEMA)
        wanted = tuple(name for name in COLUMNS if self._names.column(name))
        after: str | None = None
        # A project may allow fewer rows a page than are asked for: only an empty page is the end.
        while page := _seen(self._api.page_by_id(wanted, after)):
            self._look_for_zone(page)
            rows = [self._row(values) for values in page]
            self._kept.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            before, after = after, str(rows[-1][2])
            if after == before:
                raise BrokeOffError(NO_ORDER)
        self._is_read = True

    def _look_for_zone(self, page: list[dict[str, Any]]) -> None:
        """Which zone the times are of, where the first one that is told has none."""
        column = self._names.column("created_at")
        if self._zone is not None or not any(has_no_zone(row.get(column)) for row in page):
            return
        assert self._read_at is not None
        self._zone = rest_zone(self._api, self._names, self._read_at) or {}

    def _meanings(self, told: str | None) -> list[datetime]:
        at = _moment(told)
        if at is None:
            return []
        return [*meanings(at, self._zone)] if self._zone and has_no_zone(told) else [at]

    def _row(self, values: dict[str, Any]) -> tuple[object, ...]:
        told = {name: _text(values.get(self._names.column(name))) for name in COLUMNS}
        key, made = told["s3_key"], _moment(told["created_at"])
        is_plain = key is not None and self._is_plain(key)
        shown = key if is_plain else ODD + json.dumps([key, told["dispatch_id"]])
        day = made.isoformat() if made else None
        size = told["size_bytes"]
        is_size = size is not None and size.isdecimal() and len(size) <= SIZE_DIGITS
        bytes_ = int(size) if size and is_size else 0
        return is_plain, shown, told["id"] or "", self._state(told, made), size, day, bytes_

    def _is_plain(self, key: str) -> bool:
        """Whether the key can mean one thing only: the object of that very name, under the prefix."""
        meant = [(one.bucket, one.key) for one in places(key, self._names.bucket or "")]
        return key.startswith(self._names.prefix) and meant == [(None, key)]

    def _state(self, told: dict[str, str | None], made: datetime | None) -> str:
        assert self._read_at is not None
        ended = min(self._meanings(told["finished_at"]), default=None)
        if ended and ended > self._read_at:  # its object may not have been listed
            return BackupState.RUNNING
        status = self._names.status_of(told["status"])
        if status is not Status.IN_PROGRESS:
            return STATES.get(status, BackupState.OTHER)
        since = self._read_at - timedelta(seconds=self._names.stuck_after_s)
        if made is None:
            return BackupState.UNDATED
        has_none = has_no_zone(told["created_at"])
        latest = latest_of(made, self._zone) if self._zone and has_none else made
        return BackupState.STUCK if latest < since else BackupState.RUNNING


def _seen(rows: list[dict[str, Any]] | Unseen) -> list[dict[str, Any]]:
    if isinstance(rows, Unseen):
        raise BrokeOffError(rows)
    return rows


def _text(value: object) -> str | None:
    """A JSON value as PostgreSQL writes it as text."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _moment(text: str | None) -> datetime | None:
    try:
        return moment(text) if text else None
    except ValueError:
        return None


NO_ROW = Unseen(
    why=Why.DENIED,
    what="The Data API shows no row of the table to the service-role key: it is empty, or rows are "
    "hidden, so that nothing can be compared.",
    remedy="Set SUPABASE_DB_URL (or SUPABASE_ACCESS_TOKEN) to see which.",
    dependency="Supabase's Data API",
)
NO_ORDER = Unseen(
    why=Why.GARBLED,
    what="The Data API returned the same page of the table twice.",
    dependency="Supabase's Data API",
)
