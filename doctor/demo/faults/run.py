"""What keeps the run from being started, or from being made of the workflow file at all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from doctor.demo.faults.fault import Fault, Side
from doctor.demo.faults.rewriting import age, restored
from doctor.demo.runner.unfinished import queued, refused
from doctor.demo.world import WORKFLOW, carry_out

if TYPE_CHECKING:
    from doctor.demo.github.state import Job, Run
    from doctor.demo.world import World

LONG_AGO = timedelta(hours=5)
NO_PAYMENT = (
    "The job was not started because recent account payments have failed or your spending limit "
    "needs to be increased. Please check the 'Billing & plans' section in your settings"
)


def start_nothing(world: World) -> None:
    """Nothing is run of what is dispatched."""
    world.actions = queued


def forget_the_run(world: World) -> None:
    """The dispatch was refused, hours ago: GitHub knows of no run."""
    world.repository.runs.clear()
    age(world, LONG_AGO)


def disable(world: World) -> None:
    """GitHub disabled the workflow after 60 days without activity: a dispatch is refused."""
    start_nothing(world)
    world.repository.workflows[0].state = "disabled_inactivity"


def enable(world: World) -> None:
    """The workflow is enabled, and runs are carried out again."""
    world.repository.workflows[0].state = "active"
    world.actions = carry_out


def break_the_file(world: World) -> None:
    """A commit left the workflow file with a key that YAML cannot read."""
    world.actions = refused


def commit_broken_file(world: World) -> None:
    """Show the broken file, which the runner of the demo could not even name a run from."""
    world.edit(WORKFLOW, "    steps:\n", "   steps:\n")


def wait_for_hours(world: World) -> None:
    """The run has been in the queue for hours."""
    age(world, LONG_AGO)


def wait_for_approval(world: World) -> None:
    """The job's environment wants an approval that nobody gave."""
    wait_for_hours(world)
    (run,) = world.repository.runs
    run.status = "waiting"
    _job(run).status = "waiting"


def refuse_for_payment(world: World) -> None:
    """The account's spending limit is reached: GitHub ends the job without a runner."""
    (run,) = world.repository.runs
    job = _job(run)
    run.status = job.status = "completed"
    run.conclusion = job.conclusion = "failure"
    job.completed_at = run.updated_at
    job.annotations = [NO_PAYMENT]
    age(world, LONG_AGO)


def cancel_in_queue(world: World) -> None:
    """A newer run of the same concurrency group took the place of the one that waited."""
    (run,) = world.repository.runs
    job = _job(run)
    run.status = job.status = "completed"
    run.conclusion = job.conclusion = "cancelled"
    job.completed_at = run.updated_at
    job.annotations = [
        "Canceling since a higher priority waiting request for 'backup' exists",
        "The operation was canceled.",
    ]
    age(world, LONG_AGO)


def _job(run: Run) -> Job:
    (job,) = run.jobs
    return job


FAULTS: Final = (
    Fault(
        "no-run",
        "the dispatch was refused, and no run belongs to the row",
        Side.RUN,
        "workflow/run-not-found",
        start_nothing,
        forget_the_run,
        restored(),
    ),
    Fault(
        "workflow-disabled",
        "GitHub disabled the workflow, and starts no run of it",
        Side.RUN,
        "workflow/disabled",
        disable,
        forget_the_run,
        enable,
    ),
    Fault(
        "workflow-invalid",
        "the workflow file is no valid YAML, and the run failed at start-up",
        Side.RUN,
        "workflow/invalid-file",
        break_the_file,
        commit_broken_file,
        restored(WORKFLOW),
    ),
    Fault(
        "no-runner",
        "the job has been waiting for a runner for hours",
        Side.RUN,
        "workflow/not-started",
        start_nothing,
        wait_for_hours,
        restored(),
    ),
    Fault(
        "no-approval",
        "the job waits for an approval that nobody gives",
        Side.RUN,
        "workflow/not-started",
        start_nothing,
        wait_for_approval,
        restored(),
    ),
    Fault(
        "no-payment",
        "GitHub does not start the job: the spending limit is reached",
        Side.RUN,
        "workflow/not-started",
        start_nothing,
        refuse_for_payment,
        restored(),
    ),
    Fault(
        "cancelled-in-queue",
        "a newer run took the place of this one before it started",
        Side.RUN,
        "workflow/cancelled",
        start_nothing,
        cancel_in_queue,
        restored(),
    ),
)
