"""A proxy that does not work is named, not the service behind it."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from werkzeug import Request, Response

from backup_doctor.collect.clients.answer import Answer
from backup_doctor.collect.clients.http import Http
from backup_doctor.collect.deadline import Deadline
from backup_doctor.demo.serving import LoopbackServer
from backup_doctor.demo.supabase.postgres import free_port
from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE = "https://service.invalid"


@pytest.fixture
def dead_proxy(monkeypatch: pytest.MonkeyPatch) -> str:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:secret@{address}")
    return address


@pytest.fixture
def refusing_proxy() -> Iterator[str]:
    refuse = Request.application(lambda _request: Response("no", 407))
    with LoopbackServer(refuse) as server:
        yield server.url


def ask(url: str) -> Answer | Unseen:
    http = Http("The service", url, Deadline(20))
    try:
        return http.get("/x")
    finally:
        http.close()


def test_a_proxy_that_nobody_runs_is_named(dead_proxy: str) -> None:
    answer = ask(SERVICE)

    assert isinstance(answer, Unseen)
    assert f"could not be asked: the proxy {dead_proxy} refused the connection" in answer.what
    assert answer.remedy == "Check HTTPS_PROXY and NO_PROXY."
    assert answer.why is Why.UNREACHABLE


def test_a_proxy_whose_name_leads_nowhere_does_not_make_the_service_one_without_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")

    answer = ask(SERVICE)

    assert isinstance(answer, Unseen)
    assert "the proxy proxy.invalid:3128" in answer.what
    assert answer.code is None


def test_a_proxy_that_refuses_is_named(
    refusing_proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", refusing_proxy)

    answer = ask(SERVICE)

    assert isinstance(answer, Unseen)
    assert "refused to pass the call on" in answer.what


@pytest.mark.usefixtures("dead_proxy")
def test_a_host_that_is_asked_without_the_proxy_answers_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "service.invalid")

    answer = ask(SERVICE)

    assert isinstance(answer, Unseen)
    assert "has no DNS name" in answer.what


class SocksProxy:
    """A SOCKS5 proxy (RFC 1928) without a password; notes where it was sent, and goes to `target`."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            client.recv(2 + client.recv(2, socket.MSG_PEEK)[1])
            client.sendall(b"\x05\x00")
            head = client.recv(4)
            host = client.recv(client.recv(1)[0]) if head[3] == 3 else client.recv(4)
            port = int.from_bytes(client.recv(2))
            self.asked.append((host.decode("latin-1"), port))
            client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            with socket.create_connection(self._target) as service:
                service.sendall(client.recv(65536))
                while piece := service.recv(65536):
                    client.sendall(piece)


@pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTP_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_is_gone_through(
    variable: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_all = Request.application(lambda _request: Response("hello", 200))
    with LoopbackServer(answer_all) as server:
        proxy = SocksProxy(("127.0.0.1", urlsplit(server.url).port or 0))
        monkeypatch.setenv(variable, f"{scheme}://{proxy.address}")
        answer = ask("http://service.invalid:81")
        proxy.close()

    assert isinstance(answer, Answer)
    assert answer.text == "hello"
    assert proxy.asked == [("service.invalid", 81)]


@pytest.mark.parametrize("proxy", ["socks4://127.0.0.1:1", "gopher://127.0.0.1:1"])
@pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTPS_PROXY"])
def test_a_proxy_of_another_kind_is_one_clear_message(
    variable: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy)

    answer = ask(SERVICE)

    assert isinstance(answer, Unseen)
    assert "a proxy of a kind that is not spoken here" in answer.what
    assert "socks5://" in (answer.remedy or "")


def test_socks_without_its_package_is_the_same_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")

    answer = ask(SERVICE)

    assert isinstance(answer, Unseen)
    assert "a proxy of a kind that is not spoken here" in answer.what
