"""What the update step itself did: the guide's own list of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.workflow.foreseen import (
    add_step,
    let_it_run,
    step_to_be_missed,
    step_to_be_skipped,
)
from checks.workflow.view import (
    failed_before,
    run_exhibits,
    update_ended_well,
)
from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.log import Call, Outcome
from doctor.evidence.workflow import WorkflowEvidence
from doctor.framework import Found, Rules
from doctor.model import Role
from doctor.show import (
    duration,
    exhibit,
    log_command,
    log_lines,
    manual,
)
from doctor.story import (
    RowState,
    another_row_succeeded,
    fallback_call,
    function_call,
    is_over,
    row_age,
    row_state,
    update_ran,
)

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.model import Exhibit


rules = Rules[WorkflowEvidence]()


EVERYTHING = ("secrets/*", "function/*", "row/*", "object/*", "rls/*", "workflow/*")


BELOW = ("secrets/*", "function/*", "row/*", "rls/*")


@rules.cause("workflow/step-missing", breaks=Link.FUNCTION_UPDATES)
def step_missing(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run has no step that updates the row.

    Detected: the job is over, its steps are known, and none bears the configured name or speaks of
    backup_history or the function; or, with no backup in hand, the file on the default branch has
    no such step.
    Cause: the run used another branch or an older commit, or the step has another name.
    Fix: add the step, or set `step` in the configuration.
    By hand: the steps on the run's page.
    Source: guide, step 1.2.
    """
    if case.is_preflight:
        return step_to_be_missed(seen, case)
    job = seen.job
    if job is None or seen.update_step is not None or job.status != "completed" or not job.steps:
        return None
    if job.conclusion != "success" or _log_shows_update(case):
        return None
    return Found(
        summary=f"The run has no step {case.names.step!r}, nor one like it.",
        evidence=run_exhibits(seen, case),
        fixes=(add_step(),),
        weak=True,
    )


def _log_shows_update(case: Case) -> bool:
    calls = (function_call(case), fallback_call(case))
    return any(call.outcome not in (Outcome.NOT_SAID, Outcome.NOT_MADE) for call in calls)


