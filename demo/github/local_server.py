"""A threaded HTTP server on a free port of 127.0.0.1, quiet, and stopped for certain."""

from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ssl import SSLContext

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
POLL_INTERVAL = 0.05
"""Seconds until `close` is noticed."""


class Request(NamedTuple):
    """One request as it came: `path` with its query, still percent-encoded."""

    method: str
    path: str


class QuietHandler(WSGIRequestHandler):
    """Keeps the requests off the terminal: the doctor's report is to be read there."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""


class LocalServer:
    """Serves a WSGI application from the constructor until `close`, noting each request."""

    def __init__(
        self,
        application: "WSGIApplication",
        requests: list[Request],
        tls: "SSLContext | None" = None,
    ) -> None:
        self._application = application
        self._requests = requests
        self._server = make_server(
            HOST, 0, self._record, threaded=True, request_handler=QuietHandler, ssl_context=tls
        )
        self.url = f"{'https' if tls else 'http'}://{HOST}:{self._server.port}"
        self._thread = Thread(target=self._server.serve_forever, args=(POLL_INTERVAL,), daemon=True)
        self._thread.start()

    def _record(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        self._requests.append(Request(environ["REQUEST_METHOD"], environ["RAW_URI"]))
        return self._application(environ, start_response)

    def close(self) -> None:
        """Stop, and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
