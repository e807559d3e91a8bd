"""However small an answer was packed, it is read in pieces of a bounded size, or not at all."""

from __future__ import annotations

import gzip
import zlib

import httpx
import pytest

from backup_doctor.collect.clients.unpacking import PIECE, pieces

TEXT = b'{"name": "backup"}' * 100_000


def answer(body: bytes, packed: str = "", size: int = 1000) -> httpx.Response:
    headers = {"Content-Encoding": packed} if packed else {}
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return httpx.Response(200, headers=headers, content=parts)


@pytest.mark.parametrize(
    ("body", "packed"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:]), " GZIP "),
    ],
)
def test_what_was_packed_comes_out_as_it_was(body: bytes, packed: str) -> None:
    assert b"".join(pieces(answer(body, packed))) == TEXT


def test_no_piece_is_large_however_much_was_packed_into_it() -> None:
    bomb = gzip.compress(bytes(50_000_000))

    assert max(len(piece) for piece in pieces(answer(bomb, "gzip", len(bomb)))) <= PIECE


def test_an_empty_body_is_one_however_it_says_to_be_packed() -> None:
    assert b"".join(pieces(answer(b"", "gzip"))) == b""


@pytest.mark.parametrize(
    ("body", "packed"),
    [
        (gzip.compress(gzip.compress(TEXT)), "gzip, gzip"),
        (zlib.compress(TEXT), "deflate"),
        (TEXT, "br"),
        (gzip.compress(TEXT)[:-20], "gzip"),
        (TEXT, "gzip"),
    ],
    ids=["twice", "otherwise", "unknown", "cut off", "not at all"],
)
def test_what_is_packed_otherwise_or_is_not_whole_is_refused(body: bytes, packed: str) -> None:
    with pytest.raises(httpx.DecodingError):
        b"".join(pieces(answer(body, packed)))
