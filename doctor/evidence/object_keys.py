"""Which key a text means, and what a file is by its name. Pure functions."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.object import StoredObject

AMAZON = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-](?:[a-z0-9-]+\.)*amazonaws\.com(?:\.cn)?")
MASK = "***"
# Days from the row's creation: the workflow may run late, and clocks and time zones differ.
DATE_FOLDERS = (-1, 0, 1, 2)
# Digits enough to tell one backup's file name from the next one's: a date, a time, an id.
LEAST_DIGITS = 6


class KeyPlace(NamedTuple):
    """A key, and the bucket that it was named with; None where it was named alone."""

    bucket: str | None
    key: str


def places(text: str, bucket: str | None) -> tuple[KeyPlace, ...]:
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
        found = [KeyPlace(owner, key), KeyPlace(owner, unquote(key))]
    elif separator and scheme.lower() in ("http", "https"):
        found = list(_of_url(text, bucket))
    else:
        bare = text.lstrip("/")
        found = [KeyPlace(None, key) for key in (bare, text, unquote(bare))]
        if bucket and bare.startswith(f"{bucket}/"):
            found.append(KeyPlace(None, bare.removeprefix(f"{bucket}/")))
    return tuple(dict.fromkeys(place for place in found if _is_key(place.key)))


def _is_key(text: str) -> bool:
    """Whether a text can be a key: not slashes alone, and not masked by GitHub."""
    return bool(text.strip("/")) and MASK not in text


def _of_url(url: str, bucket: str | None) -> Iterable[KeyPlace]:
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
    yield KeyPlace(named, unquote(path))
    yield KeyPlace(named, path)


def notations(key: str, bucket: str | None) -> tuple[str, ...]:
    """How a row may write this key: bare, from the root, or with its bucket."""
    named = (f"s3://{bucket}/{key}", f"{bucket}/{key}") if bucket else ()
    return (key, f"/{key}", *named)


def date_folders(prefix: str, around: datetime) -> tuple[str, ...]:
    """`prefix/YYYY/MM/DD/` of the days (UTC) on which that backup may have been stored."""
    root = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    days = (around + timedelta(days=offset) for offset in DATE_FOLDERS)
    return tuple(f"{root}{day:%Y/%m/%d}/" for day in days)


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


class FileKind(Enum):
    """What a file is beside a backup: one itself, a note on one, or either."""

    BACKUP = "backup"
    NOTE = "note"
    EITHER = "either"


_BACKUPS = frozenset(
    {
        *("", "zip", "tar", "gz", "tgz", "zst", "zstd", "xz", "bz2", "lz4", "7z", "rar"),
        *(
            "sql",
            "dump",
            "dmp",
            "pgdump",
            "bak",
            "backup",
            "age",
            "gpg",
            "pgp",
            "enc",
            "sqlite",
            "db",
        ),
    }
)
_NOTES = frozenset(
    {
        *("sha256", "sha512", "sha1", "sha256sum", "md5", "md5sum", "sum", "crc", "crc32", "etag"),
        *("sig", "asc", "minisig", "log", "txt", "md", "html", "manifest", "meta", "metadata"),
    }
)
_NOTE_WORD = re.compile(
    r"(?<![^\W_])(?:manifest|checksums?|metadata|meta|sha256sums)(?![^\W_])", re.IGNORECASE
)


def kind_of(key: str) -> FileKind:
    """What a file is by its name: `x.zip` a backup, `x.zip.sha256` a note, `x.json` either."""
    name = basename(key)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if not name or ending in _NOTES:
        return FileKind.NOTE
    if ending in _BACKUPS:
        return FileKind.BACKUP
    return FileKind.NOTE if _NOTE_WORD.search(name) else FileKind.EITHER


def backups_in(objects: Iterable[StoredObject]) -> tuple[StoredObject, ...]:
    """Each object once, newest first, without the notes beside backups: checksums, manifests, logs.

    What may be either counts only where nothing else is surely a backup.
    """
    by_key = {one.key: one for one in objects}
    kinds = {key: kind_of(key) for key in by_key}
    wanted = FileKind.BACKUP if FileKind.BACKUP in kinds.values() else FileKind.EITHER
    own = [
        by_key[key]
        for key, kind in kinds.items()
        if kind is wanted and (kind is FileKind.BACKUP or not _is_beside(key, by_key))
    ]
    return tuple(sorted(own, key=lambda one: (one.modified_at, one.key), reverse=True))


def _is_beside(key: str, keys: Iterable[str]) -> bool:
    """Whether the name is another object's with something behind it: `x.zip.sha256`, `x.zip.part`."""
    return any(key.startswith(f"{other}.") for other in keys)
