"""Connections that are opened ahead: handed to the client, and never missed where they fail."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest
import trustme
from werkzeug import Request, Response

from backup_doctor.collect.clients import opening
from backup_doctor.collect.clients.answer import Answer
from backup_doctor.collect.clients.http import Http
from backup_doctor.collect.clients.opening import Openings
from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.demo.serving import LoopbackServer
from backup_doctor.demo.supabase.postgres import free_port
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.settings.load import Flags, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"


class Service:
    """A service by TLS; `connections` are those that came in, by the client's port."""

    def __init__(self, authority: trustme.CA) -> None:
        self.connections: list[int] = []
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(HOST).configure_cert(context)
        self._server = LoopbackServer(Request.application(self._answer))
        inner = self._server._server
        inner.socket = context.wrap_socket(inner.socket, server_side=True)
        self.url = self._server.url.replace("http:", "https:", 1)
        self.close = self._server.close

    def _answer(self, request: Request) -> Response:
        self.connections.append(int(request.environ["REMOTE_PORT"]))
        return Response(request.path)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    opening.certificates.cache_clear()
    made = Service(authority)
    yield made
    made.close()
    opening.certificates.cache_clear()


def ask(url: str, openings: Openings) -> Answer | Unseen:
    http = Http("The service", url, Deadline(20), openings=openings)
    try:
        return http.get("/x")
    finally:
        http.close()


def test_the_client_is_handed_the_connection_that_is_there(service: Service) -> None:
    openings = Openings()
    openings.begin(service.url, 1)
    (opened,) = openings._under_way[HOST, int(service.url.rpartition(":")[2])]
    port = opened.result(5).getsockname()[1]

    answer = ask(service.url, openings)

    assert isinstance(answer, Answer)
    assert answer.body == b"/x"
    assert service.connections == [port]


def test_without_one_the_client_connects_by_itself(service: Service) -> None:
    openings = Openings()
    openings.begin(service.url, 1)

    first, second = ask(service.url, openings), ask(service.url, openings)

    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert len(set(service.connections)) == 2


def test_what_cannot_be_opened_is_said_by_the_client() -> None:
    url, openings = f"https://{HOST}:{free_port()}", Openings()
    openings.begin(url, 2)

    answer = ask(url, openings)

    assert isinstance(answer, Unseen)
    assert answer.why is Why.UNREACHABLE
    assert "refused the connection" in answer.what


def test_a_certificate_of_nobodys_is_refused_all_the_same(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    opening.certificates.cache_clear()
    openings = Openings()
    openings.begin(service.url, 1)

    answer = ask(service.url, openings)

    assert isinstance(answer, Unseen)
    assert "TLS handshake" in answer.what
    assert service.connections == []


def test_one_that_hangs_does_not_hold_the_client_up_for_long() -> None:
    with socket.create_server((HOST, 0)) as silent:
        url, openings = f"https://{HOST}:{silent.getsockname()[1]}", Openings()
        openings.begin(url, 1)
        started = time.monotonic()

        answer = Http("The service", url, Deadline(6), openings=openings).get("/x")

    assert isinstance(answer, Unseen)
    assert answer.why is Why.TIMED_OUT
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
def test_where_the_environment_names_a_proxy_nobody_is_connected_to(
    variable: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"http://{HOST}:{free_port()}")
    openings = Openings()

    openings.begin(service.url, 1)

    assert openings._under_way == {}


def connected(settings: dict[str, str], folder: Path) -> bool:
    """Whether anybody is connected to, with these settings in a file that was found."""
    with socket.create_server((HOST, 0)) as server:
        place = f"strangers.test:{server.getsockname()[1]}"
        lines = (f"{name}={value.format(place=place)}\n" for name, value in settings.items())
        (folder / ".env").write_text("".join(lines))
        keys = {"GITHUB_TOKEN": "ghp_" + "x" * 36, "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_x"}
        sources = Sources(
            load(Flags(), environ={**keys, "GITHUB_REPOSITORY": "a/b"}, cwd=folder), Deadline(9)
        )
        came = threading.Event()

        def wait() -> None:
            server.accept()
            came.set()

        threading.Thread(target=wait, daemon=True).start()
        sources.open()
        return came.wait(0.5)


@pytest.mark.parametrize(
    "settings",
    [
        {"GITHUB_API_URL": "https://{place}"},
        {"SUPABASE_URL": "https://{place}"},
    ],
)
def test_no_host_that_a_found_file_names_is_connected_to(
    settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def at_home(host: str, *arguments: object, **options: object) -> object:
        named = HOST if host == "strangers.test" else host
        if named != HOST:
            raise socket.gaierror("not asked in tests")
        return real(named, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", at_home)

    assert not connected(settings, tmp_path)