@rules.cause(
    "workflow/step-skipped",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("workflow/timed-out", "workflow/cancelled", "workflow/failed-before-update"),
)
def step_skipped(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step (or its job) was skipped, although nothing failed before.

    Detected: its conclusion is skipped and no earlier step failed; or, with no backup in hand, its
    `if:` in the file is `false`.
    Cause: its `if:` was false: a branch, an input, an output that was empty.
    Fix: read the step's `if:` in the workflow file.
    By hand: the grey step on the run's page.
    Source: GitHub, job and step conditions.
    """
    if case.is_preflight:
        return step_to_be_skipped(seen)
    job, step = seen.job, seen.update_step
    step_off = step is not None and step.conclusion == "skipped"
    job_off = job is not None and job.conclusion == "skipped"
    stopped = failed_before(seen) is not None or (
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
        evidence=run_exhibits(seen, case),
        fixes=(let_it_run(),),
    )


@rules.cause("workflow/backup-id-not-found", breaks=Link.FUNCTION_UPDATES, yields_to=BELOW)
def backup_id_not_found(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step found no backup id for its dispatch.

    Detected: "Could not find backup_id" (or the like) in the log.
    Cause: there is no such row; or the look-up itself was refused (a wrong key, no grant, a hidden
    row). The row check decides which.
    Fix: that of the cause.
    By hand: the log of the update step.
    Source: guide, step 1, "Could not find backup_id".
    """
    log = case.log
    if log is None or not (line := log.backup_id_not_found) or row_state(case) is RowState.RIGHT:
        return None
    return Found(
        summary="The update step found no backup id for this dispatch.",
        evidence=(
            exhibit("line", line, "workflow log", log_command(case)),
            *log_lines(case, "answer to the look-up", log.lookup_call),
        ),
        fixes=(
            manual(
                "See whether the row is there, and whether the step's key may read it",
                "Run the guide's query of step 3, then the step's own look-up with the service-role key.",
            ),
        ),
    )


FAILED = (Outcome.REFUSED, Outcome.TIMED_OUT, Outcome.UNREACHABLE)


@rules.cause(
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
    ask_more = manual(
        "Find out what the answer means",
        "Configure SUPABASE_ACCESS_TOKEN and BACKUP_API_KEY for the doctor: the platform's "
        "record of the function tells a refusal of the gateway from one of the function.",
    )
    function = case.function
    known = function is not None and function.key_sent and not isinstance(function.record, Unseen)
    return Found(
        summary=f"The call of {case.names.function} failed{_how(call)}.",
        evidence=log_lines(case, "log", call),
        fixes=() if known else (ask_more,),
    )


def _how(call: Call) -> str:
    if call.outcome is Outcome.TIMED_OUT:
        return ": no answer in time"
    if call.outcome is Outcome.UNREACHABLE:
        return ": nothing answered"
    return f" (HTTP {call.status})" if call.status else ""


@rules.cause("workflow/fallback-failed", breaks=Link.FALLBACK_UPDATES, yields_to=BELOW)
def fallback_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The direct update, the fallback, failed too.

    Detected: the log shows its failure; or the update step is red and its log cannot be read, or does
    not say whose failure it is.
    Cause: the service-role key, a grant, a policy, the table, the database: named where it can be told.
    Fix: that of the cause.
    By hand: the log of the update step.
    Source: guide, step 1 and Solution 3.
    """
    call = fallback_call(case)
    if call.outcome in FAILED:
        ask_more = manual(
            "Find out what the answer means",
            "Configure SUPABASE_DB_URL for the doctor: PostgreSQL itself tells why it refuses the "
            "update.",
        )
        known = case.rls is not None and not isinstance(case.rls.proof, Unseen)
        return Found(
            summary=f"The direct update failed too{_how(call)}.",
            evidence=log_lines(case, "log", call),
            fixes=() if known else (ask_more,),
        )
    step = seen.update_step
    if step is None or step.conclusion != "failure" or _tells_of_a_call(case):
        return None
    return Found(
        summary=f"The step {step.name!r} failed; its log "
        + ("cannot be read." if case.log is None else "does not say of which call."),
        evidence=(*run_exhibits(seen, case), *_excerpt(case)),
        breaks=(),
        role=Role.SYMPTOM,
    )


def _tells_of_a_call(case: Case) -> bool:
    """Whether the log says how a call ended, or that the row was not found."""
    log = case.log
    if log is None:
        return False
    calls = (function_call(case), fallback_call(case), log.lookup_call)
    told = any(call.outcome not in (Outcome.NOT_SAID, Outcome.NOT_MADE) for call in calls)
    return told or bool(log.backup_id_not_found)


def _excerpt(case: Case) -> tuple[Exhibit, ...]:
    lines = case.log.update_excerpt if case.log else ()
    told = exhibit("log of the step", "\n".join(lines), "workflow log", log_command(case))
    return (told,) if lines else ()


@rules.cause("workflow/green-but-failed", breaks=Link.STAYS_SO, yields_to=EVERYTHING)
def green_but_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step is green, and the row is not updated.

    Detected: the step's conclusion is success, and the row is still in progress.
    Cause: the step swallows its errors (`continue-on-error`, `|| true`, curl without --fail), or the
    update changed no row and was a success all the same. A cause only where nothing explains it.
    Fix: let the step fail when no row was changed.
    By hand: the log of the green step.
    Source: guide, "even after the GitHub Actions workflow completes"; PostgREST's silent updates.
    """
    if not update_ended_well(seen) or not is_over(case) or not update_ran(case):
        return None
    if row_state(case) not in (RowState.IN_PROGRESS, RowState.ABSENT):
        return None
    if another_row_succeeded(case):
        return None
    age = row_age(case)
    return Found(
        summary="The update step is green, but the row was not updated"
        + (f" in {duration(age)}." if age else "."),
        evidence=(
            *run_exhibits(seen, case),
            *_excerpt(case),
        ),
        fixes=(
            manual(
                "Let the step fail when nothing was updated",
                "Use `Prefer: return=representation` and fail on an empty answer; no continue-on-error "
                "and no `|| true` on the update step.",
            ),
        ),
    )
