"""Where the doctor itself runs: in CI it may be a job of the very run that it examines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.base import files
from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.workflow.job_choice import update_step_of
from backup_doctor.collect.workflow.jobs import BACKUP_WORK
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.workflow import WorkflowFile
from backup_doctor.services.writers import DOCTOR, is_doctors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.workflow import Job, Run, Step

EVENT_LIMIT = 1024 * 1024


class JobSurroundings(Immutable, frozen=True, kw_only=True):
    """What GitHub Actions tells a job of itself; all None elsewhere.

    `payload` are the texts that the run was dispatched with.
    """

    repository: str | None = None
    run_id: int | None = None
    job: str | None = None
    runner: str | None = None
    payload: tuple[str, ...] = ()

    @classmethod
    def here(cls, environ: Mapping[str, str] = os.environ) -> JobSurroundings:
        """This process's own surroundings. Source: GitHub, "Variables reference"."""
        run_id = environ.get("GITHUB_RUN_ID", "")
        if environ.get("GITHUB_ACTIONS") != "true" or not run_id.isdecimal():
            return cls()
        return cls(
            repository=environ.get("GITHUB_REPOSITORY"),
            run_id=int(run_id),
            job=environ.get("GITHUB_JOB"),
            runner=environ.get("RUNNER_NAME"),
            payload=tuple(_payload(environ.get("GITHUB_EVENT_PATH", ""))),
        )


def _payload(path: str) -> Iterator[str]:
    """The values of `inputs` and `client_payload` of the event."""
    try:
        event = json.loads(files.read(Path(path), EVENT_LIMIT))
    except (OSError, ValueError, RecursionError):
        return
    for name in ("inputs", "client_payload"):
        given = event.get(name) if isinstance(event, dict) else None
        if isinstance(given, dict):
            yield from (value for value in given.values() if isinstance(value, str))


def without_doctors(
    jobs: Sequence[Job], run: Run, here: JobSurroundings, file: WorkflowFile | None, names: Names
) -> tuple[Job, ...]:
    """The jobs of a run but for those that are there to run the doctor, and so make no backup."""
    return tuple(job for job in jobs if not _is_doctors_own(job, run, here, file, names))


def _is_doctors_own(
    job: Job, run: Run, here: JobSurroundings, file: WorkflowFile | None, names: Names
) -> bool:
    if update_step_of(job, names, file) is not None:
        # The doctor is often a step of the very job that makes the backup.
        return False
    known = file.doctor_jobs if file else ()
    # A called workflow's job is `caller / called`.
    if job.name in known or job.name.rpartition(" / ")[2] in known:
        return True
    runs_doctor = DOCTOR in job.name or any(is_doctors(step) for step in job.steps)
    return (runs_doctor or is_here(job, run, here)) and not _makes_backup(job)


def is_here(job: Job, run: Run, here: JobSurroundings) -> bool:
    """Whether the doctor runs in this very job."""
    same_run = here.run_id == run.id and here.runner is not None
    return same_run and job.status == "in_progress" and job.runner_name == here.runner


def _makes_backup(job: Job) -> bool:
    """Whether a step before the doctor's does a backup's work, by its name."""
    doctors = (at for at, step in enumerate(job.steps) if is_doctors(step) or _is_running(step))
    before = job.steps[: next(doctors, 0)]
    return any(BACKUP_WORK.search(step.name) for step in before)


def _is_running(step: Step) -> bool:
    return step.status == "in_progress"


def is_doctors_run(
    jobs: Sequence[Job] | Unseen, run: Run, here: JobSurroundings, file: object, names: Names
) -> bool:
    """Whether the whole run is the doctor's: a sweep on a schedule, a workflow that diagnoses."""
    known = file if isinstance(file, WorkflowFile) and file.problem is None else None
    if known is not None:
        return known.only_doctor
    if isinstance(jobs, Unseen) or not jobs:
        return False
    return not without_doctors(jobs, run, here, None, names)
