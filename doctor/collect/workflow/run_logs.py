"""The logs of a run: the job with the update step first, the others for what they add."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, TypeGuard

import msgspec

from backup_doctor.collect.log.known import Targets
from backup_doctor.collect.log.mention import is_same_id
from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.collect.log.step_script import RepositoryFiles
from backup_doctor.collect.workflow.job_choice import (
    FAILED,
    JobChoice,
    is_named,
    leg_of,
    legs,
)
from backup_doctor.collect.workflow.jobs import BACKUP_WORK
from backup_doctor.collect.workflow.pending import Pending
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.ids import mentions
from backup_doctor.evidence.log import LogReading
from backup_doctor.services.uploading import NAMED_OR_HANDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from backup_doctor.collect.clients.github_logs import Log
    from backup_doctor.collect.sources import Sources
    from backup_doctor.collect.workflow.run_files import RunFiles
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.workflow import Job, Run, Step

OTHER_JOBS = 4
ZIP_HELPS = frozenset({Why.NOT_FOUND, Why.REFUSED, Why.GARBLED, Why.UNREACHABLE})


FINISHING = ("status", "s3_key", "size_bytes", "finished_at")


def targets_of(names: Names) -> Targets:
    """What the calls are aimed at that matter in the log."""
    return Targets(
        function=names.function,
        table=names.table_name,
        finishing=frozenset(filter(None, map(names.column, FINISHING))),
        status=names.column("status"),
        key=names.column("s3_key"),
        size=names.column("size_bytes"),
        going=frozenset(names.words(Status.IN_PROGRESS)),
    )


def has_log(job: Job) -> bool:
    """Whether there should be a log: GitHub stores it when the job has ended."""
    return job.status == "completed" and bool(job.steps) and job.conclusion != "skipped"


class RunLogs:
    """Reads the logs of one run's jobs for one dispatch, each of them once."""

    def __init__(
        self,
        ask: Sources,
        run: Run,
        jobs: Sequence[Job],
        names: Names,
        dispatch_id: str | None,
        files: RunFiles,
    ) -> None:
        self._ask = ask
        self._run = run
        self._jobs = jobs
        self._names = names
        self._dispatch_id = dispatch_id
        self._files = files
        self._lock = Lock()
        self._readings: dict[tuple[int, str | None], Pending[LogReading | Unseen]] = {}

    def begin(self, choice: JobChoice) -> list[tuple[Job, Pending[LogReading | Unseen]]]:
        """The jobs of which a log is wanted, and their logs, under way."""
        updates = self._updates(choice)
        wanted = [job for job in (choice.job, *self._others(choice.job)) if job and has_log(job)]
        if self._is_told(choice):
            wanted = [job for job in wanted if job is choice.job or job.id not in updates]
        return [(job, self._reading(job, updates.get(job.id))) for job in wanted]

    def read(self, choice: JobChoice) -> tuple[JobChoice, LogReading | Unseen | None]:
        """The job that holds the update step, and what its log says, completed by the others'.

        Of a matrix's jobs that is the one whose log names the dispatch, and the other ones' logs
        are other backups'. Where no job was chosen, the one whose log shows the update is.
        """
        begun = self.begin(choice)
        chosen, updates = choice.job, self._updates(choice)
        readings = {job.id: pending.result() for job, pending in begun}
        of_matrix = legs(self._jobs, choice)
        if not self._is_told(choice) and len(of_matrix) > 1:
            choice = leg_of(of_matrix, readings, self._dispatch_id) or choice
        if chosen is None:
            choice = JobChoice(
                next((job for job, _ in begun if _shows_update(readings[job.id])), None)
            )
        if choice.job is None or choice.job.id not in readings:
            return choice, None
        own = readings[choice.job.id]
        if isinstance(own, Unseen):
            return choice, own
        others = {
            key: one
            for key, one in readings.items()
            if key not in {choice.job.id, *updates} and self._is_ours(one)
        }
        own = _failed_first(choice.job, own, [(job, others.get(job.id)) for job in self._jobs])
        own = self._with_rivals(own, (readings.get(key) for key in updates if key != choice.job.id))
        return choice, _completed(own, list(others.values()))

    def _with_rivals(
        self, own: LogReading, legs_read: Iterable[LogReading | Unseen | None]
    ) -> LogReading:
        """The reading of one leg, with the files that legs with the same id have left of this backup."""
        if not own.uploaded:
            return own
        read = [one for one in legs_read if isinstance(one, LogReading)]
        rivals = [key for one in read for key in one.uploaded if self._is_ours_in(one, key)]
        uploaded = tuple(dict.fromkeys((*own.uploaded, *rivals)))
        return msgspec.structs.replace(own, uploaded=uploaded)

    def _is_ours_in(self, leg: LogReading, key: str) -> bool:
        """Whether a leg says that the file which it uploaded is of this dispatch, or the key does."""
        handed = leg.assignments.get("DISPATCH_ID")
        if handed is not None:
            return is_same_id(handed, self._dispatch_id)
        return self._dispatch_id is not None and mentions(key, self._dispatch_id)

    def _is_ours(self, reading: LogReading | Unseen) -> TypeGuard[LogReading]:
        """Whether a log was read, and is none of another dispatch's job."""
        if isinstance(reading, Unseen):
            return False
        handed = reading.assignments.get("DISPATCH_ID")
        return None in (handed, self._dispatch_id) or is_same_id(handed, self._dispatch_id)

    def _is_told(self, choice: JobChoice) -> bool:
        """Whether the job's own name says that it is this dispatch's."""
        return choice.job is not None and is_named(choice.job, self._dispatch_id)

    def _updates(self, choice: JobChoice) -> dict[int, Step | None]:
        """The update step of each job that may hold it."""
        return {one.job.id: one.step for one in legs(self._jobs, choice) if one.job}

    def _others(self, chosen: Job | None) -> list[Job]:
        others = [job for job in self._jobs if chosen is None or job.id != chosen.id]
        return sorted(filter(has_log, others), key=_rank)[:OTHER_JOBS]

    def _reading(self, job: Job, update: Step | None) -> Pending[LogReading | Unseen]:
        which = (job.id, update.name if update else None)
        with self._lock:
            if which not in self._readings:
                what = f"The log of the job {job.name!r}"
                self._readings[which] = Pending(self._ask, what, self._reader(job, update))
            return self._readings[which]

    def _reader(self, job: Job, update: Step | None) -> Callable[[], LogReading | Unseen]:
        trigger = self._names.trigger_step
        look_for = LookFor(
            dispatch_id=self._dispatch_id,
            targets=targets_of(self._names),
            files=RepositoryFiles(self._files.text, self._files.directory),
            steps=job.steps,
            update_step=update.name if update else None,
            trigger_step=_like(trigger, (step.name for step in job.steps)),
            is_trigger_job=_like(trigger, (job.name,)) is not None,
        )
        return lambda: self._one(job, look_for)

    def _one(self, job: Job, look_for: LookFor) -> LogReading | Unseen:
        github = self._ask.github
        text = github.job_log(job, lambda log: read(f"log of the job {job.name}", log, look_for))
        if not isinstance(text, Unseen) or text.why not in ZIP_HELPS:
            return text
        if self._run.status != "completed":
            return text

        def from_zip(log: Log) -> LogReading:
            return read(f"log of the job {job.name}, from the run's zip", log, look_for)

        zipped = github.run_log(self._run, job, from_zip)
        lost = isinstance(zipped, Unseen) and zipped.why is not Why.GONE
        return text if lost else zipped


