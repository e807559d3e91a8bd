"""One careful way to make an HTTP call: bounded in time and size, and honest about failing.

A call returns an `Answer` (whatever its status) or `Unseen`; it never raises for what the network
or the other side does. It ends in time whatever hangs: the resolver, the handshake, or an answer
that comes byte by byte. Redirects are returned, never followed: credentials stay with the host that
they were meant for.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from backup_doctor import __version__
from backup_doctor.base.threads import spawn
from backup_doctor.collect.clients.answer import Answer
from backup_doctor.collect.clients.network_problems import (
    NO_CONNECTION,
    NO_HANDSHAKE,
    NOT_BEYOND_PROXY,
    UNRESOLVED,
    UnusableProxyError,
    connect_problem,
    proxy_for,
    proxy_problem,
)
from backup_doctor.collect.clients.opened_transport import OpenedTransport
from backup_doctor.collect.clients.opening import certificates
from backup_doctor.collect.clients.retrying import pause_s, wait_s
from backup_doctor.collect.clients.unpacking import ACCEPTED, pieces
from backup_doctor.evidence.base import NO_SUCH_HOST, Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from backup_doctor.collect.clients.opening import Openings
    from backup_doctor.collect.deadline import Deadline

    Exchange = Callable[[float], "Answer | Unseen"]

USER_AGENT = f"backup-doctor/{__version__}"
# What every request has.
OF_ANYBODY = {"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPTED}
BODY_LIMIT = 8 * 1024 * 1024
CALL_LIMIT_S = 15.0
SERVER_ERROR = 500
CONNECT_LIMIT_S = 5.0
# For so long a download may send nothing.
STALL_LIMIT_S = 10.0
# Clients are made one after the other, so that the certificates are read only once.
_making_clients = threading.Lock()


class Http:
    """A service at a base URL, asked under the run's deadline.

    `dependency` is the service's name as a person says it; it stands in every `Unseen`. `by_proxy`:
    the environment's proxies are used. `openings` may have a connection to it. Safe to use from several
    threads.
    """

    def __init__(
        self,
        dependency: str,
        base_url: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        *,
        by_proxy: bool = True,
        openings: Openings | None = None,
    ) -> None:
        self.dependency = dependency
        self._by_proxy = by_proxy
        self._openings = openings
        self.base_url = base_url.rstrip("/")
        self.deadline = deadline
        self._headers = {**OF_ANYBODY, **(headers or {})}
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
                for chunk in pieces(response):
                    body += chunk
                    if len(body) > limit_bytes:
                        return self._unseen(Why.GARBLED, f"sent more than {limit_bytes:,} bytes")
                    if time.monotonic() - started > limit_s:
                        return self._unseen(Why.TIMED_OUT, "sent its answer too slowly")
                if response.status_code < SERVER_ERROR:  # else it may be a proxy's
                    self.deadline.clocks.heard_date(self.dependency, response.headers.get("Date"))
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
        name: str | None = None,
    ) -> Iterator[httpx.Response]:
        """A GET whose body the caller reads piece by piece. Raises httpx.HTTPError or OSError.

        `name` is that of the host whose certificate is expected, where `path` has its IP address.
        """
        limit_s = min(limit_s, STALL_LIMIT_S)
        with self._open("GET", path, params, None, headers, limit_s, name) as response:
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
        name: str | None = None,
    ) -> Iterator[httpx.Response]:
        url = path if "://" in path else f"{self.base_url}/{path.lstrip('/')}"
        own = self._headers if _same_host(url, self.base_url) else OF_ANYBODY
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
            extensions={"sni_hostname": name} if name else None,
        ) as response:
            yield response

    def _connected(self) -> httpx.Client:
        with _making_clients:
            if self._client is None:
                try:
                    self._client = httpx.Client(
                        follow_redirects=False,
                        trust_env=self._by_proxy,
                        verify=certificates(),
                        mounts=self._opened(),
                    )
                except (ImportError, ValueError) as error:
                    # Of a scheme that httpx, or what is installed beside it, does not speak.
                    raise UnusableProxyError("the environment's proxy") from error
            return self._client

    def _opened(self) -> dict[str, OpenedTransport]:
        """The way to the base URL's host: by the connection that was begun to it, if there is one."""
        openings, parts = self._openings, urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.netloc or proxy_for(self.base_url):
            return {}
        begun = openings if openings and openings.lead_to(self.base_url) else None
        return {f"{parts.scheme}://{parts.netloc}": OpenedTransport(begun)}

    def close(self) -> None:
        """Close the connections."""
        with _making_clients:
            if self._client is not None:
                self._client.close()

    def explain(self, error: Exception) -> Unseen:
        """An exception of the network as a sentence for people."""
        proxys = self._of_the_proxy(error)
        if proxys is not None:
            return proxys
        if isinstance(error, httpx.TimeoutException):
            waited = "connecting" if isinstance(error, httpx.ConnectTimeout) else "its answer"
            return self._unseen(Why.TIMED_OUT, f"did not answer in time (waiting for {waited})")
        if isinstance(error, httpx.ConnectError):
            problem = connect_problem(error)
            code = NO_SUCH_HOST if problem == UNRESOLVED else None
            return self._unseen(Why.UNREACHABLE, problem, code)
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.DecodingError):
            return self._unseen(Why.GARBLED, "broke off or garbled its answer")
        if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL | ValueError):
            return self._unseen(Why.UNREACHABLE, "has no valid URL")
        return self._unseen(Why.UNREACHABLE, f"could not be asked ({type(error).__name__})")

    def _of_the_proxy(self, error: Exception) -> Unseen | None:
        """What is wrong with the environment's proxy, where it is that."""
        if isinstance(error, UnusableProxyError):
            return self._unseen(
                Why.UNREACHABLE,
                "could not be asked: the environment names a proxy of a kind that is not spoken here",
                remedy="Set HTTPS_PROXY and ALL_PROXY to http://, https:// or socks5://, or NO_PROXY.",
            )
        proxy = proxy_for(self.base_url)
        is_its = isinstance(error, NOT_BEYOND_PROXY) and connect_problem(error) != NO_HANDSHAKE
        if not (proxy and is_its):
            return None
        return self._unseen(
            Why.UNREACHABLE,
            f"could not be asked: the proxy {proxy} {proxy_problem(error)}",
            remedy="Check HTTPS_PROXY and NO_PROXY.",
        )

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


def _same_host(url: str, base_url: str) -> bool:
    one, other = urlsplit(url), urlsplit(base_url)
    return (one.scheme, one.netloc) == (other.scheme, other.netloc)
