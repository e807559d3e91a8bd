"""An S3 that misbehaves: one handler function is the whole server, on 127.0.0.1."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HTML = b"<!DOCTYPE html><html><body><p>Please sign in<br></body></html>"


@dataclass(frozen=True)
class Request:
    """A request: `path` with its query."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def lists(self) -> bool:
        return "list-type=2" in self.path


@dataclass(frozen=True)
class Answer:
    """An answer; `pause_s` before each of the body's bytes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0


@dataclass
class FaultyS3:
    """The server's address, and what it was asked."""

    url: str
    requests: list[Request]


def error(status: int, code: str, message: str = "no", more: str = "", **headers: str) -> Answer:
    """A refusal as S3 writes it; `x_amz_bucket_region` becomes the header of that name."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body.encode(), {"Content-Type": "application/xml", **named})


def listing(*keys: str) -> Answer:
    """A complete page of ListObjectsV2."""
    entries = "".join(
        f"<Contents><Key>{key}</Key><Size>5</Size><ETag>&quot;e&quot;</ETag>"
        "<LastModified>2026-01-15T02:14:05.000Z</LastModified></Contents>"
        for key in keys
    )
    body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
    return Answer(200, body.encode(), {"Content-Type": "application/xml"})


@contextmanager
def faulty_s3(handle: Callable[[Request], Answer]) -> Iterator[FaultyS3]:
    """Serve until the block ends."""
    asked: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            request = Request(self.command, self.path, dict(self.headers))
            asked.append(request)
            answer = handle(request)
            self.send_response(answer.status)
            sized = "Transfer-Encoding" not in answer.headers
            headers = {"Content-Length": str(len(answer.body))} if sized else {}
            headers |= answer.headers
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self._write(answer)

        do_HEAD = do_GET

        def _write(self, answer: Answer) -> None:
            try:
                for byte in answer.body if answer.pause_s else b"":
                    self.wfile.write(bytes([byte]))
                    time.sleep(answer.pause_s)
                if not answer.pause_s:
                    self.wfile.write(answer.body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield FaultyS3(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
