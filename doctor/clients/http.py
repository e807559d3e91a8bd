"""One careful way to make an HTTP call: bounded in time and size, and honest about failing.

A call returns an `Answer` (whatever its status) or `Unseen`; it never raises for what the network
or the other side does. Redirects are returned, never followed: credentials stay with the host that
they were meant for.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import msgspec

from doctor import __version__
from doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from doctor.deadline import Deadline

USER_AGENT = f"backup-doctor/{__version__}"
BODY_LIMIT = 8 * 1024 * 1024
CALL_LIMIT_S = 15.0
CONNECT_LIMIT_S = 5.0
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
RETRY_WAIT_S = 0.5
RETRY_AFTER_LIMIT_S = 5.0
TOO_MANY_REQUESTS = 429
# Clients are made one after the other, so that the certificates are read only once.
_making_clients = threading.Lock()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer. Header names are lower case; `elapsed_s` is seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    elapsed_s: float = 0.0

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401 -- whatever the other side sent
        """The body as JSON, or None where it is none (garbage, HTML, empty, nested too deep)."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None


class Http:
    """A service at a base URL, asked under the run's deadline.

    `dependency` is the service's name as a person says it; it stands in every `Unseen`. Safe to use
    from several threads.
    """

    def __init__(
        self,
        dependency: str,
        base_url: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.dependency = dependency
        self.base_url = base_url.rstrip("/")
        self.deadline = deadline
        self._headers = {"User-Agent": USER_AGENT, **(headers or {})}
        self._client: httpx.Client | None = None

    def get(self, path: str, **options: Any) -> Answer | Unseen:  # noqa: ANN401 -- passed through
        """GET, with one retry on what is safe to repeat. Options as for `call`."""
        answer = self.call("GET", path, **options)
        wait_s = _retry_wait_s(answer)
        if wait_s is None or wait_s > self.deadline.left():
            return answer
        time.sleep(wait_s)
        return self.call("GET", path, **options)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        limit_s: float = CALL_LIMIT_S,
        limit_bytes: int = BODY_LIMIT,
    ) -> Answer | Unseen:
        """One call. `path` is joined to the base URL, or is a whole URL of another host.

        A body larger than `limit_bytes` is `Unseen` (garbled), as is one that drips past `limit_s`.
        """
        started = time.monotonic()
        try:
            with self._open(method, path, params, json, headers, limit_s) as response:
                body = b""
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > limit_bytes:
                        return self._unseen(Why.GARBLED, f"sent more than {limit_bytes:,} bytes")
                    if time.monotonic() - started > self.deadline.limit(limit_s):
                        return self._unseen(
                            Why.TIMED_OUT, f"sent its answer too slowly ({limit_s:.0f} s)"
                        )
                return Answer(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=body,
                    url=str(response.url).split("?", 1)[0],
                    elapsed_s=round(time.monotonic() - started, 3),
                )
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            return self.explain(error)

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        limit_s: float = CALL_LIMIT_S,
    ) -> Iterator[httpx.Response]:
        """A GET whose body the caller reads piece by piece. Raises httpx.HTTPError or OSError."""
        with self._open("GET", path, params, None, headers, limit_s) as response:
            yield response

    @contextmanager
    def _open(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        json: object,
        headers: Mapping[str, str] | None,
        limit_s: float,
    ) -> Iterator[httpx.Response]:
        url = path if "://" in path else f"{self.base_url}/{path.lstrip('/')}"
        own = self._headers if _same_host(url, self.base_url) else {"User-Agent": USER_AGENT}
        timeout = httpx.Timeout(
            self.deadline.limit(limit_s), connect=self.deadline.limit(CONNECT_LIMIT_S)
        )
        with self._connected().stream(
            method,
            url,
            params=params,
            json=json,
            headers={**own, **(headers or {})},
            timeout=timeout,
        ) as response:
            yield response

    def _connected(self) -> httpx.Client:
        with _making_clients:
            if self._client is None:
                self._client = httpx.Client(
                    follow_redirects=False, trust_env=True, verify=_certificates()
                )
            return self._client

    def close(self) -> None:
        """Close the connections."""
        with _making_clients:
            if self._client is not None:
                self._client.close()

    def explain(self, error: Exception) -> Unseen:
        """An exception of the network as a sentence for people."""
        if isinstance(error, httpx.TimeoutException):
            waited = "connecting" if isinstance(error, httpx.ConnectTimeout) else "its answer"
            return self._unseen(Why.TIMED_OUT, f"did not answer in time (waiting for {waited})")
        if isinstance(error, httpx.ConnectError):
            return self._unseen(Why.UNREACHABLE, _connect_problem(error))
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.DecodingError):
            return self._unseen(Why.GARBLED, "broke off or garbled its answer")
        if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL | ValueError):
            return self._unseen(Why.UNREACHABLE, "has no valid URL")
        return self._unseen(Why.UNREACHABLE, f"could not be asked ({type(error).__name__})")

    def _unseen(self, why: Why, what: str) -> Unseen:
        host = urlsplit(self.base_url).netloc.rsplit("@", 1)[-1]
        return Unseen(
            why=why, what=f"{self.dependency} ({host}) {what}.", dependency=self.dependency
        )


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust, read once for all clients: it takes 20 ms."""
    return httpx.create_ssl_context()


def _same_host(url: str, base_url: str) -> bool:
    one, other = urlsplit(url), urlsplit(base_url)
    return (one.scheme, one.netloc) == (other.scheme, other.netloc)


def _connect_problem(error: Exception) -> str:
    text = str(error)
    if isinstance(error.__cause__, ssl.SSLError) or "SSL" in text or "certificate" in text.lower():
        return "did not complete a TLS handshake"
    if (
        "Name or service not known" in text
        or "resolve" in text
        or "nodename" in text
        or "Errno -" in text
    ):
        return "has no DNS name that can be resolved"
    if "refused" in text:
        return "refused the connection"
    return "could not be connected to"


def _retry_wait_s(answer: Answer | Unseen) -> float | None:
    """How long to wait before the one retry; None where a retry is not worth it."""
    if isinstance(answer, Unseen):
        return RETRY_WAIT_S if answer.why is Why.GARBLED else None
    if answer.status not in RETRIED_STATUSES:
        return None
    named = answer.headers.get("retry-after", "")
    if named.isdigit():
        return float(named) if float(named) <= RETRY_AFTER_LIMIT_S else None
    return None if answer.status == TOO_MANY_REQUESTS else RETRY_WAIT_S
