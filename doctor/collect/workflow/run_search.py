"""The search inside of runs whose titles tell nothing: job and step names first, then logs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.log.mention import is_same_id, mentions
from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.collect.workflow.ci import without_doctors
from backup_doctor.collect.workflow.job_choice import choose, is_named, legs
from backup_doctor.collect.workflow.pending import Pending
from backup_doctor.collect.workflow.run_logs import targets_of
from backup_doctor.collect.workflow.run_title import dispatch_of
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.log import LogReading
from backup_doctor.evidence.workflow import FoundBy, Job, Run
from backup_doctor.services.update_step import SUPABASE
from backup_doctor.services.writers import speaks_of_backups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.collect.workflow.run_facts import RunFacts
    from backup_doctor.evidence.case import Case

BEFORE = timedelta(minutes=10)
AT_LEAST_AFTER = timedelta(hours=2)
NAMES_READ = 10
LOGS_READ = 6
JOBS_READ = 4
# A run that a dispatch started was created seconds after the row; clocks differ a little.
SOON = (timedelta(seconds=-10), timedelta(seconds=60))


class FoundRun(NamedTuple):
    """A run of the dispatch, and how it was found."""

    run: Run
    by: FoundBy


class Scope(Immutable, frozen=True, kw_only=True):
    """Where to look: around the row's creation, for this dispatch."""

    ask: Sources
    case: Case
    facts: RunFacts
    dispatch_id: str
    created: datetime | None

    def bounds(self, created: datetime) -> tuple[datetime, datetime]:
        """When the run of a row made at that time may have been created."""
        after = max(AT_LEAST_AFTER, timedelta(seconds=self.case.names.stuck_after_s))
        return created - BEFORE, created + after

    def nearest(self, runs: Iterable[Run]) -> list[Run]:
        """The closest to the row's creation first; without a row the newest."""
        since = self.created or self.ask.now

        def distance(run: Run) -> float:
            if run.created_at is None:
                return float("inf")
            return abs((run.created_at - since).total_seconds())

        return sorted(runs, key=distance)

    def of_workflow(self, runs: Iterable[Run]) -> list[Run]:
        """The runs of the configured workflow; all, where none is configured."""
        wanted = self.case.names.workflow
        return [run for run in runs if not wanted or is_of(run, wanted)]


def is_of(run: Run, workflow: str) -> bool:
    """Whether the run is of the workflow that is called so: its file, or its name."""
    return run.path.rsplit("/", 1)[-1] == workflow.rsplit("/", 1)[-1] or run.name == workflow


def is_anothers(scope: Scope, run: Run) -> bool:
    """Whether the title names a dispatch, and not this one."""
    dispatch_id = scope.dispatch_id or None
    if dispatch_id is None or mentions(run.title, dispatch_id):
        return False
    if dispatch_of(run.title, like=dispatch_id):
        return True
    file = scope.facts.known_file(run)
    return dispatch_of(run.title, file.run_name if file else None, dispatch_id) is not None


class Inside(NamedTuple):
    """What the search inside of the runs brought."""

    runs: tuple[FoundRun, ...] = ()
    searched: str = ""
    candidates: tuple[Run, ...] = ()
    gap: Unseen | None = None


