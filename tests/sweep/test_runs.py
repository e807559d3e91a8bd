"""Which run made which of many stuck backups, as far as the lists of runs tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.collect.workflow.find_run import NOT_NAMED
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.row import BackupRow
from backup_doctor.evidence.workflow import FoundBy, Run
from backup_doctor.run.sweep import runs as of_runs
from backup_doctor.run.sweep.backup import StuckBackup
from backup_doctor.run.sweep.memory import ListedGitHub
from backup_doctor.run.sweep.runs import NOT_SEARCHED, RunBook, list_runs, match, window, windows
from tests.clients import github_stand_in as github

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = Names()
AT = datetime(2026, 1, 15, 2, 3, 4, tzinfo=UTC)
DISPATCH = "3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"
OTHER = "11111111-2222-4333-8444-555555555555"


def backup(dispatch_id: str | None = DISPATCH, **fields: Any) -> StuckBackup:
    row = BackupRow(dispatch_id=dispatch_id, **{"id": "1", "created_at": AT, **fields})
    return StuckBackup(row=row, rows=(row,))


def a_run(number: int, title: str, after: timedelta = timedelta(0)) -> Run:
    return Run(id=number, title=title, created_at=AT + after, status="completed")


def book_of(*runs: Run, wanted: Sequence[str] = (DISPATCH,), **fields: Any) -> RunBook:
    book = RunBook(**fields)
    book.add(runs)
    book.index(wanted)
    return book


def test_the_run_that_the_row_names_is_its_own() -> None:
    found = match(book_of(a_run(7, "Nightly")), backup(workflow_run_id="7"), NAMES)

    assert isinstance(found.run, Run)
    assert (found.run.id, found.by) == (7, FoundBy.ROW)


def test_a_run_of_another_dispatch_in_the_row_gives_way_to_the_one_whose_title_names_it() -> None:
    book = book_of(a_run(7, f"Backup {OTHER}"), a_run(8, f"Backup {DISPATCH}"))

    found = match(book, backup(workflow_run_id="7"), NAMES)

    assert isinstance(found.run, Run)
    assert (found.run.id, found.by) == (8, FoundBy.TITLE)


@pytest.mark.parametrize(
    ("states", "taken"),
    [
        (("completed", "completed"), 7),
        (("queued", "completed"), 7),
        (("completed", "in_progress"), 8),
    ],
)
def test_of_several_runs_of_one_dispatch_the_one_that_goes_on_is_taken_else_the_newest(
    states: tuple[str, str], taken: int
) -> None:
    title = f"Backup {DISPATCH}"
    later, first = a_run(7, title, timedelta(hours=1)), a_run(8, title, timedelta(seconds=3))
    book = book_of(replace(later, status=states[0]), replace(first, status=states[1]))

    found = match(book, backup(), NAMES)

    assert isinstance(found.run, Run)
    assert (found.run.id, [run.id for run in found.others]) == (taken, [15 - taken])


def test_a_newer_run_of_the_dispatch_comes_before_the_one_that_the_row_names() -> None:
    title = f"Backup {DISPATCH}"
    book = book_of(a_run(7, "Nightly"), a_run(8, title, timedelta(hours=1)))

    found = match(book, backup(workflow_run_id="7"), NAMES)

    assert isinstance(found.run, Run)
    assert (found.run.id, found.by, [run.id for run in found.others]) == (8, FoundBy.TITLE, [7])


def test_a_uuid_in_capitals_is_found_in_a_title() -> None:
    book = book_of(a_run(7, f"Backup {DISPATCH.upper()}"))

    assert match(book, backup(), NAMES).by is FoundBy.TITLE


def test_no_run_is_shown_to_be_absent_by_a_list_that_has_none_of_a_backup() -> None:
    lint = replace(a_run(7, "Lint", timedelta(days=1)), path=".github/workflows/lint.yml")
    backups = replace(lint, path=".github/workflows/backup.yml")

    assert match(book_of(lint), backup(), NAMES).absence == of_runs.NOT_SHOWN
    assert match(RunBook(), backup(), NAMES).absence == of_runs.NOT_SHOWN
    assert match(book_of(backups), backup(), NAMES).absence == Shown(
        by="the same token lists another run of the repository"
    )
    assert isinstance(match(book_of(lint), backup(), Names(workflow="lint.yml")).absence, Shown)


def test_a_run_of_a_workflow_that_only_runs_the_doctor_is_no_backups() -> None:
    diagnose = ".github/workflows/diagnose.yml"
    known = github.repository(
        github.run(7, title=f"Diagnose {DISPATCH}", path=diagnose, status="in_progress"),
        github.run(8, title=f"Backup {DISPATCH}"),
        files={
            diagnose: b"jobs: {it: {steps: [{run: backup-doctor --dispatch-id x}]}}",
            github.PATH: b"jobs: {backup: {steps: [{run: ./backup.sh}]}}",
        },
    )

    with github.stand_in(known) as server:
        book = list_runs(sources(server.url), [backup()], NAMES)

    found = match(book, backup(), NAMES)
    assert isinstance(found.run, Run)
    assert (found.run.id, found.others) == (8, ())


def test_an_id_of_several_words_is_found_in_a_title_too() -> None:
    found = match(book_of(a_run(7, "Backup of shop 12")), backup("shop 12"), NAMES)

    assert found.by is FoundBy.TITLE


def test_there_is_surely_no_run_only_where_every_run_of_its_time_names_another_backup() -> None:
    others = book_of(a_run(7, f"Backup {OTHER}"))
    nameless = book_of(a_run(7, f"Backup {OTHER}"), a_run(8, "Backup"))
    later = book_of(a_run(8, "Backup", timedelta(days=1)))

    assert match(others, backup(), NAMES).run is None
    assert match(nameless, backup(), NAMES).run == NOT_SEARCHED
    assert match(later, backup(), NAMES).run is None


def test_nothing_is_sure_of_a_row_whose_time_or_dispatch_is_not_known() -> None:
    others = book_of(a_run(7, f"Backup {OTHER}"))

    assert match(others, backup(created_at=None), NAMES).run == NOT_SEARCHED
    assert match(others, backup(workflow_run_id="99"), NAMES).run == NOT_SEARCHED
    for unknown in (None, "", " "):
        assert match(others, backup(unknown), NAMES).run == NOT_NAMED


def test_a_list_with_a_gap_rules_no_run_out() -> None:
    gap = Unseen(why=Why.DENIED, what="GitHub refused.")

    assert match(RunBook(gap=gap), backup(), NAMES).run == gap
    assert match(book_of(a_run(7, f"Backup {OTHER}"), gap=gap), backup(), NAMES).run == (
        NOT_SEARCHED
    )


def test_windows_cover_every_row_do_not_overlap_and_hold_no_more_rows_than_are_listed() -> None:
    times = [AT + nth * timedelta(minutes=2) for nth in range(600)]
    times.append(AT + timedelta(days=9))

    found = list(windows(times, NAMES))

    for earlier, later in pairwise(found):
        assert earlier[1] <= later[0]
    for time in times:
        covered, until = window(time, NAMES)
        for begin, end in found:
            covered = end if begin <= covered <= end else covered
        assert covered >= until
    assert len(found) >= 3
    assert list(windows([], NAMES)) == []


def sources(url: str, budget_s: float = 30.0) -> Sources:
    return Sources(github.settings(url), Deadline(budget_s))


def test_a_window_with_more_runs_than_github_gives_out_is_halved_until_all_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_runs, "MOST_LISTED", 4)
    known = [
        github.run(number, created_at=AT + number * timedelta(minutes=10), title=f"Backup {number}")
        for number in range(1, 10)
    ]

    with github.stand_in(github.repository(*known)) as server:
        book = list_runs(sources(server.url), [backup("5")], NAMES)

    assert book.gap is None
    assert set(book.runs) == set(range(1, 10))
    assert match(book, backup("5"), NAMES).by is FoundBy.TITLE


def test_runs_that_may_not_be_listed_are_a_gap_and_no_empty_list() -> None:
    with github.stand_in(github.repository(github.run()), "contents:read") as server:
        book = list_runs(sources(server.url), [backup()], NAMES)

    assert book.gap is not None
    assert book.gap.why is Why.DENIED
    assert match(book, backup(), NAMES).run == book.gap


def test_what_was_listed_is_not_asked_for_again_and_a_file_only_once() -> None:
    known = github.repository(
        github.run(7, title=f"Backup {DISPATCH}"), files={github.PATH: b"jobs: {}"}
    )

    with github.stand_in(known) as server:
        ask = sources(server.url)
        book = list_runs(ask, [backup()], NAMES)
        remembering = ListedGitHub(ask.settings, ask.deadline, book)
        server.requests.clear()
        runs = remembering.runs_between(AT - timedelta(hours=1), AT + timedelta(hours=1))
        run, newest = remembering.run(7), remembering.latest_runs()
        files = {remembering.file(github.PATH, "main") for _ in range(3)}
        workflows = [remembering.workflows() for _ in range(3)]

    assert runs == newest == (run,)
    assert files == {b"jobs: {}"}
    assert workflows[0] == workflows[2]
    assert len(server.requests) == 2


def test_a_list_with_a_gap_is_a_gap_to_whoever_reads_a_run_closely() -> None:
    gap = Unseen(why=Why.DENIED, what="GitHub refused.")

    with github.stand_in(github.repository()) as server:
        ask = sources(server.url)
        remembering = ListedGitHub(ask.settings, ask.deadline, RunBook(newest=gap, gap=gap))

        assert remembering.runs_between(AT, AT) == gap
        assert remembering.latest_runs() == gap


def test_whoever_asks_for_a_file_that_raises_is_told_so_each_time() -> None:
    with github.stand_in(github.repository()) as server:
        ask = sources(server.url)
        remembering = ListedGitHub(ask.settings, ask.deadline, RunBook())

        def fail() -> None:
            raise ValueError("no")

        for _ in range(2):
            with pytest.raises(ValueError, match="no"):
                remembering._once(("question",), fail)
