"""The time is what the services agree on; what they say is noted where their answers are seen."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backup_doctor.collect.clients.http import Http
from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence import clocks
from backup_doctor.evidence.clock import Clock
from backup_doctor.evidence.clocks import Clocks
from backup_doctor.report.compose.time import clock_notes

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "own_now", lambda: NOON)


@pytest.mark.parametrize(
    ("ahead", "behind_s", "settled", "notable"),
    [
        ({}, 0, True, False),
        ({"GitHub": 0.4}, 0, True, False),
        ({"GitHub": -4.9, "S3": 3}, 0, True, False),
        ({"GitHub": 30}, 30, True, False),
        ({"GitHub": 61}, 61, True, True),
        ({"GitHub": -10800, "S3": -10801, "PostgreSQL": -10799}, -10800, True, True),
        ({"GitHub": 0, "S3": 1, "PostgreSQL": 10800}, 0, False, False),
        ({"GitHub": 10800, "PostgreSQL": 10790}, 10795, True, True),
        ({"GitHub": 0, "PostgreSQL": 10800}, 5400, False, True),
        ({"GitHub": 0, "PostgreSQL": 61}, 30.5, True, False),
    ],
)
def test_the_median_of_the_services_is_the_time(
    ahead: dict[str, float], behind_s: float, settled: bool, notable: bool
) -> None:
    clock = Clock(ahead_s=ahead)

    assert (clock.behind_s, clock.is_settled, clock.is_notable) == (behind_s, settled, notable)


@pytest.mark.parametrize("header", [None, "", "soon", "Tue, 99 Nov 2026 25:00:00 GMT", "\ud800"])
def test_what_is_no_date_says_nothing(header: str | None) -> None:
    known = Clocks()

    known.heard_date("S3", header)

    assert known.reading() == Clock()
    assert known.now() == NOON


def test_the_first_word_of_each_counts() -> None:
    known = Clocks()

    known.heard_date("GitHub", "Tue, 24 Nov 2026 15:00:00 GMT")
    known.heard_date("GitHub", "Tue, 24 Nov 2026 12:00:00 GMT")
    known.heard("PostgreSQL", NOON + timedelta(hours=3))

    assert known.reading().ahead_s == {"GitHub": 10800, "PostgreSQL": 10800}
    assert known.now() == NOON + timedelta(hours=3)


class Later(BaseHTTPRequestHandler):
    """Answers with the status that the path names, five minutes after noon."""

    def do_GET(self) -> None:
        self.send_response_only(int(self.path.strip("/")))
        self.send_header("Date", format_datetime(NOON + timedelta(minutes=5), usegmt=True))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.mark.parametrize(("status", "heard"), [(200, True), (404, True), (401, True), (502, False)])
def test_every_answer_but_a_proxys_tells_the_time(status: int, heard: bool) -> None:
    deadline = Deadline(10)

    with ThreadingHTTPServer(("127.0.0.1", 0), Later) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        http = Http("GitHub", f"http://127.0.0.1:{server.server_port}", deadline)
        http.call("GET", f"/{status}")
        http.close()
        server.shutdown()

    assert deadline.clocks.reading().ahead_s == ({"GitHub": 300.0} if heard else {})


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        ({}, ""),
        ({"GitHub": 59}, ""),
        (
            {"GitHub": 7200, "S3": 7201},
            "clock is 2 h slow by GitHub and S3: ages are told by",
        ),
        ({"PostgreSQL": -80}, "clock is 1 min fast by PostgreSQL"),
        (
            {"GitHub": 0, "PostgreSQL": -7200},
            "The clocks differ: PostgreSQL is 2 h behind this machine and GitHub as it is here",
        ),
    ],
)
def test_a_clock_that_is_off_by_more_than_a_minute_is_said(
    ahead: dict[str, float], says: str
) -> None:
    notes = clock_notes(Clock(ahead_s=ahead))

    assert says in "".join(notes)
    assert bool(notes) is bool(says)
