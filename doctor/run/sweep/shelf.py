"""The bucket's listing, read once: of all its objects only those that a stuck backup may own."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from backup_doctor.base.threads import in_parallel
from backup_doctor.collect.clients.bucket_objects import stored
from backup_doctor.collect.object.search import SEARCH_KEYS, SKEW, search_of
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.ids import SHORTEST_PART, Ids, Named, goes_on, is_uuid
from backup_doctor.evidence.object_keys import date_folders, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from backup_doctor.collect.clients.bucket import Bucket, ObjectPage
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.object import Search, StoredObject
    from backup_doctor.run.sweep.backup import StuckBackup

PIECE = re.compile(r"[0-9A-Za-z]+")
WIDTH = 8


@dataclass
class Shelf:
    """The objects that name a wanted backup or stand at a wanted key.

    `listed` keys were looked at; `walked` are the prefixes that were read to their end; `gap` is why
    the listing broke off.
    """

    bucket: str
    listed: int = 0
    walked: list[str] = field(default_factory=list)
    gap: Unseen | None = None
    # An id that was wanted twice is named once all the same; a list is a third of a set.
    _ids: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    _keys: set[str] = field(default_factory=set)
    _by_id: dict[str, list[StoredObject]] = field(default_factory=lambda: defaultdict(list))
    _by_key: dict[str, StoredObject] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def complete(self) -> bool:
        """Whether nothing can be anywhere else in the bucket."""
        return "" in self.walked

    def covers(self, key: str) -> bool:
        """Whether an object at this key would have been come upon."""
        return any(key.startswith(prefix) for prefix in self.walked)

    def want(self, backup: StuckBackup) -> None:
        """Keep what names this backup."""
        for one in ids_of(backup).ids:
            piece = PIECE.search(one)
            if piece:
                self._ids[piece[0].lower()].append((one.lower(), piece.start()))
        self._keys.update(keys_of(backup, self.bucket))

    def put(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Look at a page of the listing."""
        with self._lock:
            self.listed += len(entries)
        for entry in entries:
            key = str(entry.get("Key", ""))
            named = set(self._named(key.lower()))
            if not named and key not in self._keys:
                continue
            found = stored(entry)
            if found is None:
                continue
            with self._lock:
                for one in named:
                    self._by_id[one].append(found)
                if key in self._keys:
                    self._by_key[key] = found

    def _named(self, key: str) -> Iterator[str]:
        """The wanted ids that stand in the lower-case key as whole words."""
        for piece in PIECE.finditer(key):
            for one, offset in self._ids.get(piece[0], ()):
                start = piece.start() - offset
                end = start + len(one)
                if start < 0 or not key.startswith(one, start):
                    continue
                if not goes_on(key, start) and not goes_on(key, end):
                    yield one

    def at_key(self, backup: StuckBackup) -> StoredObject | None:
        """What stands at the key that the row names."""
        keys = keys_of(backup, self.bucket)
        return next((self._by_key[key] for key in keys if key in self._by_key), None)

    def close(self) -> None:
        """Let go of what nobody needs once all is listed: ten thousand wanted ids are six megabytes."""
        self._ids.clear()
        self._keys.clear()

    def search(self, backup: StuckBackup) -> Search:
        """The objects whose keys name the backup, surely or perhaps, as a single search finds them.

        What was there before its row, or is of another backup's time, is none beside one that is not.
        """
        ids = ids_of(backup)
        found = {one.key: one for name in ids.ids for one in self._by_id.get(name.lower(), ())}
        graded = [(ids.named_in(key), one) for key, one in found.items()]
        timely = [(named, one) for named, one in graded if _is_of_time(one, backup)]
        if any(named is Named.WHOLE for named, _ in timely):
            graded = timely
        return search_of(
            tuple(self.walked),
            self.listed,
            (one for named, one in graded if named is Named.WHOLE),
            (one for named, one in graded if named is Named.PERHAPS),
            complete=self.complete,
        )

    def found(self, backup: StuckBackup) -> tuple[str, ...]:
        """The keys of all objects that may be the backup's."""
        here, search = self.at_key(backup), self.search(backup)
        several = (*((here,) if here else ()), *search.hits, *search.possible)
        return tuple(one.key for one in several)

    def has(self, backup: StuckBackup) -> bool:
        """Whether an object of the backup was come upon."""
        return self.at_key(backup) is not None or bool(self.search(backup).hits)


