"""Which rows have the files that were come upon: asked for all backups of a sweep at once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from backup_doctor.collect.database.others import columns_of, owners_of_many_statement
from backup_doctor.collect.database.statements import document
from backup_doctor.collect.object.rows import owning, read_told
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.object_keys import notations, places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.ids import Ids
    from backup_doctor.evidence.object import KeyOwner
    from backup_doctor.evidence.row import BackupRow, Table

KEYS_AT_ONCE = 500
NOT_ASKED = Unseen(
    why=Why.NOT_ASKED,
    what="Whether another row names this file was not asked for all backups at once.",
    remedy="Diagnose this backup alone.",
    dependency="PostgreSQL",
)


class Owners:
    """The rows that have one of many files, by the file's key."""

    def __init__(self, rows: list[BackupRow], bucket: str) -> None:
        self._bucket = bucket
        self._by_key: dict[str, list[BackupRow]] = defaultdict(list)
        self._by_id: dict[str, list[BackupRow]] = defaultdict(list)
        for row in rows:
            for place in places(row.s3_key or "", bucket):
                self._by_key[place.key].append(row)
            self._by_id[(row.dispatch_id or "").lower()].append(row)

    def of(self, key: str, ids: Ids, own: str | None) -> tuple[KeyOwner, ...]:
        """The other rows that have this file."""
        rivals = (row for one in ids.rivals_in(key) for row in self._by_id.get(one.lower(), ()))
        each = {row.id: row for row in (*self._by_key.get(key, ()), *rivals) if row.id != own}
        return tuple(owning(key, each.values(), ids, self._bucket))


def owners_of_all(
    ask: Sources,
    names: Names,
    table: Table | Unseen | None,
    wanted: Sequence[tuple[str, Ids]],
    bucket: str,
) -> Owners | Unseen:
    """The rows that have one of the files; `wanted` are keys, each with its backup's ids."""
    columns = columns_of(names, table)
    if not {"s3_key", "dispatch_id"} <= set(columns) or not ask.database.ways:
        return NOT_ASKED
    rows: list[BackupRow] = []
    for first in range(0, len(wanted), KEYS_AT_ONCE):
        some = wanted[first : first + KEYS_AT_ONCE]
        texts = (text for key, _ in some for text in notations(key, bucket))
        rivals = dict.fromkeys(one for key, ids in some for one in ids.rivals_in(key))
        found = ask.database.query(owners_of_many_statement(names, columns, texts, rivals))
        told = found if isinstance(found, Unseen) else document(found)
        if isinstance(told, Unseen):
            return told
        if told.get("urls"):
            return NOT_ASKED
        rows += read_told(told.get("rows", ()))
    return Owners(rows, bucket)
