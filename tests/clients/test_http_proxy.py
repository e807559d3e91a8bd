"""A proxy that does not work is named, not the service behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug import Request, Response

from doctor.clients.http import Answer, Http
from doctor.deadline import Deadline
from doctor.demo.serving import LoopbackServer
from doctor.demo.supabase.postgres import free_port
from doctor.evidence.base import Unseen, Why

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
