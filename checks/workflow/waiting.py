"""A job that no runner took: it waits for one, for an approval, or was ended without one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.view import link_not_begun, others_ran, run_exhibits, run_of
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.workflow import Run, WorkflowEvidence
from backup_doctor.judge.commands import gh_api
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RunProgress, progress
from backup_doctor.judge.show import duration, exhibit, listed, manual
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

rules = Rules[WorkflowEvidence]()

_NOT_STARTED = re.compile(r"\bjob was not started\b", re.IGNORECASE)
_REJECTED = re.compile(
    r"\bdeployment\b.{0,60}\brejected\b|\brejected\b.{0,60}\bdeployment\b", re.IGNORECASE
)
_BILLING = re.compile(r"\bpayments?\b|\bspending limit\b|\bbilling\b", re.IGNORECASE)


@rules.cause(
    "workflow/not-started", breaks=Link.RUN_STARTS, traits=(Trait.ENDS_JOB, Trait.OF_ONE_RUN)
)
def not_started(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job was never started: no runner, an approval that nobody gave, billing.

    Detected: queued or waiting for more than 15 minutes (longer where an environment's timer says
    so); or over, not cancelled, with no steps and no runner, or with GitHub's word that it was not
    started. What a waiting job waits for is GitHub's list of pending deployments.
    Cause: no runner with the wanted labels is online, a protected environment waits for approval,
    the account's minutes or payments are exhausted, a concurrency group is held.
    Fix: approve the deployment, if that is what it waits for; else what the run's page says.
    By hand: open the run's page on GitHub.
    Source: GitHub, workflow run statuses.
    """
    job, run = seen.job, run_of(seen)
    if run is None:
        return None
    waits = progress(case) is RunProgress.NOT_STARTED
    died = (
        job is not None
        and job.status == "completed"
        and job.conclusion in ("failure", "startup_failure", "action_required", "stale")
        and (not (job.steps or job.runner_name) or any(map(_NOT_STARTED.search, job.annotations)))
    )
    if not waits and not died and run.conclusion != "action_required":
        return None
    if waits and isinstance(seen.approvals, tuple) and seen.approvals:
        return _waits_for_approval(seen, case, run)
    state = (job.status if job else run.status) if waits else "over without a runner or a step"
    since = job.created_at if job and job.created_at else run.started_at or run.created_at
    waited = f"it has been {state} for {duration(case.now - since)}" if since else f"it is {state}"
    stands = waited if waits else f"it is {state}"
    said = f" GitHub says: {job.annotations[0]}" if job and job.annotations else ""
    return Found(
        summary=f"{_job(seen)} never started: {stands}.{said}",
        evidence=run_exhibits(seen, case),
        fixes=(manual("Let the job start", f"{_advice(state, said)} {run.html_url}".strip()),),
        breaks=(link_not_begun(seen, case),),
    )


def _job(seen: WorkflowEvidence) -> str:
    """The job, with its name where others of the run came to their steps."""
    return f"The job {seen.job.name!r}" if seen.job and others_ran(seen) else "The job"


def _advice(state: str, said: str) -> str:
    if _REJECTED.search(said):
        return (
            "A reviewer of the environment rejected the deployment: settle with them what is missing, then "
            "start a new backup."
        )
    if _BILLING.search(said):
        return "Settle the account's minutes and payments, then run it again from the run's page."
    if state == "waiting":
        return "On the run's page, see which protected environment it waits for, and approve it."
    if state == "pending":
        return "It waits for another run of its concurrency group: see which one, and end it."
    return (
        "On the run's page: bring a runner with the job's labels online, or settle the account's "
        "minutes and payments."
    )


def _waits_for_approval(seen: WorkflowEvidence, case: Case, run: Run) -> Found:
    """The job waits for people, or for an environment's timer."""
    approvals = () if isinstance(seen.approvals, Unseen) else seen.approvals
    since = seen.job.created_at if seen.job else None
    since = since or run.started_at or run.created_at
    for_long = f" for {duration(case.now - since)}" if since else ""
    environments = listed(repr(one.environment) for one in approvals)
    people = listed(dict.fromkeys(name for one in approvals for name in one.reviewers))
    by = f" by {people}" if people else ""
    return Found(
        summary=f"{_job(seen)} never started: it has been waiting{for_long} for the approval of the "
        f"environment {environments}{by}.",
        evidence=(
            *run_exhibits(seen, case),
            exhibit(
                "pending deployments",
                [
                    f"{one.environment}: {listed(one.reviewers) or 'nobody is named'}"
                    for one in approvals
                ],
                "GitHub API",
                gh_api(case, f"actions/runs/{run.id}/pending_deployments"),
            ),
        ),
        fixes=(
            manual(
                "Approve the deployment",
                f"On the run's page, `Review deployments`: {people or 'a reviewer'} must approve "
                f"{environments}. {run.html_url}".strip(),
            ),
        ),
        breaks=(link_not_begun(seen, case),),
    )
