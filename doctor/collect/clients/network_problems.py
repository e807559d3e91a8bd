"""Why nobody was reached: what httpx raises, told apart, and the proxy that stands between."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

NO_HANDSHAKE = "did not complete a TLS handshake"
UNRESOLVED = "has no DNS name that can be resolved"
# Nobody was reached; a request was not even sent.
NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)
# Through a proxy, these are the proxy's own.
NOT_BEYOND_PROXY = (*NO_CONNECTION, httpx.ProxyError)


class UnusableProxyError(httpx.ProxyError):
    """The environment names a proxy that nobody here can speak to."""


def proxy_for(url: str) -> str | None:
    """The host and port of the proxy that the environment names for this URL."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc.rsplit("@", 1)[-1]):
        return None
    return urlsplit(proxy if "://" in proxy else f"//{proxy}").netloc.rsplit("@", 1)[-1]


def proxy_problem(error: Exception) -> str:
    """What the proxy did, as the rest of a sentence about it."""
    if isinstance(error, httpx.ProxyError):
        return "refused to pass the call on"
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time"
    return connect_problem(error)


def connect_problem(error: Exception) -> str:
    """Why no connection came about, as the rest of a sentence about the host."""
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
