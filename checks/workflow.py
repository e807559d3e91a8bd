"""Guide step 1: what the GitHub Actions run did, and what its update step says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from doctor.chain import Link
from doctor.evidence.base import Unseen, Why
from doctor.evidence.log import Call, Outcome
from doctor.evidence.workflow import Job, Run, Step, WorkflowEvidence, WorkflowFile, WorkflowState
from doctor.framework import Check, Found
from doctor.model import Exhibit, Fix, Role, Severity
from doctor.show import (
    duration,
    exhibit,
    log_command,
    log_lines,
    manual,
    quote,
    repo_flag,
    setting,
    shell,
)
from doctor.story import (
    Progress,
    RowState,
    fallback_call,
    function_call,
    is_over,
    progress,
    row_age,
    row_state,
    update_ran,
)

if TYPE_CHECKING:
    from doctor.case import Case

check = Check(
    name="workflow",
    step=1,
    title="GitHub Actions run",
    evidence=WorkflowEvidence,
    collected_by="doctor.collectors.workflow:look",
)

EVERYTHING = ("secrets/*", "function/*", "row/*", "object/*", "rls/*", "workflow/*")
BELOW = ("secrets/*", "function/*", "row/*", "rls/*")
JOB_TIMEOUT = re.compile(r"exceeded the maximum execution time", re.IGNORECASE)
STEP_TIMEOUT = re.compile(r"has timed out after \d+ minutes", re.IGNORECASE)
UPLOAD_STEP = re.compile(r"upload|\bs3\b|rclone|aws", re.IGNORECASE)


def _run(seen: WorkflowEvidence) -> Run | None:
    return seen.run if isinstance(seen.run, Run) else None


def _jobs(seen: WorkflowEvidence) -> tuple[Job, ...]:
    return () if isinstance(seen.jobs, Unseen) else seen.jobs


def _view(seen: WorkflowEvidence, case: Case) -> str | None:
    run = _run(seen)
    return f"gh run view {run.id}{repo_flag(case)}" if run else None


def _run_exhibits(seen: WorkflowEvidence, case: Case) -> tuple[Exhibit, ...]:
    """Which run it is and how it was found, and how the job's steps ended."""
    run = _run(seen)
    if run is None:
        return (exhibit("searched", seen.searched or "GitHub's runs", "GitHub API", None),)
    found = f"{run.id} (attempt {run.attempt}), found by {seen.found_by}"
    steps = "\n".join(
        f"{step.conclusion or step.status}: {step.name}"
        for step in (seen.job.steps if seen.job else ())
    )
    return (
        exhibit("run", found, "GitHub API", _view(seen, case)),
        *((exhibit("steps", steps, "GitHub API", _view(seen, case)),) if steps else ()),
    )


def _rerun(seen: WorkflowEvidence, case: Case) -> tuple[Fix, ...]:
    run = _run(seen)
    if run is None:
        return ()
    return (
        shell(
            "Run it again, once the cause is mended",
            f"gh run rerun {run.id} --failed{repo_flag(case)}",
        ),
    )


def link_reached(seen: WorkflowEvidence) -> Link:
    """The link of the chain at which the job stopped."""
    if (
        seen.update_step is not None
        and seen.update_step.status != "queued"
        and (
            seen.update_step.conclusion not in (None, "skipped")
            or seen.update_step.status == "in_progress"
        )
    ):
        return Link.FUNCTION_UPDATES
    stopped = _first_bad_step(seen)
    if stopped is not None and UPLOAD_STEP.search(stopped.name):
        return Link.FILE_UPLOADED
    if seen.job is None or not seen.job.steps:
        return Link.RUN_STARTS
    return Link.BACKUP_MADE


def _first_bad_step(seen: WorkflowEvidence) -> Step | None:
    """The first step that did not end well, in the job of the update step or in one before it."""
    jobs = [job for job in (seen.job, *_jobs(seen)) if job is not None]
    bad = ("failure", "cancelled", "timed_out")
    for job in jobs:
        for step in job.steps:
            if step.conclusion in bad or step.status == "in_progress":
                return step
    return None


