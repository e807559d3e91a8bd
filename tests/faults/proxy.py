"""A proxy of real sockets between the doctor and a service, which answers some calls with a fault.

It speaks just enough HTTP/1.1 to know where a request ends and whether its path is one to spoil.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 64 * 1024
UPSTREAM_LIMIT_S = 30.0
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """A request as it came over the wire, whole."""

    raw: bytes

    @property
    def head(self) -> bytes:
        """The request line and the headers."""
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def method(self) -> str:
        """GET, HEAD, POST, ..."""
        return self.head.split(b" ", 1)[0].decode("latin-1")

    @property
    def path(self) -> str:
        """The path with its query."""
        return self.head.split(b" ", 2)[1].decode("latin-1")


@dataclass
class Proxy:
    """Listens on a port of loopback until `close()`; every connection has a thread of its own.

    `spoil` gets the client's socket and the request (and the proxy, for its upstream) where
    `affects` says so; all other requests pass through untouched. `connected` gets a socket before
    anything was read, and takes the place of all that follows.
    """

    upstream: tuple[str, int]
    spoil: Callable[[socket.socket, Request, Proxy], None] | None = None
    affects: Callable[[Request], bool] = lambda _request: True
    connected: Callable[[socket.socket, Proxy], None] | None = None
    port: int = 0
    spoiled: int = 0
    closed: threading.Event = field(default_factory=threading.Event)
    _open: set[socket.socket] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening and cut every connection, also those that hang on purpose."""
        self.closed.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, request: Request) -> bytes:
        """The upstream's whole answer to a request."""
        with socket.create_connection(self.upstream, timeout=UPSTREAM_LIMIT_S) as service:
            service.sendall(_for_one_exchange(request.raw))
            answer = b""
            while piece := service.recv(PIECE):
                answer += piece
            return answer

    def _accept(self) -> None:
        while not self.closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._open.add(client)
        with suppress(OSError), client:
            if self.connected is not None:
                self.spoiled += 1
                self.connected(client, self)
                return
            request = read_request(client)
            if request is None:
                return
            if self.spoil is not None and self.affects(request):
                self.spoiled += 1
                self.spoil(client, request, self)
            else:
                client.sendall(self.ask(request))
        self._open.discard(client)


def read_request(client: socket.socket) -> Request | None:
    """One request with its body; None where the client went away before."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = client.recv(PIECE)
        if not piece:
            return None
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    length = int(_header(head, b"content-length") or 0)
    while len(body) < length:
        piece = client.recv(PIECE)
        if not piece:
            return None
        body += piece
    return Request(head + b"\r\n\r\n" + body)


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        found, _, value = line.partition(b":")
        if found.strip().lower() == name:
            return value.strip()
    return None


def _for_one_exchange(raw: bytes) -> bytes:
    """The request, but the service closes the connection after its answer."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, b"Connection: close"]) + blank + body


def full_backlog() -> socket.socket:
    """A port whose queue is full: connecting to it hangs. Close the socket to end that."""
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen(0)
    address = listener.getsockname()
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.settimeout(0)
        with suppress(BlockingIOError):
            filler.connect(address)
    _FILLERS[listener] = fillers
    return listener


def close_backlog(listener: socket.socket) -> None:
    """Release what `full_backlog` holds."""
    for filler in _FILLERS.pop(listener, []):
        filler.close()
    listener.close()


_FILLERS: dict[socket.socket, list[socket.socket]] = {}


def refusing_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
