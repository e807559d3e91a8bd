"""GitHub's issues of one repository, as a server on this machine: what the tool needs of them.

Source: GitHub REST API, "Issues".
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

TOKEN = "ghs_canary0123456789abcdef"
PATH = "/repos/acme/app/issues"


class IssueServer:
    """The server. `refuse_with` is a status that every call gets instead of its answer."""

    def __init__(self) -> None:
        self.issues: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str]] = []
        self.refuse_with: int | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, *, title: str, body: str, labels: list[str]) -> dict[str, Any]:
        number = len(self.issues) + 1
        made = {
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "labels": [{"name": name} for name in labels],
            "html_url": f"https://github.com/acme/app/issues/{number}",
        }
        self.issues.append(made)
        return made

    def listed(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        size, page = int(query["per_page"][0]), int(query["page"][0])
        found = [
            one
            for one in self.issues
            if one["state"] == query["state"][0]
            and query["labels"][0] in [label["name"] for label in one["labels"]]
        ]
        return found[size * (page - 1) : size * page]


def _handler(server: IssueServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(lambda: (200, server.listed(parse_qs(urlsplit(self.path).query))))

        def do_POST(self) -> None:
            sent = self._sent()
            self._answer(lambda: (201, server.add(**sent)))

        def do_PATCH(self) -> None:
            sent = self._sent()
            issue = server.issues[int(self.path.rpartition("/")[2]) - 1]

            def changed() -> tuple[int, Any]:
                issue.update(sent)
                return 200, issue

            self._answer(changed)

        def _sent(self) -> dict[str, Any]:
            sent: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            return sent

        def _answer(self, made: Any) -> None:
            server.calls.append((self.command, urlsplit(self.path).path))
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, body = 401, {"message": "Bad credentials"}
            elif server.refuse_with:
                status, body = server.refuse_with, {"message": "Resource not accessible"}
            else:
                status, body = made()
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
