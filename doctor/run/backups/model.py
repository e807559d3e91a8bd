"""What `list` comes to."""

from __future__ import annotations

from datetime import timedelta

from backup_doctor.evidence.base import Fact, Unseen
from backup_doctor.evidence.case import Asked, Status
from backup_doctor.evidence.row import BackupRow
from backup_doctor.judge.freshness import Freshness


class ListedBackup(Fact, frozen=True, kw_only=True):
    """One row. `age` is since it was begun; `stuck`: in progress for longer than `stuck_after`.

    Each is None where the row does not tell.
    """

    row: BackupRow
    age: timedelta | None = None
    stuck: bool | None = None


class Listing(Fact, frozen=True, kw_only=True):
    """The newest rows of `statuses` (of all where none is named).

    `gap` is why the table could not be read, or why it may have rows that were not shown; `notes`
    are what else could not be seen. `project` is the one of the file that was chosen. `first_stuck` is
    by what a diagnosis finds the first backup that is stuck.
    """

    backups: tuple[ListedBackup, ...]
    freshness: Freshness
    statuses: tuple[Status, ...] = ()
    stuck_after_s: float = 0.0
    gap: Unseen | None = None
    notes: tuple[Unseen, ...] = ()
    warnings: tuple[str, ...] = ()
    project: str | None = None
    first_stuck: Asked | None = None

    @property
    def unseen(self) -> tuple[Unseen, ...]:
        """All that could not be seen, each once."""
        gaps = (self.gap,) if self.gap else ()
        return tuple({one.what: one for one in (*gaps, *self.notes)}.values())
