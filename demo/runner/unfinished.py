"""Runs that no runner has finished: queued, refused, or still at a step.

What GitHub knows of them is their record alone; a log there is not before the end of a job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from backup_doctor.demo.github.state import Job, Run, Step
from backup_doctor.demo.runner.expressions import interpolate
from backup_doctor.demo.runner.machine import RUNNER_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.runner.dispatch import Dispatch


def queued(dispatch: Dispatch) -> Run:
    """Return a run whose job waits for a runner."""
    document = _document(dispatch["checkout"], dispatch["workflow"])
    moment = dispatch["now"]()
    waiting = Job(
        id=dispatch["run_id"] * 100 + dispatch["attempt"],
        name=document["jobs"][dispatch["job"]].get("name", dispatch["job"]),
        status="queued",
        conclusion=None,
        created_at=moment,
        runner_name=None,
    )
    title = document.get("run-name", document["name"])
    return Run(
        id=dispatch["run_id"],
        workflow_id=dispatch["workflow_id"],
        path=dispatch["workflow"],
        name=document["name"],
        title=interpolate(title, {"inputs": dispatch["inputs"]}),
        attempt=dispatch["attempt"],
        status="queued",
        conclusion=None,
        created_at=moment,
        run_started_at=moment,
        updated_at=moment,
        head_sha=dispatch["head_sha"],
        jobs=[waiting],
    )


def refused(dispatch: Dispatch) -> Run:
    """Return the run that GitHub makes of a file that it cannot use: failed, and without jobs.

    It is known by the file's path, as the file's own `name` and `run-name` cannot be read.
    """
    moment = dispatch["now"]()
    return Run(
        id=dispatch["run_id"],
        workflow_id=dispatch["workflow_id"],
        path=dispatch["workflow"],
        name=dispatch["workflow"],
        title=dispatch["workflow"],
        attempt=dispatch["attempt"],
        conclusion="failure",
        created_at=moment,
        run_started_at=moment,
        updated_at=moment,
        head_sha=dispatch["head_sha"],
    )


def going(run: Run, steps: list[str], at: str) -> None:
    """Put a queued run's job at one of its steps: those before it are done, it is in progress."""
    moment = run.created_at
    reached = steps.index(at)
    done = [
        Step(name, number, "completed", "success", moment, moment)
        for number, name in enumerate(steps[:reached], start=1)
    ]
    current = Step(at, reached + 1, "in_progress", None, moment)
    waiting = [
        Step(name, number, "queued", None)
        for number, name in enumerate(steps[reached + 1 :], start=reached + 2)
    ]
    run.status = "in_progress"
    (job,) = run.jobs
    job.status, job.started_at, job.runner_name = "in_progress", moment, RUNNER_NAME
    job.steps = [*done, current, *waiting]


def step_names(checkout: Path, workflow: str, job: str) -> list[str]:
    """Name the steps of a job as the API lists them while it runs."""
    steps = _document(checkout, workflow)["jobs"][job]["steps"]
    return ["Set up job", *(step["name"] for step in steps)]


def _document(checkout: Path, workflow: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((checkout / workflow).read_text())
    return document
