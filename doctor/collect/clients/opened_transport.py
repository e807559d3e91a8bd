"""How httpx reaches a service: by a connection that was opened before, and not forever by `100 Continue`.

Both by httpcore's network backend.
"""

from __future__ import annotations

import re
import selectors
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from backup_doctor.collect.clients.opening import certificates

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    from backup_doctor.collect.clients.opening import Openings


ANNOUNCEMENTS = 20
"""More than any server sends before its answer."""

_ANNOUNCES = re.compile(rb"HTTP/1\.[01] 1\d\d")
_ANSWERS = re.compile(rb"HTTP/1\.[01] [2-9]\d\d")


class OpenedTransport(httpx.HTTPTransport):
    """httpx's own, whose first connection may be there already, with httpx's own limits."""

    def __init__(self, openings: Openings | None) -> None:
        super().__init__(verify=certificates())
        self._pool = httpcore.ConnectionPool(
            ssl_context=certificates(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_Backend(openings),
        )


class _Backend(httpcore.SyncBackend):
    def __init__(self, openings: Openings | None) -> None:
        self._openings = openings

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """The connection that is there, else a new one."""
        opened = self._openings.take((host, port)) if self._openings else None
        if opened is not None:
            return _Impatient(_Opened(opened))
        made = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Impatient(made)


class _Impatient(httpcore.NetworkStream):
    """A connection that fails when a server announces its answer again and again, and never gives it.

    Each announcement (a status of 1xx) is read on, however long they come: no timeout ends that.
    """

    def __init__(self, line: httpcore.NetworkStream) -> None:
        self._line = line
        self._announced = 0
        self._answered = False

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """The same over TLS."""
        return _Impatient(self._line.start_tls(ssl_context, server_hostname, timeout))

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has arrived."""
        told = self._line.read(max_bytes, timeout)
        if not self._answered:
            self._announced += len(_ANNOUNCES.findall(told))
            self._answered = _ANSWERS.search(told) is not None
            if self._announced > ANNOUNCEMENTS and not self._answered:
                raise httpcore.RemoteProtocolError("The server announces an answer forever.")
        return told

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it; what comes next belongs to another answer."""
        self._announced, self._answered = 0, False
        self._line.write(buffer, timeout)

    def close(self) -> None:
        """Close it."""
        self._line.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 -- httpcore's
        """What httpcore asks."""
        return self._line.get_extra_info(info)


class _Opened(httpcore.NetworkStream):
    """A connection on which TLS is agreed on."""

    def __init__(self, line: ssl.SSLSocket) -> None:
        self._line = line

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 -- httpcore's
        server_hostname: str | None = None,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Done already, by the same context and for the same name."""
        return self

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has arrived."""
        with _as_httpcore(httpcore.ReadTimeout, httpcore.ReadError):
            self._line.settimeout(timeout)
            return self._line.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        with _as_httpcore(httpcore.WriteTimeout, httpcore.WriteError):
            self._line.settimeout(timeout)
            self._line.sendall(buffer)

    def close(self) -> None:
        """Close it."""
        self._line.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 -- httpcore's
        """What httpcore asks: which protocol was agreed on, and whether the server has hung up."""
        if info == "ssl_object":
            return self._line
        if info == "is_readable":
            with selectors.DefaultSelector() as selector:
                selector.register(self._line, selectors.EVENT_READ)
                return bool(selector.select(0))
        return {"socket": self._line}.get(info)


@contextmanager
def _as_httpcore(late: type[Exception], failed: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error
