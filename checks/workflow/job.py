"""How the job that holds the update step ended, and what failed before it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.again import AT_ITS_COMMIT, NEW_BACKUP, is_wanted_again, rerun
from backup_doctor.checks.workflow.stopped import (
    SHUT_DOWN,
    came_too_late,
    is_timed_out,
    lasted_to_its_limit,
    link_reached,
    may_be_its_limit,
    of_step_alone,
    said,
    stopped_step,
)
from backup_doctor.checks.workflow.told import (
    advice_on,
    annotated,
    compared,
    is_runners,
    is_upload,
    new_lines,
    of_another,
    quoted,
    red_upload,
    told_fixes,
    told_of,
    what_failed,
)
from backup_doctor.checks.workflow.view import (
    earlier_jobs,
    failed_before,
    others_ran,
    run_exhibits,
    run_of,
    update_ended_well,
    view_command,
)
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.commands import gh_log
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history.early import early_codes
from backup_doctor.judge.history.file import own_file
from backup_doctor.judge.history.row import RowState, row_state
from backup_doctor.judge.history.upload import may_have_passed, upload_errors
from backup_doctor.judge.history.whole_step import ended_before_update
from backup_doctor.judge.show import after_row, exhibit, setting
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import ObjectEvidence
    from backup_doctor.evidence.workflow import Step


rules = Rules[WorkflowEvidence]()

MAKES_BACKUP = re.compile(
    r"dump|back-?up|archiv|export|\bzip\b|\btar\b|upload|\bs3\b|rclone", re.IGNORECASE
)


@rules.cause(
    "workflow/timed-out",
    breaks=Link.BACKUP_MADE,
    traits=(Trait.ENDS_JOB, Trait.BREAKS_OFF, Trait.OF_ONE_RUN),
)
def timed_out(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The job or a step ran into its time limit.

    Detected: an annotation says that the maximum execution time was exceeded (GitHub then calls the
    job `cancelled`), a step "has timed out after N minutes", or the conclusion is timed_out. Without
    annotations: a cancelled job that lasted as long as the file's timeout-minutes allow. Not if the
    update step had ended by then, or an earlier step had failed.
    Cause: the backup grew, the network was slow, a step hung.
    Fix: raise `timeout-minutes` of what ran into it, the step or the job, or make the step faster.
    By hand: the annotations on the run's page.
    Source: GitHub, `timeout-minutes`; annotations of jobs over their limit.
    """
    job = seen.job
    step = stopped_step(seen)
    if job is None or job.status != "completed" or not is_timed_out(seen):
        return None
    if came_too_late(seen, step):
        return None
    limited = of_step_alone(seen) and step
    at = f" in the step {step.name!r}" if step else ""
    return Found(
        summary=f"The step {step.name!r} of the job {job.name!r} ran into its own time limit."
        if limited and step
        else f"The job {job.name!r} ran into its time limit{at}.",
        evidence=(
            *run_exhibits(seen, case),
            *(
                exhibit("annotation", line, "GitHub API", view_command(seen, case))
                for line in job.annotations
            ),
        ),
        fixes=(
            setting(
                "Raise the limit",
                f"Raise `timeout-minutes` of the step {step.name!r}."
                if limited and step
                else f"Raise `timeout-minutes` of the job {job.name!r}.",
            ),
            *((after_row(NEW_BACKUP),) if is_wanted_again(case) else ()),
        ),
        breaks=(link_reached(seen, case),),
    )


