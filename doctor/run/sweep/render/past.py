"""The last 90 days as a calendar, two plots and the sentences that say the same. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.case import Status
from backup_doctor.judge.show import duration, listed
from backup_doctor.report.render.charts import calendar, in_units, plot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backup_doctor.report.render.charts import Calendar, Plot
    from backup_doctor.run.sweep.past import Past, PastBackup

CELL = 18
DAYS_NAMED = 5
# What is drawn of a day: the worst of it. A look is a class of the style sheet.
WORST_FIRST = ("stuck", "failed", "cancelled", "success", "in progress", "another status")
LOOKS = {"stuck": "stuck", "failed": "failed", "cancelled": "failed", "success": "success"}
WORDS = {
    Status.SUCCESS: "success",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
    Status.IN_PROGRESS: "in progress",
    Status.UNKNOWN: "another status",
}


class Chart(Immutable, frozen=True, kw_only=True):
    """A plot, what it is called, and what it shows in a sentence."""

    title: str
    told: str
    plot: Plot


class PastPicture(Immutable, frozen=True, kw_only=True):
    """All that is drawn; `told` and `gaps` are the calendar in sentences."""

    calendar: Calendar
    told: str
    without: str
    charts: tuple[Chart, ...]


def picture(past: Past) -> PastPicture:
    """The picture of the days."""
    by_day: dict[date, Counter[str]] = defaultdict(Counter)
    for one in past.backups:
        by_day[_day(one.at)][_word(one)] += 1
    first, last = _day(past.since), _day(past.until)
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    total = sum(by_day.values(), Counter[str]())
    return PastPicture(
        calendar=calendar(days, lambda day: _seen(by_day[day]), CELL),
        told=f"{first:%Y-%m-%d} to {last:%Y-%m-%d}: {_counts(total)}.",
        without=_without(days, by_day),
        charts=_charts(past),
    )


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _word(one: PastBackup) -> str:
    return "stuck" if one.stuck else WORDS[one.status]


def _seen(on_it: Counter[str]) -> tuple[str, str]:
    worst = next((word for word in WORST_FIRST if on_it[word]), None)
    look = LOOKS.get(worst, "other") if worst else "none"
    return look, _counts(on_it)


def _counts(of: Counter[str]) -> str:
    parts = [f"{of[word]:,} {word}" for word in WORST_FIRST if of[word]]
    return ", ".join(parts) or "no backup"


def _without(days: Sequence[date], by_day: dict[date, Counter[str]]) -> str:
    """The days on which no backup was good, from the first backup on; today may have its own to come."""
    begun = next((at for at, day in enumerate(days) if by_day[day]), len(days))
    missed = [day for day in days[begun:-1] if not by_day[day]["success"]]
    if not missed:
        return ""
    named = [f"{day:%Y-%m-%d}" for day in missed[-DAYS_NAMED:]]
    more = len(missed) - len(named)
    names = listed((f"{more:,} before", *named) if more else named)
    return f"{len(missed):,} day{'' if len(missed) == 1 else 's'} without a good backup: {names}."


def _charts(past: Past) -> tuple[Chart, ...]:
    good = [one for one in past.backups if one.status is Status.SUCCESS]
    sizes = [(one.at, float(one.size)) for one in good if one.size is not None]
    times = [(one.at, one.seconds) for one in good if one.seconds is not None]
    drawn = (
        _chart("Size", sizes, past, in_units),
        _chart("Duration", times, past, lambda seconds: duration(timedelta(seconds=seconds))),
    )
    return tuple(one for one in drawn if one is not None)


def _chart(
    title: str, points: list[tuple[datetime, float]], past: Past, say: Callable[[float], str]
) -> Chart | None:
    if not points:
        return None
    values = [value for _, value in points]
    told = (
        f"{len(values):,} good backup{'' if len(values) == 1 else 's'}: the last {say(values[-1])}, "
        f"median {say(median(values))}, from {say(min(values))} to {say(max(values))}."
    )
    return Chart(title=title, told=told, plot=plot(points, past.since, past.until, say))
