"""The table, read once from end to end: what both ways to it have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import Route
    from backup_doctor.run.audit.model import Row


class BrokeOffError(Exception):
    """A side could not be read to its end; `gap` says why."""

    def __init__(self, gap: Unseen) -> None:
        super().__init__(gap.what)
        self.gap = gap


class About(Immutable, frozen=True, kw_only=True):
    """When the table is read, by the database's clock, and whether rows may be hidden.

    `columns` are the table's, None where it is not there; `tables` are then all that there are. `times`
    are the columns that hold a time, None where any may.
    """

    read_at: datetime
    may_hide: bool
    columns: tuple[str, ...] | None
    tables: tuple[str, ...] = ()
    times: tuple[str, ...] | None = None


class Day(Immutable, frozen=True, kw_only=True):
    """The rows of one day (YYYY-MM-DD) and state, and their bytes."""

    day: str
    state: str
    rows: int
    bytes: int


class AuditTable(Protocol):
    """One way to read the table. Every method raises `BrokeOffError` where it cannot."""

    route: Route

    def about(self) -> About:
        """What holds for all that is read; asked first."""

    def fit(self, names: Names) -> None:
        """Read the columns of these names, which the table has."""

    def rows(self) -> Iterator[list[Row]]:
        """All rows, the odd ones first, then those with a plain key in the order of their keys."""

    def by_day(self) -> list[Day]:
        """How many rows there are of each day and state."""

    def close(self) -> None:
        """Let go of it at once, whatever is under way."""


def moment(value: object) -> datetime:
    """A time as a driver or JSON gives it, in UTC.

    Raises:
        ValueError: it is none.
    """
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


HIDDEN = Unseen(
    why=Why.DENIED,
    what="Row-level security may hide rows from this database user, so that no object was called "
    "an orphan.",
    remedy="Read the table as a role that sees all rows (BYPASSRLS, or a policy USING (true)).",
    dependency="PostgreSQL",
)
