"""Changes to a world that several faults share."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from doctor.demo.runner.run import run_workflow
from doctor.demo.world import WORKFLOW

if TYPE_CHECKING:
    from datetime import datetime

    from doctor.demo.github.state import Run
    from doctor.demo.runner.dispatch import Dispatch
    from doctor.demo.world import World

RECORD = "${{ (failure() || cancelled()) && steps.upload.outcome != 'success' }}"
CREATE, UPLOAD, UPDATE = (
    "scripts/create-backup.sh",
    "scripts/upload-backup.sh",
    "scripts/update-backup-history.sh",
)
STRICT = "set -euo pipefail\n"


def stop_recording(world: World) -> None:
    """Switch off the step that records a failure, which many pipelines have not: the row stays."""
    if RECORD in world.read(WORKFLOW):
        world.edit(WORKFLOW, RECORD, "false")


def hang(world: World, script: str) -> None:
    """Let a script wait for something that never comes."""
    world.edit(script, STRICT, f"{STRICT}echo 'Waiting for the lock'\nsleep 300\n")


def age(world: World, by: timedelta) -> None:
    """Let the rows be older, and the runs that have no log, whose lines tell the time."""
    world.sql(f"UPDATE public.backup_history SET created_at = created_at - interval '{by}'")
    for run in world.repository.runs:
        run.created_at -= by
        run.run_started_at -= by
        run.updated_at -= by
        for job in run.jobs:
            job.created_at -= by
            job.started_at = job.started_at and job.started_at - by
            for step in job.steps:
                step.started_at = step.started_at and step.started_at - by
                step.completed_at = step.completed_at and step.completed_at - by


def in_quick_minutes(dispatch: Dispatch, *, seconds: float) -> Run:
    """Run a workflow in which a minute lasts only some seconds, by its clock too.

    So a job that runs into its limit has taken as long as the limit says.
    """
    clock = dispatch["now"]
    started = clock()

    def now() -> datetime:
        # Such a run must not end in the future.
        return started - timedelta(minutes=2) + (clock() - started) * (60 / seconds)

    quick = dispatch.copy()
    quick["now"] = now
    return run_workflow(**quick, seconds_per_minute=seconds)
