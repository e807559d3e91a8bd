"""Every HTTP fault by name: what happens on the wire, and how the report must speak of it."""

from __future__ import annotations

import ssl
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults import answers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.faults.answers import Spoil
    from tests.faults.proxy import Proxy

STATUSES = (401, 403, 404, 408, 409, 429, 500, 502, 503, 504, 546)
IN_TIME = r"in time|too slowly|within the budget|time for this run"
NOT_THEIRS = (
    r"never sends|never does|not S3|garbled|cannot be read|web page|did not keep|not GitHub's"
    r"|no functions gateway|never gives"
)
MEANT_BY = {
    401: r"|does not accept|not accept the token",
    403: r"|may not read|does not let",
    404: r"|has no ",
    429: r"|rate limit|refuses more calls|fewer requests",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way in which a dependency fails.

    `address` stands for the service's host and port, and `scheme` for its own; `connected` and
    `spoil` are the proxy's. The report must match the pattern `says`. A `slow` fault takes the whole
    budget, so it is given a small one.
    """

    name: str
    says: str
    address: str | None = None
    scheme: str = "http"
    connected: Callable[[socket.socket, Proxy], None] | None = None
    spoil: Spoil | None = None
    slow: bool = False

    @property
    def budget_s(self) -> float:
        """How long a run may take: on a busy machine, what is not struck must still answer."""
        return 8.0 if self.slow else 20.0

    @property
    def whole_host(self) -> bool:
        """Whether every path of the host is struck alike."""
        return self.spoil is None


def untrusted_tls(client: socket.socket, _proxy: Proxy) -> None:
    """Offer a certificate that nobody signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed())
    with suppress(OSError), context.wrap_socket(client, server_side=True) as secured:
        secured.recv(1)


def plain_text(client: socket.socket, _proxy: Proxy) -> None:
    """Answer a TLS hello in plain HTTP."""
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def mute(_client: socket.socket, proxy: Proxy) -> None:
    """Accept the connection and do nothing, not even read."""
    proxy.closed.wait()


@cache
def _self_signed() -> Path:
    pem = Path(tempfile.mkdtemp()) / "self-signed.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    made = subprocess.run(
        [*command.split(), "-keyout", "-", "-out", "-"], capture_output=True, check=True
    )
    pem.write_bytes(made.stdout)
    return pem


UNREACHABLE = (
    Fault(name="dns", address="no-such-host.invalid:443", scheme="https", says="DNS name|resolved"),
    Fault(name="refused", address="refused", says="refused the connection|not be connected"),
    Fault(name="connect-hang", address="hang", says=IN_TIME, slow=True),
    Fault(name="tls-plain-text", scheme="https", connected=plain_text, says="TLS"),
    Fault(name="tls-untrusted", scheme="https", connected=untrusted_tls, says="TLS"),
    Fault(name="mute", connected=mute, says=IN_TIME, slow=True),
)
GARBLED = (
    Fault(name="silent", spoil=answers.silent, says=IN_TIME, slow=True),
    Fault(name="drip-head", spoil=answers.drip_head, says=IN_TIME, slow=True),
    Fault(name="drip-body", spoil=answers.drip_body, says=f"{IN_TIME}|not S3", slow=True),
    Fault(name="reset", spoil=answers.reset, says="broke off"),
    Fault(name="too-short", spoil=answers.too_short, says="broke off|did not keep"),
    Fault(name="too-long", spoil=answers.too_long, says=NOT_THEIRS),
    Fault(name="truncated", spoil=answers.truncated, says=NOT_THEIRS),
    Fault(name="huge", spoil=answers.huge, says="more than|not S3|broke off"),
    Fault(name="html", spoil=answers.html_page(200), says=NOT_THEIRS),
    Fault(name="empty", spoil=answers.body(b"", b"application/json"), says=NOT_THEIRS),
    Fault(name="redirect-loop", spoil=answers.redirect_to_itself, says="redirect|HTTP 307"),
)
RESHAPED = (
    Fault(name="other-container", spoil=answers.reshaped(answers.other_container), says=NOT_THEIRS),
    Fault(name="null", spoil=answers.reshaped(answers.null), says=NOT_THEIRS),
    Fault(name="stringly", spoil=answers.reshaped(answers.stringly), says=NOT_THEIRS),
    Fault(name="bereft", spoil=answers.reshaped(answers.bereft), says=NOT_THEIRS),
)
REFUSED = tuple(
    Fault(
        name=f"{status}-{form}",
        spoil=page(status),
        says=rf"\b{status}\b{MEANT_BY.get(status, '')}|not S3",
    )
    for status in STATUSES
    for form, page in (("html", answers.html_page), ("json", answers.json_message))
)
HTTP_FAULTS = {fault.name: fault for fault in (*UNREACHABLE, *GARBLED, *RESHAPED, *REFUSED)}
