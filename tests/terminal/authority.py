"""A certificate authority of this process, for programs that speak TLS alone."""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@cache
def server() -> ssl.SSLContext:
    """What a server on loopback shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority().issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def write(path: Path) -> None:
    """Write the authority's own certificate, which clients have to trust."""
    _authority().cert_pem.write_to_path(str(path))
