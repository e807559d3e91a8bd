"""The repository's runs around the stuck rows, listed once, and which of them made which backup."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.threads import in_parallel
from backup_doctor.collect.log.mention import UUID, is_same_id, mentions
from backup_doctor.collect.workflow.at_commit import file_at
from backup_doctor.collect.workflow.find_run import AT_LEAST_AFTER, BEFORE, NOT_NAMED
from backup_doctor.collect.workflow.run_search import is_of
from backup_doctor.collect.workflow.run_title import dispatch_of
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.workflow import FoundBy, Run, WorkflowFile
from backup_doctor.services.writers import speaks_of_backups

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.sweep.backup import StuckBackup

WORD = re.compile(r"[\w-]+")
# GitHub gives out no more of a filtered list; a window with as many is halved.
MOST_LISTED = 1000
PAGES = 10
# So many rows a window, so that few windows need halving.
ROWS_PER_WINDOW = 250
SHORTEST_WINDOW = timedelta(minutes=1)
WIDTH = 6
MOST_WORKFLOWS = 10
NOT_READ = Unseen(
    why=Why.NOT_ASKED,
    what="The jobs and the log of this run were not read: the sweep reads those of a sample.",
    remedy="Diagnose this backup alone, or give a larger --sample.",
    dependency="GitHub",
)
NOT_SEARCHED = Unseen(
    why=Why.NOT_ASKED,
    what="No run's title names this backup; the sweep looks into the runs of a sample only.",
    remedy="Diagnose this backup alone, or give a larger --sample.",
    dependency="GitHub",
)

NOT_SHOWN = Unseen(
    why=Why.NOT_FOUND,
    what="No run of this backup is listed, and none of a workflow that makes backups: they may be made in "
    "another repository.",
    remedy="Check GITHUB_REPOSITORY.",
    dependency="GitHub",
)
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Window = tuple[datetime, datetime]


@dataclass
class RunBook:
    """Runs by id, by the words of their titles, and in order of time.

    `newest` are the repository's newest runs; `gap` is why the list is not whole; `doctors` are the
    files of workflows that only run the doctor.
    """

    newest: tuple[Run, ...] | Unseen = ()
    runs: dict[int, Run] = field(default_factory=dict)
    gap: Unseen | None = None
    doctors: frozenset[str] = frozenset()
    _by_word: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    _by_time: list[tuple[datetime, Run]] = field(default_factory=list)
    _nameless: list[datetime] = field(default_factory=list)

    def add(self, runs: Iterable[Run]) -> None:
        """Note runs."""
        self.runs.update({run.id: run for run in runs})

    def index(self, ids: Iterable[str]) -> None:
        """Note which of the wanted ids the titles name, and when runs were made that name none."""
        wanted = set(map(_word, ids))
        dated = [(run.created_at, run) for run in self.runs.values() if run.created_at]
        self._by_time = sorted(dated, key=lambda item: item[0])
        for created, run in self._by_time:
            named = wanted.intersection(map(_word, WORD.findall(run.title)))
            for word in named:
                self._by_word[word].append(run)
            if not named and dispatch_of(run.title) is None:
                self._nameless.append(created)

    def between(self, since: datetime, until: datetime) -> tuple[Run, ...]:
        """The runs created in that time."""
        first = bisect_left(self._by_time, since, key=lambda item: item[0])
        last = bisect_right(self._by_time, until, key=lambda item: item[0])
        return tuple(run for _, run in self._by_time[first:last])

    def titled(self, backup: StuckBackup) -> list[Run]:
        """The runs whose titles name the backup, the newest first; none that only run the doctor."""
        dispatch_id = backup.row.dispatch_id or ""
        if WORD.fullmatch(dispatch_id):
            found = self._by_word.get(_word(dispatch_id), [])
        else:
            found = list(self.runs.values()) if dispatch_id.strip() else []
        named = [run for run in found if mentions(run.title, dispatch_id)]
        return newest_first(run for run in named if run.path not in self.doctors)

    def titled_paths(self) -> dict[str, Run]:
        """The workflows of the runs that name a backup, each with one run."""
        return {run.path: run for runs in self._by_word.values() for run in runs}

    def makes_backups(self, names: Names) -> bool:
        """Whether a run that was listed is of a workflow that makes backups."""
        return any(
            speaks_of_backups(f"{run.path} {run.name} {run.title}")
            or (names.workflow is not None and is_of(run, names.workflow))
            or dispatch_of(run.title) is not None
            for run in self.runs.values()
        )

    def may_be_it(self, backup: StuckBackup, names: Names) -> bool:
        """Whether a run that names no backup was made at the time of this one."""
        if backup.created_at is None:
            return True
        since, until = window(backup.created_at, names)
        return bisect_right(self._nameless, until) > bisect_left(self._nameless, since)


def _word(word: str) -> str:
    """A word of a title as it is compared: a UUID in any case."""
    return word.lower() if UUID.fullmatch(word) else word


def newest_first(runs: Iterable[Run]) -> list[Run]:
    """The runs, those that go on before the others, and then by their creation."""
    return sorted(
        runs,
        key=lambda run: (run.status != "completed", run.created_at or LONG_AGO, run.id),
        reverse=True,
    )


def window(created: datetime, names: Names) -> Window:
    """When the run of a row made at that time may have been created."""
    return created - BEFORE, created + max(AT_LEAST_AFTER, timedelta(seconds=names.stuck_after_s))


class Match(Immutable, frozen=True, kw_only=True):
    """The run of a backup as far as lists tell: found, certainly none, or not searched for.

    `others` are further runs of it; `absence` is the proof that a run would be in the lists.
    """

    run: Run | Unseen | None
    by: FoundBy | None = None
    others: tuple[Run, ...] = ()
    absence: Shown | Unseen | None = None


def match(book: RunBook, backup: StuckBackup, names: Names) -> Match:
    """The run of a backup, by what the row and the titles say."""
    if book.gap is not None and not book.runs:
        return Match(run=book.gap)
    number = (backup.row.workflow_run_id or "").strip()
    by_row = book.runs.get(int(number)) if number.isdecimal() else None
    titled = _own(book.titled(backup), backup)
    if by_row is not None and by_row not in titled and _may_be_its(by_row, backup):
        found = newest_first((by_row, *titled))
    else:
        found = titled
    if found:
        first, *others = found
        by = FoundBy.ROW if first is by_row else FoundBy.TITLE
        return Match(run=first, by=by, others=tuple(others))
    if not (backup.row.dispatch_id or "").strip():
        return Match(run=NOT_NAMED)
    surely_none = not number and book.gap is None and not book.may_be_it(backup, names)
    return (
        Match(run=None, absence=_absence(book, names)) if surely_none else Match(run=NOT_SEARCHED)
    )


def _own(titled: list[Run], backup: StuckBackup) -> list[Run]:
    """Without the runs of other backups with the same id."""
    period = backup.period
    return titled if period is None else [one for one in titled if period.has(one.created_at)]


def _may_be_its(run: Run, backup: StuckBackup) -> bool:
    """Whether the title of the run that the row names is no other backup's."""
    other = dispatch_of(run.title, like=backup.row.dispatch_id)
    return other is None or is_same_id(other, backup.row.dispatch_id)


