"""The blob storage that GitHub redirects log downloads to: a service with its own manners.

GitHub's is another host. This one shares the API's host and port, as no log is fetched from
anywhere else on this machine.

It serves signed addresses for a minute, refuses a request that brings GitHub's credentials along,
and answers in XML. Source: Azure Blob Storage's documented error codes, and what users of
GitHub's API report of them.
"""

import hmac
import io
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import Flask, Response, request, send_file

from backup_doctor.demo.github.links import timestamp

LIFETIME = timedelta(minutes=1)
REQUEST_ID = "5a1ff0a1-501e-0012-34ab-56cdef789012"

REFUSALS = {
    "InvalidAuthenticationInfo": (
        400,
        (
            "Authentication information is not given in the correct format. "
            "Check the value of Authorization header."
        ),
    ),
    "AuthenticationFailed": (
        403,
        (
            "Server failed to authenticate the request. Make sure the value of Authorization "
            "header is formed correctly including the signature."
        ),
    ),
    "BlobNotFound": (404, "The specified blob does not exist."),
}

Blob = Callable[[], bytes | None]
"""Reads a blob when it is asked for; None if there is none."""


PLACE = "/_storage"


class BlobStorage:
    """A storage below `PLACE` of the API's address; `sign` makes the addresses that it serves."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._key = secrets.token_bytes()
        self._blobs: dict[str, tuple[Blob, str]] = {}
        self.app = Flask(__name__, static_folder=None)
        self.app.add_url_rule("/<path:path>", view_func=self._serve)

    def sign(self, path: str, blob: Blob, media_type: str) -> str:
        """Return the address under which whoever asks now can read `blob` for a minute."""
        self._blobs[path] = (blob, media_type)
        expiry = timestamp(self._now() + LIFETIME)
        query = urlencode(
            {
                "se": expiry,
                "sig": self._signature(path, expiry),
                "sp": "r",
                "sr": "b",
                "sv": "2025-05-05",
            }
        )
        return f"{request.host_url.rstrip('/')}{PLACE}/{path}?{query}"

    def _signature(self, path: str, expiry: str) -> str:
        return hmac.digest(self._key, f"{path}\n{expiry}".encode(), "sha256").hex()

    def _serve(self, path: str) -> Response:
        if "Authorization" in request.headers:
            return self._refuse("InvalidAuthenticationInfo")
        expiry = request.args.get("se", "")
        genuine = hmac.compare_digest(
            request.args.get("sig", "").encode(), self._signature(path, expiry).encode()
        )
        if not genuine or self._now() >= datetime.fromisoformat(expiry):
            return self._refuse("AuthenticationFailed")
        read, media_type = self._blobs[path]
        content = read()
        if content is None:
            return self._refuse("BlobNotFound")
        response = send_file(io.BytesIO(content), mimetype=media_type, conditional=True)
        del response.headers["Date"]  # the server adds it
        response.headers["x-ms-blob-type"] = "BlockBlob"
        return response

    def _refuse(self, code: str) -> Response:
        status, message = REFUSALS[code]
        time = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        body = (
            f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code>'
            f"<Message>{message}\nRequestId:{REQUEST_ID}\nTime:{time}</Message></Error>"
        )
        response = Response(body, status, mimetype="application/xml")
        response.headers["x-ms-error-code"] = code
        response.headers["x-ms-request-id"] = REQUEST_ID
        return response
