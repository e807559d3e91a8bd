"""Whether the run was started at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checks.workflow.view import (
    run_exhibits,
    run_of,
)
from doctor.chain import Link
from doctor.collectors.object_keys import Names
from doctor.evidence.base import Unseen
from doctor.evidence.workflow import WorkflowEvidence, WorkflowFile, WorkflowState
from doctor.framework import Found, Rules
from doctor.model import Fix, Role, Severity
from doctor.show import (
    duration,
    exhibit,
    manual,
    quote,
    repo_flag,
    setting,
    shell,
)
from doctor.story import (
    Progress,
    RowState,
    progress,
    row_state,
)

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[WorkflowEvidence]()


@rules.cause(
    "workflow/run-not-found",
    breaks=Link.RUN_STARTS,
    yields_to=("workflow/disabled", "workflow/no-access"),
)
def run_not_found(seen: WorkflowEvidence, case: Case) -> Found | None:
    """No run belongs to this dispatch: the workflow was never started for it.

    Detected: neither the row nor any run's title, job and step names, nor the logs of the runs
    around the row's creation name the dispatch id. Runs that might be it make this uncertain, and
    a file of this dispatch in the bucket disproves it: a run made it.
    Cause: the dispatch failed (token, workflow's name, branch), or it was sent to another repository.
    Fix: look at the app's dispatch call; start the workflow again.
    By hand: GitHub → Actions, the runs around the row's created_at.
    Source: guide, step 1; GitHub, workflow dispatch events.
    """
    unnamed = isinstance(seen.run, Unseen) and bool(seen.candidates)
    if not (seen.run is None or unnamed) or progress(case) is Progress.GOING:
        return None
    evidence = (
        exhibit(
            "searched",
            seen.searched or "GitHub's runs",
            "GitHub API",
            f"gh run list{repo_flag(case)}",
        ),
    )
    if seen.candidates:
        listed = [f"{run.id}: {run.title}" for run in seen.candidates[:10]]
        return Found(
            summary="Which run belongs to this dispatch cannot be told: none of them names it.",
            evidence=(*evidence, exhibit("runs at that time", listed, "GitHub API", None)),
            fixes=(_name_the_run(),),
            breaks=(),
            severity=Severity.WARN,
            role=Role.CONTEXT,
        )
    if row_state(case) is RowState.RIGHT:
        return Found(
            summary="No GitHub Actions run of this dispatch was found (any more).",
            evidence=evidence,
            breaks=(),
            severity=Severity.INFO,
            role=Role.CONTEXT,
        )
    if _has_file(case):
        return Found(
            summary="No GitHub Actions run names this dispatch, but its file is in the bucket: a run "
            "made it.",
            evidence=evidence,
            fixes=(_name_the_run(),),
            breaks=(),
            severity=Severity.WARN,
            role=Role.CONTEXT,
        )
    return Found(
        summary="No GitHub Actions run belongs to this dispatch: the workflow was not started.",
        evidence=evidence,
        fixes=(
            manual(
                "Look at the app's dispatch call",
                f"Check the log of the step `{case.names.trigger_step}` (or of the app): the token, the "
                "workflow's file name, the branch, and the answer to the dispatch.",
            ),
        ),
    )


def _has_file(case: Case) -> bool:
    """Whether an object whose key surely names this dispatch is in the bucket."""
    here = case.object.present if case.object else None
    row = case.backup
    dispatch_id = case.asked.dispatch_id or (row.dispatch_id if row else None)
    return here is not None and Names([dispatch_id]).surely_in(here.key)


def _name_the_run() -> Fix:
    return setting(
        "Let the run carry the dispatch id",
        'In the workflow: `run-name: "Backup ${{ inputs.dispatch_id }}"`',
    )


@rules.cause("workflow/disabled", breaks=Link.RUN_STARTS)
def disabled(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The workflow is disabled, so that GitHub starts no run for a dispatch.

    Detected: the workflow's state is disabled_manually, disabled_inactivity or disabled_fork.
    Cause: someone switched it off, or GitHub did after 60 days without activity.
    Fix: enable it.
    By hand: `gh workflow list --all`.
    Source: GitHub REST, workflows, `state`.
    """
    if isinstance(seen.workflows, Unseen):
        return None
    off = [one for one in seen.workflows if one.state.startswith("disabled")]
    ours = [one for one in off if _is_ours(one.path, seen, case)]
    if not ours:
        return None
    workflow = ours[0]
    evidence = (
        exhibit("state", workflow.state, "GitHub API", f"gh workflow list --all{repo_flag(case)}"),
    )
    enable = shell(
        "Enable it",
        f"gh workflow enable {quote(workflow.path.rsplit('/', 1)[-1])}{repo_flag(case)}",
    )
    summary = f"The workflow {workflow.path} is disabled ({workflow.state})."
    if seen.run is None or case.is_preflight:
        return Found(summary=summary, evidence=evidence, fixes=(enable,))
    return Found(
        summary=f"{summary} The next backup will not start.",
        evidence=evidence,
        fixes=(enable,),
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


def _is_ours(path: str, seen: WorkflowEvidence, case: Case) -> bool:
    """Whether a workflow is the backup's: by the settings, by its run, else by being the only one."""
    if isinstance(seen.ours, WorkflowState):
        return path == seen.ours.path
    run = run_of(seen)
    if case.names.workflow:
        return path.rsplit("/", 1)[-1] == case.names.workflow.rsplit("/", 1)[-1]
    if run is not None:
        return run.path.split("@", 1)[0] == path
    known = () if isinstance(seen.workflows, Unseen) else seen.workflows
    return len(known) == 1 or "backup" in path.lower()


@rules.cause("workflow/invalid-file", breaks=Link.RUN_STARTS)
def invalid_file(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run failed at start-up: GitHub could not make jobs of the workflow file.

    Detected: the run is over, failed (or `startup_failure`), and has no jobs; or, with no backup in
    hand, the file on the default branch is no workflow.
    Cause: a syntax error, an unknown action or input, a called workflow that is not there.
    Fix: mend the file; the run's page names the line.
    By hand: open the run's page on GitHub.
    Source: GitHub CLI, `run view`: no jobs and a failure.
    """
    if case.is_preflight:
        return _unusable_file(seen, case)
    run = run_of(seen)
    if run is None or run.status != "completed" or isinstance(seen.jobs, Unseen) or seen.jobs:
        return None
    if run.conclusion not in ("failure", "startup_failure"):
        return None
    problem = getattr(seen.file, "problem", None)
    return Found(
        summary=f"Run {run.id} failed at start-up: GitHub could not use the workflow file."
        + (f" {problem}" if problem else ""),
        evidence=run_exhibits(seen, case),
        fixes=(manual("Mend the workflow file", f"The run's page names the line: {run.html_url}"),),
    )


def _unusable_file(seen: WorkflowEvidence, case: Case) -> Found | None:
    file = seen.file if isinstance(seen.file, WorkflowFile) else None
    if file is None or file.problem is None:
        return None
    view = f"gh api repos/{case.names.repository}/contents/{file.path} -H 'Accept: application/vnd.github.raw'"
    return Found(
        summary=f"GitHub cannot use the workflow file {file.path}. {file.problem}",
        evidence=(exhibit("problem", file.problem, "GitHub API", view),),
        fixes=(manual("Mend the workflow file", f"{file.path}: {file.problem}"),),
    )


_NOT_STARTED = re.compile(r"\bjob was not started\b", re.IGNORECASE)


@rules.cause("workflow/not-started", breaks=Link.RUN_STARTS)
def not_started(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job was never started: no runner, an approval that nobody gave, billing.

    Detected: queued or waiting for more than 15 minutes; or over, not cancelled, with no steps and
    no runner, or with GitHub's word that it was not started.
    Cause: no runner with the wanted labels is online, a protected environment waits for approval,
    the account's minutes or payments are exhausted, a concurrency group is held.
    Fix: what the run's page says.
    By hand: open the run's page on GitHub.
    Source: GitHub, workflow run statuses.
    """
    job, run = seen.job, run_of(seen)
    if run is None:
        return None
    waits = progress(case) is Progress.NOT_STARTED
    died = (
        job is not None
        and job.status == "completed"
        and job.conclusion in ("failure", "startup_failure", "action_required", "stale")
        and (not (job.steps or job.runner_name) or any(map(_NOT_STARTED.search, job.annotations)))
    )
    if not waits and not died and run.conclusion != "action_required":
        return None
    state = (job.status if job else run.status) if waits else "over without a runner or a step"
    since = job.created_at if job and job.created_at else run.created_at
    for_long = f" for {duration(case.now - since)}" if waits and since else ""
    said = f" GitHub says: {job.annotations[0]}" if job and job.annotations else ""
    return Found(
        summary=f"The job never started: it is {state}{for_long}.{said}",
        evidence=run_exhibits(seen, case),
        fixes=(
            manual(
                "Give the job a runner",
                "On the run's page: approve the deployment, bring a runner with the job's labels "
                f"online, or settle the account's minutes. {run.html_url}".strip(),
            ),
        ),
    )
