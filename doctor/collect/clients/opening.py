"""Connections that are opened while everything else is still being imported.

To connect and to agree on TLS takes two round trips, in which the clients' own modules are imported.
Nothing here imports more than that needs. What could not be opened is not missed: the client then
connects by itself, and says what it finds.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections import deque
from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from backup_doctor.base.threads import spawn

if TYPE_CHECKING:
    from concurrent.futures import Future

Place: TypeAlias = tuple[str, int]

CONNECT_LIMIT_S = 3.0
# For so long one that is nearly there is waited for, before the client connects by itself.
PATIENCE_S = 1.0


class Openings:
    """The connections that are being opened; each is handed out once."""

    def __init__(self) -> None:
        self._under_way: dict[Place, deque[Future[ssl.SSLSocket]]] = {}

    def begin(self, url: str, count: int) -> None:
        """Connect so many times to the URL's host, if that is by TLS and not by a proxy."""
        host, port = _place(url)
        if urlsplit(url).scheme == "https" and host and not _names_proxy():
            opening = (spawn(partial(_connected, host, port)) for _ in range(count))
            self._under_way[host, port] = deque(opening)

    def lead_to(self, url: str) -> bool:
        """Whether connections to the URL's host were begun."""
        return _place(url) in self._under_way

    def take(self, place: Place) -> ssl.SSLSocket | None:
        """The next connection that was opened, or soon is; None where that fails."""
        try:
            return self._under_way[place].popleft().result(timeout=PATIENCE_S)
        except (OSError, ValueError, IndexError):  # ssl.SSLError and TimeoutError are an OSError
            return None


def _place(url: str) -> Place:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 443


def _connected(host: str, port: int) -> ssl.SSLSocket:
    line = socket.create_connection((host, port), CONNECT_LIMIT_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        return certificates().wrap_socket(line, server_hostname=host)
    except BaseException:
        line.close()
        raise


def _names_proxy() -> bool:
    """Whether the environment names any proxy; which hosts that is for, the client knows."""
    return any(name.lower().endswith("_proxy") and value for name, value in os.environ.items())


@cache
def certificates() -> ssl.SSLContext:
    """Whom to trust, read once for all clients: it takes 20 ms. As httpx reads it."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        context = ssl.create_default_context(cafile=file, capath=None if file else folder)
    else:
        import certifi

        context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
