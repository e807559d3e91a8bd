"""Carries HTTP over the slow network, and keeps the client's connection open as the services do.

The stand-ins close a connection after each answer. Real services keep it open, and a client that
asks again saves a round trip; so each question goes to its service on a new connection, and the
answers come back on the client's own.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

END_OF_HEAD = b"\r\n\r\n"
LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
CLOSING = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
REDIRECT = re.compile(rb"^location: *http:", re.IGNORECASE | re.MULTILINE)
# Where the stand-in for GitHub has its storage of logs.
STORAGE = "/_storage/"


async def relay(
    client: asyncio.StreamReader,
    to_client: asyncio.StreamWriter,
    ask: Callable[[bytes], Awaitable[bytes]],
) -> None:
    """Hand each question of the client to `ask`, and the answer back, until the client leaves."""
    while True:
        try:
            question = await _message(client)
        except asyncio.IncompleteReadError:
            return
        to_client.write(kept_open(await ask(question)))
        await to_client.drain()


async def answer(host: str, port: int, question: bytes) -> bytes:
    """What the service says, up to the end of its connection."""
    server, to_server = await asyncio.open_connection(host, port)
    try:
        to_server.write(question)
        return await server.read()
    finally:
        to_server.close()


def path_of(question: bytes) -> str:
    """The path that is asked for, without its query."""
    return question.split(b" ", 2)[1].partition(b"?")[0].decode("ascii", "replace")


async def _message(source: asyncio.StreamReader) -> bytes:
    """A whole question: its head, and as much of a body as the head announces."""
    head = await source.readuntil(END_OF_HEAD)
    length = LENGTH.search(head)
    return head + (await source.readexactly(int(length[1])) if length else b"")


def kept_open(said: bytes) -> bytes:
    """The answer without the word that the connection ends with it, and with redirects to TLS."""
    head, _, body = said.partition(END_OF_HEAD)
    head = REDIRECT.sub(b"Location: https:", head)
    head = CLOSING.sub(b"", head.replace(b"HTTP/1.0", b"HTTP/1.1", 1))
    if body and not LENGTH.search(head):
        head += b"\r\nContent-Length: %d" % len(body)
    return head + END_OF_HEAD + body
