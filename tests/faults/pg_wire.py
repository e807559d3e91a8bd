"""Faults on PostgreSQL's own protocol: the connection is relayed, and spoiled at a given moment."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.faults.answers import DRIP_S, HTML, MEGABYTE
from tests.faults.catalogue import IN_TIME, UNREACHABLE, Fault, mute

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.proxy import Proxy

    Spoil = Callable[[socket.socket, bytes, Proxy], bool]

# The server is done with what came before, and waits for a query (protocol 3.0, ReadyForQuery).
READY = b"Z\x00\x00\x00\x05I"
PIECE = 64 * 1024
ENDS = r"broke off|closed the connection|not answer like PostgreSQL|not be connected"


def relayed(spoil: Spoil) -> Callable[[socket.socket, Proxy], None]:
    """Relay a session until the server is ready; then `spoil` gets each of its answers.

    It returns whether the session goes on.
    """

    def serve(client: socket.socket, proxy: Proxy) -> None:
        with socket.create_connection(proxy.upstream) as server:
            threading.Thread(target=_pump, args=(client, server), daemon=True).start()
            ready = False
            while piece := server.recv(PIECE):
                if ready and not spoil(client, piece, proxy):
                    return
                if not ready:
                    client.sendall(piece)
                    ready = READY in piece

    return serve


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)


def cut_off(client: socket.socket, piece: bytes, _proxy: Proxy) -> bool:
    """Half of the answer, then the end of the connection."""
    client.sendall(piece[: len(piece) // 2])
    return False


def reset(client: socket.socket, piece: bytes, _proxy: Proxy) -> bool:
    """Half of the answer, then a reset."""
    client.sendall(piece[: len(piece) // 2])
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def silence(_client: socket.socket, _piece: bytes, proxy: Proxy) -> bool:
    """The session was opened; its first answer never comes."""
    return proxy.closed.wait()


def drip(client: socket.socket, piece: bytes, proxy: Proxy) -> bool:
    """The answer byte by byte."""
    for byte in piece:
        client.sendall(bytes([byte]))
        if proxy.closed.wait(DRIP_S):
            return False
    return True


def garbage(client: socket.socket, _piece: bytes, _proxy: Proxy) -> bool:
    """A web page where a message should be."""
    client.sendall(HTML * 10)
    return False


def huge(client: socket.socket, _piece: bytes, _proxy: Proxy) -> bool:
    """A row of a gigabyte, as the protocol allows."""
    client.sendall(b"D" + struct.pack("!I", 2**30) + b"\x00\x01" + struct.pack("!I", 2**30 - 10))
    with suppress(OSError):
        for _ in range(1024):
            client.sendall(MEGABYTE)
    return False


def web_page(client: socket.socket, _proxy: Proxy) -> None:
    """An HTTP server at the database's port."""
    client.recv(PIECE)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + HTML)


def hang_up(_client: socket.socket, _proxy: Proxy) -> None:
    """Accept, and close at once."""


WIRE_FAULTS = (
    *(fault for fault in UNREACHABLE if fault.connected is None),
    Fault(name="mute", connected=mute, says=IN_TIME, slow=True),
    Fault(name="hang-up", connected=hang_up, says=ENDS),
    Fault(name="web-page", connected=web_page, says="not answer like PostgreSQL"),
    Fault(name="cut-off", connected=relayed(cut_off), says=ENDS),
    Fault(name="reset", connected=relayed(reset), says=ENDS),
    Fault(name="silence", connected=relayed(silence), says=f"{IN_TIME}|{ENDS}", slow=True),
    Fault(name="drip", connected=relayed(drip), says=f"{IN_TIME}|{ENDS}", slow=True),
    Fault(name="garbage", connected=relayed(garbage), says=ENDS),
    Fault(name="huge", connected=relayed(huge), says=f"{IN_TIME}|{ENDS}", slow=True),
)
