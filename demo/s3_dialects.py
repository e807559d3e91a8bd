"""Stores that speak S3 in their own way, in front of the one that keeps the files.

R2: no versioning, no trailing checksums; what it does not have is `NotImplemented`. Source:
developers.cloudflare.com/r2/api/s3/api. MinIO: a header with the error's code, also where the
answer has no body. Source: github.com/minio/minio/pull/17283.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from werkzeug import Response

from backup_doctor.demo.serving import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from backup_doctor.demo.storage import Storage

NOT_IMPLEMENTED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NotImplemented</Code>'
    b"<Message>A header or query you provided implies functionality that is not implemented"
    b"</Message></Error>"
)
MINIO_CODES = {403: "AccessDenied", 404: "NoSuchKey"}


@dataclass(frozen=True)
class Dialect:
    """What a store does differently.

    `server` is its `Server` header; a request whose query has one of `unknown` is not implemented.
    """

    server: str
    unknown: frozenset[str] = frozenset()
    error_header: bool = False


R2: Final = Dialect("cloudflare", frozenset({"versions", "versioning", "acl", "lifecycle"}))
MINIO: Final = Dialect("MinIO", error_header=True)


class DialectServer:
    """Serves the files of `storage` in a dialect, at `url`."""

    def __init__(self, storage: Storage, dialect: Dialect) -> None:
        self._server = LoopbackServer(_speak(dialect, storage.application))
        self.url = self._server.url

    def close(self) -> None:
        """Stop serving."""
        self._server.close()


def _speak(dialect: Dialect, application: WSGIApplication) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = {part.partition("=")[0] for part in environ.get("QUERY_STRING", "").split("&")}
        if asked & dialect.unknown:
            response = Response(NOT_IMPLEMENTED, 501, mimetype="application/xml")
        else:
            response = Response.from_app(application, environ)
        response.headers["Server"] = dialect.server
        if dialect.error_header and response.status_code in MINIO_CODES:
            response.headers["x-minio-error-code"] = MINIO_CODES[response.status_code]
        return response(environ, start_response)

    return answer
