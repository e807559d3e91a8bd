"""One careful way to make an HTTP call: bounded in time and size, and honest about failing.

A call returns an `Answer` (whatever its status) or `Unseen`; it never raises for what the network
or the other side does. It ends in time whatever hangs: the resolver, the handshake, or an answer
that comes byte by byte. Redirects are returned, never followed: credentials stay with the host that
they were meant for.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import msgspec

from doctor import __version__
from doctor.clients.retrying import pause_s, wait_s
from doctor.evidence.base import NO_SUCH_HOST, Unseen, Why
from doctor.threads import spawn

if TYPE_CHECKING:
    from doctor.deadline import Deadline

    Exchange = Callable[[float], "Answer | Unseen"]

NO_HANDSHAKE = "did not complete a TLS handshake"
UNRESOLVED = "has no DNS name that can be resolved"
USER_AGENT = f"backup-doctor/{__version__}"
BODY_LIMIT = 8 * 1024 * 1024
CALL_LIMIT_S = 15.0
CONNECT_LIMIT_S = 5.0
# For so long a download may send nothing.
STALL_LIMIT_S = 10.0
# Nobody was reached; a request was not even sent.
NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)
# Through a proxy, these are the proxy's own.
NOT_BEYOND_PROXY = (*NO_CONNECTION, httpx.ProxyError)
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
        self._down: Unseen | None = None

    def get(self, path: str, **options: Any) -> Answer | Unseen:  # noqa: ANN401 -- passed through
        """GET, asked once more where that is worth it. Options as for `call`."""
        answer = self.call("GET", path, **options)
        pause = wait_s(answer)
        if pause is None or pause > self.deadline.left() / 2:
            return answer
        time.sleep(pause)
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

        A body larger than `limit_bytes` is `Unseen` (garbled). A host that could not be connected
        to, nor a moment later, is not tried again in this run.
        """
        if self._down is not None:
            return self._down
        ask = partial(self._exchange, method, path, params, json, headers, limit_bytes)
        try:
            return self._with_second_try(ask, limit_s)
        except NO_CONNECTION as error:
            self._down = self.explain(error)
            return self._down

    def _with_second_try(self, ask: Exchange, limit_s: float) -> Answer | Unseen:
        """Connect once more where that failed at once: nothing was sent yet, whatever the method."""
        try:
            return self._in_time(ask, limit_s)
        except httpx.ConnectError:
            pause = pause_s()
            if pause > self.deadline.left() / 2:
                raise
            time.sleep(pause)
            return self._in_time(ask, limit_s)

    def _in_time(self, ask: Exchange, limit_s: float) -> Answer | Unseen:
        """An exchange in a thread of its own, which is left behind when it hangs."""
        limit_s = self.deadline.limit(limit_s)
        try:
            return spawn(partial(ask, limit_s)).result(timeout=limit_s)
        except TimeoutError:
            return self._unseen(Why.TIMED_OUT, f"did not answer in time ({limit_s:.1f} s)")

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        json: object,
        headers: Mapping[str, str] | None,
        limit_bytes: int,
        limit_s: float,
    ) -> Answer | Unseen:
        """Send the request and read the answer. Raises only where there was no connection."""
        started = time.monotonic()
        try:
            with self._open(method, path, params, json, headers, limit_s) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > limit_bytes:
                        return self._unseen(Why.GARBLED, f"sent more than {limit_bytes:,} bytes")
                    if time.monotonic() - started > limit_s:
                        return self._unseen(Why.TIMED_OUT, "sent its answer too slowly")
                return Answer(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=bytes(body),
                    url=str(response.url).split("?", 1)[0],
                    elapsed_s=round(time.monotonic() - started, 3),
                )
        except NO_CONNECTION:
            raise
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
        limit_s = min(limit_s, STALL_LIMIT_S)
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
        # A connection that hangs is given up before the whole call is, and so known as one.
        connect_s = min(self.deadline.limit(CONNECT_LIMIT_S), 0.9 * limit_s)
        timeout = httpx.Timeout(self.deadline.limit(limit_s), connect=connect_s)
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
        proxy = _proxy_for(self.base_url)
        if (
            proxy
            and isinstance(error, NOT_BEYOND_PROXY)
            and _connect_problem(error) != NO_HANDSHAKE
        ):
            return self._unseen(
                Why.UNREACHABLE,
                f"could not be asked: the proxy {proxy} {_proxy_problem(error)}",
                remedy="Check HTTPS_PROXY and NO_PROXY.",
            )
        if isinstance(error, httpx.TimeoutException):
            waited = "connecting" if isinstance(error, httpx.ConnectTimeout) else "its answer"
            return self._unseen(Why.TIMED_OUT, f"did not answer in time (waiting for {waited})")
        if isinstance(error, httpx.ConnectError):
            problem = _connect_problem(error)
            code = NO_SUCH_HOST if problem == UNRESOLVED else None
            return self._unseen(Why.UNREACHABLE, problem, code)
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.DecodingError):
            return self._unseen(Why.GARBLED, "broke off or garbled its answer")
        if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL | ValueError):
            return self._unseen(Why.UNREACHABLE, "has no valid URL")
        return self._unseen(Why.UNREACHABLE, f"could not be asked ({type(error).__name__})")

    def _unseen(
        self, why: Why, what: str, code: str | None = None, remedy: str | None = None
    ) -> Unseen:
        host = urlsplit(self.base_url).netloc.rsplit("@", 1)[-1]
        return Unseen(
            why=why,
            what=f"{self.dependency} ({host}) {what}.",
            remedy=remedy,
            dependency=self.dependency,
            code=code,
        )


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust, read once for all clients: it takes 20 ms."""
    return httpx.create_ssl_context()


def _same_host(url: str, base_url: str) -> bool:
    one, other = urlsplit(url), urlsplit(base_url)
    return (one.scheme, one.netloc) == (other.scheme, other.netloc)


def _proxy_for(url: str) -> str | None:
    """The host and port of the proxy that the environment names for this URL."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc.rsplit("@", 1)[-1]):
        return None
    return urlsplit(proxy if "://" in proxy else f"//{proxy}").netloc.rsplit("@", 1)[-1]


def _proxy_problem(error: Exception) -> str:
    if isinstance(error, httpx.ProxyError):
        return "refused to pass the call on"
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time"
    return _connect_problem(error)


def _connect_problem(error: Exception) -> str:
    text = str(error)
    if isinstance(error.__cause__, ssl.SSLError) or "SSL" in text or "certificate" in text.lower():
        return NO_HANDSHAKE
    if (
        "Name or service not known" in text
        or "resolve" in text
        or "nodename" in text
        or "Errno -" in text
    ):
        return UNRESOLVED
    if "refused" in text:
        return "refused the connection"
    return "could not be connected to"
