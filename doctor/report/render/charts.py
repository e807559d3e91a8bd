"""The geometry of a page's pictures, in the units of an SVG's view box; the templates draw them. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
STEP = 1000
GAP = 2
LEFT, TOP = 32, 18
WEEK = 7
# Only every other day is named: there is no room for all.
WEEKDAYS = ((0, "Mon"), (2, "Wed"), (4, "Fri"))
# Two months' names need so many weeks between them.
NAME_WEEKS = 3
PLOT_WIDTH, PLOT_HEIGHT = 420, 150
PLOT_LEFT, PLOT_RIGHT, PLOT_TOP, PLOT_BOTTOM = 64, 412, 12, 124


def in_units(size: float | None) -> str:
    """`1,234 bytes`, `12.3 GB`."""
    if size is None:
        return "?"
    if size < STEP * 10:
        return f"{size:,.0f} byte{'' if size == 1 else 's'}"
    value, unit = float(size), 0
    while value >= STEP and unit < len(UNITS) - 1:
        value, unit = value / STEP, unit + 1
    return f"{value:,.1f} {UNITS[unit]}"


class Cell(Immutable, frozen=True, kw_only=True):
    """A day of the calendar. `look` is a class of the style sheet, `told` what it holds."""

    x: int
    y: int
    look: str
    told: str


class Calendar(Immutable, frozen=True, kw_only=True):
    """Weeks from left to right, days from top to bottom (Monday first), each `cell` wide."""

    cells: list[Cell]
    months: list[tuple[int, str]]
    weekdays: list[tuple[int, str]]
    width: int
    height: int
    cell: int


def calendar(days: Sequence[date], seen: Callable[[date], tuple[str, str]], cell: int) -> Calendar:
    """The calendar of consecutive days; `seen` tells each day's look, and what was on it."""
    step = cell + GAP
    monday = days[0] - timedelta(days=days[0].weekday())
    weeks = {day: (day - monday).days // WEEK for day in days}
    cells = []
    for day in days:
        look, told = seen(day)
        x, y = LEFT + weeks[day] * step, TOP + day.weekday() * step
        cells.append(Cell(x=x, y=y, look=look, told=f"{day:%a} {day.isoformat()}: {told}"))
    return Calendar(
        cells=cells,
        months=[(LEFT + weeks[day] * step, f"{day:%b}") for day in _named(days, weeks)],
        weekdays=[(TOP + at * step + cell - 3, name) for at, name in WEEKDAYS],
        width=LEFT + (weeks[days[-1]] + 1) * step,
        height=TOP + WEEK * step,
        cell=cell,
    )


def _named(days: Sequence[date], weeks: dict[date, int]) -> list[date]:
    """The first day of each month; of a month that had begun before, the first day that is shown."""
    firsts = [day for day in days if day.day == 1]
    if not firsts or weeks[firsts[0]] - weeks[days[0]] >= NAME_WEEKS:
        return [days[0], *firsts]
    return firsts


class Plot(Immutable, frozen=True, kw_only=True):
    """Values over time: `dots` is a path of them, `ticks` are heights with what they stand for."""

    dots: str
    ticks: list[tuple[float, str]]
    first: str
    last: str
    width: int = PLOT_WIDTH
    height: int = PLOT_HEIGHT
    left: int = PLOT_LEFT
    right: int = PLOT_RIGHT
    bottom: int = PLOT_BOTTOM


def plot(
    points: Sequence[tuple[datetime, float]],
    since: datetime,
    until: datetime,
    say: Callable[[float], str],
) -> Plot:
    """The plot of at least one point, each a value at a time between the two."""
    highest = max(1.0, *(value for _, value in points))
    span = max((until - since).total_seconds(), 1.0)
    places = (
        (
            PLOT_LEFT + (at - since).total_seconds() / span * (PLOT_RIGHT - PLOT_LEFT),
            _height(value / highest),
        )
        for at, value in points
    )
    return Plot(
        dots="".join(f"M{x:.1f} {y:.1f}h0" for x, y in places),
        ticks=[(_height(part), say(highest * part)) for part in (0.0, 0.5, 1.0)],
        first=since.date().isoformat(),
        last=until.date().isoformat(),
    )


def _height(part: float) -> float:
    return PLOT_BOTTOM - part * (PLOT_BOTTOM - PLOT_TOP)
