"""What the newest rows tell: which may be stuck by a word that no setting names, and what became of others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.clients.data_api import NEWEST_ASKED
from backup_doctor.collect.row.newest import newest_rows
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Status

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow
    from backup_doctor.run.sweep.stuck import StuckSearch


class AmongNewest(Immutable, frozen=True, kw_only=True):
    """`gap` is why one of them may be stuck; `endings` are the statuses of those that were, by name."""

    gap: Unseen | None = None
    endings: dict[str, str] = msgspec.field(default_factory=dict)


def look_at_newest(
    ask: Sources, search: StuckSearch, now: datetime, told: frozenset[str]
) -> AmongNewest:
    """What the newest rows tell; `told` are the names of the backups that were stuck before."""
    found = newest_rows(ask, search.names, search.table, (), NEWEST_ASKED)
    if isinstance(found, Unseen):
        # Why the table cannot be read is said by whoever looked for stuck rows in it.
        return AmongNewest()
    endings = {
        one: str(search.names.status_of(row.status)).replace("_", " ")
        for row in found.rows
        for one in {row.dispatch_id, row.id} & told
        if one is not None
    }
    return AmongNewest(gap=_unnamed(found.rows, search, now), endings=endings)


def _unnamed(rows: tuple[BackupRow, ...], search: StuckSearch, now: datetime) -> Unseen | None:
    """Why one of the rows may be stuck though it is not in progress by the settings, if so."""
    limit = now - timedelta(seconds=search.older_than_s)
    words = {
        row.status for row in rows if _may_wait(row, search.names) and _made_before(row, limit)
    }
    if not words:
        return None
    named = sorted(word for word in words if word)
    shown = ", ".join(map(repr, named))
    status = (
        f"the status {shown}, which no setting names. Add it to status.in_progress, or to the state "
        "that it means."
        if named
        else "no status. Look at them."
    )
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"Rows that may be stuck were left out: they have no end and {status}",
        dependency="PostgreSQL",
    )


def _may_wait(row: BackupRow, names: Names) -> bool:
    return names.status_of(row.status) is Status.UNKNOWN and row.finished_at is None


def _made_before(row: BackupRow, limit: datetime) -> bool:
    return row.created_at is None or row.created_at < limit
