"""The page of a sweep: what is stuck and why, and the last 90 days, for one project or several.

`SCREENSHOTS=folder pytest tests/sweep/test_page.py` leaves pictures of every theme and width.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.collect.row.newest import Newest
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.row import BackupRow
from backup_doctor.judge.freshness import Freshness
from backup_doctor.report.render.formats import Look
from backup_doctor.run.sweep.past import Past, past_of
from backup_doctor.run.sweep.render.past import picture
from backup_doctor.run.sweep.render.to_html import write, write_all
from tests.render.browser import LOOKS, assert_well_made, opened
from tests.render.fixtures import HOSTILE_TEXT
from tests.sweep.results import NO_GRANT, sweep, swept

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
HOURS = timedelta(hours=2)
DENIED = Unseen(why=Why.DENIED, what="Rows may be hidden.")
MB = 1_000_000


def row(
    days_ago: float, status: str = "success", size: int | None = MB, took: float = 60
) -> BackupRow:
    """A row of so many days ago."""
    at = NOW - timedelta(days=days_ago)
    ended = at + timedelta(seconds=took) if status == "success" else None
    return BackupRow(created_at=at, finished_at=ended, status=status, size_bytes=size)


def days(*rows: BackupRow, columns: tuple[str, ...] = (), unproved: Unseen | None = None) -> Past:
    """What the page makes of them."""
    newest = tuple(sorted(rows, key=lambda one: one.created_at or NOW, reverse=True))
    return past_of(Newest(rows=newest, columns=columns, unproved=unproved), Names(), NOW, HOURS)


def three_months() -> Past:
    """A night's backup for three months, with a failure, a night without one, and two that are stuck."""
    rows = [
        row(at, size=MB + 4_000 * (90 - at), took=600 + 17 * (at % 7) * (at % 5))
        for at in range(1, 90)
        if at not in (4, 5, 20, 33)
    ]
    return days(*rows, row(4, "in_progress"), row(5, "in_progress"), row(20, "failed"))


def cell_of(past: Past, day: str) -> str:
    (cell,) = [one for one in picture(past).calendar.cells if day in one.told]
    return f"{cell.look}: {cell.told}"


def test_a_day_looks_as_the_worst_of_it_and_says_all_of_it() -> None:
    past = days(
        row(1), row(1.1), row(1.2, "failed"), row(2, "in_progress"), row(0.01, "in_progress")
    )

    assert cell_of(past, "2026-11-28") == "failed: Sat 2026-11-28: 1 failed, 2 success"
    assert cell_of(past, "2026-11-27") == "stuck: Fri 2026-11-27: 1 stuck"
    assert cell_of(past, "2026-11-29") == "other: Sun 2026-11-29: 1 in progress"
    assert cell_of(past, "2026-11-26") == "none: Thu 2026-11-26: no backup"


def test_the_days_without_a_good_backup_are_named() -> None:
    seen = picture(three_months())

    assert seen.told == "2026-08-31 to 2026-11-29: 2 stuck, 1 failed, 85 success."
    assert seen.without == (
        "4 days without a good backup: 2026-10-27, 2026-11-09, 2026-11-24 and 2026-11-25."
    )


def test_today_and_the_days_before_the_first_backup_lack_none() -> None:
    assert picture(days(row(2), row(1))).without == ""
    assert picture(days()).without == ""


def test_what_the_plots_show_is_said_too() -> None:
    size, time = picture(
        days(row(3, took=60), row(2, size=3 * MB, took=180), row(1, took=120))
    ).charts

    assert size.told == "3 good backups: the last 1.0 MB, median 1.0 MB, from 1.0 MB to 3.0 MB."
    assert time.told == "3 good backups: the last 2 min, median 2 min, from 1 min to 3 min."


def test_sizes_and_times_that_nobody_knows_are_not_drawn() -> None:
    past = days(row(1, size=None, took=-5), row(2, "failed"))

    assert picture(past).charts == ()


@pytest.mark.parametrize(
    ("columns", "count", "first"),
    [((), 3, "2026-08-31"), (("status",), 3, "2026-11-26"), ((), 5000, "2026-11-26")],
)
def test_before_the_oldest_of_a_page_that_may_be_cut_nothing_is_said(
    columns: tuple[str, ...], count: int, first: str
) -> None:
    """The Data API, whose answers have `columns`, may give fewer rows than it was asked for."""
    past = days(*(row(3 - 2 * at / count) for at in range(count)), columns=columns)

    assert f"{past.since:%Y-%m-%d}" == first
    assert picture(past).calendar.cells[0].told.startswith(("Mon 2026-08-31", f"Thu {first}"))


def project(name: str, **changes: Any) -> tuple[str, Any]:
    """A project of the page."""
    place = {"project": name, "repository": "acme/app", "table": "public.backup_history"}
    return name, sweep(*changes.pop("backups", ()), project=name, place=place, **changes)


def five_projects() -> str:
    """A page with everything that there can be on one."""
    many = [swept(name=f"d-{at}") for at in range(250)]
    late = Freshness(age=timedelta(days=3), max_age_s=93_600.0, ok=False)
    hostile = swept(NO_GRANT, name=HOSTILE_TEXT, says=HOSTILE_TEXT)
    return write_all(
        [
            project("shop", backups=many, past=three_months()),
            project("app", past=days(row(1), row(2))),
            project("night", past=days(*(row(at) for at in range(4, 60))), freshness=late),
            project(HOSTILE_TEXT, backups=[hostile], gaps=(HOSTILE_TEXT,), past=DENIED),
            project("unseen", complete=False, gaps=("No way to the database is configured.",)),
        ],
        Look(),
    )


def twenty_projects() -> str:
    """A page that is read from its first lines: every fifth project has something stuck."""
    stuck = [swept(name=f"d49ee57c-c4bd-4314-a36d-{at:012d}") for at in range(3)]
    return write_all(
        [
            project(f"app-{at}", backups=stuck if at % 5 == 4 else (), past=three_months())
            for at in range(20)
        ],
        Look(),
    )


def test_of_twenty_projects_those_that_need_a_look_stand_first() -> None:
    names = re.findall(r'<h2 id="name-\d+">(.*)</h2>', twenty_projects())

    assert names[:5] == ["app-4", "app-9", "app-14", "app-19", "app-0"]
    assert len(names) == 20


def test_nothing_is_wrong_with_the_page_in_any_theme_and_width(tmp_path: Path) -> None:
    pages = {
        "twenty": twenty_projects(),
        "five": five_projects(),
        "one": write(sweep(swept(), past=three_months()), Look()),
    }

    seen = opened(pages, tmp_path)

    for page in pages:
        assert seen[page]["looks"].keys() == {*LOOKS}
        for looked in seen[page]["looks"].values():
            assert_well_made(looked)
    assert any("supabase functions deploy" in text for text in seen["one"]["copied"])


def test_the_page_fetches_nothing_and_says_how_many_need_a_look() -> None:
    page = five_projects()

    assert "<title>Backups: 4 of 5 projects need a look.</title>" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert not re.search(r"<(link|img|iframe)|src=|url\(|@import", page)
    assert "and 50 more" in page
    assert "backup-doctor --project shop --dispatch-id d-0" in page
    assert "<script>alert" not in page.lower()


def test_projects_that_are_well_are_said_to_be() -> None:
    page = write_all([project("a", past=days(row(1))), project("b")], Look())

    assert "<title>Backups: All 2 projects are well.</title>" in page
