"""The file that a run's log speaks of in words that nobody knows: another language, another tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.object.spot import at_any
from backup_doctor.evidence.object import Search
from backup_doctor.evidence.object_keys import backups_in, basename, places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.collect.clients.bucket import Bucket
    from backup_doctor.collect.object.search import Sought
    from backup_doctor.collect.sources import Sources

# The last ones that the log names: what was made is uploaded after it.
MOST_MENTIONS = 4


def look_where_mentioned(
    ask: Sources, bucket: Bucket, sought: Sought, mentions: Sequence[str]
) -> Search | None:
    """What is in the bucket under a name that the log mentions, no older than the row; None for nothing."""
    of_bucket = [text for text in mentions if _may_be_in(bucket.name, text)]
    keys = tuple(_keys(of_bucket[-MOST_MENTIONS:], sought))
    here = (one for one in at_any(ask, bucket, keys) if one.key not in sought.others)
    hits = backups_in(one for one in here if sought.is_of_time(one))
    return Search(prefixes=(), listed=len(hits), complete=True, hits=hits) if hits else None


def _may_be_in(bucket: str, text: str) -> bool:
    """Whether it is a path, or the address of something in this bucket: tools are fetched by others."""
    if not text.startswith(("http://", "https://")):
        return True
    return any(place.bucket == bucket for place in places(text, bucket))


def _keys(mentions: Sequence[str], sought: Sought) -> Iterator[str]:
    """Each as it stands; then as a file's name, of which the log left the folder out."""
    root = f"{sought.prefix.rstrip('/')}/" if sought.prefix.strip("/") else ""
    yield from mentions
    for folder in (root, *sought.folders):
        yield from (folder + basename(text) for text in mentions)
