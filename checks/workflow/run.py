"""Whether the run was started at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.listening import heard_exhibits, listening
from backup_doctor.checks.workflow.view import run_exhibits, run_of
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Exhibit, Fix, Role, Severity
from backup_doctor.evidence.workflow import Run, WorkflowEvidence, WorkflowFile, WorkflowState
from backup_doctor.judge.commands import gh, gh_file
from backup_doctor.judge.framework import Found, Rules, needs
from backup_doctor.judge.history import RowState, RunProgress, progress, row_age, row_state
from backup_doctor.judge.history.naming import left_its_file
from backup_doctor.judge.show import by_command, exhibit, manual, setting
from backup_doctor.judge.traits import Trait
from backup_doctor.services.writers import speaks_of_backups

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


rules = Rules[WorkflowEvidence]()

NAME_THE_RUN = setting(
    "Let the run carry the dispatch id",
    'In the workflow: `run-name: "Backup ${{ inputs.dispatch_id }}"`',
)
NO_ROW_NO_TIME = Unseen(
    why=Why.NOT_FOUND,
    what="No run that was looked at names this dispatch, and no row tells when it was made: its run may "
    "be an older one.",
    remedy="Check the dispatch id, or name the run: --run-id.",
    dependency="GitHub",
)
NOT_LOOKED_FOR = Unseen(
    why=Why.NOT_ASKED,
    what="No run of this dispatch was found; whether one would have been seen was not looked at.",
    remedy="Diagnose again with this version of backup-doctor.",
    dependency="GitHub",
)


def absence_of_run(seen: WorkflowEvidence, case: Case) -> Shown | Unseen | None:
    """The proof that no run belongs to this dispatch.

    Whoever looked sees other runs of this repository or the workflow that makes the backups, and
    the row is old enough for its run to be there.
    """
    if isinstance(seen.run, Run) or progress(case) is RunProgress.GOING:
        return None
    if seen.candidates:
        return Shown(by="none of the runs at that time names it")
    if seen.run is not None:
        return None
    if row_age(case) is None and not isinstance(seen.absence, Unseen):
        return NO_ROW_NO_TIME
    return seen.absence or NOT_LOOKED_FOR


@rules.cause(
    "workflow/run-not-found",
    breaks=Link.RUN_STARTS,
    yields_to=("workflow/disabled", "workflow/no-access"),
    traits=(Trait.ENDS_JOB, Trait.OF_ONE_RUN),
)
@needs(absence_of_run)
def run_not_found(seen: WorkflowEvidence, case: Case, shown: Shown) -> Found:
    """No run belongs to this dispatch: the workflow was never started for it.

    Detected: neither the row nor any run's title, job and step names, nor the logs of the runs
    around the row's creation name the dispatch id, the row is older than 15 minutes, and a run would
    have been seen: the token lists other runs of the repository, or the repository has the workflow
    that updates the row. Runs that might be it make this uncertain, and a file of this dispatch in
    the bucket disproves it: something made it.
    Cause: the dispatch failed (token, workflow's name, branch), it was of a kind that the workflow
    does not listen to, or it was sent to another repository.
    Fix: look at the app's dispatch call and at what the workflow listens to; start the workflow again.
    By hand: GitHub → Actions, the runs around the row's created_at.
    Source: guide, step 1; GitHub, workflow dispatch events.
    """
    looked = seen.searched or "GitHub's runs"
    searched = exhibit("searched", looked, "GitHub API", gh(case, "run", "list"))
    if seen.candidates:
        return _one_of_these(seen, searched)
    evidence = (searched, exhibit("would have been seen", shown.by, "GitHub API"))
    if row_state(case) is RowState.RIGHT:
        return _note(
            "No GitHub Actions run of this dispatch was found (any more).", evidence, Severity.INFO
        )
    if left_its_file(case):
        return _note(
            "No GitHub Actions run names this dispatch, but its file is in the bucket. No run is known to "
            "have uploaded it.",
            evidence,
            Severity.WARN,
            NAME_THE_RUN,
        )
    heard = listening(seen)
    return Found(
        summary="No GitHub Actions run belongs to this dispatch: the workflow was not started."
        + (f" {heard.told}" if heard else ""),
        evidence=(*evidence, *heard_exhibits(seen, case)),
        fixes=(
            *((heard.fix,) if heard and heard.fix else ()),
            manual(
                "Look at the app's dispatch call",
                f"Check the log of the step `{case.names.trigger_step}` (or of the app): the token, the "
                "workflow's file name, the branch, and the answer to the dispatch.",
            ),
        ),
    )


def _one_of_these(seen: WorkflowEvidence, searched: Exhibit) -> Found:
    """Runs of that time that might be it."""
    maybe = [f"{run.id}: {run.title}" for run in seen.candidates[:10]]
    return _note(
        "Could not determine which run belongs to this dispatch: none of them names it.",
        (searched, exhibit("runs at that time", maybe, "GitHub API", None)),
        Severity.WARN,
        NAME_THE_RUN,
    )


def _note(summary: str, evidence: tuple[Exhibit, ...], severity: Severity, *fixes: Fix) -> Found:
    """That no run was found, where this does not show that none was started."""
    return Found(
        summary=summary,
        evidence=evidence,
        fixes=fixes,
        breaks=(),
        severity=severity,
        role=Role.CONTEXT,
    )


@rules.cause("workflow/disabled", breaks=Link.RUN_STARTS, traits=(Trait.ENDS_JOB,))
def disabled(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The workflow is disabled, so that GitHub starts no run for a dispatch.

    Detected: the workflow's state is disabled_manually, disabled_inactivity or disabled_fork. It is
    the cause only if it is shown that this dispatch has no run, and left no file.
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
        exhibit("state", workflow.state, "GitHub API", gh(case, "workflow", "list", "--all")),
    )
    enable = by_command(
        "Enable it",
        gh(case, "workflow", "enable", workflow.path.rsplit("/", 1)[-1]),
        in_words=f"Enable {workflow.path} on the repository's Actions page.",
    )
    summary = f"The workflow {workflow.path} is disabled ({workflow.state})."
    if case.is_preflight:
        return Found(summary=summary, evidence=evidence, fixes=(enable,))
    # A file of this dispatch was made by something, most likely by a run.
    none_came = seen.run is None and not left_its_file(case)
    shown = absence_of_run(seen, case) if none_came else None
    if isinstance(shown, Shown):
        proof = exhibit("a run would have been seen", shown.by, "GitHub API")
        return Found(summary=summary, evidence=(*evidence, proof), fixes=(enable,))
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
    return len(known) == 1 or speaks_of_backups(path)


@rules.cause(
    "workflow/invalid-file", breaks=Link.RUN_STARTS, traits=(Trait.ENDS_JOB, Trait.OF_ONE_RUN)
)
def invalid_file(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run failed at start-up: GitHub could not make jobs of the workflow file.

    Detected: the run is over, failed (or `startup_failure`), and has no jobs; or, with no backup in
    hand, the file on the default branch is not a workflow.
    Cause: a syntax error, an unknown action or input, a called workflow that is not there.
    Fix: correct the file; the run's page names the line.
    By hand: open the run's page on GitHub.
    Source: GitHub CLI, `run view`: no jobs and a failure.
    """
    if case.is_preflight:
        return _unusable_file(seen, case)
    run = run_of(seen)
    if run is None or not seen.ended_without_jobs:
        return None
    if run.conclusion not in ("failure", "startup_failure"):
        return None
    problem = getattr(seen.file, "problem", None)
    return Found(
        summary=f"Run {run.id} failed at start-up: GitHub could not use the workflow file."
        + (f" {problem}" if problem else ""),
        evidence=run_exhibits(seen, case),
        fixes=(manual("Fix the workflow file", f"The run's page names the line: {run.html_url}"),),
    )


def _unusable_file(seen: WorkflowEvidence, case: Case) -> Found | None:
    file = seen.file if isinstance(seen.file, WorkflowFile) else None
    if file is None or file.problem is None:
        return None
    view = gh_file(case, file.path)
    return Found(
        summary=f"GitHub cannot use the workflow file {file.path}. {file.problem}",
        evidence=(exhibit("problem", file.problem, "GitHub API", view),),
        fixes=(manual("Fix the workflow file", f"{file.path}: {file.problem}"),),
    )
