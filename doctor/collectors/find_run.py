"""Which run made this backup: the record of a run does not say, so it is looked for.

In this order: what the user names, what the row names, the run that the doctor is part of, a title
that names the dispatch, a job's or step's name that does, a log that does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from doctor.clients.github import PAGE_SIZE
from doctor.collectors.job_choice import choose, is_named, legs
from doctor.collectors.pending import Pending
from doctor.collectors.run_title import dispatch_of
from doctor.collectors.workflow_at import file_at
from doctor.evidence.base import Unseen, Why
from doctor.evidence.log import LogReading
from doctor.evidence.workflow import FoundBy, Job, Run, WorkflowFile
from doctor.log.mention import mentions
from doctor.log.reader import LookFor, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from doctor.case import Case
    from doctor.collectors.ci import Surroundings
    from doctor.evidence.row import BackupRow
    from doctor.sources import Sources

BEFORE = timedelta(minutes=10)
AT_LEAST_AFTER = timedelta(hours=2)
NAMES_READ = 10
LOGS_READ = 6
JOBS_READ = 4
# A run that a dispatch started was created seconds after the row; clocks differ a little.
SOON = (timedelta(seconds=-10), timedelta(seconds=60))
NOT_NAMED = Unseen(
    why=Why.NOT_ASKED,
    what="No dispatch id is known, by which the run could be looked for.",
    remedy="Name the run: --run-id.",
    dependency="GitHub",
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """The run, how it was found, or where it was looked for.

    `named_by_row` is the run that the row names, where that belongs to another dispatch.
    """

    run: Run | Unseen | None
    by: FoundBy | None = None
    searched: str = ""
    candidates: tuple[Run, ...] = ()
    named_by_row: Run | None = None


Listing: TypeAlias = "Pending[tuple[Run, ...] | Unseen]"


def newest_runs(ask: Sources) -> Listing:
    """Begin to list the newest runs; the row need not be known for that."""
    return Pending(ask, "The newest runs", ask.github.latest_runs)


def find_run(
    ask: Sources, case: Case, row: BackupRow | None, here: Surroundings, newest: Listing | None
) -> Found:
    """Look for the run, by the strongest evidence there is; `newest` if no run was asked about."""
    if case.asked.run_id is not None:
        return _asked(ask, case.asked.run_id)
    newest = newest or newest_runs(ask)
    dispatch_id = case.asked.dispatch_id or (row.dispatch_id if row else None)
    by_row = _named_by_row(ask, row)
    if isinstance(by_row, Unseen) and by_row.why is not Why.NOT_FOUND:
        return Found(run=by_row)
    if isinstance(by_row, Run) and not _is_anothers(ask, case, by_row, dispatch_id):
        return Found(run=by_row, by=FoundBy.ROW)
    search = _Search(ask, case, row, dispatch_id, newest)
    found = search.run(here)
    if not isinstance(by_row, Run):
        return found
    if not isinstance(found.run, Run):
        return Found(run=by_row, by=FoundBy.ROW, searched=found.searched, named_by_row=by_row)
    return replace(found, named_by_row=by_row)


def _asked(ask: Sources, run_id: str) -> Found:
    number = run_id.strip()
    if not number.isdecimal():
        return Found(run=None, searched=f"the run {run_id!r}: a run's id is a number")
    run = ask.github.run(number)
    if isinstance(run, Unseen) and run.why is Why.NOT_FOUND and _repository_is_seen(ask):
        return Found(run=None, searched=f"the run {number}, which the repository does not have")
    return Found(run=run, by=FoundBy.FLAG)


def _repository_is_seen(ask: Sources) -> bool:
    return not isinstance(ask.github.latest_runs(), Unseen)


def _named_by_row(ask: Sources, row: BackupRow | None) -> Run | Unseen | None:
    number = (row.workflow_run_id or "").strip() if row else ""
    return ask.github.run(number) if number.isdecimal() else None


def _is_anothers(ask: Sources, case: Case, run: Run, dispatch_id: str | None) -> bool:
    """Whether the title names a dispatch, and not this one."""
    if dispatch_id is None or mentions(run.title, dispatch_id):
        return False
    if dispatch_of(run.title, like=dispatch_id):
        return True
    return dispatch_of(run.title, _run_name(ask, case, run), dispatch_id) is not None


def _run_name(ask: Sources, case: Case, run: Run) -> str | None:
    file = file_at(ask, case, run.path, run.head_sha)
    return file.run_name if isinstance(file, WorkflowFile) else None


class _Search:
    """The search of the repository's runs for one that names the dispatch."""

    def __init__(
        self,
        ask: Sources,
        case: Case,
        row: BackupRow | None,
        dispatch_id: str | None,
        newest: Listing,
    ) -> None:
        self._ask = ask
        self._case = case
        self._dispatch_id = dispatch_id or ""
        self._newest = newest
        self._created = row.created_at if row else None

    def run(self, here: Surroundings) -> Found:
        """Titles, then names, then logs; each only where the one before told nothing."""
        window, newest = self._window(), self._newest.result()
        if isinstance(newest, Unseen) and (window is None or isinstance(window, Unseen)):
            return Found(run=newest)
        around = () if window is None or isinstance(window, Unseen) else window
        known = _unique((*around, *(() if isinstance(newest, Unseen) else newest)))
        if not self._dispatch_id.strip():
            return Found(run=NOT_NAMED)
        own = self._own(known, here)
        if own is not None:
            return Found(run=own, by=FoundBy.ENVIRONMENT)
        titled = [run for run in known if mentions(run.title, self._dispatch_id)]
        if titled:
            return Found(run=self._nearest(titled)[0], by=FoundBy.TITLE)
        ours = self._of_workflow(around if self._created else known)
        return self._deeper(self._nearest(ours)[:NAMES_READ], len(ours), len(known))

    def _window(self) -> tuple[Run, ...] | Unseen | None:
        if self._created is None:
            return None
        since, until = self._bounds(self._created)
        newest = self._newest.result()
        if not isinstance(newest, Unseen) and _reaches_back(newest, since):
            return tuple(
                run for run in newest if run.created_at and since <= run.created_at <= until
            )
        return self._ask.github.runs_between(since, until)

    def _bounds(self, created: datetime) -> tuple[datetime, datetime]:
        after = max(AT_LEAST_AFTER, timedelta(seconds=self._case.names.stuck_after_s))
        return created - BEFORE, created + after

    def _own(self, known: Sequence[Run], here: Surroundings) -> Run | None:
        """The run that the doctor is part of, if it is this backup's."""
        if here.run_id is None or here.repository != self._ask.settings.repository:
            return None
        run = next((one for one in known if one.id == here.run_id), None)
        if run is None:
            seen = self._ask.github.run(here.run_id)
            run = seen if isinstance(seen, Run) else None
        if run is None:
            return None
        named = self._dispatch_id in here.payload or mentions(run.title, self._dispatch_id)
        return run if named else None

    def _of_workflow(self, runs: Iterable[Run]) -> list[Run]:
        wanted = self._case.names.workflow
        if not wanted:
            return list(runs)
        file = wanted.rsplit("/", 1)[-1]
        return [run for run in runs if run.path.rsplit("/", 1)[-1] == file or run.name == wanted]

    def _nearest(self, runs: Iterable[Run]) -> list[Run]:
        """The closest to the row's creation first; without a row the newest."""
        created = self._created

        def distance(run: Run) -> float:
            if run.created_at is None:
                return float("inf")
            since = created or self._case.now
            return abs((run.created_at - since).total_seconds())

        return sorted(runs, key=distance)

    def _deeper(self, runs: Sequence[Run], of_workflow: int, known: int) -> Found:
        """Look into the runs themselves: names first, they cost less than logs."""
        jobs = dict(zip((run.id for run in runs), self._jobs(runs), strict=True))
        for run in runs:
            if any(is_named(job, self._dispatch_id) for job in jobs[run.id]):
                return Found(run=run, by=FoundBy.STEP_NAME)
        ran = [run for run in runs if self._telling(jobs[run.id])][:LOGS_READ]
        readings = dict(zip((run.id for run in ran), self._logs(ran, jobs), strict=True))
        speaking = [run for run in ran if any(one.dispatch_seen for one in readings[run.id])]
        handed = [run for run in speaking if self._is_handed(readings[run.id])]
        if speaking:
            return Found(run=(handed or speaking)[0], by=FoundBy.LOG)
        read_logs = sum(len(one) > 0 for one in readings.values())
        searched = self._searched(known, of_workflow, len(runs), read_logs)
        open_ones = [run for run in runs if not readings.get(run.id)]
        open_ones = [run for run in open_ones if not self._is_anothers(run)]
        likely = [run for run in open_ones if self._is_likely(run, jobs[run.id])]
        silent = [
            run
            for run in ran
            if readings[run.id]
            and self._may_be_it(run, readings[run.id])
            and self._is_likely(run, jobs[run.id])
        ]
        if len(likely) == 1 and not silent and of_workflow == len(runs) and self._created:
            return Found(run=likely[0], by=FoundBy.ONLY_CANDIDATE, searched=searched)
        candidates = tuple((*silent, *likely) or open_ones)
        unnamed = self._unnamed(candidates) if candidates else None
        return Found(run=unnamed, searched=searched, candidates=candidates)

    def _jobs(self, runs: Sequence[Run]) -> list[tuple[Job, ...]]:
        calls = [Pending(self._ask, f"Run {run.id}", _jobs_of(self._ask, run)) for run in runs]
        results = (call.result() for call in calls)
        return [() if isinstance(result, Unseen) else result for result in results]

    def _telling(self, jobs: Sequence[Job]) -> list[Job]:
        """The finished jobs whose logs may name the dispatch: with an update step, all of them."""
        ended = [job for job in jobs if job.status == "completed" and job.steps]
        chosen = choose(ended, self._case.names, None)
        updating = [one.job for one in legs(ended, chosen) if one.job]
        if updating:
            others = [job for job in ended if job not in updating]
            return [*updating, *others][:JOBS_READ]
        return [chosen.job] if chosen.job else ended[:1]

    def _logs(
        self, runs: Sequence[Run], jobs: dict[int, tuple[Job, ...]]
    ) -> list[list[LogReading]]:
        """What the logs of each run's jobs say, as far as they could be read."""
        wanted = LookFor(dispatch_id=self._dispatch_id, function=self._case.names.function)
        calls = [
            [
                Pending(self._ask, f"The log of run {run.id}", _log_of(self._ask, job, wanted))
                for job in self._telling(jobs[run.id])
            ]
            for run in runs
        ]
        results = ([call.result() for call in of_run] for of_run in calls)
        return [[one for one in of_run if isinstance(one, LogReading)] for of_run in results]

    def _is_handed(self, readings: Iterable[LogReading]) -> bool:
        """Whether a job of the run was given this dispatch id."""
        return any(one.assignments.get("DISPATCH_ID") == self._dispatch_id for one in readings)

    def _may_be_it(self, run: Run, readings: Iterable[LogReading]) -> bool:
        """Whether a run that names no dispatch at all was created when this one's must have been."""
        if self._created is None or run.created_at is None or self._is_anothers(run):
            return False
        if any("DISPATCH_ID" in one.assignments for one in readings):
            return False
        return SOON[0] <= run.created_at - self._created <= SOON[1]

    def _unnamed(self, candidates: Sequence[Run]) -> Unseen:
        listed = ", ".join(f"{run.id} ({run.title!r})" for run in candidates[:3])
        return Unseen(
            why=Why.NOT_FOUND,
            what=f"Which run made this backup cannot be told: none names it. It may be {listed}.",
            remedy="Name the run: --run-id.",
            dependency="GitHub",
        )

    def _is_anothers(self, run: Run) -> bool:
        return _is_anothers(self._ask, self._case, run, self._dispatch_id)

    def _is_likely(self, run: Run, jobs: Sequence[Job]) -> bool:
        """Whether it is a run of the backup's workflow at all."""
        if self._case.names.workflow:
            return True
        return choose(jobs, self._case.names, None).step is not None or "backup" in run.path

    def _searched(self, known: int, of_workflow: int, looked_into: int, read_logs: int) -> str:
        text = f"the titles of {known} runs"
        if self._created:
            since, until = self._bounds(self._created)
            text += (
                f" (all created between {since:%Y-%m-%d %H:%M} and {until:%H:%M} UTC among them)"
            )
        workflow = self._case.names.workflow
        of = f" of {workflow}" if workflow else ""
        return (
            f"{text}; the job and step names of {looked_into} of the {of_workflow} runs{of} "
            f"nearest to the row's creation, and the logs of {read_logs} of them"
        )


def _reaches_back(newest: Sequence[Run], since: datetime) -> bool:
    """Whether no run since then can be missing: they are in order, and the last is older."""
    created = [run.created_at for run in newest if run.created_at is not None]
    in_order = len(created) == len(newest) and created == sorted(created, reverse=True)
    return in_order and (len(newest) < PAGE_SIZE or created[-1] < since)


def _unique(runs: Iterable[Run]) -> list[Run]:
    return list({run.id: run for run in runs}.values())


def _jobs_of(ask: Sources, run: Run) -> Callable[[], tuple[Job, ...] | Unseen]:
    return lambda: ask.github.jobs(run)


def _log_of(ask: Sources, job: Job, wanted: LookFor) -> Callable[[], LogReading | Unseen]:
    return lambda: ask.github.job_log(job, lambda log: read(f"job {job.name}", log, wanted))
