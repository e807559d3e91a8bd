"""What failed before the update: no backup was made, or none was uploaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.again import AT_ITS_COMMIT, rerun
from backup_doctor.checks.workflow.stopped import SHUT_DOWN, said
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
from backup_doctor.checks.workflow.view import earlier_jobs, failed_before, run_exhibits
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.commands import gh_log
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history.early import early_codes
from backup_doctor.judge.history.file import left_by_another_run, own_file
from backup_doctor.judge.history.row import RowState, row_state
from backup_doctor.judge.history.upload import may_have_passed, upload_errors
from backup_doctor.judge.history.whole_step import ended_before_update
from backup_doctor.judge.show import exhibit
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
    failed = f"{what_failed(seen, step)}{quoted(told, new or errors) or annotated(seen)}"
    return Found(
        summary=failed if done or at_update else f"{failed}{_beside(case, failed)}",
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
        breaks=(
            Link.FUNCTION_UPDATES if done or at_update or left_by_another_run(case) else before,
        ),
        by_log=done,
        reason=told.error.id if told else None,
    )


def _beside(case: Case, failed: str) -> str:
    """That there is a file all the same, where another run or attempt of the dispatch left it."""
    if not left_by_another_run(case):
        return ""
    end = "" if failed.endswith(".") else "."
    return f"{end} The file that is there was left by another run or attempt of this dispatch."


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
