"""The table through the Management API's SQL endpoint: page by page, each from behind the last.

There is no snapshot: a row that changes meanwhile is read as it is when its page comes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from backup_doctor.collect.database.answers import refusal_in
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.row import Route
from backup_doctor.run.audit import statements
from backup_doctor.run.audit.table import About, BrokeOffError, Day, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from backup_doctor.collect.clients.management import Management
    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.audit.model import Row

PAGE_ROWS = 5000
# The API allows 120 calls a minute, and says so with 429.
PAUSES_S = (5.0, 15.0, 45.0)


class PagedTable:
    """The table of the configured project."""

    route = Route.MANAGEMENT

    def __init__(
        self,
        management: Management,
        names: Names,
        deadline: Deadline,
        page_rows: int = PAGE_ROWS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._management = management
        self._names = names
        self._deadline = deadline
        self._page_rows = page_rows
        self._sleep = sleep
        self._read_at: datetime | None = None

    def about(self) -> About:
        """What holds when the first page is read."""
        (row,) = self._ask(statements.about(self._names)) or ({},)
        try:
            self._read_at = moment(row["read_at"])
            columns, tables = row["columns"], row["tables"]
            return About(
                read_at=self._read_at,
                may_hide=bool(row["may_hide"]),
                columns=None if columns is None else tuple(columns),
                tables=tuple(tables or ()),
                times=tuple(row["times"] or ()),
            )
        except (KeyError, TypeError, ValueError):
            raise BrokeOffError(GARBLED) from None

    def fit(self, names: Names) -> None:
        """For the pages to come."""
        self._names = names

    def rows(self) -> Iterator[list[Row]]:
        """By key, then by id."""
        assert self._read_at is not None
        after: tuple[str, str] | None = None
        while True:
            page = self._ask(
                statements.page_of_rows(self._names, self._read_at, after, self._page_rows)
            )
            rows = [_row(row) for row in page]
            yield rows
            if len(rows) < self._page_rows:
                return
            after = rows[-1][:2]

    def by_day(self) -> list[Day]:
        """One call."""
        assert self._read_at is not None
        rows = self._ask(statements.by_day(self._names, self._read_at))
        try:
            return [
                Day(
                    day=row["day"],
                    state=row["state"],
                    rows=int(row["rows"]),
                    bytes=int(float(row["bytes"])),
                )
                for row in rows
            ]
        except (KeyError, TypeError, ValueError):
            raise BrokeOffError(GARBLED) from None

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, statement: str) -> list[dict[str, Any]]:
        pauses_s = iter(PAUSES_S)
        while isinstance(answer := self._management.query(statement), Unseen):
            pause_s = next(pauses_s, None)
            limited = answer.why is Why.RATE_LIMITED
            if pause_s is None or not limited or self._deadline.left() < pause_s:
                refusal = refusal_in(answer)
                raise BrokeOffError(refusal.unseen() if refusal else answer)
            self._sleep(pause_s)
        return answer


def _row(row: dict[str, Any]) -> Row:
    try:
        key, backup_id, state, size, day = (row[name] for name in statements.COLUMNS)
    except KeyError:
        raise BrokeOffError(GARBLED) from None
    if not all(isinstance(cell, str) for cell in (key, backup_id, state)):
        raise BrokeOffError(GARBLED)
    return key, backup_id, state, size, day


GARBLED = Unseen(
    why=Why.GARBLED,
    what="Supabase's Management API returned rows of another shape than was asked for.",
    dependency="Supabase's Management API",
)
