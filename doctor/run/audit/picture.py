"""The picture in the HTML report: a calendar of the backups, and their size over time.

Pure geometry, in the units of the SVG's view box; the template draws it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.report.render.charts import calendar, in_units
from backup_doctor.run.audit.model import BackupState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backup_doctor.report.render.charts import Calendar
    from backup_doctor.run.audit.table import Day

CELL = 12
# A calendar for each year, the last ones where there are more.
YEARS_SHOWN = 10
WIDTH, HEIGHT, MARGIN = 720, 160, 60


class Year(Immutable, frozen=True, kw_only=True):
    """A year and its calendar."""

    year: int
    calendar: Calendar


class Curve(Immutable, frozen=True, kw_only=True):
    """The bytes of the successful backups by day, as the points of a line, and its axes."""

    points: str
    highest: str
    first: str
    last: str
    width: int = WIDTH
    height: int = HEIGHT


class Picture(Immutable, frozen=True, kw_only=True):
    """Both. `left_out` counts the years before those that are shown; no curve for fewer than two days."""

    years: list[Year]
    curve: Curve | None
    left_out: int = 0


def draw(days: Sequence[Day], missing: Mapping[str, int]) -> Picture:
    """The picture of what the table says by day, and of the objects that are missing."""
    counts: dict[date, dict[str, int]] = defaultdict(dict)
    sizes: dict[date, int] = {}
    for one in days:
        day = _date(one.day)
        if day is None:
            continue
        counts[day][one.state] = one.rows
        if one.state == BackupState.SUCCESS:
            sizes[day] = one.bytes
    for text, count in missing.items():
        day = _date(text)
        if day is not None:
            counts[day]["missing"] = count
    years = sorted({day.year for day in counts})
    shown = years[-YEARS_SHOWN:]
    return Picture(
        years=[_calendar(year, counts) for year in reversed(shown)],
        curve=_curve(sizes),
        left_out=len(years) - len(shown),
    )


def _date(text: str) -> date | None:
    """A day of our calendar; PostgreSQL knows days before Christ, and infinity."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _calendar(year: int, counts: Mapping[date, Mapping[str, int]]) -> Year:
    first = date(year, 1, 1)
    days = [first + timedelta(days=at) for at in range((date(year, 12, 31) - first).days + 1)]

    def seen(day: date) -> tuple[str, str]:
        on_it = counts.get(day, {})
        told = ", ".join(f"{count:,} {name}" for name, count in on_it.items()) or "no backup"
        return _look(on_it), told

    return Year(year=year, calendar=calendar(days, seen, CELL))


def _look(counts: Mapping[str, int]) -> str:
    """The worst that happened on the day."""
    for name in ("missing", BackupState.STUCK, BackupState.FAILED, BackupState.SUCCESS):
        if counts.get(name):
            return str(name)
    return "other" if counts else "none"


def _curve(sizes: Mapping[date, int]) -> Curve | None:
    if len(sizes) < 2:  # noqa: PLR2004 -- a line has two ends
        return None
    first, last, highest = min(sizes), max(sizes), max(*sizes.values(), 1)
    span = (last - first).days
    points = (
        (MARGIN + (day - first).days / span * (WIDTH - MARGIN - 10), _height(size, highest))
        for day, size in sorted(sizes.items())
    )
    return Curve(
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        highest=in_units(highest),
        first=first.isoformat(),
        last=last.isoformat(),
    )


def _height(size: int, highest: int) -> float:
    return HEIGHT - 20 - size / highest * (HEIGHT - 35)