def _absence(book: RunBook, names: Names) -> Shown | Unseen:
    """Whether a run of the backup would be in the lists."""
    if book.makes_backups(names):
        runs = "another run" if len(book.runs) == 1 else f"{len(book.runs)} other runs"
        return Shown(by=f"the same token lists {runs} of the repository")
    return NOT_SHOWN


def list_runs(ask: Sources, backups: Sequence[StuckBackup], names: Names) -> RunBook:
    """List the runs of all the windows in which a stuck backup's run may have been created."""
    book = RunBook()
    book.newest = ask.github.latest_runs()
    if isinstance(book.newest, Unseen):
        book.gap = book.newest
        return book
    book.add(book.newest)
    todo = list(windows([one.created_at for one in backups if one.created_at], names))
    while todo and book.gap is None:
        calls = [partial(ask.github.runs_between, *one, pages=PAGES) for one in todo]
        try:
            pages = list(in_parallel(calls, WIDTH, lambda: ask.deadline.left() + 0.1))
        except TimeoutError:
            book.gap = _too_late()
            break
        todo = [
            half for one, page in zip(todo, pages, strict=True) for half in _take(book, one, page)
        ]
    book.index(backup.row.dispatch_id or "" for backup in backups)
    book.doctors = _doctors(ask, book, names)
    return book


def _doctors(ask: Sources, book: RunBook, names: Names) -> frozenset[str]:
    """The workflows among those of the named runs that only run the doctor."""
    runs = list(book.titled_paths().values())[:MOST_WORKFLOWS]
    calls = (partial(file_at, ask, names, run.path, run.head_sha) for run in runs)
    files = in_parallel(calls, WIDTH, lambda: ask.deadline.left() + 0.1)
    try:
        return frozenset(
            run.path
            for run, file in zip(runs, files, strict=True)
            if isinstance(file, WorkflowFile) and file.only_doctor
        )
    except TimeoutError:
        return frozenset()


def _take(book: RunBook, one: Window, page: tuple[Run, ...] | Unseen) -> tuple[Window, ...]:
    """Note the window's runs; the halves of it, where GitHub did not give out all of them."""
    if isinstance(page, Unseen):
        book.gap = page
        return ()
    book.add(page)
    since, until = one
    if len(page) < MOST_LISTED or until - since <= SHORTEST_WINDOW:
        return ()
    middle = since + (until - since) / 2
    return (since, middle), (middle, until)


def windows(times: Iterable[datetime], names: Names) -> Iterator[Window]:
    """Windows that cover those of all rows and do not overlap, none with too many rows."""
    current: Window | None = None
    rows = 0
    for created in sorted(times):
        since, until = window(created, names)
        if current is None or since > current[1]:
            if current:
                yield current
            current, rows = (since, until), 1
        elif rows >= ROWS_PER_WINDOW and since > current[0]:
            yield current[0], since
            current, rows = (since, until), 1
        else:
            current, rows = (current[0], until), rows + 1
    if current:
        yield current


def _too_late() -> Unseen:
    return Unseen(
        why=Why.TIMED_OUT,
        what="The budget ended before all runs were listed.",
        remedy="Give a larger --budget.",
        dependency="GitHub",
    )
