"""A stuck backup: the row, what else has its dispatch id, and who holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.row import next_backup

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.row import BackupRow, LockHolder


class StuckBackup(Immutable, frozen=True, kw_only=True):
    """`row` is the stuck one; `rows` are all of its dispatch, newest first."""

    row: BackupRow
    rows: tuple[BackupRow, ...]
    holders: tuple[LockHolder, ...] = ()

    @property
    def next_made(self) -> datetime | None:
        """When the next backup of the same dispatch id was made; None without one."""
        return next_backup(self.row, self.rows)

    @property
    def asked(self) -> Asked:
        """What a single diagnosis of it would be asked; by its dispatch id that finds the newest backup."""
        if self.row.dispatch_id and self.next_made is None:
            return Asked(dispatch_id=self.row.dispatch_id)
        return Asked(backup_id=self.row.id)

    @property
    def created_at(self) -> datetime | None:
        """When its row was made."""
        return self.row.created_at

    @property
    def ids(self) -> tuple[str, ...]:
        """What a title or a key may name it by."""
        return tuple(one.strip() for one in (self.row.dispatch_id, self.row.id) if one)
