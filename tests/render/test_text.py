"""The report for a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from doctor.render import Format
from tests.render.fixtures import HEALTHY, HOSTILE, REAL, STUCK
from tests.render.rendering import rendered

if TYPE_CHECKING:
    from doctor.model import Report


@pytest.mark.parametrize("which", [STUCK, REAL], ids=["stuck", "real"])
def test_text_fits_80_columns_but_for_what_is_pasted(which: Report) -> None:
    pasted = {line.strip() for line in (which.fix_sql or "").splitlines()}

    long = [line for line in rendered(which, Format.TEXT).splitlines() if len(line) > 80]

    assert all(
        line.strip() in pasted or line.startswith(" " * 8) or " " not in line.strip()
        for line in long
        if not line.startswith("S3 key")
    )


def test_verdict_cause_and_both_fixes_stand_on_the_first_screen() -> None:
    screen = "\n".join(rendered(STUCK, Format.TEXT).splitlines()[:40])

    assert "FAILING  function/not-deployed" in screen
    assert "supabase functions deploy" in screen
    assert "COMMIT;" in screen


def test_the_chain_shows_where_it_broke() -> None:
    text = rendered(REAL, Format.TEXT)

    assert "✔ upload  ✘ function  ✘ fallback  – result" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_colours_are_there_when_wanted_and_only_then() -> None:
    assert "\x1b[" in rendered(STUCK, Format.TEXT, colour=True)
    assert "\x1b" not in rendered(STUCK, Format.TEXT)


def test_a_colour_terminal_gets_no_escape_sequence_from_outside() -> None:
    sequences = re.findall(r"\x1b\S?[^m]*m?", rendered(HOSTILE, Format.TEXT, colour=True))

    assert sequences
    assert all(re.match(r"\x1b\[[\d;]*m", one) for one in sequences)


def test_a_healthy_report_has_no_empty_sections() -> None:
    text = rendered(HEALTHY, Format.TEXT)

    for heading in ("Fix", "Root cause", "found", "Not seen", "Notes", "Errors"):
        assert heading not in text