def _is_of_time(found: StoredObject, backup: StuckBackup) -> bool:
    made, period = backup.created_at, backup.period
    is_older = made is not None and found.modified_at < made - SKEW
    return not is_older and (period is None or period.has(found.modified_at))


def is_odd(backup: StuckBackup) -> bool:
    """Whether its ids are such that the listing cannot be held against them word by word."""
    dispatch = (backup.row.dispatch_id or "").strip()
    long_enough = len(dispatch) >= SHORTEST_PART
    return not (long_enough and dispatch.isascii() and PIECE.search(dispatch))


def ids_of(backup: StuckBackup) -> Ids:
    """The ids by which a key may name the backup: its dispatch, and a row's id that is a UUID."""
    row = backup.row
    dispatch = (row.dispatch_id or "").strip()
    ids = (dispatch, (row.id or "").strip() if is_uuid(row.id) else "")
    return Ids([], of_rows=[one for one in ids if len(one) >= SHORTEST_PART])


def keys_of(backup: StuckBackup, bucket: str) -> tuple[str, ...]:
    """The keys of this bucket that the row's text may mean, likeliest first."""
    text = backup.row.s3_key
    if not text or not text.strip():
        return ()
    return tuple(one.key for one in places(text, bucket) if one.bucket in (None, bucket))


def list_bucket(ask: Sources, names: Names, backups: Sequence[StuckBackup]) -> Shelf | Unseen:
    """List what is needed to find the files of the backups, and no more.

    First the folders of the days around the rows; then, if files are missing, the whole prefix; then
    the rest of the bucket, as far as a single diagnosis would search it. So it is, too, for a second
    file of a backup that only its file's name tells of.
    """
    if not names.bucket:
        return ask.settings.absent("bucket")
    shelf = Shelf(bucket=names.bucket)
    for backup in backups:
        shelf.want(backup)
    folders = sorted(
        {
            folder
            for backup in backups
            if backup.created_at
            for folder in date_folders(names.prefix, backup.created_at)
        }
    )
    _walk_all(ask, shelf, folders)
    if not _is_done(shelf, backups):
        _walk_all(ask, shelf, [names.prefix])
    if names.prefix and not _is_done(shelf, backups):
        _walk(ask, shelf, "", SEARCH_KEYS)
    if shelf.gap is None and any(shelf.at_key(one) is None for one in backups):
        _look_beside(ask, shelf, names.prefix)
    shelf.close()
    return shelf.gap if shelf.gap and not shelf.listed else shelf


def _look_beside(ask: Sources, shelf: Shelf, prefix: str) -> None:
    """List what was not needed to find a file for each: what cannot be listed takes nothing away."""
    for one in (prefix, ""):
        if not shelf.covers(one):
            _walk(ask, shelf, one, SEARCH_KEYS)
    shelf.gap = None


def _is_done(shelf: Shelf, backups: Iterable[StuckBackup]) -> bool:
    return shelf.gap is not None or all(shelf.has(backup) for backup in backups)


def _walk_all(ask: Sources, shelf: Shelf, prefixes: Sequence[str]) -> None:
    calls = [partial(_walk, ask, shelf, prefix) for prefix in prefixes]
    try:
        for _ in in_parallel(calls, WIDTH, lambda: ask.deadline.left() + 0.1):
            pass
    except TimeoutError:
        shelf.gap = _too_late()


def _walk(ask: Sources, shelf: Shelf, prefix: str, most: int | None = None) -> bool:
    """Read the listing of a prefix, to its end or to the bound; whether it came to the end."""
    bucket: Bucket = ask.bucket
    after, listed = None, 0
    while most is None or listed < most:
        if ask.deadline.left() <= 0:
            shelf.gap = _too_late()
            return False
        page: ObjectPage | Unseen = bucket.page(prefix, after)
        if isinstance(page, Unseen):
            shelf.gap = page
            return False
        shelf.put(page.objects)
        listed += len(page.objects)
        after = page.after
        if after is None:
            shelf.walked.append(prefix)
            return True
    return False


def _too_late() -> Unseen:
    return Unseen(
        why=Why.TIMED_OUT,
        what="The budget ended before the bucket's listing did.",
        remedy="Give a larger --budget.",
        dependency="S3",
    )
