"""A service that answers as it is told, over real HTTP, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

ROW_ID = "4c1f0a52-1f1e-4a2e-9d5e-0c6f2f6c8a11"
SILENT = 0
# Each kind of call is refused in a way of its own, so that a line tells whose refusal it shows.
REFUSALS = {
    "look-up": 401,
    "function": 503,
    "table-update": 403,
    "rpc": 404,
    "upsert": 422,
    "marks-failed": 409,
    "verification": 500,
}


@dataclass(frozen=True)
class Served:
    """A request: what kind of call it was, and what it was answered."""

    kind: str
    status: int
    empty: bool = False


@dataclass
class Script:
    """What to answer: `refused` and `silent` are kinds of calls; `empty`: there is no such row."""

    refused: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    empty: bool = False
    served: list[Served] = field(default_factory=list)
    written: bool = False


def marker(kind: str) -> str:
    """A word that only the answers to this kind of call have."""
    return f"mark{kind.replace('-', '')}mark"


class Service:
    """The Data API and the functions gateway."""

    def __init__(self) -> None:
        self.script = Script()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

            def _any(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                sent = self.rfile.read(length).decode("utf-8", "replace")
                outer.answer(self, sent)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, sent: str) -> None:
        script = self.script
        kind = self._kind(request, sent)
        script.written = script.written or kind not in {"look-up", "verification"}
        if kind in script.silent:
            script.served.append(Served(kind, SILENT))
            request.close_connection = True
            request.connection.close()
            return
        if kind in script.refused:
            status = REFUSALS[kind]
            body: object = {
                "code": "42501",
                "message": f"{marker(kind)} refused",
                "hint": None,
                "details": None,
            }
        else:
            status, body = self._granted(kind)
        script.served.append(Served(kind, status, empty=body == []))
        text = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def _granted(self, kind: str) -> tuple[int, object]:
        if kind in {"look-up", "verification"}:
            row = {"id": ROW_ID, "status": "success" if kind == "verification" else "in_progress"}
            return 200, [] if self.script.empty else [row]
        if kind in {"table-update", "marks-failed"}:
            return 200, [] if self.script.empty else [{"id": ROW_ID}]
        return 200, {"success": True, "message": f"{marker(kind)} done"}

    def _kind(self, request: BaseHTTPRequestHandler, sent: str) -> str:
        if "/functions/v1/" in request.path:
            return "function"
        if "/rpc/" in request.path:
            return "rpc"
        if request.command == "GET":
            return "verification" if self.script.written else "look-up"
        if request.command == "POST":
            return "upsert"
        return "marks-failed" if '"failed"' in sent else "table-update"
