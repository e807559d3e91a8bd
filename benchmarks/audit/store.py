"""An S3 server that only lists, and as fast as any: python -m benchmarks.audit.store FILE DELAY_S.

The listing is a file of `<Contents>` elements, all of one length and in order, so that a page is a
slice of it and any key is found by bisection. Prints its port; ends when standard input does.
"""

from __future__ import annotations

import asyncio
import mmap
import sys
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from benchmarks.audit.backups import backups

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE_KEYS = 1000
ENTRY = (
    "<Contents><Key>{key}</Key><LastModified>{at:%Y-%m-%dT%H:%M:%S}.000Z</LastModified>"
    "<ETag>&quot;{etag}&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>"
    "<ChecksumType>FULL_OBJECT</ChecksumType><Size>{size}</Size>"
    "<StorageClass>STANDARD</StorageClass></Contents>"
)
PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name>'
    "<Prefix>{prefix}</Prefix>{more}<KeyCount>{count}</KeyCount><MaxKeys>{limit}</MaxKeys>"
    "{encoding}<IsTruncated>{truncated}</IsTruncated>"
)
KEY_AT = len("<Contents><Key>")
MORE_THAN_ANY = "\U0010ffff"


def write_listing(file: Path, count: int) -> None:
    """The listing of a bucket in which one backup in a thousand lacks and one has another size."""
    with file.open("w", encoding="ascii") as listing:
        for backup in backups(count):
            if backup.is_nth(1):
                continue
            size = backup.size + backup.is_nth(2)
            etag = backup.dispatch_id.replace("-", "")
            listing.write(ENTRY.format(key=backup.key, at=backup.created_at, etag=etag, size=size))


class Listing:
    """The file, as sequences: of its keys, and of the elements between two numbers."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._map = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        self._length = self._map.find(b"</Contents>") + len(b"</Contents>")
        self._key = slice(KEY_AT, self._map.find(b"</Key>"))

    def __len__(self) -> int:
        return len(self._map) // self._length

    def __getitem__(self, number: int) -> str:
        at = number * self._length
        return self._map[at + self._key.start : at + self._key.stop].decode()

    def elements(self, first: int, last: int) -> bytes:
        """The XML of the objects from `first` up to `last`."""
        return self._map[first * self._length : last * self._length]


def answer(listing: Listing, path: str) -> bytes:
    """The body for a ListObjectsV2 request."""
    parts = urlsplit(path)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    prefix, limit = asked.get("prefix", ""), int(asked.get("max-keys", PAGE_KEYS))
    keys: Sequence[str] = listing  # type: ignore[assignment] # all that bisection needs of one
    first = bisect_left(keys, prefix)
    end = bisect_left(keys, prefix + MORE_THAN_ANY, lo=first)
    if "continuation-token" in asked:
        first = int(asked["continuation-token"])
    elif "start-after" in asked:
        first = max(first, bisect_right(keys, asked["start-after"]))
    if asked.get("delimiter") == "/":
        found, last, count = _folders(keys, prefix, first, end, limit)
    else:
        last = min(first + limit, end)
        found, count = listing.elements(first, last), last - first
    head = PAGE.format(
        bucket=parts.path.strip("/"),
        prefix=quote(prefix),
        more=f"<NextContinuationToken>{last}</NextContinuationToken>" if last < end else "",
        count=count,
        limit=limit,
        encoding="<EncodingType>url</EncodingType>" if "encoding-type" in asked else "",
        truncated=str(last < end).lower(),
    )
    return head.encode() + found + b"</ListBucketResult>"


def _folders(
    keys: Sequence[str], prefix: str, first: int, end: int, limit: int
) -> tuple[bytes, int, int]:
    """The common prefixes, where the next page begins, and how many there are."""
    found: list[str] = []
    while first < end and len(found) < limit:
        folder = prefix + keys[first][len(prefix) :].partition("/")[0] + "/"
        found.append(f"<CommonPrefixes><Prefix>{quote(folder)}</Prefix></CommonPrefixes>")
        first = bisect_left(keys, folder + MORE_THAN_ANY, lo=first)
    return "".join(found).encode(), first, len(found)


class Server(asyncio.Protocol):
    """HTTP/1.1 with requests that have no body, one after the other."""

    def __init__(self, listing: Listing, delay_s: float) -> None:
        self._listing = listing
        self._delay_s = delay_s
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request, after the delay."""
        self._received += data
        *requests, self._received = self._received.split(b"\r\n\r\n")
        for request in requests:
            path = request.split(b" ", 2)[1].decode()
            asyncio.get_running_loop().call_later(self._delay_s, self._send, path)

    def _send(self, path: str) -> None:
        body = answer(self._listing, path)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}"
        self._transport.write(head.encode() + b"\r\n\r\n" + body)


async def serve(listing: Listing, delay_s: float) -> None:
    """Serve on a free port of loopback until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(listing, delay_s), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Listing(Path(sys.argv[1])), float(sys.argv[2])))
