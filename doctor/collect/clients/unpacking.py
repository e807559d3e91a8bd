"""The body of an answer in pieces of a bounded size, however small it was packed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

# The one way of packing that is asked for: of another, or of two, nobody knows how large they become.
ACCEPTED: Final = "gzip"
PIECE: Final = 64 * 1024
_AS_IT_IS = ("", "identity")
_GZIP = 16 + zlib.MAX_WBITS


def pieces(response: httpx.Response) -> Iterator[bytes]:
    """The body, unpacked, at most `PIECE` bytes at a time if it was packed.

    Raises:
        httpx.DecodingError: it is packed otherwise than was asked for, or is not whole.
        httpx.HTTPError: it could not be read.
    """
    packed = response.headers.get("Content-Encoding", "").strip().lower()
    if packed in _AS_IT_IS:
        yield from response.iter_raw()
    elif packed == ACCEPTED:
        try:
            yield from _unpacked(response.iter_raw())
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error
    else:
        raise httpx.DecodingError(f"packed as {packed[:40]!r}, which was not asked for")


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip packed, in one or several parts."""
    part, began = zlib.decompressobj(_GZIP), False
    for chunk in chunks:
        rest = chunk
        while rest:
            if part.eof:
                part = zlib.decompressobj(_GZIP)
            yield part.decompress(rest, PIECE)
            rest = part.unused_data if part.eof else part.unconsumed_tail
            began = True
    if began and not part.eof:
        raise zlib.error("it ends within a packed part")