@rules.cause(
    "workflow/cancelled",
    breaks=Link.BACKUP_MADE,
    yields_to=("workflow/timed-out",),
    traits=(Trait.ENDS_JOB, Trait.BREAKS_OFF, Trait.OF_ONE_RUN),
)
def cancelled(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run was cancelled before it could update the row.

    Detected: the job's (or, without jobs, the run's) conclusion is cancelled, no annotation speaks of
    a time limit, and neither had the update step ended nor an earlier step failed. GitHub says
    `cancelled` for both: where annotations may not be read (`checks: read`), the job's limit is not
    known, and it lasted for a multiple of five minutes, it is a symptom.
    Cause: someone cancelled it, or a newer run of the same concurrency group did.
    Fix: run it again.
    By hand: the run's page names who cancelled it.
    Source: GitHub, workflow cancellation.
    """
    run, job = run_of(seen), seen.job
    if job and job.conclusion == "success" and row_state(case) is RowState.FAILED:
        return _cancelled_earlier(seen, case)
    conclusion = job.conclusion if job else (run.conclusion if run else None)
    if conclusion != "cancelled" or is_timed_out(seen) or (job and update_ended_well(seen)):
        return None
    step = stopped_step(seen)
    if came_too_late(seen, step):
        return None
    at = _where(seen, step)
    open_which = lasted_to_its_limit(seen) is None and may_be_its_limit(seen)
    if seen.unread_annotations and job and job.steps and open_which:
        return Found(
            summary=f"The job was cancelled{at}, by someone or by its time limit: which of the two is "
            "in GitHub's annotations, which could not be read.",
            evidence=run_exhibits(seen, case),
            fixes=rerun(seen, case),
            breaks=(),
            role=Role.SYMPTOM,
        )
    told = _why_cancelled(seen)
    return Found(
        summary=f"The run was cancelled{at}." + (f" GitHub says: {told}" if told else ""),
        evidence=(
            *run_exhibits(seen, case),
            *(
                (exhibit("annotation", told, "GitHub API", view_command(seen, case)),)
                if told
                else ()
            ),
        ),
        fixes=rerun(seen, case),
        breaks=(_unseen_link(case) if _is_unseen(seen) else link_reached(seen, case),),
    )


def _where(seen: WorkflowEvidence, step: Step | None) -> str:
    """In which step it was, as a sentence goes on; empty where nobody saw its jobs."""
    if step is not None:
        return f" in the step {step.name!r}"
    if _is_unseen(seen):
        return ""
    of_job = f" of the job {seen.job.name!r}" if seen.job and others_ran(seen) else ""
    return f" before any step{of_job} ran"


def _is_unseen(seen: WorkflowEvidence) -> bool:
    return seen.job is None and isinstance(seen.jobs, Unseen)


def _unseen_link(case: Case) -> Link:
    """How far a run came at least of which only the end is seen: as far as its file shows."""
    return Link.FUNCTION_UPDATES if own_file(case) else Link.BACKUP_MADE


def _cancelled_earlier(seen: WorkflowEvidence, case: Case) -> Found | None:
    """An earlier job was, and the judged one recorded the failure; only its own annotations are read."""
    other = next(iter(earlier_jobs(seen, "cancelled")), None)
    if other is None:
        return None
    step = next((one for one in other.steps if one.conclusion == "cancelled"), None)
    at = f" in the step {step.name!r}" if step else ""
    return Found(
        summary=f"The job {other.name!r} was cancelled{at}, by someone or by its time limit: which of "
        "the two is on the run's page.",
        evidence=run_exhibits(seen, case),
        fixes=rerun(seen, case),
        breaks=(),
        role=Role.SYMPTOM,
    )


def _why_cancelled(seen: WorkflowEvidence) -> str | None:
    """GitHub's own word on it: a newer run of the group, a person; not that an operation was."""
    annotations = seen.job.annotations if seen.job else ()
    return next(
        (one for one in annotations if one.rstrip(".") != "The operation was canceled"), None
    )


