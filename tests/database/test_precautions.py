"""Beyond this machine, no password and no row travels in clear text, unless the URL says so."""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.database.address import parameters
from backup_doctor.collect.database.direct import Direct
from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.row import Route
from backup_doctor.run.fix.ending import Ending
from backup_doctor.run.fix.plan import Plan
from backup_doctor.run.fix.writer import Writer
from backup_doctor.settings.model import Secret, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "a-secret-of-the-house"
SSL_REQUEST = 80877103
# Not loopback by its name, and yet this machine.
BEYOND = "0.0.0.0"


class AskingInClear:
    """A server that asks everybody for the password in clear text, with or without TLS."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.heard = b""
        self._context = context
        self._listener = socket.create_server(("", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, query: str = "", host: str = BEYOND) -> str:
        """Its address, as a user writes it."""
        return f"postgresql://u:{PASSWORD}@{host}:{self.port}/d{query}"

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with suppress(OSError, struct.error), client:
                    client.settimeout(5)
                    self._open(client)

    def _open(self, client: socket.socket) -> None:
        length, code = struct.unpack("!II", client.recv(8))
        if code != SSL_REQUEST:
            self._ask(client, length)
        elif self._context is None:
            client.sendall(b"N")
            self._ask(client, struct.unpack("!I", client.recv(4))[0])
        else:
            client.sendall(b"S")
            with self._context.wrap_socket(client, server_side=True) as secured:
                self._ask(secured, struct.unpack("!I", secured.recv(4))[0])

    def _ask(self, client: socket.socket, length: int) -> None:
        self.heard += client.recv(length)
        client.sendall(b"R" + struct.pack("!II", 8, 3))
        self.heard += client.recv(1000)


@pytest.fixture
def plain() -> Iterator[AskingInClear]:
    server = AskingInClear()
    yield server
    server.close()


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[AskingInClear]:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=db"
    files = ("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"))
    subprocess.run([*command.split(), *files], capture_output=True, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = AskingInClear(context)
    yield server
    server.close()


UPDATE = Plan(
    sql="UPDATE t SET a = 1",
    statement="UPDATE t SET a = 1",
    route=Route.DIRECT,
    key=("id", "1"),
    differences=(),
    guard={},
)


def asked(url: str) -> Unseen:
    """What a question at that URL comes to."""
    answer = Direct(url, Deadline(20)).run("SELECT 1")
    assert isinstance(answer, Unseen)
    return answer


def test_a_server_without_tls_is_told_nothing(plain: AskingInClear) -> None:
    gap = asked(plain.url())

    assert plain.heard == b""
    assert "offers no TLS" in gap.what
    assert "sslmode=disable" in (gap.remedy or "")


def test_nor_when_a_row_is_to_be_written(plain: AskingInClear) -> None:
    writer = Writer(Settings(database_url=Secret(plain.url())))

    written = writer.write(UPDATE)

    assert plain.heard == b""
    assert written.ending is Ending.NOT_BEGUN
    assert "offers no TLS" in written.reason


@pytest.mark.parametrize("query", ["", "?sslmode=require", "?sslmode=prefer"])
def test_a_server_with_tls_is_not_given_the_password_in_clear_text(
    encrypted: AskingInClear, query: str
) -> None:
    gap = asked(encrypted.url(query))

    assert b"user" in encrypted.heard
    assert PASSWORD.encode() not in encrypted.heard
    assert gap.why is Why.REFUSED
    assert "in clear text" in gap.what
    assert "require_auth=password" in (gap.remedy or "")


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_what_the_url_says_of_tls_is_done(plain: AskingInClear, mode: str) -> None:
    asked(plain.url(f"?sslmode={mode}"))

    assert b"user" in plain.heard
    assert PASSWORD.encode() not in plain.heard


def test_what_the_url_says_of_the_password_is_done(plain: AskingInClear) -> None:
    asked(plain.url("?sslmode=disable&require_auth=password"))

    assert PASSWORD.encode() in plain.heard


def test_this_machine_is_asked_as_libpq_asks_it(plain: AskingInClear) -> None:
    asked(plain.url(host="127.0.0.1"))

    assert PASSWORD.encode() in plain.heard


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@localhost/d",
        "postgresql://u@127.0.0.1/d",
        "postgresql://u@[::1]/d",
        "postgresql:///d",
        "postgresql:///d?host=/var/run/postgresql",
        "host=localhost,127.0.0.1 dbname=d",
        "host=db.test hostaddr=127.0.0.1 dbname=d",
        "service=production dbname=d",
    ],
)
def test_nothing_is_added_for_this_machine_or_a_service_file(url: str) -> None:
    found = parameters(url)

    assert isinstance(found, dict)
    assert not found.keys() & {"sslmode", "require_auth"}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@db.acme.test/d",
        "postgresql+psycopg2://u@10.0.0.5/d",
        "postgresql://u@localhost,db.acme.test/d",
        "host=localhost hostaddr=10.0.0.5 dbname=d",
        "postgresql://u@localhost.acme.test/d",
        "postgresql://u@127.0.0.1.acme.test/d",
    ],
)
def test_any_other_host_is_asked_with_tls(url: str) -> None:
    found = parameters(url)

    assert isinstance(found, dict)
    assert (found["sslmode"], found["require_auth"]) == ("require", "!password")


def test_a_host_of_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.acme.test")

    found = parameters("postgresql:///d")

    assert isinstance(found, dict)
    assert found["sslmode"] == "require"


@pytest.mark.parametrize(
    ("variable", "mode"),
    [("verify-full", "verify-full"), ("verify-ca", "verify-ca"), ("prefer", "require")],
)
def test_the_environment_may_ask_for_more_and_not_for_less(
    variable: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", variable)

    found = parameters("postgresql://u@db.acme.test/d")

    assert isinstance(found, dict)
    assert found["sslmode"] == mode
