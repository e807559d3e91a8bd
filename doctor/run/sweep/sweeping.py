"""The sweep itself: find, list, read a sample, judge all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.threads import in_parallel
from backup_doctor.collect.object.spot import read_end
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.judge.freshness import Freshness, freshness
from backup_doctor.judge.mistakes import refuse_mistaken_names
from backup_doctor.run.runner import Silent
from backup_doctor.run.sweep.brief import Unjudged, brief_case
from backup_doctor.run.sweep.close import CloseReader
from backup_doctor.run.sweep.judging import Judge
from backup_doctor.run.sweep.likeness import presume, signature
from backup_doctor.run.sweep.memory import ListedGitHub
from backup_doctor.run.sweep.owners import Owners, owners_of_all
from backup_doctor.run.sweep.past import Past, read_past
from backup_doctor.run.sweep.result import Sweep, Swept, place_of
from backup_doctor.run.sweep.runs import list_runs, match
from backup_doctor.run.sweep.sample import groups_of, next_to_read
from backup_doctor.run.sweep.shared import Shared, collect_shared
from backup_doctor.run.sweep.shelf import Shelf, ids_of, is_odd, list_bucket
from backup_doctor.run.sweep.stuck import StuckFound, StuckSearch, find_stuck
from backup_doctor.run.sweep.unnamed import look_at_newest
from backup_doctor.run.sweep.withheld import contested
from backup_doctor.run.trying import tried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import FileEnd, StoredObject
    from backup_doctor.run.sweep.backup import StuckBackup
    from backup_doctor.settings.model import Settings

T = TypeVar("T")
READERS = 8
OPENERS = 10
FUNCTION_LOGS = 10
FILES_OPENED = 500
TOO_LATE = Unseen(
    why=Why.TIMED_OUT,
    what="The budget ended before all was read.",
    remedy="Give a larger --budget.",
)


class Watcher(Protocol):
    """Who wants to know how far the sweep is."""

    def phase(self, what: str, total: int | None = None) -> None:
        """A phase began, of so many steps where that is known."""

    def step(self) -> None:
        """One step of the phase is done."""


class Wish(Immutable, frozen=True, kw_only=True):
    """What is to be swept. `sample` is how many runs are read.

    `mending`: the repairs are wanted too, for which every file's end is read. `past`: the last 90 days.
    `told` are the names of the backups that were told to be stuck, of which the ends are wanted.
    """

    older_than_s: float
    budget_s: float = 600.0
    limit: int | None = None
    sample: int = 300
    mending: bool = False
    past: bool = False
    told: frozenset[str] = frozenset()
    verbose: bool = False


@dataclass
class Sweeping:
    """A sweep in the making. `run` may be left behind; `so_far` then says what is known."""

    settings: Settings
    wish: Wish
    watcher: Watcher
    _found: StuckFound = field(default_factory=StuckFound)
    _total: int = 0
    _judged: dict[int, Swept] = field(default_factory=dict)
    _gaps: list[str] = field(default_factory=list)
    _endings: dict[str, str] = field(default_factory=dict)
    _shared: Shared | None = None
    _past: Past | Unseen | None = None
    _began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def run(self) -> Sweep:
        """Sweep to the end. What could not be seen is in the result.

        Raises:
            SettingsError: the configuration names what the database does not have.
        """
        self.watcher.phase("Asking what all backups share")
        shared = self._shared = collect_shared(self.settings, self.wish.budget_s, Silent())
        refuse_mistaken_names(shared.case, self.settings)
        self._gaps += shared.refused()
        self._note(*shared.gaps())
        fresh = self._freshness()
        self._note(None if fresh.max_age_s is None else fresh.unseen)
        if self.wish.past:
            self._past = read_past(shared, self.wish.older_than_s)
        self.watcher.phase("Looking for stuck rows")
        self._look_for_rows(shared)
        if self._found.backups:
            self._judge_all(shared)
        return self._result(complete=self._is_whole())

    def so_far(self) -> Sweep:
        """What is known by now: it was interrupted, or the time is over."""
        return self._result(complete=False)

    def _look_for_rows(self, shared: Shared) -> None:
        table = shared.row if isinstance(shared.row, Unseen) else shared.row.table
        search = StuckSearch(
            names=shared.case.names,
            older_than_s=self.wish.older_than_s,
            table=table,
            limit=self.wish.limit,
        )
        find_stuck(shared.ask, search, self._found)
        self._total = len(self._found.backups)
        if self._found.gap is None:
            newest = look_at_newest(shared.ask, search, shared.case.now, self.wish.told)
            self._found.gap, self._endings = newest.gap, newest.endings
        self._note(self._found.gap, self._found.unasked)
        if self._found.cut:
            rows = "1 row was" if self.wish.limit == 1 else f"{self.wish.limit} rows were"
            self._gaps.append(f"Only {rows} looked at, as --limit says.")

    def _judge_all(self, shared: Shared) -> None:
        backups, names = self._found.backups, shared.case.names
        backups.sort(key=lambda one: one.created_at or shared.case.now)
        self.watcher.phase("Listing runs")
        book = list_runs(shared.ask, backups, names)
        self.watcher.phase("Listing the bucket")
        shelf = list_bucket(shared.ask, names, backups)
        self._note(book.gap, shelf if isinstance(shelf, Unseen) else shelf.gap)
        owners = self._ask_for_owners(shared, backups, shelf)
        tails = self._open_files(shared, backups, shelf)
        waiting = {
            place: Unjudged(backup=one, match=match(book, one, names))
            for place, one in enumerate(backups)
        }

        def brief(one: Unjudged) -> Case:
            return brief_case(shared, one, shelf, tails, owners)

        # Each case is made twice: to keep ten thousand of them would take more than to make them.
        groups = groups_of(
            [None if is_odd(one.backup) else signature(brief(one)) for one in waiting.values()]
        )
        judge = Judge(
            registry=shared.registry,
            tried=partial(tried, shared.ask),
            verbose=self.wish.verbose,
            mending=self.wish.mending,
        )
        reader = CloseReader(
            shared=shared,
            github=ListedGitHub(self.settings, shared.ask.deadline, book),
        )
        self._read_sample(reader, judge, groups, waiting)
        # From here on each backup gives way to its report.
        del book, reader
        backups.clear()
        self._judge_rest(judge, brief, waiting)
        in_order = [self._judged[place] for place in range(self._total)]
        self._judged.update(enumerate(contested(presume(in_order, groups))))

    def _judge_rest(
        self, judge: Judge, brief: Callable[[Unjudged], Case], waiting: dict[int, Unjudged]
    ) -> None:
        """Judge those whose runs were not read."""
        left = [place for place in waiting if place not in self._judged]
        self.watcher.phase("Judging", len(left))
        for place in left:
            self._judged[place] = judge.swept(brief(waiting.pop(place)), closely=False)
            self.watcher.step()

    @staticmethod
    def _ask_for_owners(
        shared: Shared, backups: Sequence[StuckBackup], shelf: Shelf | Unseen
    ) -> Owners | Unseen:
        """Which rows have the files that the listing came upon."""
        if isinstance(shelf, Unseen):
            return shelf
        wanted = [(key, ids_of(one)) for one in backups for key in shelf.found(one)]
        table = shared.row if isinstance(shared.row, Unseen) else shared.row.table
        return owners_of_all(shared.ask, shared.case.names, table, wanted, shelf.bucket)

    def _open_files(
        self, shared: Shared, backups: Sequence[StuckBackup], shelf: Shelf | Unseen
    ) -> dict[str, FileEnd | Unseen]:
        """How the backups' files end, by key; of so many only as a sweep may open."""
        if isinstance(shelf, Unseen):
            return {}
        files = [one for one in (_file_of(backup, shelf) for backup in backups) if one is not None]
        wanted = files if self.wish.mending else files[:FILES_OPENED]
        if len(wanted) < len(files):
            self._gaps.append(
                f"The ends of {len(files) - len(wanted)} of {len(files)} files were not read."
            )
        self.watcher.phase("Opening files", len(wanted))
        calls = [partial(read_end, shared.ask.bucket, one) for one in wanted]
        return dict(
            zip([one.key for one in wanted], self._all(shared, calls, OPENERS), strict=False)
        )

    def _read_sample(
        self,
        reader: CloseReader,
        judge: Judge,
        groups: Sequence[tuple[int, ...]],
        waiting: Mapping[int, Unjudged],
    ) -> None:
        causes: dict[int, object] = {}
        while wanted := next_to_read(groups, causes, self.wish.sample):
            self.watcher.phase("Reading runs", len(wanted))
            calls = [
                partial(
                    self._closely,
                    partial(reader.read, waiting[place].backup),
                    judge,
                    place,
                    len(causes) + nth < FUNCTION_LOGS,
                )
                for nth, place in enumerate(wanted)
            ]
            done = self._all(reader.shared, calls, READERS)
            causes.update({place: self._judged[place].way for place in wanted[: len(done)]})
            if len(done) < len(wanted):
                return
        unread = self._total - len(causes)
        if unread:
            self._gaps.append(
                f"The runs of {len(causes)} of {self._total} backups were read; the "
                f"other {unread} were judged by what the lists tell, and compared with similar ones."
            )

    def _closely(
        self, read: Callable[..., Case], judge: Judge, place: int, function_log: bool
    ) -> None:
        self._judged[place] = judge.swept(read(function_log=function_log), closely=True)

    def _all(self, shared: Shared, calls: Sequence[Callable[[], T]], width: int) -> list[T]:
        """The results as far as the budget lets them come."""
        done: list[T] = []
        deadline = shared.ask.deadline
        try:
            for result in in_parallel(calls, width, lambda: deadline.left() + 0.1):
                done.append(result)
                self.watcher.step()
        except TimeoutError:
            self._note(TOO_LATE)
        return done

    def _freshness(self) -> Freshness:
        """How old the last good backup is, as far as anybody looked by now."""
        if self._shared is None:
            return Freshness(max_age_s=self.settings.names.max_age_s)
        case, row = self._shared.case, self._shared.row
        last = row if isinstance(row, Unseen) else row.last_good
        return freshness(last, case.names.max_age_s, case.now)

    def _note(self, *gaps: Unseen | None) -> None:
        for gap in gaps:
            if gap is not None and not any(gap.what in known for known in self._gaps):
                self._gaps.append(gap.what)

    def _is_whole(self) -> bool:
        over = self._shared is not None and self._shared.ask.deadline.left() <= 0
        # Where none of those that were looked at is stuck, one of the others may be.
        all_clear = not any(one.is_stuck for one in self._judged.values())
        return (
            self._found.gap is None
            and len(self._judged) == self._total
            and not (self._found.cut and all_clear)
            and not over
        )

    def _result(self, *, complete: bool) -> Sweep:
        judged = dict(self._judged)
        return Sweep(
            backups=tuple(judged[place] for place in sorted(judged)),
            found=self._total,
            complete=complete,
            at=self._began,
            older_than_s=self.wish.older_than_s,
            duration_s=round((datetime.now(UTC) - self._began).total_seconds(), 3),
            gaps=tuple(self._gaps),
            warnings=self._shared.warnings if self._shared else (),
            freshness=self._freshness(),
            place=place_of(self.settings.names),
            project=self.settings.names.project,
            past=self._past,
            endings=self._endings,
            refused=self._shared.refused() if self._shared else (),
        )


def _file_of(backup: StuckBackup, shelf: Shelf) -> StoredObject | None:
    """The one file that a backup has, as far as the listing tells."""
    here = shelf.at_key(backup)
    if here is not None:
        return here
    hits = shelf.search(backup).hits
    return hits[0] if len(hits) == 1 else None
