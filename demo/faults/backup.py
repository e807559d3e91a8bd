"""What keeps the archive from being made: its step fails, hangs, or is ended."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.faults.rewriting import (
    CREATE,
    age,
    begin_with,
    in_quick_minutes,
    run_again,
    stop_recording,
    wait_in,
)
from backup_doctor.demo.runner.run import run_workflow
from backup_doctor.demo.runner.unfinished import going, queued, step_names
from backup_doctor.demo.supabase.postgres import programs
from backup_doctor.demo.world import JOB, WORKFLOW

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.github.state import Run
    from backup_doctor.demo.runner.dispatch import Dispatch
    from backup_doctor.demo.world import World

LONG_AGO = timedelta(hours=9)
CREATE_STEP = "Create backup archive"
CREATE_ENV = "          BACKUP_SOURCE: ${{ vars.BACKUP_SOURCE || 'supabase' }}\n"
DATABASE_URL = "DATABASE_URL"
UPLOAD_STEP = "Upload backup to S3"


def refuse_the_dump(world: World) -> None:
    """The dump's database password was changed, and the dump is refused."""
    stop_recording(world)
    user, _, rest = world.owner_uri.rpartition("@")
    world.github_secrets[DATABASE_URL] = f"{user.rpartition(':')[0]}:changed@{rest}"
    handed = f"{DATABASE_URL}: ${{{{ secrets.{DATABASE_URL} }}}}"
    world.edit(WORKFLOW, CREATE_ENV, f"{CREATE_ENV}          {handed}\n")
    begin_with(world, CREATE, f"'{programs()}/pg_dump' --file=dump.sql \"${DATABASE_URL}\" || exit")


def name_a_missing_folder(world: World) -> None:
    """What is to be packed is not there any more; the pipeline records the failure."""
    world.github_variables["BACKUP_SOURCE"] = "exports"


def time_out_the_step(world: World) -> None:
    """The archive takes longer than its step may, and a minute lasts a second here."""
    stop_recording(world)
    wait_in(world, CREATE, 3)
    name = f"- name: {CREATE_STEP}\n"
    world.edit(WORKFLOW, name, f"{name}        timeout-minutes: 1\n")
    world.actions = partial(in_quick_minutes, seconds=1.0)


def time_out_the_job(world: World) -> None:
    """The archive takes longer than the whole job may: GitHub then calls the job cancelled."""
    stop_recording(world)
    wait_in(world, CREATE, 3)
    world.edit(WORKFLOW, "timeout-minutes: 30", "timeout-minutes: 1")
    world.actions = partial(in_quick_minutes, seconds=1.0)


def cancelled_soon(dispatch: Dispatch, *, slow_zip: Path) -> Run:
    """Run the workflow on a slow machine until a person cancels it, which is soon."""
    slow = dispatch.copy()
    slow["env"] = {**dispatch["env"], "PATH": f"{slow_zip}{os.pathsep}{os.environ['PATH']}"}
    return run_workflow(**slow, cancel_after=0.7)


def cancel(world: World) -> None:
    """A person cancels the run while the archive is being made."""
    stop_recording(world)
    folder = world.directory / "slow"
    folder.mkdir()
    program = folder / "zip"
    program.write_text("#!/bin/sh\nsleep 300\n")
    program.chmod(0o755)
    world.actions = partial(cancelled_soon, slow_zip=folder)


def start_only(world: World) -> None:
    """The job gets its runner, and goes on from there below."""
    world.actions = queued


def hang_for_hours(world: World) -> None:
    """The job has been at the archive for hours, far longer than it may."""
    (run,) = world.repository.runs
    going(run, step_names(world.checkout, WORKFLOW, JOB), CREATE_STEP)
    age(world, LONG_AGO)
    run_again(world)


FAULTS: Final = (
    Fault(
        "dump-refused",
        "the database refuses the dump's password",
        Side.BACKUP,
        "workflow/failed-before-update",
        refuse_the_dump,
    ),
    Fault(
        "nothing-to-pack",
        "the folder to be packed is not there, which the pipeline records",
        Side.BACKUP,
        "workflow/failed-before-update",
        name_a_missing_folder,
    ),
    Fault(
        "step-timed-out",
        "the archive's step ran into its time limit",
        Side.BACKUP,
        "workflow/timed-out",
        time_out_the_step,
    ),
    Fault(
        "job-timed-out",
        "the job ran into its time limit",
        Side.BACKUP,
        "workflow/timed-out",
        time_out_the_job,
    ),
    Fault(
        "cancelled",
        "a person cancelled the run while the archive was being made",
        Side.BACKUP,
        "workflow/cancelled",
        cancel,
        run_again,
    ),
    Fault(
        "overdue",
        "the job has been at the archive for hours, and still is",
        Side.BACKUP,
        "workflow/overdue",
        start_only,
        hang_for_hours,
    ),
)
