"""A line of a log: its time, and its text as a person reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backup_doctor.collect.log.lines import clean

BEGAN = datetime(2026, 11, 20, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fraction", "microsecond"),
    [("", 0), (".5", 500_000), (".123", 123_000), (".1234567", 123_456), (".123456789", 123_456)],
)
def test_a_time_is_kept_to_the_microsecond(fraction: str, microsecond: int) -> None:
    line = clean(f"2026-11-20T02:03:04{fraction}Z done".encode())

    assert (line.at, line.text) == (BEGAN.replace(microsecond=microsecond), "done")


def test_a_time_that_is_none_is_not_believed() -> None:
    assert clean(b"2026-13-20T02:03:04Z done").at is None


@pytest.mark.parametrize(
    ("raw", "text", "script"),
    [
        (b"10 %\r 50 %\r100 %\r", "100 %", False),
        (b"\x1b[36;1mcurl -sS x\x1b[0m", "curl -sS x", True),
        (b"\x1b[31mrefused\x1b[0m", "refused", False),
        ("\ufeffdone".encode(), "done", False),
        (b"caf\xe9", "caf\ufffd", False),
    ],
)
def test_a_line_is_what_a_person_saw_of_it(raw: bytes, text: str, *, script: bool) -> None:
    line = clean(raw)

    assert (line.text, line.script, line.at) == (text, script, None)
