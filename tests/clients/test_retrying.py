"""What is asked once more, after which wait, and what is not: against a real server."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from werkzeug import Request, Response

from backup_doctor.collect.clients.answer import Answer
from backup_doctor.collect.clients.http import Http
from backup_doctor.collect.clients.retrying import PAUSE_S, wait_s
from backup_doctor.collect.deadline import Deadline
from backup_doctor.demo.serving import LoopbackServer
from backup_doctor.evidence.base import Unseen, Why
from tests.faults.proxy import close_backlog, full_backlog

if TYPE_CHECKING:
    from collections.abc import Mapping

SPREAD_S = 1.5 * PAUSE_S


def asked(method: str, *answers: Response, budget_s: float = 60) -> tuple[Answer | Unseen, int]:
    """The answer to one call of a server that answers so in turn, and how often it was asked."""
    waiting = list(answers)
    with LoopbackServer(Request.application(lambda _request: waiting.pop(0))) as server:
        http = Http("The service", server.url, Deadline(budget_s))
        answer = http.get("/x") if method == "GET" else http.call(method, "/x")
        http.close()
    return answer, len(answers) - len(waiting)


@pytest.mark.parametrize("status", [408, 502, 503, 504])
def test_a_get_that_met_a_passing_trouble_is_repeated_once(status: int) -> None:
    answer, times = asked("GET", Response("", status), Response("ok"))

    assert isinstance(answer, Answer)
    assert (answer.text, times) == ("ok", 2)


@pytest.mark.parametrize(("method", "status"), [("POST", 503), ("OPTIONS", 503), ("GET", 500)])
def test_what_may_have_had_an_effect_or_will_not_pass_is_not_repeated(
    method: str, status: int
) -> None:
    _, times = asked(method, Response("", status), Response("ok"))

    assert times == 1


def test_retry_after_is_waited_for() -> None:
    started = time.monotonic()

    answer, times = asked("GET", Response("", 429, {"Retry-After": "1"}), Response("ok"))

    assert isinstance(answer, Answer)
    assert (answer.status, times) == (200, 2)
    assert time.monotonic() - started >= 1


def test_a_wait_that_the_budget_does_not_allow_is_not_begun() -> None:
    busy = Response("", 429, {"Retry-After": "3"})

    answer, times = asked("GET", busy, Response("ok"), budget_s=4)

    assert isinstance(answer, Answer)
    assert (answer.status, times) == (429, 1)


@pytest.mark.parametrize(
    ("status", "headers", "least", "most"),
    [
        (429, {"retry-after": "2"}, 2, 2 + SPREAD_S),
        (403, {"retry-after": "2"}, 2, 2 + SPREAD_S),
        (503, {"retry-after": formatdate(0, usegmt=True)}, 0, SPREAD_S),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4"}, 4, 4 + SPREAD_S),
        (503, {"retry-after": "soon"}, 0, SPREAD_S),
    ],
)
def test_the_wait_is_what_the_service_asks_for_and_a_random_pause(
    status: int, headers: Mapping[str, str], least: float, most: float
) -> None:
    wait = wait_s(Answer(status=status, headers=headers, body=b"", url=""))

    assert wait is not None
    assert least < wait <= most


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {}),
        (403, {}),
        (429, {"retry-after": "60"}),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4000000000"}),
        (404, {"retry-after": "1"}),
    ],
)
def test_no_wait_is_worth_it(status: int, headers: Mapping[str, str]) -> None:
    assert wait_s(Answer(status=status, headers=headers, body=b"", url="")) is None


def test_pauses_differ() -> None:
    assert len({wait_s(Answer(status=503, headers={}, body=b"", url="")) for _ in range(9)}) > 1


def test_a_host_that_cannot_be_connected_to_costs_one_wait_for_the_whole_run() -> None:
    backlog = full_backlog()
    http = Http("The service", f"http://127.0.0.1:{backlog.getsockname()[1]}", Deadline(6))

    first = http.get("/x")
    started = time.monotonic()
    second = http.get("/y")
    close_backlog(backlog)

    assert isinstance(first, Unseen)
    assert first.why is Why.TIMED_OUT
    assert second is first
    assert time.monotonic() - started < 1
