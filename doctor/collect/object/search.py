"""A search of the bucket for a backup's file: where it should be, then everywhere, bounded."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.clients.bucket_objects import stored
from backup_doctor.evidence.base import Unseen, Why, unseen
from backup_doctor.evidence.ids import Ids, Named
from backup_doctor.evidence.object import Search, StoredObject
from backup_doctor.evidence.object_keys import (
    FileKind,
    backups_in,
    basename,
    date_folders,
    kind_of,
    same_file,
)
from backup_doctor.evidence.row import Period

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.collect.clients.bucket import Bucket
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case

SEARCH_KEYS = 20_000
SEARCH_S = 10.0
# Files that perhaps name the backup: more of them tell no more.
KEPT_POSSIBLE = 20
# A folder of one day; more in it than this is no folder of backups.
FOLDER_KEYS = 5_000
# Clocks differ; a file this much older than its row is another backup's.
SKEW = timedelta(minutes=10)


class Sought(Immutable, frozen=True, kw_only=True):
    """What a backup's file may be known by.

    `since` is when the row was made; `expected` the key where nothing is, and `delete_marker` the
    version id of the marker that S3 named there. `others` are keys that are other rows'. `of_period`:
    what is older than the row, or from outside of its own time, does not count, whatever it names.
    """

    ids: Ids
    prefix: str
    since: datetime | None = None
    expected: str | None = None
    delete_marker: str | None = None
    others: frozenset[str] = frozenset()
    of_period: Period | None = None

    def named_in(self, key: str) -> Named:
        """How the key names the backup; as a whole, if it is the expected file in another place."""
        if key in self.others:
            return Named.NOT
        if self.expected is not None and same_file(key, self.expected):
            return Named.WHOLE
        return self.ids.named_in(key)

    def is_of_time(self, found: StoredObject) -> bool:
        """Whether the object is no older than the row; one that names it may be."""
        if self.of_period is not None and not self.of_period.has(found.modified_at):
            return False
        if self.since is None or (self.of_period is None and self.ids.whole_in(found.key)):
            return True
        return found.modified_at >= self.since - SKEW

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the days around the row's creation."""
        return date_folders(self.prefix, self.since) if self.since and self.ids else ()

    @property
    def spots(self) -> tuple[str, ...]:
        """Where an expected key ends up by a wrong prefix: too little of it, or too much."""
        if self.expected is None:
            return ()
        name, root = basename(self.expected), self.prefix
        folder = self.expected.removesuffix(name)
        spots = (folder, root + name, name, root + self.expected, f"/{self.expected}")
        return tuple(dict.fromkeys(spot for spot in spots if spot))


def look_nearby(ask: Sources, bucket: Bucket, sought: Sought) -> Search | Unseen | None:
    """The folders and spots where the file should be, all at once; None where none is known."""
    prefixes = tuple(dict.fromkeys((*sought.folders, *sought.spots)))
    if not prefixes:
        return None
    calls = [
        partial(walk, bucket, prefix, sought, keys=FOLDER_KEYS, seconds=SEARCH_S)
        for prefix in prefixes
    ]
    return merged(ask.at_once(*calls))


def look_everywhere(bucket: Bucket, sought: Sought) -> Search | Unseen:
    """The whole prefix; then, with what is left of the bound, the whole bucket."""
    started = time.monotonic()
    under = walk(bucket, sought.prefix, sought, keys=SEARCH_KEYS, seconds=SEARCH_S)
    if not sought.prefix or (isinstance(under, Search) and (under.hits or not under.complete)):
        return under
    listed = under.listed if isinstance(under, Search) else 0
    seconds = SEARCH_S - (time.monotonic() - started)
    whole = walk(bucket, "", sought, keys=SEARCH_KEYS - listed, seconds=seconds)
    return merged((under, whole)) or under


