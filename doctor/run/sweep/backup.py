"""A stuck backup: the row, what else has its dispatch id, and who holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.reuse import asked_of, is_reused_later, period_of

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.case import Asked
    from backup_doctor.evidence.row import BackupRow, LockHolder, Period


class StuckBackup(Immutable, frozen=True, kw_only=True):
    """`row` is the stuck one; `rows` are all of its dispatch, newest first."""

    row: BackupRow
    rows: tuple[BackupRow, ...]
    holders: tuple[LockHolder, ...] = ()

    @property
    def period(self) -> Period | None:
        """When its runs were started, where its dispatch id is other backups' too."""
        return period_of(self.row, self.rows)

    @property
    def has_next(self) -> bool:
        """Whether its dispatch id is a later backup's too."""
        return is_reused_later(self.row, self.rows)

    @property
    def asked(self) -> Asked:
        """What a single diagnosis of it would be asked; by its dispatch id that finds the newest backup."""
        return asked_of(self.row, self.rows)

    @property
    def created_at(self) -> datetime | None:
        """When its row was made."""
        return self.row.created_at

    @property
    def ids(self) -> tuple[str, ...]:
        """What a title or a key may name it by."""
        return tuple(one.strip() for one in (self.row.dispatch_id, self.row.id) if one)
