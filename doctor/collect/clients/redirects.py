"""Where a redirect to a log may lead: to https on a public address, or back to the API itself.

An API that is on this machine (a tunnel, a stand-in) may have its logs on another port of it.

An address is checked as it is connected to: the name is resolved once, and what it resolved to is
what is asked, under the name's certificate. Whoever answers for the name a moment later gains
nothing. Where a proxy resolves names, only it can tell.
"""

from __future__ import annotations

import re
import socket
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.threads import spawn

if TYPE_CHECKING:
    from collections.abc import Mapping

# Source: GitHub, "Self-hosted runners reference", hosts for logs and artifacts.
GITHUBS = re.compile(
    r"(?:[\w-]+\.)*(?:github\.com|githubusercontent\.com|ghe\.com|blob\.core\.windows\.net)"
)
# So many addresses of one name are tried.
MOST_ADDRESSES = 4
# IPv4 behind an IPv6 prefix (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")
# Fewer than `is_loopback` knows: what another's answer may lead to is the API's own machine by its usual names.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"https": 443, "http": 80}


class NotFollowedError(Exception):
    """The redirect leads where none of GitHub's may; the message completes "it leads to …"."""


class AskedAddress(Immutable, frozen=True, kw_only=True):
    """An address to ask: the URL, and under which name it is asked."""

    url: str
    headers: Mapping[str, str]
    name: str | None = None


def check(target: str, api: str, named_by: str) -> None:
    """Whether `named_by`, the API or a storage, may redirect to `target`.

    Raises:
        NotFollowedError: it may not.
    """
    if origin(target) == origin(api) or all(map(_is_here, (target, api, named_by))):
        return
    parts = urlsplit(target)
    host = parts.hostname or ""
    if parts.scheme != "https":
        raise NotFollowedError("an address that is not https")
    trusted = {urlsplit(api).hostname, urlsplit(named_by).hostname}
    if origin(named_by) != origin(api) and host not in trusted and not GITHUBS.fullmatch(host):
        raise NotFollowedError("a host that is none of GitHub's")


def places(target: str, api: str, limit_s: float, *, by_proxy: bool) -> tuple[AskedAddress, ...]:
    """The addresses at which `target` is asked: the API as it is, and beside it; all else where public.

    `by_proxy`: a proxy looks for the name's addresses; what is one already is checked all the same.

    Raises:
        NotFollowedError: one of them is private, of this machine or of this network.
        httpx.TransportError: the name cannot be resolved, or not in time.
    """
    if origin(target) == origin(api) or (_is_here(target) and _is_here(api)):
        return (AskedAddress(url=target, headers={}),)
    parts = urlsplit(target)
    host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]
    addresses = [] if by_proxy and not _is_of_this_network(host) else resolved(host, port, limit_s)
    if not all(map(is_public, addresses)):
        raise NotFollowedError("a private address")
    if by_proxy:
        return (AskedAddress(url=target, headers={}),)
    return tuple(
        AskedAddress(
            url=parts._replace(netloc=f"{_in_url(address)}:{port}").geturl(),
            headers={"Host": parts.netloc.rpartition("@")[2]},
            name=host,
        )
        for address in addresses[:MOST_ADDRESSES]
    )


def resolved(host: str, port: int, limit_s: float) -> list[str]:
    """The addresses of a name, or the one that it is.

    Raises:
        httpx.TransportError: it cannot be resolved, or not in time.
    """
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = spawn(ask).result(timeout=limit_s)
    except TimeoutError:
        raise httpx.ConnectTimeout("the name was not resolved in time") from None
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet; of IPv4 within IPv6, the IPv4."""
    ip = ip_address(address.partition("%")[0])
    inner = _embedded(ip) if isinstance(ip, IPv6Address) else None
    return (inner or ip).is_global and not (inner or ip).is_multicast


def _is_here(url: str) -> bool:
    """Whether it is of this machine by its own words, whatever DNS says."""
    return urlsplit(url).hostname in _LOOPBACK


def _is_of_this_network(host: str) -> bool:
    """Whether no proxy is needed to know the host: an address, or a name of this machine's."""
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    return True


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of a URL; ports that cannot be are None."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address
