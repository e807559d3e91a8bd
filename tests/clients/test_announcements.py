"""A server that announces its answer (100 Continue) again and again, and never gives it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.clients.http import Http
from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.collect.clients.answer import Answer

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def server(announcements: int | None) -> Iterator[str]:
    """The URL of one that sends so many announcements before its answer; None: no end of them."""

    def answer(line: socket.socket) -> None:
        with suppress(OSError), line:
            line.recv(65_536)
            while announcements is None:
                line.sendall(CONTINUE * 200)
            line.sendall(CONTINUE * announcements + ANSWER)

    def take(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                threading.Thread(target=answer, args=(line,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=take, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def asked(url: str) -> Answer | Unseen:
    http = Http("A service", url, Deadline(30))
    try:
        return http.get("path")
    finally:
        http.close()


def test_announcements_without_an_end_are_a_garbled_answer_at_once() -> None:
    begun = time.monotonic()

    with server(None) as url:
        told = asked(url)

    assert isinstance(told, Unseen)
    assert told.why is Why.GARBLED
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("announcements", [0, 1, 3])
def test_a_few_announcements_come_before_an_answer(announcements: int) -> None:
    with server(announcements) as url:
        told = asked(url)

    assert not isinstance(told, Unseen)
    assert (told.status, told.body) == (200, b"{}")