@check.cause(
    "workflow/run-not-found",
    breaks=Link.RUN_STARTS,
    yields_to=("workflow/disabled", "workflow/no-access"),
)
def run_not_found(seen: WorkflowEvidence, case: Case) -> Found | None:
    """No run belongs to this dispatch: the workflow was never started for it.

    Detected: neither the row nor any run's title, job and step names, nor the logs of the runs
    around the row's creation name the dispatch id. Runs that might be it make this uncertain.
    Cause: the dispatch failed (token, workflow's name, branch), or it was sent to another repository.
    Fix: look at the app's dispatch call; start the workflow again.
    By hand: GitHub → Actions, the runs around the row's created_at.
    Source: guide, step 1; GitHub, workflow dispatch events.
    """
    if seen.run is not None or progress(case) is Progress.GOING:
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


def _name_the_run() -> Fix:
    return setting(
        "Let the run carry the dispatch id",
        'In the workflow: `run-name: "Backup ${{ inputs.dispatch_id }}"`',
    )


@check.cause("workflow/disabled", breaks=Link.RUN_STARTS)
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
    run = _run(seen)
    if case.names.workflow:
        return path.rsplit("/", 1)[-1] == case.names.workflow.rsplit("/", 1)[-1]
    if run is not None:
        return run.path.split("@", 1)[0] == path
    known = () if isinstance(seen.workflows, Unseen) else seen.workflows
    return len(known) == 1 or "backup" in path.lower()


