"""What the benchmarks write: no verdict on a time of a busy machine, and a picture that is one."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from benchmarks.audit.page import _targets
from benchmarks.audit.run import Round, Turn
from benchmarks.growth import Point
from benchmarks.growth_page import _growth
from benchmarks.growth_plot import plot
from benchmarks.machine import busy_share
from benchmarks.measure import Cost


def cost(seconds: float, mb: float = 100) -> Cost:
    return Cost(0.0, seconds, seconds / 2, int(mb * 1_000_000), 0)


def taken(audit_s: float, busy: float) -> Round:
    turns = [
        Turn(cost(audit_s * factor), cost(2.0 * factor), cost(0.5 * factor), busy)
        for factor in (1.0, 1.1, 9.0)
    ]
    return Round(1_000_000, turns)


@pytest.mark.parametrize(
    ("audit_s", "busy", "verdict"),
    [(3.0, 0.01, "pass"), (3.5, 0.01, "FAIL"), (3.0, 0.9, "busy"), (3.5, 0.9, "busy")],
)
def test_a_time_of_a_busy_machine_neither_passes_nor_fails(
    audit_s: float, busy: float, verdict: str
) -> None:
    line = _targets(taken(audit_s, busy), "obstore").splitlines()[3]

    assert line.rstrip(" |").endswith(f"× | {verdict}") or f"| {verdict} " in line
    assert f"{audit_s / 2.5:.2f} ×" in line


def point(size: int, seconds: float, mb: float) -> Point:
    return Point(size, [cost(seconds, mb)] * 3, 0.0)


def test_what_grows_is_named_only_where_the_page_says_why() -> None:
    points = [point(1, 1.0, 100), point(100, 5.0, 130)]

    assert [row[3] for row in _growth("size of the log", points)] == ["named", "FAIL"]
    assert [row[3] for row in _growth("rows of the table", points)] == ["FAIL", "FAIL"]


def test_the_picture_has_a_panel_for_each_axis_and_colours_for_light_and_dark() -> None:
    points = [point(1, 1.0, 100), point(100, 5.0, 130)]

    picture = plot({("rows", "rows"): points, ("runs", "runs"): points})

    root = ET.fromstring(picture)
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 4
    assert "prefers-color-scheme: dark" in picture


def test_how_busy_the_machine_is_is_a_share() -> None:
    assert 0.0 <= busy_share(0.05) <= 1.0
