"""The calendar and the curve of the HTML report."""

from __future__ import annotations

from backup_doctor.run.audit.picture import draw
from backup_doctor.run.audit.table import Day


def day(text: str, state: str = "success", rows: int = 1, size: int = 10) -> Day:
    return Day(day=text, state=state, rows=rows, bytes=size)


def test_a_day_looks_as_the_worst_of_it() -> None:
    days = [day("2026-01-01"), day("2026-01-01", "failed"), day("2026-01-02", "stuck", 3)]

    picture = draw(days, {"2026-01-03": 2})

    first, second, third, fourth = picture.years[0].calendar.cells[:4]
    assert [first.look, second.look, third.look, fourth.look] == [
        "failed", "stuck", "missing", "none",
    ]  # fmt: skip
    assert first.told == "Thu 2026-01-01: 1 success, 1 failed"
    assert third.told == "Sat 2026-01-03: 2 missing"


def test_the_curve_runs_from_the_first_day_to_the_last() -> None:
    picture = draw([day("2026-01-01", size=5), day("2026-01-11", size=10)], {})

    assert picture.curve is not None
    assert picture.curve.points == "60.0,77.5 710.0,15.0"
    assert picture.curve.highest == "10 bytes"


def test_days_outside_of_our_calendar_are_left_out() -> None:
    picture = draw([day("infinity"), day("0044-03-15 BC")], {})

    assert picture.years == []
    assert picture.curve is None


def test_the_last_ten_years_are_drawn_and_the_others_counted() -> None:
    picture = draw([day(f"{year}-01-01") for year in range(2010, 2027)], {"infinity": 1})

    assert [drawn.year for drawn in picture.years] == list(range(2026, 2016, -1))
    assert picture.left_out == 7
