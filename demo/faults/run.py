"""What keeps the run from being started, or from being made of the workflow file at all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import yaml

from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.faults.rewriting import age, run_again
from backup_doctor.demo.github.state import PendingDeployment
from backup_doctor.demo.runner.unfinished import queued, refused
from backup_doctor.demo.world import WORKFLOW, carry_out

if TYPE_CHECKING:
    from backup_doctor.demo.github.state import Job, Run
    from backup_doctor.demo.runner.dispatch import Dispatch
    from backup_doctor.demo.world import World

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
    (workflow,) = world.repository.workflows
    workflow.state = "disabled_inactivity"

    def if_enabled(dispatch: Dispatch) -> Run:
        return carry_out(dispatch) if workflow.state == "active" else queued(dispatch)

    world.actions = if_enabled


def break_the_file(world: World) -> None:
    """A commit left the workflow file with a key that YAML cannot read."""
    world.edit(WORKFLOW, "    steps:\n", "   steps:\n")
    world.actions = as_the_file_is


def as_the_file_is(dispatch: Dispatch) -> Run:
    """Make a run of the workflow file if it is one."""
    try:
        yaml.safe_load((dispatch["checkout"] / dispatch["workflow"]).read_text())
    except yaml.YAMLError:
        return refused(dispatch)
    return carry_out(dispatch)


def wait_for_hours(world: World) -> None:
    """The run has been in the queue for hours."""
    age(world, LONG_AGO)


def wait_for_approval(world: World) -> None:
    """The job's environment wants an approval that nobody gave."""
    wait_for_hours(world)
    (run,) = world.repository.runs
    run.status = "waiting"
    _job(run).status = "waiting"
    run.pending_deployments = [PendingDeployment("production", ["octocat"])]


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
    run_again(world)


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
    ),
    Fault(
        "workflow-disabled",
        "GitHub disabled the workflow, and starts no run of it",
        Side.RUN,
        "workflow/disabled",
        disable,
        forget_the_run,
    ),
    Fault(
        "workflow-invalid",
        "the workflow file is not valid YAML, and the run failed at start-up",
        Side.RUN,
        "workflow/invalid-file",
        break_the_file,
    ),
    Fault(
        "no-runner",
        "the job has been waiting for a runner for hours",
        Side.RUN,
        "workflow/not-started",
        start_nothing,
        wait_for_hours,
    ),
    Fault(
        "no-approval",
        "the job waits for an approval that nobody gives",
        Side.RUN,
        "workflow/not-started",
        start_nothing,
        wait_for_approval,
    ),
    Fault(
        "no-payment",
        "GitHub does not start the job: the spending limit is reached",
        Side.RUN,
        "workflow/not-started",
        start_nothing,
        refuse_for_payment,
    ),
    Fault(
        "cancelled-in-queue",
        "a newer run took the place of this one before it started",
        Side.RUN,
        "workflow/cancelled",
        start_nothing,
        cancel_in_queue,
    ),
)
