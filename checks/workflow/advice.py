"""What the workflow file leaves open: no cause of this row, and where the next one may get stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.shell_script import deaf_curl, swallowed
from backup_doctor.checks.workflow.view import usable_file
from backup_doctor.evidence.workflow import FoundBy, WorkflowEvidence, WorkflowFile
from backup_doctor.judge.commands import gh_file
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history.row import RowState, row_state
from backup_doctor.judge.show import exhibit, listed, setting
from backup_doctor.services.secret_uses import UPLOAD_KEYS, use_of

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit
    from backup_doctor.evidence.workflow import WorkflowStep

rules = Rules[WorkflowEvidence]()

EVEN_AFTER_FAILURE = ("always()", "failure()", "cancelled()")


def _file(seen: WorkflowEvidence) -> WorkflowFile | None:
    file = usable_file(seen)
    return file if file and file.job is not None else None


def _line(
    seen: WorkflowEvidence, case: Case, file: WorkflowFile, label: str, value: str
) -> Exhibit:
    """Something of the file, and how to read it at the commit that ran."""
    ref = getattr(seen.run, "head_sha", "")
    return exhibit(label, value, file.path, gh_file(case, file.path, ref))


@rules.context("workflow/untitled-run")
def untitled_run(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The runs of the workflow do not carry the dispatch id in their title.

    Detected: the file's `run-name` is missing or uses neither an input nor the dispatch's payload,
    and the run was not found by its title.
    Cause: GitHub's record of a run holds no inputs; without such a title, which run belongs to
    which backup can only be found by reading logs, and not at all once they are gone.
    Fix: give the workflow a `run-name` with the dispatch id.
    By hand: the titles in GitHub → Actions.
    Source: GitHub, workflow syntax, `run-name`.
    """
    file = _file(seen)
    if file is None or seen.found_by is FoundBy.TITLE or _titled(file.run_name or ""):
        return None
    return Found(
        summary="The title of a run does not say which backup it makes.",
        evidence=(_line(seen, case, file, "run-name", file.run_name or "not set"),),
        fixes=(
            setting(
                "Let the run carry the dispatch id",
                'At the top of the workflow: `run-name: "Backup ${{ inputs.dispatch_id }}"`',
            ),
        ),
    )


def _titled(run_name: str) -> bool:
    return any(context in run_name for context in ("inputs.", "inputs[", "client_payload"))


@rules.context("workflow/no-timeout")
def no_timeout(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The backup's job has no time limit: one that hangs is ended after six hours.

    Detected: the job in the file has no `timeout-minutes`; GitHub's default is 360.
    Cause: it was left out. Until the limit nobody can tell a slow backup from one that hangs.
    Fix: set `timeout-minutes` to a little more than the longest backup takes.
    By hand: the job in the workflow file.
    Source: GitHub, workflow syntax, `jobs.<job_id>.timeout-minutes`.
    """
    file = _file(seen)
    if file is None or file.job_timeout_minutes is not None:
        return None
    return Found(
        summary=f"The job {file.job!r} has no time limit: GitHub ends it after 6 hours.",
        evidence=(_line(seen, case, file, "timeout-minutes", "not set"),),
        fixes=(setting("Give the job a limit", "Set `timeout-minutes: 30` (or so) on the job."),),
    )


@rules.context("workflow/failure-unrecorded")
def failure_unrecorded(seen: WorkflowEvidence, case: Case) -> Found | None:
    """When an earlier step fails, nothing tells the row: the backup stays in progress forever.

    Detected: the update step runs only if all before it succeeded, and no step or job of the file
    but the doctor's own runs after a failure (`if:` with failure(), always() or cancelled()). Not where
    the update step uploads too: its script may record a failure.
    Cause: the file has no step that records a failure.
    Fix: add one.
    By hand: the `if:` of the steps after the upload.
    Source: GitHub, status check functions.
    """
    file = _file(seen)
    update = file.update_step if file else None
    if file is None or update is None or file.after_failure or _runs_after_failure(update):
        return None
    if row_state(case) is RowState.FAILED:  # by a script's trap, or by the app
        return None
    # A step that uploads too is one script, which may record a failure before it comes to the update.
    if any(use_of(name) in UPLOAD_KEYS for name in update.env):
        return None
    return Found(
        summary="A backup that fails before its update step is never recorded as failed.",
        evidence=(
            _line(seen, case, file, "if: of the update step", update.condition or "not set"),
        ),
        fixes=(
            setting(
                "Record a failure",
                "Add a step at the end of the job with `if: ${{ failure() || cancelled() }}` that "
                f"sets the row's status to {case.names.failed} if nothing was uploaded.",
            ),
        ),
    )


def _runs_after_failure(step: WorkflowStep) -> bool:
    return any(function in (step.condition or "") for function in EVEN_AFTER_FAILURE)


@rules.context("workflow/errors-swallowed")
def errors_swallowed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step can fail and be green all the same, so that nobody hears of a stuck row.

    Detected: the step has `continue-on-error`; its script turns a failure into a success (`|| true`);
    or it calls curl without `--fail` and looks at neither status nor answer: curl's exit code is 0
    for HTTP 401 and 500 too. Not where it failed in this run, and was red.
    Cause: errors were silenced, or never asked for.
    Fix: let the step fail when the row was not updated.
    By hand: the update step in the workflow file.
    Source: curl's manual, `--fail`; GitHub, `continue-on-error`.
    """
    file = _file(seen)
    update = file.update_step if file else None
    red = seen.update_step is not None and seen.update_step.conclusion == "failure"
    if file is None or update is None or red:
        return None
    ways = tuple(_ways(update))
    if not ways:
        return None
    return Found(
        summary=f"The update step is green even when it failed: {listed(ways)}.",
        evidence=(_line(seen, case, file, "update step", update.name),),
        fixes=(
            setting(
                "Let the step fail when nothing was updated",
                "No `continue-on-error` and no `|| true` on it; `curl --fail-with-body`, and for the "
                "direct update `Prefer: return=representation` and a look at the answer.",
            ),
        ),
    )


def _ways(update: WorkflowStep) -> tuple[str, ...]:
    script = update.script if update.uses is None else ""
    silenced = swallowed(script)
    ways = {
        "it has `continue-on-error`": update.continue_on_error,
        f"`|| true` hides what {listed(silenced)} says": bool(silenced),
        "its curl has no `--fail`": deaf_curl(script),
    }
    return tuple(way for way, holds in ways.items() if holds)