@check.cause("workflow/invalid-file", breaks=Link.RUN_STARTS)
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
    run = _run(seen)
    if run is None or run.status != "completed" or isinstance(seen.jobs, Unseen) or seen.jobs:
        return None
    if run.conclusion not in ("failure", "startup_failure"):
        return None
    problem = getattr(seen.file, "problem", None)
    return Found(
        summary=f"Run {run.id} failed at start-up: GitHub could not use the workflow file."
        + (f" {problem}" if problem else ""),
        evidence=_run_exhibits(seen, case),
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


@check.cause("workflow/not-started", breaks=Link.RUN_STARTS)
def not_started(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job was never started: no runner, an approval that nobody gave, billing.

    Detected: queued or waiting for more than 15 minutes; or over, not cancelled, with no steps and
    no runner.
    Cause: no runner with the wanted labels is online, a protected environment waits for approval,
    the account's minutes or payments are exhausted, a concurrency group is held.
    Fix: what the run's page says.
    By hand: open the run's page on GitHub.
    Source: GitHub, workflow run statuses.
    """
    job, run = seen.job, _run(seen)
    if run is None:
        return None
    waits = progress(case) is Progress.NOT_STARTED
    died = (
        job is not None
        and job.status == "completed"
        and job.conclusion in ("failure", "startup_failure", "action_required", "stale")
        and not job.steps
        and not job.runner_name
    )
    if not waits and not died and run.conclusion != "action_required":
        return None
    state = (job.status if job else run.status) if waits else "over without a runner or a step"
    since = job.created_at if job and job.created_at else run.created_at
    for_long = f" for {duration(case.now - since)}" if waits and since else ""
    said = f" GitHub says: {job.annotations[0]}" if job and job.annotations else ""
    return Found(
        summary=f"The job never started: it is {state}{for_long}.{said}",
        evidence=_run_exhibits(seen, case),
        fixes=(
            manual(
                "Give the job a runner",
                "On the run's page: approve the deployment, bring a runner with the job's labels "
                f"online, or settle the account's minutes. {run.html_url}".strip(),
            ),
        ),
    )


@check.context("workflow/still-running")
def still_running(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job has not ended, and is within its usual time.

    Detected: the job that holds the update step is not over; the job counts, never the run.
    Cause: none: wait.
    Fix: none.
    By hand: `gh run watch`.
    Source: GitHub REST, jobs, `status`.
    """
    if progress(case) is not Progress.GOING:
        return None
    job = seen.job
    since = job.started_at if job and job.started_at else None
    going = f" for {duration(case.now - since)}" if since else ""
    name = f"The job {job.name!r}" if job else "The run"
    return Found(summary=f"{name} is still going{going}.", evidence=_run_exhibits(seen, case))


@check.cause("workflow/overdue", breaks=Link.BACKUP_MADE)
def overdue(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job runs much longer than usual.

    Detected: longer than its timeout-minutes, else three times the median of recent successful runs,
    else `stuck_after`.
    Cause: a step hangs: the log of the running job shows which.
    Fix: cancel the run, give the step a timeout.
    By hand: open the running job on GitHub.
    Source: contract, Verdict.
    """
    job = seen.job
    if progress(case) is not Progress.OVERDUE or job is None or job.started_at is None:
        return None
    step = next((one for one in job.steps if one.status == "in_progress"), None)
    at = f" in the step {step.name!r}" if step else ""
    run = _run(seen)
    cancel = (
        (shell("Cancel it", f"gh run cancel {run.id}{repo_flag(case)}"),) if run is not None else ()
    )
    return Found(
        summary=f"The job {job.name!r} has been running for {duration(case.now - job.started_at)}{at}, "
        "much longer than usual.",
        evidence=_run_exhibits(seen, case),
        fixes=(*cancel, setting("Give the job a limit", "Set `timeout-minutes` on the job.")),
        breaks=(link_reached(seen),),
    )


def _timed_out(seen: WorkflowEvidence) -> bool:
    job = seen.job
    if job is None:
        return False
    log = seen.reading
    said = [*job.annotations, *(log.errors if log else ())]
    by_step = any(STEP_TIMEOUT.search(line) for line in said)
    by_job = any(JOB_TIMEOUT.search(line) for line in said)
    if job.conclusion == "timed_out" or any(step.conclusion == "timed_out" for step in job.steps):
        return True
    return (by_job and job.conclusion in ("cancelled", "failure")) or (
        by_step and job.conclusion != "success"
    )


@check.cause("workflow/timed-out", breaks=Link.BACKUP_MADE)
def timed_out(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job or a step ran into its time limit.

    Detected: an annotation says that the maximum execution time was exceeded (GitHub then calls the
    job `cancelled`), a step "has timed out after N minutes", or the conclusion is timed_out.
    Cause: the backup grew, the network was slow, a step hung.
    Fix: raise `timeout-minutes`, or make the step faster.
    By hand: the annotations on the run's page.
    Source: GitHub, `timeout-minutes`; annotations of jobs over their limit.
    """
    job = seen.job
    if job is None or job.status != "completed" or not _timed_out(seen):
        return None
    step = _first_bad_step(seen)
    at = f" in the step {step.name!r}" if step else ""
    return Found(
        summary=f"The job {job.name!r} ran into its time limit{at}.",
        evidence=(
            *_run_exhibits(seen, case),
            *(
                exhibit("annotation", line, "GitHub API", _view(seen, case))
                for line in job.annotations
            ),
        ),
        fixes=(
            setting("Raise the limit", "Raise `timeout-minutes` of the job or step."),
            *_rerun(seen, case),
        ),
        breaks=(link_reached(seen),),
    )


@check.cause("workflow/cancelled", breaks=Link.BACKUP_MADE, yields_to=("workflow/timed-out",))
def cancelled(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run was cancelled before it could update the row.

    Detected: the job's (or, without jobs, the run's) conclusion is cancelled, and no annotation
    speaks of a time limit.
    Cause: someone cancelled it, or a newer run of the same concurrency group did.
    Fix: run it again.
    By hand: the run's page names who cancelled it.
    Source: GitHub, workflow cancellation.
    """
    run, job = _run(seen), seen.job
    conclusion = job.conclusion if job else (run.conclusion if run else None)
    if conclusion != "cancelled" or _timed_out(seen) or (job and _update_ended_well(seen)):
        return None
    step = _first_bad_step(seen)
    at = f" in the step {step.name!r}" if step else " before any step ran"
    return Found(
        summary=f"The run was cancelled{at}.",
        evidence=_run_exhibits(seen, case),
        fixes=_rerun(seen, case),
        breaks=(link_reached(seen),),
    )


def _update_ended_well(seen: WorkflowEvidence) -> bool:
    return seen.update_step is not None and seen.update_step.conclusion == "success"


@check.cause(
    "workflow/failed-before-update",
    breaks=(Link.BACKUP_MADE,),
    yields_to=(
        "secrets/missing",
        "secrets/empty",
        "workflow/timed-out",
        "workflow/cancelled",
        "object/bucket-missing",
    ),
)
def failed_before_update(seen: WorkflowEvidence, case: Case) -> Found | None:
    """A step before the update failed: the backup was not made, or not uploaded.

    Detected: an earlier step (or a job that this one needs) ended with `failure`; or an upload that
    reported an error in a step that is green all the same.
    Cause: what the step's own error says; it is quoted.
    Fix: mend that, then run the workflow again.
    By hand: the red step on the run's page.
    Source: guide, step 1.
    """
    log = seen.reading
    step = _failed_before(seen)
    swallowed = _swallowed_upload_error(case)
    if step is None and not swallowed:
        return None
    errors = (log.upload_errors or log.errors) if log else ()
    quoted = f": {errors[0]}" if errors else ""
    name = (
        f"The step {step.name!r} failed"
        if step
        else "The upload failed, in a step that is green all the same"
    )
    uploads = bool(log and log.upload_errors) or (
        step is not None and bool(UPLOAD_STEP.search(step.name))
    )
    return Found(
        summary=f"{name}{quoted}",
        evidence=(
            *_run_exhibits(seen, case),
            *(
                (exhibit("error", "\n".join(errors), "workflow log", log_command(case)),)
                if errors
                else ()
            ),
        ),
        fixes=(
            manual("Mend what the step says, then run the workflow again", _advice(errors)),
            *_rerun(seen, case),
        ),
        breaks=(Link.FILE_UPLOADED if uploads else Link.BACKUP_MADE,),
    )


def _failed_before(seen: WorkflowEvidence) -> Step | None:
    """The failed step that came before the update, in its job or in an earlier one."""
    job, update = seen.job, seen.update_step
    if job is None:
        return None
    for step in job.steps:
        if step is update or (update and step.number >= update.number):
            break
        if step.conclusion == "failure":
            return step
    if update is not None and update.conclusion not in (None, "skipped"):
        return None
    others = (one for one in _jobs(seen) if one.id != job.id and one.conclusion == "failure")
    return next(
        (step for one in others for step in one.steps if step.conclusion == "failure"), None
    )


def _swallowed_upload_error(case: Case) -> bool:
    """An upload error in the log of a green step, and indeed no object of this backup."""
    if not case.log or not case.log.upload_errors or case.log.uploaded:
        return False
    return case.object is None or case.object.present is None


def _advice(errors: tuple[str, ...]) -> str:
    text = " ".join(errors).lower()
    if "accessdenied" in text or "access denied" in text:
        return "S3 refused the upload: give the pipeline's AWS identity s3:PutObject on the prefix."
    if "credential" in text or "invalidaccesskeyid" in text or "signaturedoesnotmatch" in text:
        return "The upload's AWS credentials are missing or wrong: set them again on GitHub."
    if "nosuchbucket" in text:
        return "The bucket does not exist: create it, or correct its name in the workflow."
    return "Read the quoted error; it is the step's own."


@check.cause("workflow/step-missing", breaks=Link.FUNCTION_UPDATES)
def step_missing(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run has no step that updates the row.

    Detected: the job is over, its steps are known, and none bears the configured name or speaks of
    backup_history or the function.
    Cause: the run used another branch or an older commit, or the step has another name.
    Fix: add the step, or set `step` in the configuration.
    By hand: the steps on the run's page.
    Source: guide, step 1.2.
    """
    job = seen.job
    if job is None or seen.update_step is not None or job.status != "completed" or not job.steps:
        return None
    if job.conclusion != "success" or _log_shows_update(case):
        return None
    return Found(
        summary=f"The run has no step {case.names.step!r}, nor one like it.",
        evidence=_run_exhibits(seen, case),
        fixes=(
            setting(
                "Add the step, or name the one that updates the row",
                'Set `step = "…"` in backup-doctor.toml if it has another name.',
            ),
        ),
        weak=True,
    )


def _log_shows_update(case: Case) -> bool:
    calls = (function_call(case), fallback_call(case))
    return any(call.outcome not in (Outcome.NOT_SAID, Outcome.NOT_MADE) for call in calls)


@check.cause(
    "workflow/step-skipped",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("workflow/timed-out", "workflow/cancelled", "workflow/failed-before-update"),
)
def step_skipped(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step (or its job) was skipped, although nothing failed before.

    Detected: its conclusion is skipped and no earlier step failed.
    Cause: its `if:` was false: a branch, an input, an output that was empty.
    Fix: read the step's `if:` in the workflow file.
    By hand: the grey step on the run's page.
    Source: GitHub, job and step conditions.
    """
    job, step = seen.job, seen.update_step
    step_off = step is not None and step.conclusion == "skipped"
    job_off = job is not None and job.conclusion == "skipped"
    stopped = _failed_before(seen) is not None or (
        job and job.conclusion in ("cancelled", "timed_out")
    )
    if not (step_off or job_off) or stopped:
        return None
    file_step = getattr(seen.file, "update_step", None)
    condition = getattr(file_step, "condition", None)
    because = f": its condition is {condition!r}" if condition else ""
    name = step.name if step_off and step else (job.name if job else "")
    return Found(
        summary=f"{name!r} was skipped{because}.",
        evidence=_run_exhibits(seen, case),
        fixes=(setting("Let it run", "Mend the `if:` of the step, or what it depends on."),),
    )


@check.cause("workflow/backup-id-not-found", breaks=Link.FUNCTION_UPDATES, yields_to=BELOW)
def backup_id_not_found(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step found no backup id for its dispatch.

    Detected: "Could not find backup_id" (or the like) in the log.
    Cause: there is no such row; or the look-up itself was refused (a wrong key, no grant, a hidden
    row). The row check decides which.
    Fix: that of the cause.
    By hand: the log of the update step.
    Source: guide, step 1, "Could not find backup_id".
    """
    line = case.log.backup_id_not_found if case.log else None
    if not line or row_state(case) is RowState.RIGHT:
        return None
    return Found(
        summary="The update step found no backup id for this dispatch.",
        evidence=(
            exhibit("line", line, "workflow log", log_command(case)),
            *log_lines(
                case,
                "answer to the look-up",
                case.log.lookup_call if case.log else Call(outcome=Outcome.NOT_SAID),
            ),
        ),
        fixes=(
            manual(
                "See whether the row is there, and whether the step's key may read it",
                "Run the guide's query of step 3, then the step's own look-up with the service-role key.",
            ),
        ),
    )


FAILED = (Outcome.REFUSED, Outcome.TIMED_OUT, Outcome.UNREACHABLE)


@check.cause(
    "workflow/edge-call-failed",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(*BELOW, "workflow/backup-id-not-found"),
)
def edge_call_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step's call of the edge function failed.

    Detected: "Edge function call failed (HTTP …)" or the like in the log.
    Cause: 401: the key or the JWT check; 404: not deployed, or the function's own; 5xx: the function
    or what lies below it. This code is a cause only where nothing tells which.
    Fix: that of the cause; what would settle it is said in the report.
    By hand: the log of the update step.
    Source: guide, step 1.
    """
    call = function_call(case)
    if call.outcome not in FAILED:
        return None
    return Found(
        summary=f"The call of {case.names.function} failed{_how(call)}.",
        evidence=log_lines(case, "log", call),
        fixes=(
            manual(
                "Find out what the answer means",
                "Configure SUPABASE_ACCESS_TOKEN and BACKUP_API_KEY for the doctor: the platform's "
                "record of the function tells a refusal of the gateway from one of the function.",
            ),
        ),
    )


def _how(call: Call) -> str:
    if call.outcome is Outcome.TIMED_OUT:
        return ": no answer in time"
    if call.outcome is Outcome.UNREACHABLE:
        return ": nothing answered"
    return f" (HTTP {call.status})" if call.status else ""


@check.cause("workflow/fallback-failed", breaks=Link.FALLBACK_UPDATES, yields_to=BELOW)
def fallback_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The direct update, the fallback, failed too.

    Detected: the log shows its failure; or the update step is red and its log cannot be read.
    Cause: the service-role key, a grant, a policy, the table, the database: named where it can be told.
    Fix: that of the cause.
    By hand: the log of the update step.
    Source: guide, step 1 and Solution 3.
    """
    call = fallback_call(case)
    if call.outcome in FAILED:
        return Found(
            summary=f"The direct update failed too{_how(call)}.",
            evidence=log_lines(case, "log", call),
            fixes=(
                manual(
                    "Find out what the answer means",
                    "Configure SUPABASE_DB_URL for the doctor: PostgreSQL itself tells why it refuses "
                    "the update.",
                ),
            ),
        )
    step = seen.update_step
    if step is None or step.conclusion != "failure" or case.log is not None:
        return None
    return Found(
        summary=f"The step {step.name!r} failed; its log cannot be read.",
        evidence=_run_exhibits(seen, case),
        breaks=(),
        role=Role.SYMPTOM,
    )


@check.cause("workflow/green-but-failed", breaks=Link.STAYS_SO, yields_to=EVERYTHING)
def green_but_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step is green, and the row is not updated.

    Detected: the step's conclusion is success, and the row is still in progress.
    Cause: the step swallows its errors (`continue-on-error`, `|| true`, curl without --fail), or the
    update changed no row and was a success all the same. A cause only where nothing explains it.
    Fix: let the step fail when no row was changed.
    By hand: the log of the green step.
    Source: guide, "even after the GitHub Actions workflow completes"; PostgREST's silent updates.
    """
    if not _update_ended_well(seen) or not is_over(case) or not update_ran(case):
        return None
    if row_state(case) not in (RowState.IN_PROGRESS, RowState.ABSENT):
        return None
    age = row_age(case)
    return Found(
        summary="The update step is green, but the row was not updated"
        + (f" in {duration(age)}." if age else "."),
        evidence=(
            *_run_exhibits(seen, case),
            *(
                (
                    exhibit(
                        "log of the step",
                        "\n".join(case.log.update_excerpt),
                        "workflow log",
                        log_command(case),
                    ),
                )
                if case.log and case.log.update_excerpt
                else ()
            ),
        ),
        fixes=(
            manual(
                "Let the step fail when nothing was updated",
                "Use `Prefer: return=representation` and fail on an empty answer; no continue-on-error "
                "and no `|| true` on the update step.",
            ),
        ),
    )


@check.warning("workflow/last-run-failed")
def last_run_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The last run of the backup's workflow did not end well; what broke it may still hold.

    Detected: with no backup in hand, the newest finished run's conclusion is failure, timed_out or
    startup_failure. That alone proves nothing about the next one: some faults pass, and some (an
    upload that is denied) cannot be seen without writing.
    Cause: what that run's own diagnosis says.
    Fix: diagnose that run.
    By hand: the runs' list on GitHub.
    Source: guide, "Monitor workflow logs after each backup".
    """
    recent = () if isinstance(seen.recent, Unseen) else seen.recent
    if not recent or recent[0].conclusion not in ("failure", "timed_out", "startup_failure"):
        return None
    last = recent[0]
    ended = [f"{run.id}: {run.conclusion}, {run.title}" for run in recent]
    ours = seen.ours if isinstance(seen.ours, WorkflowState) else None
    workflow = f" --workflow {quote(ours.path.rsplit('/', 1)[-1])}" if ours else ""
    return Found(
        summary=f"The last run of the workflow ({last.id}) ended with {last.conclusion}: "
        "what broke it may break the next one.",
        evidence=(
            exhibit(
                "last runs",
                ended,
                "GitHub API",
                f"gh run list{workflow}{repo_flag(case)}",
            ),
        ),
        fixes=(shell("Find out why", f"backup-doctor --run-id {last.id}"),),
    )


@check.context("workflow/logs-expired")
def logs_expired(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run's log is gone: GitHub keeps it for 90 days at most in public repositories.

    Detected: GitHub answers 410 for the log.
    Cause: the retention of the repository.
    Fix: none for this run; the diagnosis then rests on what can be seen now.
    By hand: open the job on GitHub.
    Source: GitHub, log retention.
    """
    if not isinstance(seen.log, Unseen) or seen.log.why is not Why.GONE:
        return None
    return Found(summary=f"The run's log is gone. {seen.log.what}")


@check.context("workflow/no-access")
def no_access(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The doctor may not see the runs, or not their log.

    Detected: GitHub answers 401, 403, or 404 for a private repository.
    Cause: a token without `actions: read`, an expired token, another repository's token.
    Fix: give the doctor a token that may read the repository's actions.
    By hand: `gh run list` with the same token.
    Source: GitHub, permissions of GITHUB_TOKEN.
    """
    refused = next(
        (
            one
            for one in (seen.run, seen.jobs, seen.log)
            if isinstance(one, Unseen) and one.why in (Why.DENIED, Why.BAD_CREDENTIALS)
        ),
        None,
    )
    if refused is None:
        return None
    return Found(
        summary=f"GitHub does not let the doctor look. {refused.what}",
        fixes=(setting("Give the doctor a token that may", refused.remedy),)
        if refused.remedy
        else (),
    )
