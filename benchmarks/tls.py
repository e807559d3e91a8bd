"""TLS in front of every service: the end of the tunnel, and what of a client's bytes asks nothing."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

HOST = "127.0.0.1"
# How libpq asks whether the server speaks TLS, and how that agrees.
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
SSL_AGREED = b"S"
# TLS 1.3 shows two kinds of records: the hellos, and everything after them.
HELLO, ENCRYPTED = 22, 23
RECORD_HEAD = 5


class Identity:
    """What a server proves itself with, and whom a client has to trust for that."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        # Tickets come unasked after the handshake, and would look like an answer.
        self.context.num_tickets = 0
        self._authority.issue_cert(HOST).configure_cert(self.context)

    def trusted_by(self, file: Path) -> dict[str, str]:
        """The variables that make every client trust it, through `file`, which is written."""
        self._authority.cert_pem.write_to_path(file)
        return dict.fromkeys(("SSL_CERT_FILE", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE"), str(file))


async def agree(
    client: asyncio.StreamReader, to_client: asyncio.StreamWriter, identity: Identity
) -> None:
    """PostgreSQL's way into TLS: the client asks for it in the clear, and is told yes."""
    await client.readexactly(len(SSL_REQUEST))
    to_client.write(SSL_AGREED)
    await to_client.start_tls(identity.context)


class Handshake:
    """Reads what a client sends as far as its Finished, which it sends along and waits for nothing."""

    def __init__(self) -> None:
        self.is_over = False
        self._sent = b""

    def asks(self, data: bytes) -> bool:
        """Whether the client waits for an answer to what it sent."""
        if self.is_over:
            return True
        self._sent += data
        asks = self._sent.startswith(SSL_REQUEST)
        self._sent = self._sent.removeprefix(SSL_REQUEST)
        while len(record := self._next()) >= RECORD_HEAD and not self.is_over:
            self._sent = self._sent[len(record) :]
            asks = asks or record[0] == HELLO
            self.is_over = record[0] == ENCRYPTED
        return asks or (self.is_over and bool(self._sent))

    def _next(self) -> bytes:
        """The next record; nothing where it is not there as a whole."""
        end = RECORD_HEAD + int.from_bytes(self._sent[3:RECORD_HEAD])
        return self._sent[:end] if len(self._sent) >= end else b""
