"""Connections that lose the answer to a write: the service carried it out, and nobody hears of it."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.faults.pg_wire import relayed
from tests.faults.proxy import Proxy, Request

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator


@contextmanager
def losing_answers(uri: str, holding: bytes) -> Iterator[str]:
    """A database URL whose session ends, unheard, at an answer that holds this."""

    def spoil(client: socket.socket, piece: bytes, _proxy: Proxy) -> bool:
        if holding in piece:
            client.shutdown(socket.SHUT_RDWR)
            return False
        client.sendall(piece)
        return True

    at = urlsplit(uri)
    assert at.hostname
    assert at.port
    with Proxy((at.hostname, at.port), connected=relayed(spoil)) as proxy:
        yield uri.replace(f":{at.port}/", f":{proxy.port}/")


@contextmanager
def losing_calls(url: str, method: str, path: re.Pattern[str]) -> Iterator[str]:
    """An address whose answers to these calls are lost, once the service has done them."""

    def affects(request: Request) -> bool:
        return request.method == method and path.search(request.path) is not None

    def spoil(_client: socket.socket, request: Request, proxy: Proxy) -> None:
        proxy.ask(request)

    at = urlsplit(url)
    assert at.hostname
    assert at.port
    with Proxy((at.hostname, at.port), spoil=spoil, affects=affects) as proxy:
        yield f"http://127.0.0.1:{proxy.port}"
