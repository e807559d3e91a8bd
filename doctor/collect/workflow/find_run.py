"""Which runs made this backup: the record of a run does not say, so they are looked for.

In this order: what the user names, what the row names, the run that the doctor is part of, titles
that name the dispatch, the run whose number the id is, a job's or step's name, a log. A dispatch may
have several runs: all that name it are found. A run that only runs the doctor is none of them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.clients.github import PAGE_SIZE
from backup_doctor.collect.log.mention import is_same_id, mentions
from backup_doctor.collect.workflow.pending import Pending
from backup_doctor.collect.workflow.run_search import (
    AT_LEAST_AFTER,
    BEFORE,
    FoundRun,
    LookInside,
    Scope,
    is_anothers,
)
from backup_doctor.collect.workflow.run_title import dispatch_of
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import dispatch_id_of
from backup_doctor.evidence.workflow import FoundBy, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from backup_doctor.collect.sources import Sources
    from backup_doctor.collect.workflow.run_facts import RunFacts
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.row import BackupRow, Period

__all__ = ["AT_LEAST_AFTER", "BEFORE", "FoundRun", "RunsFound", "find_runs", "newest_runs"]

# GitHub's numbers of runs have more digits than an id that people count with.
LEAST_DIGITS = 8
NOT_NAMED = Unseen(
    why=Why.NOT_ASKED,
    what="No dispatch id is known, by which the run could be looked for.",
    remedy="Name the run: --run-id.",
    dependency="GitHub",
)


class RunsFound(Immutable, frozen=True, kw_only=True):
    """The runs of the dispatch, and how each was found; without any, where they were looked for.

    `gap` is why they could not be looked for. `named_by_row` is the run that the row names, where
    that belongs to another dispatch. `listed` are all runs that GitHub showed on the way, and
    `no_such_run` says that it has none with the number that was asked for.
    """

    runs: tuple[FoundRun, ...] = ()
    gap: Unseen | None = None
    searched: str = ""
    candidates: tuple[Run, ...] = ()
    named_by_row: Run | None = None
    listed: tuple[Run, ...] = ()
    no_such_run: Unseen | None = None

    def within(self, period: Period | None) -> RunsFound:
        """Without the runs of other backups with the same id; what names the run by its number holds."""
        if period is None:
            return self
        sure = (FoundBy.ROW, FoundBy.FLAG)
        own = tuple(one for one in self.runs if one.by in sure or period.has(one.run.created_at))
        return replace(
            self, runs=own, searched=self.searched or "the titles of the runs since its row"
        )


Listing: TypeAlias = "Pending[tuple[Run, ...] | Unseen]"


def newest_runs(ask: Sources) -> Listing:
    """Begin to list the newest runs; the row need not be known for that."""
    return Pending(ask, "The newest runs", ask.github.latest_runs)


def find_runs(
    ask: Sources,
    case: Case,
    row: BackupRow | None,
    facts: RunFacts,
    newest: Listing,
    *,
    anothers: int | None = None,
) -> RunsFound:
    """Look for the runs, by the strongest evidence there is.

    `anothers` is the run that the row names, where its log has told that it is another dispatch's.
    """
    if case.asked.run_id is not None:
        return _asked(ask, case, case.asked.run_id, facts, newest)
    dispatch_id = dispatch_id_of(case.asked, row) or ""
    search = _Search(ask, case, row, dispatch_id, facts, newest)
    by_row = _named_by_row(ask, row)
    if isinstance(by_row, Unseen) and by_row.why is not Why.NOT_FOUND:
        return RunsFound(gap=by_row)
    if isinstance(by_row, Run):
        facts.begin([by_row])
        wrong = by_row.id == anothers or is_anothers(search.scope, by_row)
        if not wrong and not facts.is_doctors(by_row):
            return search.beside(FoundRun(by_row, FoundBy.ROW))
    found = search.run(without=anothers)
    return replace(found, named_by_row=by_row) if isinstance(by_row, Run) else found


def _asked(ask: Sources, case: Case, run_id: str, facts: RunFacts, newest: Listing) -> RunsFound:
    """The run that was asked about, and the other ones of its dispatch."""
    number = run_id.strip()
    if not number.isdecimal():
        return _no_such(f"the run {run_id!r}: a run's id is a number", run_id, ())
    run = ask.github.run(number)
    if not isinstance(run, Unseen):
        file = facts.known_file(run)
        dispatch_id = dispatch_of(run.title, file.run_name if file else None) or ""
        search = _Search(ask, case, None, dispatch_id, facts, newest)
        return search.beside(FoundRun(run, FoundBy.FLAG))
    listed = newest.result()
    if run.why is Why.NOT_FOUND and not isinstance(listed, Unseen):
        return _no_such(f"the run {number}, which the repository does not have", number, listed)
    return RunsFound(gap=run)


def _no_such(searched: str, run_id: str, listed: tuple[Run, ...]) -> RunsFound:
    gap = Unseen(
        why=Why.NOT_FOUND,
        what=f"GitHub shows no run {run_id} of this repository.",
        remedy="Check the run's number, and GITHUB_REPOSITORY.",
        dependency="GitHub",
    )
    return RunsFound(searched=searched, listed=listed, no_such_run=gap)


def _named_by_row(ask: Sources, row: BackupRow | None) -> Run | Unseen | None:
    number = (row.workflow_run_id or "").strip() if row else ""
    return ask.github.run(number) if number.isdecimal() else None


class _Search:
    """The search of the repository's runs for those that name the dispatch."""

    def __init__(
        self,
        ask: Sources,
        case: Case,
        row: BackupRow | None,
        dispatch_id: str,
        facts: RunFacts,
        newest: Listing,
    ) -> None:
        self._ask = ask
        self._dispatch_id = dispatch_id
        self._facts = facts
        self._newest = newest
        created = row.created_at if row else None
        self.scope = Scope(
            ask=ask, case=case, facts=facts, dispatch_id=dispatch_id, created=created
        )

    def beside(self, first: FoundRun) -> RunsFound:
        """The run that is known, and the others whose titles name the dispatch."""
        self._facts.begin([first.run])
        newest = self._newest.result()
        listed = () if isinstance(newest, Unseen) else newest
        return RunsFound(runs=self._with_later(first, self._titled(listed)), listed=listed)

    def run(self, without: int | None = None) -> RunsFound:
        """Titles, then names, then logs; each only where the one before told nothing.

        `without` is a run that is known to be another dispatch's.
        """
        window, newest = self._window(), self._newest.result()
        if isinstance(newest, Unseen) and (window is None or isinstance(window, Unseen)):
            return RunsFound(gap=newest)
        listed = () if window is None or isinstance(window, Unseen) else window
        around = tuple(run for run in listed if run.id != without)
        others = () if isinstance(newest, Unseen) else newest
        known = [run for run in _unique((*around, *others)) if run.id != without]
        if not self._dispatch_id.strip():
            return RunsFound(gap=NOT_NAMED)
        named = (*self._own(known), *self._titled(known), *self._numbered(known))
        self._facts.begin(one.run for one in named)
        ours = tuple(one for one in named if not self._facts.is_doctors(one.run))
        if ours:
            return RunsFound(runs=self._with_later(ours[0], ours[1:]), listed=tuple(known))
        doctors = {one.run.id for one in named}
        open_ones = [run for run in known if run.id not in doctors]
        inside = LookInside(self.scope, around if self.scope.created else open_ones)
        runs, searched, candidates, gap = inside.look(open_ones)
        return RunsFound(
            runs=runs, gap=gap, searched=searched, candidates=candidates, listed=tuple(known)
        )

    def _titled(self, runs: Iterable[Run]) -> tuple[FoundRun, ...]:
        """The runs whose titles name the dispatch, the nearest to the row's creation first."""
        if not self._dispatch_id.strip():
            return ()
        named = [run for run in runs if mentions(run.title, self._dispatch_id)]
        return tuple(FoundRun(run, FoundBy.TITLE) for run in self.scope.nearest(named))

    def _numbered(self, known: Sequence[Run]) -> tuple[FoundRun, ...]:
        """The run whose own number the id is: a pipeline takes that where nobody dispatched."""
        number = self._dispatch_id.strip()
        if not number.isdecimal() or len(number) < LEAST_DIGITS:
            return ()
        run = next((one for one in known if str(one.id) == number), None)
        seen = run or self._ask.github.run(number)
        return () if isinstance(seen, Unseen) else (FoundRun(seen, FoundBy.NUMBER),)

    def _with_later(self, first: FoundRun, others: Sequence[FoundRun]) -> tuple[FoundRun, ...]:
        """Each run once, with the later ones of its workflow that the newest do not reach."""
        self._facts.begin(one.run for one in others)
        runs = {first.run.id: first}
        for one in (*others, *self._titled(self._since(first.run))):
            if one.run.id not in runs and not self._facts.is_doctors(one.run):
                runs[one.run.id] = one
        return tuple(runs.values())

    def _since(self, run: Run) -> tuple[Run, ...]:
        """The workflow's runs since this one, where the newest of all workflows do not reach back."""
        newest = self._newest.result()
        created = run.created_at
        if created is None or run.workflow_id is None:
            return ()
        if not isinstance(newest, Unseen) and _reaches_back(newest, created):
            return ()
        call = partial(self._ask.github.workflow_runs_since, run.workflow_id, created)
        later = Pending(self._ask, "The workflow's later runs", call).result()
        return () if isinstance(later, Unseen) else later

    def _window(self) -> tuple[Run, ...] | Unseen | None:
        if self.scope.created is None:
            return None
        since, until = self.scope.bounds(self.scope.created)
        newest = self._newest.result()
        if not isinstance(newest, Unseen) and _reaches_back(newest, since):
            return tuple(
                run for run in newest if run.created_at and since <= run.created_at <= until
            )
        return self._ask.github.runs_between(since, until)

    def _own(self, known: Sequence[Run]) -> tuple[FoundRun, ...]:
        """The run that the doctor is part of, if it is this backup's."""
        here = self._facts.here
        if here.run_id is None or here.repository != self._ask.settings.repository:
            return ()
        run = next((one for one in known if one.id == here.run_id), None)
        if run is None:
            seen = self._ask.github.run(here.run_id)
            run = seen if isinstance(seen, Run) else None
        if run is None:
            return ()
        told = any(is_same_id(text, self._dispatch_id) for text in here.payload)
        named = told or mentions(run.title, self._dispatch_id)
        return (FoundRun(run, FoundBy.ENVIRONMENT),) if named else ()


def _reaches_back(newest: Sequence[Run], since: datetime) -> bool:
    """Whether no run since then can be missing: they are in order, and the last is older."""
    created = [run.created_at for run in newest if run.created_at is not None]
    in_order = len(created) == len(newest) and created == sorted(created, reverse=True)
    return in_order and (len(newest) < PAGE_SIZE or created[-1] < since)


def _unique(runs: Iterable[Run]) -> list[Run]:
    return list({run.id: run for run in runs}.values())
