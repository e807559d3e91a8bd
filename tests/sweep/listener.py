"""Web servers: one takes down what it is told, one never comes to an end."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Listener:
    """`heard` are the method, path and body of each request; all are answered with `status`."""

    url: str
    status: int = 200
    heard: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.heard]


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length).decode()
            listener.heard.append((self.command, self.path, body))
            self.send_response(listener.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


WITH_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@contextmanager
def dripping(begins: bytes = WITH_BODY) -> Iterator[str]:
    """The address of one who goes on with a byte at a time, for as long as anybody reads."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(2)  # nobody may come

    def answer() -> None:
        with suppress(OSError):
            caller, _ = server.accept()
            with caller:
                caller.sendall(begins)
                while server.fileno() >= 0:
                    caller.sendall(b".")
                    time.sleep(0.05)

    thread = Thread(target=answer)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()
        thread.join()
