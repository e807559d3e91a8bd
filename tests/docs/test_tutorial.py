"""The tutorial shows what its commands really print, but for ids, times and addresses."""

from __future__ import annotations

import pytest

from scripts.tutorial import PAGE, PART, rerun, stable


@pytest.mark.slow
def test_every_command_of_the_tutorial_still_prints_what_the_page_shows() -> None:
    text = PAGE.read_text(encoding="utf-8")

    told, shown = stable(rerun(text)), stable(text)

    assert told == shown, "read the difference; if it is right, run `make tutorial`"


def test_every_block_with_output_is_run() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert "\n$ " not in PART.sub("", text)
    assert len(PART.findall(text)) >= 7


def test_what_differs_from_run_to_run_is_taken_out_and_nothing_else() -> None:
    one = "ffb17f26-5d2b-4982-bcb3-94bf8557248a at 2026-11-29 21:24:27 UTC, took 3.74 s, exit 1"
    other = "00000000-5d2b-4982-bcb3-94bf8557248a at 2027-01-01 00:00:00 UTC, took 900 ms, exit 1"

    assert stable(one) == stable(other) == "ID at TIME UTC, took AGE, exit 1"
