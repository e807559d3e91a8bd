"""Where the doctor itself runs: in CI it may be a job of the very run that it examines."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from doctor.evidence.workflow import Job, Run, WorkflowFile

EVENT_LIMIT = 1024 * 1024
DOCTOR = "backup-doctor"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What GitHub Actions tells a job of itself; all None elsewhere.

    `payload` are the texts that the run was dispatched with.
    """

    repository: str | None = None
    run_id: int | None = None
    job: str | None = None
    runner: str | None = None
    payload: tuple[str, ...] = ()

    @classmethod
    def here(cls, environ: Mapping[str, str] = os.environ) -> Surroundings:
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
        with Path(path).open("rb") as file:
            event = json.loads(file.read(EVENT_LIMIT))
    except (OSError, ValueError, RecursionError):
        return
    for name in ("inputs", "client_payload"):
        given = event.get(name) if isinstance(event, dict) else None
        if isinstance(given, dict):
            yield from (value for value in given.values() if isinstance(value, str))


def is_doctors_own(job: Job, run: Run, here: Surroundings, file: WorkflowFile | None) -> bool:
    """Whether a job is there to run the doctor, and so is no part of the backup."""
    if DOCTOR in job.name or any(DOCTOR in step.name for step in job.steps):
        return True
    known = file.doctor_jobs if file else ()
    # A called workflow's job is `caller / called`.
    if job.name in known or job.name.rpartition(" / ")[2] in known:
        return True
    itself = here.run_id == run.id and here.runner is not None and job.status == "in_progress"
    return itself and job.runner_name == here.runner
