"""Which key a text means, and which keys name a backup. Pure functions."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from doctor.evidence.object import StoredObject

AMAZON = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-](?:[a-z0-9-]+\.)*amazonaws\.com(?:\.cn)?")
MASK = "***"
# Days from the row's creation: the workflow may run late, and clocks and time zones differ.
DATE_FOLDERS = (-1, 0, 1, 2)
# A shorter id turns up in dates and times by accident, and counts only as a whole file name.
SHORTEST_TOKEN = 6
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Digits enough to tell one backup's file name from the next one's: a date, a time, an id.
LEAST_DIGITS = 6


class Place(NamedTuple):
    """A key, and the bucket that it was named with; None where it was named alone."""

    bucket: str | None
    key: str


def places(text: str, bucket: str | None) -> tuple[Place, ...]:
    """What a row's or a log's text may mean by its key, likeliest first; empty for no key at all.

    Understands bare keys, `/key`, `s3://bucket/key` and the URLs of S3 and stores like it. Percent
    escapes may be part of a bare key, so that it is taken literally first; a plus sign stays one.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() == "s3":
        named, _, key = rest.partition("/")
        # GitHub masks the name of a bucket that is a secret.
        owner = named if named and MASK not in named else None
        found = [Place(owner, key), Place(owner, unquote(key))]
    elif separator and scheme.lower() in ("http", "https"):
        found = list(_of_url(text, bucket))
    else:
        bare = text.lstrip("/")
        found = [Place(None, key) for key in (bare, text, unquote(bare))]
        if bucket and bare.startswith(f"{bucket}/"):
            found.append(Place(None, bare.removeprefix(f"{bucket}/")))
    return tuple(dict.fromkeys(place for place in found if _is_key(place.key)))


def _is_key(text: str) -> bool:
    """Whether a text can be a key: not slashes alone, and not masked by GitHub."""
    return bool(text.strip("/")) and MASK not in text


def _of_url(url: str, bucket: str | None) -> Iterable[Place]:
    """In a URL the escapes are the URL's own; the literal path is the second try."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return
    path = parts.path.lstrip("/")
    amazon = AMAZON.fullmatch(host)
    named = amazon["bucket"] if amazon else None
    if named is None and bucket and host.startswith(f"{bucket.lower()}."):
        named = bucket
    if named is None and bucket and f"/{bucket}/" in parts.path:
        named, path = bucket, parts.path.split(f"/{bucket}/", 1)[1]
    elif named is None and amazon:
        named, _, path = path.partition("/")
    yield Place(named, unquote(path))
    yield Place(named, path)


def date_folders(prefix: str, around: datetime) -> tuple[str, ...]:
    """`prefix/YYYY/MM/DD/` of the days (UTC) on which that backup may have been stored."""
    root = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    days = (around + timedelta(days=offset) for offset in DATE_FOLDERS)
    return tuple(f"{root}{day:%Y/%m/%d}/" for day in days)


class Names:
    """The ids that a key may name. An id counts as a whole token, not inside a longer one."""

    def __init__(self, ids: Iterable[str | None]) -> None:
        self.ids = tuple(dict.fromkeys(one.strip() for one in ids if one and one.strip()))
        long = [re.escape(one) for one in self.ids if len(one) >= SHORTEST_TOKEN]
        short = [re.escape(one) for one in self.ids if len(one) < SHORTEST_TOKEN]
        self._long = _pattern(r"(?<![0-9A-Za-z])(?:{})(?![0-9A-Za-z])", long)
        self._short = _pattern(r"(?:^|/)(?:backup[-_])?(?:{})(?:\.[^/]*)?$", short)

    def __bool__(self) -> bool:
        return bool(self.ids)

    def in_key(self, key: str) -> bool:
        """Whether the key names one of the ids."""
        return self.surely_in(key) or (self._short is not None and bool(self._short.search(key)))

    def surely_in(self, key: str) -> bool:
        """Whether the key names an id that is long enough to be no accident."""
        return self._long is not None and bool(self._long.search(key))


def _pattern(around: str, ids: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile(around.replace("{}", "|".join(ids)), re.IGNORECASE) if ids else None


def is_uuid(text: str | None) -> bool:
    """Whether a text is a UUID, and so names one thing in the world."""
    return text is not None and UUID.fullmatch(text.strip()) is not None


def basename(key: str) -> str:
    """What follows the last slash."""
    return key.rpartition("/")[2]


def same_file(key: str, expected: str) -> bool:
    """Whether a key is the expected one, stored elsewhere or in other letters.

    A name such as `backup.zip` is every backup's; only one that tells backups apart proves it.
    """
    name = basename(expected).lower()
    digits = sum(character.isdigit() for character in name)
    if digits < LEAST_DIGITS:
        return key != expected and key.lower() == expected.lower()
    return key != expected and basename(key).lower() == name


def newest_first(objects: Iterable[StoredObject]) -> tuple[StoredObject, ...]:
    """Each object once, newest first, without checksums and the like: `backup.zip.sha256`, `backup.json`."""
    by_key = {one.key: one for one in objects}
    own = [one for one in by_key.values() if not _is_companion(one.key, tuple(by_key))]
    return tuple(sorted(own, key=lambda one: (one.modified_at, one.key), reverse=True))


# What is written beside an archive, in the place of its ending.
_NOTES = frozenset({"sha256", "sha512", "sha1", "md5", "json", "txt", "log", "sig", "asc"})


def _is_companion(key: str, keys: Sequence[str]) -> bool:
    stem, dot, ending = key.rpartition(".")
    beside = (f"{stem}.zip",) if dot and ending.lower() in _NOTES else ()
    return any(key.startswith(f"{other}.") or other in beside for other in keys)
