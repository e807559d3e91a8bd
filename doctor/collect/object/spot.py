"""One file of the bucket: what is at the key that a text means, and how its archive ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.collect.clients.bucket import Absent
from backup_doctor.collect.object.file_ends import (
    HEAD_BYTES,
    NOT_READ,
    is_zip,
    kind_of,
    may_be_zip,
    read_ends,
)
from backup_doctor.collect.object.search import look_nearby
from backup_doctor.collect.object.zip_tail import SMALLEST_ZIP, TAIL_BYTES
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.object import NO_SUCH_BUCKET, FileEnd, Search, StoredObject
from backup_doctor.evidence.object_keys import places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.collect.clients.bucket import Bucket
    from backup_doctor.collect.object.search import Sought
    from backup_doctor.collect.sources import Sources

MOST_LOGGED_KEYS = 8


class Early(NamedTuple):
    """A search made while the log was awaited, and the end of the one file that it found."""

    search: Search | Unseen | None = None
    tail: FileEnd | Unseen | None = None

    @property
    def hits(self) -> tuple[StoredObject, ...]:
        """What it found."""
        return self.search.hits if isinstance(self.search, Search) else ()


class Spot(NamedTuple):
    """What is at one key of one bucket."""

    bucket: Bucket
    key: str
    head: StoredObject | Absent | Unseen


def search_early(ask: Sources, bucket: Bucket, sought: Sought) -> Early:
    """Search the folders of the backup's days; read the end of the file where one alone fits."""
    search = look_nearby(ask, bucket, sought)
    found = Early(search)
    only = found.hits[0] if len(found.hits) == 1 else None
    if only is None:
        return found
    ask.hints.found(only)
    return Early(search, read_end(bucket, only))


def at_key(ask: Sources, bucket: Bucket, text: str, early: Early) -> Spot:
    """What is at the key that a text means; of several readings, the one that fits the bucket."""
    (where, key), *others = _readings(bucket, text)
    known = next((hit for hit in early.hits if hit.key == key), None)
    likeliest = Spot(where, key, known or where.head(key))
    if not isinstance(likeliest.head, Absent) or not others:
        return likeliest
    spots = ask.at_once(*(partial(_spot, *reading) for reading in others))
    fitting = [spot for spot in spots if isinstance(spot.head, StoredObject)]
    hidden = [spot for spot in spots if isinstance(spot.head, Unseen) and not _has_no_bucket(spot)]
    return next(iter((*fitting, *hidden)), likeliest)


def where_uploaded(spot: Spot, uploaded: Sequence[str], *, may_follow: bool) -> Spot:
    """What is at the same key of the bucket that the run's own upload names, if that is another one."""
    meant = (place for text in uploaded for place in places(text, None))
    named = [place.bucket for place in meant if place.bucket and place.key == spot.key]
    if not named or spot.bucket.name in named:
        return spot
    if not may_follow:
        return spot._replace(head=_elsewhere(spot.bucket.name, named[0]))
    other = _spot(spot.bucket.at(named[0]), spot.key)
    return spot if _has_no_bucket(other) else other


def _elsewhere(given: str, named: str) -> Unseen:
    return Unseen(
        why=Why.NOT_CONFIGURED,
        what=f"The run uploaded to the bucket {named}; the doctor was told to look in {given}.",
        remedy=f"Set BACKUP_BUCKET to {named}, if that is the pipeline's.",
        dependency="S3",
    )


def at_any(ask: Sources, bucket: Bucket, texts: Sequence[str]) -> Iterator[StoredObject]:
    """The files of this bucket at the keys that these texts mean."""
    keys = [places(text, bucket.name)[0].key for text in texts[:MOST_LOGGED_KEYS]]
    heads = ask.at_once(*(partial(bucket.head, key) for key in dict.fromkeys(keys)))
    return (head for head in heads if isinstance(head, StoredObject))


def read_end(bucket: Bucket, found: StoredObject) -> FileEnd | Unseen:
    """How the file begins and ends, by ranged GETs of 65 kB; one whose name says nothing is not read."""
    kind = kind_of(found.key)
    if kind is None and not is_zip(found.key):
        return NOT_READ
    if found.size < (SMALLEST_ZIP if kind is None else 1):
        return read_ends(found.key, b"", b"", found.size)
    first = max(0, found.size - TAIL_BYTES)
    tail = bucket.read(found.key, first, found.size - 1)
    if isinstance(tail, Unseen):
        return tail
    if first == 0:
        return read_ends(found.key, tail[:HEAD_BYTES], tail, found.size)
    if kind is None and may_be_zip(end := read_ends(found.key, b"", tail, found.size)):
        return end
    head = bucket.read(found.key, 0, HEAD_BYTES - 1)
    return head if isinstance(head, Unseen) else read_ends(found.key, head, tail, found.size)


def _readings(bucket: Bucket, text: str) -> list[tuple[Bucket, str]]:
    """Every key that the text may mean: in this bucket, then in the one that the text names."""
    meant = places(text, bucket.name)
    named = [place for place in meant if place.bucket not in (None, bucket.name)]
    return [
        *((bucket, place.key) for place in meant),
        *((bucket.at(place.bucket), place.key) for place in named if place.bucket),
    ]


def _spot(bucket: Bucket, key: str) -> Spot:
    return Spot(bucket, key, bucket.head(key))


def _has_no_bucket(spot: Spot) -> bool:
    return isinstance(spot.head, Unseen) and spot.head.code == NO_SUCH_BUCKET