class LookInside:
    """Looks into the runs around the row's creation, and says where it looked."""

    def __init__(self, scope: Scope, around: Sequence[Run]) -> None:
        self._scope = scope
        self._of_workflow = len(scope.of_workflow(around))
        self._runs = scope.nearest(scope.of_workflow(around))[:NAMES_READ]

    def look(self, known: Sequence[Run]) -> Inside:
        """Names first, they cost less than logs; `known` are the runs whose titles were read."""
        facts = self._scope.facts
        facts.begin(self._runs)
        runs = [run for run in self._runs if not facts.is_doctors(run)]
        jobs = {run.id: self._jobs(run) for run in runs}
        named = [
            run
            for run in runs
            if any(is_named(job, self._scope.dispatch_id) for job in jobs[run.id])
        ]
        if named:
            return Inside(runs=tuple(FoundRun(run, FoundBy.STEP_NAME) for run in named))
        ran = [run for run in runs if self._telling(jobs[run.id])][:LOGS_READ]
        readings = dict(zip((run.id for run in ran), self._logs(ran, jobs), strict=True))
        speaking = [run for run in ran if any(one.dispatch_seen for one in readings[run.id])]
        handed = [run for run in speaking if self._is_handed(readings[run.id])]
        able = [run for run in speaking if self._could_make_it(run, jobs[run.id])]
        if handed or able:
            return Inside(runs=tuple(FoundRun(run, FoundBy.LOG) for run in handed or able[:1]))
        if speaking:
            maybe = tuple(speaking)
            return Inside(
                searched=self._searched(len(known), len(ran)), candidates=maybe, gap=_unnamed(maybe)
            )
        return self._guess(known, runs, jobs, readings)

    def _guess(
        self,
        known: Sequence[Run],
        runs: Sequence[Run],
        jobs: Mapping[int, Sequence[Job]],
        readings: Mapping[int, Sequence[LogReading]],
    ) -> Inside:
        """No run names the dispatch: the only one that may be it, or those that may."""
        searched = self._searched(len(known), sum(len(one) > 0 for one in readings.values()))
        open_ones = [run for run in runs if not readings.get(run.id)]
        open_ones = [run for run in open_ones if not is_anothers(self._scope, run)]
        likely = [run for run in open_ones if self._is_likely(run, jobs[run.id])]
        silent = [
            run
            for run in runs
            if readings.get(run.id)
            and self._may_be_it(run, readings[run.id])
            and self._is_likely(run, jobs[run.id])
        ]
        all_read = self._of_workflow == len(self._runs)
        if len(likely) == 1 and not silent and all_read and self._scope.created:
            only = FoundRun(likely[0], FoundBy.ONLY_CANDIDATE)
            return Inside(runs=(only,), searched=searched)
        candidates = tuple((*silent, *likely) or open_ones)
        gap = _unnamed(candidates) if candidates else None
        return Inside(searched=searched, candidates=candidates, gap=gap)

    def _jobs(self, run: Run) -> tuple[Job, ...]:
        """The jobs of the run's latest attempt, without the doctor's own."""
        facts = self._scope.facts
        listed = facts.jobs(run)
        if isinstance(listed, Unseen):
            return ()
        latest = max((job.attempt for job in listed), default=1)
        jobs = [job for job in listed if job.attempt == latest]
        return without_doctors(jobs, run, facts.here, facts.known_file(run), self._scope.case.names)

    def _telling(self, jobs: Sequence[Job]) -> list[Job]:
        """The finished jobs whose logs may name the dispatch: with an update step, all of them."""
        ended = [job for job in jobs if job.status == "completed" and job.steps]
        chosen = choose(ended, self._scope.case.names, None)
        updating = [one.job for one in legs(ended, chosen) if one.job]
        if updating:
            others = [job for job in ended if job not in updating]
            return [*updating, *others][:JOBS_READ]
        return [chosen.job] if chosen.job else ended[:1]

    def _logs(
        self, runs: Sequence[Run], jobs: Mapping[int, Sequence[Job]]
    ) -> list[list[LogReading]]:
        """What the logs of each run's jobs say, as far as they could be read."""
        ask, names = self._scope.ask, self._scope.case.names
        wanted = LookFor(dispatch_id=self._scope.dispatch_id, targets=targets_of(names))
        calls = [
            [
                Pending(ask, f"The log of run {run.id}", _log_of(ask, job, wanted))
                for job in self._telling(jobs[run.id])
            ]
            for run in runs
        ]
        results = ([call.result() for call in of_run] for of_run in calls)
        return [[one for one in of_run if isinstance(one, LogReading)] for of_run in results]

    def _is_handed(self, readings: Iterable[LogReading]) -> bool:
        """Whether a job of the run was given this dispatch id."""
        wanted = self._scope.dispatch_id
        return any(is_same_id(one.assignments.get("DISPATCH_ID"), wanted) for one in readings)

    def _may_be_it(self, run: Run, readings: Iterable[LogReading]) -> bool:
        """Whether a run that names no dispatch at all was created when this one's must have been."""
        created = self._scope.created
        if created is None or run.created_at is None or is_anothers(self._scope, run):
            return False
        if any("DISPATCH_ID" in one.assignments for one in readings):
            return False
        return SOON[0] <= run.created_at - created <= SOON[1]

    def _is_likely(self, run: Run, jobs: Sequence[Job]) -> bool:
        """Whether it is a run of the backup's workflow at all."""
        names = self._scope.case.names
        if names.workflow:
            return True
        return choose(jobs, names, None).step is not None or speaks_of_backups(run.path)

    def _could_make_it(self, run: Run, jobs: Sequence[Job]) -> bool:
        """Whether a run whose log speaks of the backup looks as if it made it, not as if it pruned."""
        file = self._scope.facts.known_file(run)
        if file is None or file.problem or self._is_likely(run, jobs):
            return True
        given = (*file.secrets, *file.env_secrets)
        return file.update_step is not None or any(map(SUPABASE.search, given))

    def _searched(self, known: int, read_logs: int) -> str:
        text = f"the titles of {known} runs"
        if self._scope.created:
            since, until = self._scope.bounds(self._scope.created)
            text += (
                f" (all created between {since:%Y-%m-%d %H:%M} and {until:%H:%M} UTC among them)"
            )
        workflow = self._scope.case.names.workflow
        of = f" of {workflow}" if workflow else ""
        return (
            f"{text}; the job and step names of {len(self._runs)} of the {self._of_workflow} runs{of} "
            f"nearest to the row's creation, and the logs of {read_logs} of them"
        )


def _unnamed(candidates: Sequence[Run]) -> Unseen:
    listed = ", ".join(f"{run.id} ({run.title!r})" for run in candidates[:3])
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"Could not determine which run made this backup: none names it. It may be {listed}.",
        remedy="Name the run: --run-id.",
        dependency="GitHub",
    )


def _log_of(ask: Sources, job: Job, wanted: LookFor) -> Callable[[], LogReading | Unseen]:
    return lambda: ask.github.job_log(job, lambda log: read(f"job {job.name}", log, wanted))
