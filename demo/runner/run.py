"""One run of a workflow: what `POST …/dispatches` starts, and the Actions API then describes."""

from __future__ import annotations

import secrets as random
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING

from backup_doctor.demo.github.state import Job, Run
from backup_doctor.demo.runner.expressions import interpolate
from backup_doctor.demo.runner.job import JobRun
from backup_doctor.demo.runner.log import JobLog
from backup_doctor.demo.runner.machine import RUNNER_NAME, Machine, Request
from backup_doctor.demo.runner.masking import Masker
from backup_doctor.demo.runner.workflow import WorkflowSpec, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTHING: Mapping[str, str] = MappingProxyType({})
NO_JOBS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def run_workflow(
    checkout: Path,
    workflow: str,
    *,
    job: str,
    secrets: Mapping[str, str],
    inputs: Mapping[str, str],
    env: Mapping[str, str],
    run_id: int,
    repository: str,
    variables: Mapping[str, str] = NOTHING,
    workflow_id: int = 1,
    attempt: int = 1,
    event: str = "workflow_dispatch",
    head_sha: str = "0" * 40,
    head_branch: str = "main",
    now: Callable[[], datetime] = utc_now,
    seconds_per_minute: float = 60.0,
    cancel_after: float | None = None,
    needs: Mapping[str, Mapping[str, str]] = NO_JOBS,
    matrix: Mapping[str, str] = NOTHING,
) -> Run:
    """Execute one job of a workflow in a copy of a folder, and return the run that it made.

    Args:
        checkout: the repository's content, which "Checkout" copies.
        workflow: the file's path in it, such as `.github/workflows/backup.yml`.
        job: the job's key. Jobs that it needs count as succeeded; no other job is in the run.
        secrets: the repository's; one that is missing is an empty string in the workflow.
        inputs: of the dispatch.
        env: the machine's own environment, such as AWS_ENDPOINT_URL_S3; beyond it the job sees
            nothing of the caller's environment but PATH.
        run_id: the job's id is made from it.
        repository: `owner/name`.
        variables: the repository's, `vars` in expressions.
        workflow_id: of the workflow's record.
        attempt: 1, or more for a re-run.
        event: what started the run.
        head_sha: the commit, 40 hexadecimal digits.
        head_branch: the branch.
        now: the clock of all time stamps, in UTC.
        seconds_per_minute: less than 60 makes every `timeout-minutes` come sooner.
        cancel_after: seconds after the job's start at which a person cancels the run.
        needs: the outputs of the jobs that it needs, by their keys.
        matrix: the values of this leg of the job's matrix.

    Raises:
        WorkflowError: the file is wrong or asks for what this runner cannot do; nothing has run.
        ExpressionError: an expression is wrong.
    """
    spec = load(checkout / workflow, workflow, job)
    token = {"GITHUB_TOKEN": f"ghs_{random.token_hex(18)}"}
    request = Request(
        checkout=checkout,
        path=workflow,
        inputs=inputs,
        secrets={**token, **secrets},
        variables=variables,
        env=env,
        run_id=run_id,
        attempt=attempt,
        repository=repository,
        event=event,
        head_sha=head_sha,
        head_branch=head_branch,
        needs=needs,
        matrix=matrix,
    )
    created_at = now()
    finished = _run_job(spec, request, created_at, now, seconds_per_minute, cancel_after)
    return Run(
        id=run_id,
        workflow_id=workflow_id,
        path=workflow,
        name=spec.name,
        title=_title(spec, request),
        attempt=attempt,
        event=event,
        conclusion=finished.conclusion,
        created_at=created_at,
        run_started_at=created_at,
        updated_at=now(),
        head_sha=head_sha,
        head_branch=head_branch,
        jobs=[finished],
    )


def _run_job(
    spec: WorkflowSpec,
    request: Request,
    created_at: datetime,
    now: Callable[[], datetime],
    seconds_per_minute: float,
    cancel_after: float | None,
) -> Job:
    started_at = now()
    log = JobLog(Masker(request.secrets.values()), now)
    with TemporaryDirectory(prefix="backup-doctor-job-") as root:
        machine = Machine(Path(root), request)
        running = JobRun(spec, machine, log, now, seconds_per_minute, cancel_after)
        running.run()
    return Job(
        id=request.run_id * 100 + request.attempt,
        name=_job_name(spec, request),
        conclusion=running.status,
        created_at=created_at,
        started_at=started_at,
        completed_at=now(),
        runner_name=RUNNER_NAME,
        labels=[*spec.job.labels],
        steps=running.steps,
        log=log.text(),
        annotations=log.annotations,
        outputs=running.outputs(),
    )


def _job_name(spec: WorkflowSpec, request: Request) -> str:
    """Return the job's name; a leg of a matrix that has no name of its own bears its values."""
    name = interpolate(spec.job.name, {"matrix": request.matrix, "inputs": request.inputs})
    values = ", ".join(request.matrix.values())
    return f"{name} ({values})" if values and name == spec.job.key else name


def _title(spec: WorkflowSpec, request: Request) -> str:
    contexts = {"github": request.github(), "inputs": request.inputs}
    return interpolate(spec.run_name or "", contexts).strip() or spec.name
