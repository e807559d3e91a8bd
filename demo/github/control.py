"""Endpoints: what a person does to runs and workflows: run again, cancel, enable, disable.

Sources: the manual's page of each endpoint; the refusals as the CLI's users report them
(cli/cli#9221, #9989; 409 of a cancellation in many public scripts). A cancelled job counts as a failed
one for a re-run (DataDog/dd-trace-js#8673).
"""

from dataclasses import replace
from datetime import timedelta

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from backup_doctor.demo.github.endpoint import Audience, endpoint
from backup_doctor.demo.github.runs import find_run
from backup_doctor.demo.github.service import Refusal, service
from backup_doctor.demo.github.state import Job, Run
from backup_doctor.demo.github.workflows import find_workflow

WRITE = "actions:write"
RUN_DOCS = "actions/workflow-runs"
WORKFLOW_DOCS = "actions/workflows"
RUNS_AGAIN = timedelta(days=30)
FAILED = frozenset({"failure", "cancelled", "timed_out"})


@endpoint(
    "/actions/runs/<int:run_id>/rerun",
    needs=WRITE,
    docs=f"{RUN_DOCS}#re-run-a-workflow",
    audience=Audience.PERMITTED,
    method="POST",
)
def rerun(run_id: int) -> ResponseReturnValue:
    """Queue another attempt of a run."""
    return queue_again(find_run(run_id))


@endpoint(
    "/actions/runs/<int:run_id>/rerun-failed-jobs",
    needs=WRITE,
    docs=f"{RUN_DOCS}#re-run-failed-jobs-from-a-workflow-run",
    audience=Audience.PERMITTED,
    method="POST",
)
def rerun_failed_jobs(run_id: int) -> ResponseReturnValue:
    """Queue another attempt of the jobs that failed."""
    run = find_run(run_id)
    if run.status == "completed" and not any(job.conclusion in FAILED for job in run.jobs):
        raise Refusal(403, "This workflow run cannot be retried")
    return queue_again(run)


@endpoint(
    "/actions/runs/<int:run_id>/cancel",
    needs=WRITE,
    docs=f"{RUN_DOCS}#cancel-a-workflow-run",
    audience=Audience.PERMITTED,
    method="POST",
)
def cancel(run_id: int) -> ResponseReturnValue:
    """Cancel a run that has not ended. Its jobs are ended at once, and run no step more."""
    run = find_run(run_id)
    if run.status == "completed":
        raise Refusal(409, "Cannot cancel a workflow run that is completed.")
    run.status, run.conclusion, run.updated_at = "completed", "cancelled", service().now()
    for job in run.jobs:
        end(job)
    return jsonify({}), 202


@endpoint(
    "/actions/workflows/<key>/enable",
    needs=WRITE,
    docs=f"{WORKFLOW_DOCS}#enable-a-workflow",
    audience=Audience.PERMITTED,
    method="PUT",
)
def enable(key: str) -> Response:
    """Let a workflow be run."""
    find_workflow(key).state = "active"
    return Response(status=204)


@endpoint(
    "/actions/workflows/<key>/disable",
    needs=WRITE,
    docs=f"{WORKFLOW_DOCS}#disable-a-workflow",
    audience=Audience.PERMITTED,
    method="PUT",
)
def disable(key: str) -> Response:
    """Keep a workflow from being run."""
    find_workflow(key).state = "disabled_manually"
    return Response(status=204)


def queue_again(run: Run) -> ResponseReturnValue:
    """Put the next attempt of a run in its place, and tell the stand-in's owner of it.

    Raises:
        Refusal: 403 for a run that has not ended, that never had a job, or that is too old.
    """
    now = service().now()
    if run.status != "completed":
        raise Refusal(403, "This workflow is already running")
    if not run.jobs:
        raise Refusal(403, "This workflow run cannot be retried")
    if now - run.created_at > RUNS_AGAIN:
        raise Refusal(
            403, "Unable to retry this workflow run because it was created over a month ago"
        )
    again = replace(
        run,
        attempt=run.attempt + 1,
        status="queued",
        conclusion=None,
        run_started_at=now,
        updated_at=now,
        jobs=[waiting(job, run) for job in run.jobs],
        previous_attempts=run.attempts(),
    )
    known = service().repository.runs
    known[known.index(run)] = again
    service().on_rerun(again)
    return jsonify({}), 201


def waiting(job: Job, run: Run) -> Job:
    """The job of the next attempt, without a runner yet."""
    return Job(
        id=job.id + run.attempt,
        name=job.name,
        status="queued",
        conclusion=None,
        created_at=service().now(),
        runner_name=None,
        labels=job.labels,
    )


def end(job: Job) -> None:
    """End a job that is not over: the step at hand is cancelled, and those behind it skipped."""
    if job.status == "completed":
        return
    job.status, job.conclusion, job.completed_at = "completed", "cancelled", service().now()
    for step in job.steps:
        if step.status != "completed":
            step.conclusion = "cancelled" if step.status == "in_progress" else "skipped"
            step.status = "completed"
