"""The backups of the benchmark: the same ones in the table and, but for a few, in the bucket."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "backups/"
DAYS = 1000
FIRST_DAY = datetime(2023, 1, 1, 2, tzinfo=UTC)
# One in so many is wrong in each of the ways that an audit finds.
FAULT_EVERY = 1000
SIZE = 1_000_000_000


@dataclass(frozen=True)
class Backup:
    """One backup. `number` counts from 0 in the order of the keys."""

    number: int
    dispatch_id: str
    created_at: datetime

    @property
    def key(self) -> str:
        """Where its file is stored."""
        return f"{PREFIX}{self.created_at:%Y/%m/%d}/backup-{self.dispatch_id}.zip"

    @property
    def size(self) -> int:
        """Bytes; always of ten digits."""
        return SIZE + self.number

    def is_nth(self, remainder: int) -> bool:
        """Whether it is the one among `FAULT_EVERY` that has the fault of this number."""
        return self.number % FAULT_EVERY == remainder


def backups(count: int) -> Iterator[Backup]:
    """So many backups in the byte order of their keys, spread evenly over `DAYS` days."""
    number = 0
    for day in range(DAYS):
        first, last = count * day // DAYS, count * (day + 1) // DAYS
        for dispatch_id in sorted(_uuid(index) for index in range(first, last)):
            yield Backup(number, dispatch_id, FIRST_DAY + timedelta(days=day))
            number += 1


def _uuid(index: int) -> str:
    return str(UUID(bytes=hashlib.md5(index.to_bytes(8), usedforsecurity=False).digest()))