def _rank(job: Job) -> int:
    """Which of many jobs tells most: one that failed, then one that by its names makes the backup."""
    if job.conclusion in FAILED:
        return 0
    names = (job.name, *(step.name for step in job.steps))
    return (
        1 if any(BACKUP_WORK.search(name) or NAMED_OR_HANDED.search(name) for name in names) else 2
    )


def _like(wanted: str, names: Iterable[str]) -> str | None:
    """The name that is the wanted one but for case, blanks and dashes."""
    return next((name for name in names if _plain(wanted) in _plain(name)), None)


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _shows_update(reading: LogReading | Unseen) -> bool:
    return isinstance(reading, LogReading) and reading.update_seen


def _failed_first(
    update: Job, own: LogReading, others: Iterable[tuple[Job, LogReading | None]]
) -> LogReading:
    """The update job's reading, with the failure of the job that failed before it began, if one did."""
    began = update.started_at
    for job, other in others:
        ended = job.completed_at
        before = began is not None and ended is not None and ended <= began
        if other and other.failed_step and own.failed_step and before and job.conclusion in FAILED:
            return msgspec.structs.replace(
                own,
                failed_step=other.failed_step,
                failed_variables=other.failed_variables,
                errors=other.errors,
                told=other.told,
                complaints=other.complaints,
                failed_excerpt=other.failed_excerpt,
            )
    return own


def _completed(own: LogReading, others: Sequence[LogReading]) -> LogReading:
    """The update job's reading, with what only other jobs of the run could tell."""
    for other in others:
        own = msgspec.structs.replace(
            own,
            bytes_read=own.bytes_read + other.bytes_read,
            assignments={**other.assignments, **own.assignments},
            backup_id_not_found=own.backup_id_not_found or other.backup_id_not_found,
            failed_step=own.failed_step or other.failed_step,
            failed_variables=(own if own.failed_step else other).failed_variables,
            errors=own.errors or other.errors,
            told=own.told or (() if own.failed_step else other.told),
            complaints=own.complaints or (() if own.failed_step else other.complaints),
            failed_excerpt=own.failed_excerpt or other.failed_excerpt,
            # Legs of a matrix may each have left a file of this backup.
            uploaded=tuple(dict.fromkeys((*own.uploaded, *other.uploaded))),
            mentioned=tuple(dict.fromkeys((*own.mentioned, *other.mentioned))),
            buckets=own.buckets or other.buckets,
            endpoints=own.endpoints or other.endpoints,
            upload_errors=own.upload_errors or other.upload_errors,
            trigger_lines=own.trigger_lines or other.trigger_lines,
            prints_secret=tuple(dict.fromkeys((*own.prints_secret, *other.prints_secret))),
            dispatch_seen=own.dispatch_seen or other.dispatch_seen,
            ids=tuple(dict.fromkeys((*own.ids, *other.ids))),
        )
    return own
