"""Changes to a world that several faults share."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from backup_doctor.demo.runner.run import run_workflow
from backup_doctor.demo.world import WORKFLOW, carry_out

if TYPE_CHECKING:
    from backup_doctor.demo.github.state import Job, Run
    from backup_doctor.demo.runner.dispatch import Dispatch
    from backup_doctor.demo.world import World

STAMP = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?=\.\d{7}Z )", re.MULTILINE)
RECORD = "${{ (failure() || cancelled()) && steps.upload.outcome != 'success' }}"
LIMIT = "timeout-minutes: 1\n"
CREATE, UPLOAD, UPDATE = (
    "scripts/create-backup.sh",
    "scripts/upload-backup.sh",
    "scripts/update-backup-history.sh",
)


def stop_recording(world: World) -> None:
    """Switch off the step that records a failure, which many pipelines have not: the row stays."""
    if RECORD in world.read(WORKFLOW):
        world.edit(WORKFLOW, RECORD, "false")


def begin_with(world: World, script: str, line: str) -> None:
    """Let a script do something before all else."""
    shebang, _, rest = world.read(script).partition("\n")
    world.write(script, f"{shebang}\n{line}\n{rest}")


def wait_in(world: World, script: str, seconds: int) -> None:
    """Let a script wait for something that comes late."""
    begin_with(world, script, f"echo 'Waiting for the lock' && sleep {seconds}")


def run_again(world: World) -> None:
    """Let runs be carried out as ever: what happened to this one was no fault of the repository."""
    world.actions = carry_out


def age(world: World, by: timedelta) -> None:
    """Let all that has happened have happened earlier: the rows, the runs with their logs, the files."""
    world.sql(
        f"UPDATE public.backup_history SET created_at = created_at - interval '{by}',"
        f" finished_at = finished_at - interval '{by}'"
    )
    attempts = [attempt for run in world.repository.runs for attempt in run.attempts()]
    for run in attempts:
        run.created_at -= by
        run.run_started_at -= by
        run.updated_at -= by
        for job in run.jobs:
            _age_job(job, by)
    for stored in world.objects():
        world.servers.storage.date_back(world.bucket, stored, by)


def _age_job(job: Job, by: timedelta) -> None:
    job.created_at -= by
    job.started_at = job.started_at and job.started_at - by
    job.completed_at = job.completed_at and job.completed_at - by
    job.log = job.log and STAMP.sub(partial(_earlier, by=by), job.log)
    for step in job.steps:
        step.started_at = step.started_at and step.started_at - by
        step.completed_at = step.completed_at and step.completed_at - by


def _earlier(stamp: re.Match[str], *, by: timedelta) -> str:
    moment = datetime.fromisoformat(f"{stamp[1]}+00:00") - by
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def in_quick_minutes(dispatch: Dispatch, *, seconds: float) -> Run:
    """Run a workflow in which a minute lasts only some seconds, by its clock too.

    So a job that runs into its limit has taken as long as the limit says. Where no limit is a single
    minute there is nothing to wait for, and a minute is one.
    """
    if LIMIT not in (dispatch["checkout"] / dispatch["workflow"]).read_text():
        return run_workflow(**dispatch)
    clock = dispatch["now"]
    started = clock()

    def now() -> datetime:
        # Such a run must not end in the future.
        return started - timedelta(minutes=2) + (clock() - started) * (60 / seconds)

    quick = dispatch.copy()
    quick["now"] = now
    return run_workflow(**quick, seconds_per_minute=seconds)