def look_beside(
    bucket: Bucket, sought: Sought, found: Search, period: Period | None
) -> Search | None:
    """The search with what else in the bucket names this backup; None where nothing does.

    What is older than the row, or from another backup's `period`, is no choice. A bucket that is too
    large to be listed is listed as far as the bound goes.
    """
    known = frozenset(one.key for one in found.hits)
    rest = look_everywhere(
        bucket, replace(sought, others=sought.others | known, of_period=period or Period())
    )
    if isinstance(rest, Unseen) or not rest.hits:
        return None
    both = merged((found, rest))
    return both if isinstance(both, Search) else None


def latest(ask: Sources, bucket: Bucket, case: Case) -> StoredObject | None:
    """The newest file in the folders of the last two months, else among the prefix's first."""
    root = f"{case.names.prefix.rstrip('/')}/" if case.names.prefix.strip("/") else ""
    month = ask.now.replace(day=1)
    months = (month, month - timedelta(days=1))
    prefixes = (*(f"{root}{one:%Y/%m}/" for one in months), case.names.prefix)
    pages = ask.at_once(*(partial(bucket.page, prefix) for prefix in prefixes))
    entries = [entry for page in pages if not isinstance(page, Unseen) for entry in page.objects]
    found = [one for one in map(stored, entries) if one is not None and one.size > 0]
    return next(iter(backups_in(found)), None)


def walk(
    bucket: Bucket, prefix: str, sought: Sought, *, keys: int, seconds: float
) -> Search | Unseen:
    """List a prefix up to a bound, and keep what matches."""
    until = time.monotonic() + seconds
    found: dict[Named, list[StoredObject]] = {named: [] for named in Named}
    listed, after, complete = 0, None, False
    while listed < keys and time.monotonic() < until:
        page = bucket.page(prefix, after) if after else bucket.first_page(prefix)
        if isinstance(page, Unseen):
            if not listed:
                return page
            break
        listed += len(page.objects)
        for named, one in _matching(page.objects, sought):
            found[named].append(one)
        after = page.after
        if after is None:
            complete = True
            break
    return search_of((prefix,), listed, found[Named.WHOLE], found[Named.PERHAPS], complete=complete)


def _matching(entries: Iterable[object], sought: Sought) -> Iterator[tuple[Named, StoredObject]]:
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        named = sought.named_in(str(entry.get("Key", "")))
        found = stored(entry) if named is not Named.NOT else None
        if found is not None and sought.is_of_time(found):
            yield named, found


def search_of(
    prefixes: tuple[str, ...],
    listed: int,
    hits: Iterable[StoredObject],
    possible: Iterable[StoredObject],
    *,
    complete: bool,
) -> Search:
    """A search's result: a note on a backup is none, and what may be a note is a backup perhaps."""
    sure = backups_in(hits)
    doubtful = tuple(one for one in sure if kind_of(one.key) is not FileKind.BACKUP)
    maybe = tuple(one for one in backups_in(possible) if one not in sure)
    return Search(
        prefixes=prefixes,
        listed=listed,
        complete=complete,
        hits=tuple(one for one in sure if one not in doubtful),
        possible=(*doubtful, *maybe)[:KEPT_POSSIBLE],
    )


def merged(parts: Iterable[Search | Unseen | None]) -> Search | Unseen | None:
    """Several searches as one; None for none at all.

    A prefix that may not be listed is left out of `prefixes`; one that failed makes it incomplete.
    """
    known = [part for part in parts if part is not None]
    done = [part for part in known if isinstance(part, Search)]
    failed = unseen(*known)
    if not done:
        return failed[0] if failed else None
    return search_of(
        tuple(prefix for part in done for prefix in part.prefixes),
        sum(part.listed for part in done),
        (hit for part in done for hit in part.hits),
        (one for part in done for one in part.possible),
        complete=all(part.complete for part in done) and _all_denied(failed),
    )


def _all_denied(failed: Iterable[Unseen]) -> bool:
    return all(failure.why is Why.DENIED for failure in failed)
