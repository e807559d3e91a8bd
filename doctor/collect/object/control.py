"""Whether a file would have been seen if it were there: a look at the files of other backups."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.ids import ids_of
from backup_doctor.evidence.object import Search, StoredObject
from backup_doctor.evidence.object_keys import places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.collect.clients.bucket import Absent, Bucket
    from backup_doctor.collect.object.rows import Neighbours
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.row import BackupRow


class ControlFiles(Immutable, frozen=True, kw_only=True):
    """The files of other good backups: their keys, and what is at each of them.

    `named` are the keys that carry the id of their own row.
    """

    keys: tuple[str, ...]
    heads: tuple[StoredObject | Absent | Unseen, ...]
    named: frozenset[str] = frozenset()


def files_of(
    ask: Sources, bucket: Bucket, neighbours: Neighbours | Unseen
) -> ControlFiles | Unseen:
    """Look at the files of the good backups next to this one: of later ones, if there are any.

    A pipeline may have moved to another bucket since an earlier one.
    """
    if isinstance(neighbours, Unseen):
        return neighbours
    rows = neighbours.good_after or neighbours.good_before
    by_key = dict(_keys(rows, bucket.name))
    return ControlFiles(
        keys=tuple(by_key),
        heads=ask.at_once(*(partial(bucket.head, key) for key in by_key)),
        named=frozenset(key for key, row in by_key.items() if ids_of(Asked(), row).named_in(key)),
    )


def control(
    bucket: str, files: ControlFiles | Unseen, search: Search | Unseen | None = None
) -> Shown | Unseen:
    """Proof that other backups' files are where this one's was searched for; else why not. Pure."""
    if isinstance(files, Unseen):
        return _open(bucket, f"Other backups' rows could not be read: {files.what}")
    if not files.keys:
        return _open(bucket, "There is no other good backup whose file could show it.")
    there = [one for one in files.heads if isinstance(one, StoredObject)]
    if not there:
        return _open(bucket, _why_not(files))
    if not any(_is_under(one.key, search) for one in there):
        return _open(bucket, f"Another backup's file lies outside of the prefix: {there[0].key}.")
    return Shown(by=f"another backup's file is in the bucket {bucket}: {there[0].key}")


def are_named_by_id(files: ControlFiles | Unseen) -> bool:
    """Whether the files that are there carry their own backups' ids, each of them. Pure."""
    if isinstance(files, Unseen):
        return False
    there = {one.key for one in files.heads if isinstance(one, StoredObject)}
    return bool(there) and there <= files.named


def _keys(rows: Iterable[BackupRow], bucket: str) -> Iterable[tuple[str, BackupRow]]:
    for row in rows:
        meant = places(row.s3_key or "", bucket)
        if meant and meant[0].bucket in (None, bucket):
            yield meant[0].key, row


def _is_under(key: str, search: Search | Unseen | None) -> bool:
    """Whether it lies under what was searched for this one; what was not searched asks for nothing."""
    if not isinstance(search, Search) or not search.prefixes:
        return True
    return any(key.startswith(prefix) for prefix in search.prefixes)


def _why_not(files: ControlFiles) -> str:
    failed = next((one for one in files.heads if isinstance(one, Unseen)), None)
    if failed is not None:
        return f"Another backup's file could not be looked at: {failed.what}"
    return f"The files of other good backups are not there either: {', '.join(files.keys)}."


def _open(bucket: str, why: str) -> Unseen:
    return Unseen(
        why=Why.NOT_ASKED,
        what=f"Nothing shows that the pipeline's files are in the bucket {bucket}. {why}",
        dependency="S3",
    )