@rules.cause(
    "workflow/failed-before-update",
    breaks=(Link.BACKUP_MADE,),
    yields_to=(
        Trait.NAMED_BY_STEP,
        "workflow/timed-out",
        "workflow/cancelled",
        "object/bucket-missing",
    ),
    traits=(Trait.ENDS_JOB, Trait.BREAKS_OFF, Trait.OF_ONE_RUN, Trait.HAS_REASONS),
)
def failed_before_update(seen: WorkflowEvidence, case: Case) -> Found | None:
    """A step before the update failed: the backup was not made, or not uploaded.

    Detected: an earlier step (or a job that this one needs) ended with `failure`; an upload that
    reported an error in a green step; a step that does all ended before it uploaded a file; or the
    machine was lost at the update. The line that tells a
    known error is found by its words, anywhere in the output; it is the reason, such as
    pg-dump/version-mismatch. If none does, what the log of the last run that ended well has too
    (but for numbers, ids and times) is not taken for the error.
    Cause: the error that the step printed; it is quoted. An error that has its own code (a refused key,
    a missing grant, a secret that is not set) is reported by that code.
    Fix: correct that, then run the workflow again.
    By hand: the red step on the run's page.
    Source: guide, step 1.
    """
    log = seen.reading
    lost = said(seen, SHUT_DOWN)
    early = ended_before_update(case) is not None and not red_upload(seen)
    step = failed_before(seen, row_state(case), lost=lost is not None)
    step = step or _left_no_file(seen, case) or (seen.update_step if early else None)
    swallowed = _swallowed_upload_error(case)
    if step is None and not swallowed:
        return None
    told = told_of(seen, step, shut_down=lost)
    own = () if log is None or of_another(seen, step) else log.errors
    errors = upload_errors(case) or own
    if told and told.line not in errors and not is_runners(told):
        errors = (told.line, *errors)
    new = () if told else new_lines(seen, step)
    uploads = bool(upload_errors(case)) or is_upload(seen, step, told)
    # What it kept the job from is the update, where the log shows that the file was uploaded before.
    uploaded = bool(log and log.uploaded and not log.upload_errors)
    done = step is not None and uploaded and not uploads and not early_codes(case)
    at_update = step is not None and step is seen.update_step and not early
    before = Link.FILE_UPLOADED if uploads else Link.BACKUP_MADE
    return Found(
        summary=f"{what_failed(seen, step)}{quoted(told, new or errors) or annotated(seen)}",
        evidence=(
            *run_exhibits(seen, case),
            *(
                (exhibit("error", "\n".join(errors), "workflow log", gh_log(case)),)
                if errors
                else ()
            ),
            *compared(seen, case, new),
        ),
        fixes=(
            *told_fixes(told, advice_on(seen, new or errors)),
            *rerun(seen, case, AT_ITS_COMMIT),
        ),
        breaks=(Link.FUNCTION_UPDATES if done or at_update else before,),
        by_log=done,
        reason=told.error.id if told else None,
    )


def _left_no_file(seen: WorkflowEvidence, case: Case) -> Step | None:
    """The failed step of an earlier job that makes the backup, where the update ran all the same and failed.

    It had no file to tell of: the bucket was looked at, and none is this backup's.
    """
    update, stored = seen.update_step, case.object
    if update is None or update.conclusion != "failure" or not _was_looked_at(stored):
        return None
    still_open = row_state(case) is RowState.IN_PROGRESS
    if not still_open or own_file(case) or (case.log and case.log.uploaded):
        return None
    failed = (
        step
        for job in earlier_jobs(seen, "failure")
        for step in job.steps
        if step.conclusion == "failure" and MAKES_BACKUP.search(f"{job.name} {step.name}")
    )
    return next(failed, None)


def _was_looked_at(stored: ObjectEvidence | None) -> bool:
    return (
        stored is not None
        and isinstance(stored.bucket, str)
        and not isinstance(stored.head, Unseen)
    )


def _swallowed_upload_error(case: Case) -> bool:
    """An upload error in the log of a green step, and indeed no object of this backup.

    Where nobody could look, only one that no other try gets over.
    """
    errors = upload_errors(case)
    if not errors or (case.log and case.log.uploaded):
        return False
    if _was_looked_at(case.object):
        return own_file(case) is None
    return not all(may_have_passed(case, error) for error in errors)
