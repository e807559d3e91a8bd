"""Endpoints: runs, their attempts and jobs, and the logs of both."""

from collections.abc import Iterator
from functools import partial

from flask import Response, jsonify, request

from backup_doctor.demo.github import logs, resources
from backup_doctor.demo.github.endpoint import Audience, endpoint, redirect
from backup_doctor.demo.github.listing import list_runs, listing, page
from backup_doctor.demo.github.resources import Json
from backup_doctor.demo.github.service import Refusal, not_found, service
from backup_doctor.demo.github.state import Job, Run

READ = "actions:read"
RUN_DOCS = "actions/workflow-runs"
JOB_DOCS = "actions/workflow-jobs"


def find_run(run_id: int) -> Run:
    """Find a run by its id.

    Raises:
        Refusal: 404.
    """
    for run in service().repository.runs:
        if run.id == run_id:
            return run
    raise not_found()


def find_attempt(run_id: int, attempt: int) -> Run:
    """Find one attempt of a run.

    Raises:
        Refusal: 404.
    """
    for each in find_run(run_id).attempts():
        if each.attempt == attempt:
            return each
    raise not_found()


def every_job() -> Iterator[tuple[Run, Job]]:
    """Yield each job that there is, with the attempt that it belongs to."""
    for run in service().repository.runs:
        for attempt in run.attempts():
            for job in attempt.jobs:
                yield attempt, job


def find_job(job_id: int) -> tuple[Run, Job]:
    """Find a job of whatever run and attempt.

    Raises:
        Refusal: 404.
    """
    for attempt, job in every_job():
        if job.id == job_id:
            return attempt, job
    raise not_found()


def show_run(run: Run) -> Json:
    """Show a run, or an attempt of it."""
    return resources.run(service().links, service().repository, run)


def show_job(found: tuple[Run, Job]) -> Json:
    """Show a job of an attempt."""
    attempt, job = found
    return resources.job(service().links, attempt, job)


@endpoint("/actions/runs", needs=READ, docs=f"{RUN_DOCS}#list-workflow-runs-for-a-repository")
def runs() -> Response:
    """List the runs of the repository."""
    return list_runs(service().repository.runs, show_run)


@endpoint("/actions/runs/<int:run_id>", needs=READ, docs=f"{RUN_DOCS}#get-a-workflow-run")
def run(run_id: int) -> Json:
    """Show the latest attempt of a run."""
    return show_run(find_run(run_id))


@endpoint(
    "/actions/runs/<int:run_id>/artifacts",
    needs=READ,
    docs="actions/artifacts#list-workflow-run-artifacts",
)
def artifacts(run_id: int) -> Response:
    """List what a run left behind as artifacts: nothing."""
    find_run(run_id)
    return jsonify(total_count=0, artifacts=[])


@endpoint(
    "/actions/runs/<int:run_id>/attempts/<int:attempt>",
    needs=READ,
    docs=f"{RUN_DOCS}#get-a-workflow-run-attempt",
)
def run_attempt(run_id: int, attempt: int) -> Json:
    """Show one attempt of a run."""
    return show_run(find_attempt(run_id, attempt))


@endpoint(
    "/actions/runs/<int:run_id>/jobs",
    needs=READ,
    docs=f"{JOB_DOCS}#list-jobs-for-a-workflow-run",
)
def jobs(run_id: int) -> Response:
    """List the jobs of the latest attempt, or with `filter=all` of every attempt."""
    attempts = find_run(run_id).attempts()
    wanted = attempts if request.args.get("filter") == "all" else attempts[:1]
    return listing("jobs", [(each, job) for each in wanted for job in each.jobs], show_job)


@endpoint(
    "/actions/runs/<int:run_id>/attempts/<int:attempt>/jobs",
    needs=READ,
    docs=f"{JOB_DOCS}#list-jobs-for-a-workflow-run-attempt",
)
def attempt_jobs(run_id: int, attempt: int) -> Response:
    """List the jobs of one attempt."""
    found = find_attempt(run_id, attempt)
    return listing("jobs", [(found, job) for job in found.jobs], show_job)


@endpoint(
    "/actions/runs/<int:run_id>/pending_deployments",
    needs=READ,
    docs=f"{RUN_DOCS}#get-pending-deployments-for-a-workflow-run",
)
def pending_deployments(run_id: int) -> Response:
    """List what a waiting run waits for."""
    pending = find_run(run_id).pending_deployments
    return jsonify([resources.pending_deployment(service().links, each) for each in pending])


@endpoint("/actions/jobs/<int:job_id>", needs=READ, docs=f"{JOB_DOCS}#get-a-job-for-a-workflow-run")
def job(job_id: int) -> Json:
    """Show a job."""
    return show_job(find_job(job_id))


@endpoint(
    "/actions/jobs/<int:job_id>/logs",
    needs=READ,
    docs=f"{JOB_DOCS}#download-job-logs-for-a-workflow-run",
    audience=Audience.ANY_TOKEN,
)
def job_log(job_id: int) -> Response:
    """Redirect to the text of a job's log, whether or not the storage has one."""
    attempt, found = find_job(job_id)
    if found.log_expired:
        raise expired()
    path = f"actions-results/{attempt.id}/{attempt.attempt}/logs/job/{job_id}/job-logs.txt"
    return redirect(service().blobs.sign(path, partial(log_bytes, found), "text/plain"))


def log_bytes(job: Job) -> bytes | None:
    """Read the log as the storage holds it."""
    return None if job.log is None else job.log.encode()


@endpoint(
    "/actions/runs/<int:run_id>/logs",
    needs=READ,
    docs=f"{RUN_DOCS}#download-workflow-run-logs",
    audience=Audience.ANY_TOKEN,
)
def run_logs(run_id: int) -> Response:
    """Redirect to the zip of the latest attempt's logs."""
    return log_archive(find_run(run_id))


@endpoint(
    "/actions/runs/<int:run_id>/attempts/<int:attempt>/logs",
    needs=READ,
    docs=f"{RUN_DOCS}#download-workflow-run-attempt-logs",
    audience=Audience.ANY_TOKEN,
)
def attempt_logs(run_id: int, attempt: int) -> Response:
    """Redirect to the zip of one attempt's logs."""
    return log_archive(find_attempt(run_id, attempt))


def log_archive(attempt: Run) -> Response:
    """Redirect to a zip of logs, which there is only once the whole run has ended.

    Raises:
        Refusal: 404 while the run is running and where no job has a log, 410 when expired.
    """
    if any(job.log_expired for job in attempt.jobs):
        raise expired()
    logged = any(job.log is not None for job in attempt.jobs)
    if attempt.status != "completed" or not logged:
        raise not_found()
    path = f"actions-results/{attempt.id}/{attempt.attempt}/logs/run/logs.zip"
    blob = partial(logs.archive, attempt)
    return redirect(service().blobs.sign(path, blob, "application/zip"))


def expired() -> Refusal:
    """Say that the logs were there, in GitHub's own odd words."""
    return Refusal(410, "Server Error")


@endpoint(
    "/check-runs/<int:check_run_id>/annotations",
    needs="checks:read",
    docs="checks/runs#list-check-run-annotations",
)
def annotations(check_run_id: int) -> Response:
    """List the annotations of a job, whose check run has its id."""
    attempt, found = find_job(check_run_id)
    shown, link_header = page(found.annotations)
    response = jsonify(
        [resources.annotation(service().links, attempt, message) for message in shown]
    )
    response.headers.update(link_header)
    return response
