"""Jobs, workflow files and logs of runs: each asked for once, and begun as soon as a run is likely."""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from backup_doctor.collect.workflow.at_commit import file_at
from backup_doctor.collect.workflow.ci import JobSurroundings, is_doctors_run
from backup_doctor.collect.workflow.pending import Pending
from backup_doctor.collect.workflow.run_files import RunFiles
from backup_doctor.collect.workflow.run_logs import RunLogs, has_log
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.workflow import Job, Run, WorkflowFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import WorkflowState

TOLD_BY_GITHUB = frozenset({"failure", "cancelled", "timed_out", "startup_failure"})

File = WorkflowFile | Unseen | None


class RunFacts:
    """What is known of the runs that may be this backup's. `here` is where the doctor itself runs."""

    def __init__(self, ask: Sources, case: Case, here: JobSurroundings) -> None:
        self.here = here
        self._ask = ask
        self._case = case
        self._lock = Lock()
        self._jobs: dict[int, Pending[tuple[Job, ...] | Unseen]] = {}
        self._files: dict[tuple[str, str], Pending[File]] = {}
        self._annotations: dict[int | None, Pending[tuple[str, ...] | Unseen]] = {}
        self._workflows: Pending[tuple[WorkflowState, ...] | Unseen] | None = None
        self._logs: dict[tuple[int, int, str | None], RunLogs] = {}

    def begin(self, runs: Iterable[Run]) -> None:
        """Ask for all of it at once; whoever needs it waits for the answer."""
        for run in runs:
            self._job_list(run)
            self._file_call(run)

    def jobs(self, run: Run) -> tuple[Job, ...] | Unseen:
        """Every job of every attempt of the run, the doctor's own too."""
        return self._job_list(run).result()

    def file(self, run: Run) -> File:
        """The workflow's file at the run's commit."""
        return self._file_call(run).result()

    def known_file(self, run: Run) -> WorkflowFile | None:
        """The same, where it could be read."""
        file = self.file(run)
        return file if isinstance(file, WorkflowFile) else None

    def is_doctors(self, run: Run) -> bool:
        """Whether the run is the doctor's own, and so no backup's."""
        file = self.file(run)
        known = isinstance(file, WorkflowFile) and file.problem is None
        jobs = () if known else self.jobs(run)
        return is_doctors_run(jobs, run, self.here, file, self._case.names)

    def workflows(self) -> Pending[tuple[WorkflowState, ...] | Unseen]:
        """The repository's workflows; nothing waits for them but the end."""
        with self._lock:
            if self._workflows is None:
                self._workflows = Pending(self._ask, "The workflows", self._ask.github.workflows)
            return self._workflows

    def annotations(self, job: Job | None) -> Pending[tuple[str, ...] | Unseen]:
        """What GitHub itself says of a job that did not end well: time limits, billing, runners."""
        github = self._ask.github
        is_told = job is not None and job.conclusion in TOLD_BY_GITHUB
        which = job.id if job is not None and is_told else None
        with self._lock:
            if which not in self._annotations:
                call = partial(github.annotations, job) if job is not None and is_told else tuple
                self._annotations[which] = Pending(self._ask, "The job's annotations", call)
            return self._annotations[which]

    def logs(
        self,
        run: Run,
        listed: tuple[Job, ...] | Unseen,
        file: WorkflowFile | None,
        dispatch_id: str | None,
    ) -> RunLogs:
        """The logs of an attempt, read for this dispatch, and the files that its update step runs."""
        jobs = () if isinstance(listed, Unseen) else listed
        which = (run.id, run.attempt, dispatch_id)
        with self._lock:
            if which not in self._logs:
                files = RunFiles(self._ask, run)
                files.begin(file.update_step if file and any(map(has_log, jobs)) else None)
                names = self._case.names
                self._logs[which] = RunLogs(self._ask, run, jobs, names, dispatch_id, files)
            return self._logs[which]

    def _job_list(self, run: Run) -> Pending[tuple[Job, ...] | Unseen]:
        with self._lock:
            if run.id not in self._jobs:
                call = partial(self._ask.github.jobs, run)
                self._jobs[run.id] = Pending(self._ask, f"The jobs of run {run.id}", call)
            return self._jobs[run.id]

    def _file_call(self, run: Run) -> Pending[File]:
        place = (run.path, run.head_sha)
        with self._lock:
            if place not in self._files:
                call = partial(file_at, self._ask, self._case.names, *place)
                self._files[place] = Pending(self._ask, "The workflow's file", call)
            return self._files[place]
