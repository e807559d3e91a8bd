"""A job that was stopped: by its time limit or by someone, which GitHub both calls cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.workflow import Run, Step, WorkflowEvidence, WorkflowFile
from backup_doctor.judge.diagnosis import Diagnosis, diagnose
from backup_doctor.judge.history import RunProgress, is_over, progress
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from tests.judgement.cases import (
    CREATED,
    KEY,
    a_row,
    call,
    case,
    finished_row,
    log,
    row,
    the_object,
    workflow,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.object import ObjectEvidence

DENIED = Unseen(why=Why.DENIED, what="GitHub does not let the doctor read annotations.", status=403)
LIMIT = WorkflowFile(path=".github/workflows/backup.yml", job="backup", job_timeout_minutes=30)


def stopped_after(minutes: int, **changes: Any) -> WorkflowEvidence:
    """A cancelled job that lasted so long, in the middle of making the backup."""
    seen = workflow(log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=(), assignments={}))
    assert seen.job
    made = replace(seen.job.steps[1], conclusion="cancelled")
    skipped = tuple(replace(one, conclusion="skipped") for one in seen.job.steps[2:])
    job = replace(
        seen.job,
        conclusion="cancelled",
        completed_at=CREATED + timedelta(minutes=minutes),
        steps=(seen.job.steps[0], made, *skipped),
        annotations=changes.pop("annotations", ()),
    )
    return replace(seen, job=job, jobs=(job,), update_step=skipped[-1], **changes)


def diagnosed(seen: WorkflowEvidence) -> Diagnosis:
    one = case(seen)
    return diagnose(one, judge(one, (loaded.check for loaded in load_checks().checks)).findings)


def causes(seen: WorkflowEvidence) -> list[str]:
    return [cause.code for cause in diagnosed(seen).causes]


def test_an_annotation_tells_a_time_limit() -> None:
    said = "The job running on runner X has exceeded the maximum execution time of 30 minutes."

    assert causes(stopped_after(30, annotations=(said,))) == ["workflow/timed-out"]


def test_without_annotations_the_jobs_own_limit_tells_it() -> None:
    assert causes(stopped_after(30, file=LIMIT, unread_annotations=DENIED)) == [
        "workflow/timed-out"
    ]


def test_a_job_that_ended_long_before_its_limit_was_cancelled() -> None:
    assert causes(stopped_after(4, file=LIMIT, unread_annotations=DENIED)) == ["workflow/cancelled"]


@pytest.mark.parametrize("minutes", [4, 7, 61])
def test_where_no_limit_is_known_a_job_that_ended_at_none_that_is_usual_was_cancelled(
    minutes: int,
) -> None:
    assert causes(stopped_after(minutes, unread_annotations=DENIED)) == ["workflow/cancelled"]


def test_where_neither_can_be_seen_it_is_no_proved_cause_and_the_report_says_what_would_settle_it() -> (
    None
):
    found = diagnosed(stopped_after(30, unread_annotations=DENIED))

    assert found.causes == ()
    assert found.failing_check == "workflow"


def test_an_update_that_reached_another_row_is_no_false_success() -> None:
    one = case(
        row(a_row(), finished_row(id="00000000-0000-4000-8000-000000000001")),
        workflow(log(call(200, '{"success":true}'), NOT_SAID), update="success"),
    )

    found = diagnose(one, judge(one, (loaded.check for loaded in load_checks().checks)).findings)

    assert [cause.code for cause in found.causes] == ["row/duplicate"]


def test_a_run_that_may_be_this_backups_and_is_going_keeps_it_from_being_over() -> None:
    going = Run(id=43, status="in_progress", created_at=CREATED)
    nameless = workflow(
        None, run=None, jobs=(), job=None, update_step=None, found_by=None, candidates=(going,)
    )
    young = case(nameless, now=CREATED + timedelta(minutes=10))
    old = case(nameless, now=CREATED + timedelta(hours=5))

    assert progress(young) is RunProgress.UNSEEN
    assert not is_over(young)
    assert is_over(old)


def reported(ended: str) -> WorkflowEvidence:
    """A last job that ended well and recorded how the job before it had ended."""
    seen = workflow(log(NOT_SAID, NOT_SAID, uploaded=(), assignments={}), update="success")
    assert seen.job
    assert seen.update_step
    step = Step(name="Put it away", number=2, status="completed", conclusion=ended)
    before = replace(
        seen.job,
        id=6,
        name="upload",
        conclusion=ended,
        steps=(seen.job.steps[0], step),
        completed_at=CREATED,
    )
    last = replace(seen.job, name="report", steps=(seen.job.steps[0], seen.update_step))
    return replace(seen, job=last, jobs=(before, last))


def found(seen: WorkflowEvidence, status: str) -> dict[str, str]:
    one = case(seen, row(a_row(status=status)))
    told = judge(one, (loaded.check for loaded in load_checks().checks)).findings
    return {each.code: each.found.summary for each in told}


def test_what_failed_in_an_earlier_job_is_why_the_last_one_recorded_a_failure() -> None:
    code = "workflow/failed-before-update"

    assert found(reported("failure"), "failed")[code].startswith("The step 'Put it away' failed")
    assert code not in found(reported("failure"), "in_progress")


def told_of_no_file(job: str = "upload", **changes: Any) -> WorkflowEvidence:
    """A last job that ran whatever came before it, and whose update had no file to tell of."""
    seen = reported("failure")
    assert seen.job
    assert seen.update_step
    update = replace(seen.update_step, conclusion="failure")
    last = replace(seen.job, conclusion="failure", steps=(seen.job.steps[0], update))
    before = () if isinstance(seen.jobs, Unseen) else seen.jobs[:1]
    asked = call(400, '{"error":"s3_key is required"}')
    reading = log(asked, NOT_SAID, assignments={}, **{"uploaded": (), **changes})
    jobs = (replace(before[0], name=job), last)
    return replace(seen, job=last, jobs=jobs, update_step=update, log=reading)


def roots(seen: WorkflowEvidence, stored: ObjectEvidence | None) -> list[str]:
    one = case(seen, row(a_row()), *filter(None, (stored,)))
    told = judge(one, (loaded.check for loaded in load_checks().checks)).findings
    return [cause.code for cause in diagnose(one, told).causes]


def test_an_update_that_had_no_file_to_tell_of_failed_because_an_earlier_job_had() -> None:
    code, nothing = "workflow/failed-before-update", the_object(head=None)
    unseen = the_object(bucket=DENIED, head=DENIED)

    assert roots(told_of_no_file(), nothing)[0] == code
    assert code not in roots(told_of_no_file(), the_object())
    assert code not in roots(told_of_no_file(), unseen)
    assert code not in roots(told_of_no_file(), None)
    assert code not in roots(told_of_no_file(uploaded=(f"s3://b/{KEY}",)), nothing)
    assert code not in roots(told_of_no_file(job="lint"), nothing)


def test_an_earlier_job_that_was_cancelled_is_named() -> None:
    code = "workflow/cancelled"

    assert "The job 'upload' was cancelled" in found(reported("cancelled"), "failed")[code]
    assert code not in found(reported("cancelled"), "in_progress")


LOST = (
    "The hosted runner lost communication with the server. Anything in your workflow that terminates "
    "the runner process, starves it for CPU/Memory, or blocks its network access can cause this error."
)


def lost_at_the_update() -> WorkflowEvidence:
    """As GitHub tells it: the job failed, its step is still going, and there is no log."""
    seen = workflow(None, update="success")
    assert seen.job
    assert seen.update_step
    at = replace(seen.update_step, status="in_progress", conclusion=None, completed_at=None)
    job = replace(
        seen.job, conclusion="failure", steps=(seen.job.steps[0], at), annotations=(LOST,)
    )
    return replace(seen, job=job, jobs=(job,), update_step=at)


def test_a_machine_that_was_lost_at_the_update_is_why_the_row_is_still_open() -> None:
    code = "workflow/failed-before-update"
    seen = lost_at_the_update()

    assert seen.update_step
    assert found(seen, "in_progress")[code] == (
        f"The step {seen.update_step.name!r} failed: GitHub lost the machine that ran the job. "
        f"GitHub says: {LOST}"
    )
    assert code not in found(seen, "success")


def test_a_machine_that_was_lost_in_an_earlier_job_is_why_the_last_one_recorded_a_failure() -> None:
    seen = reported("failure")
    assert seen.job
    before, last = () if isinstance(seen.jobs, Unseen) else seen.jobs
    at = replace(before.steps[1], status="in_progress", conclusion=None, completed_at=None)
    seen = replace(seen, jobs=(replace(before, steps=(before.steps[0], at)), last))

    told = found(seen, "failed")["workflow/failed-before-update"]
    assert told.startswith("The step 'Put it away' failed")


def test_a_job_that_came_to_no_step_is_named_where_another_one_did() -> None:
    seen = reported("success")
    assert seen.job
    none = replace(seen.job, steps=(), conclusion="cancelled", runner_name=None)
    before = () if isinstance(seen.jobs, Unseen) else seen.jobs[:1]
    cancelled = replace(seen, job=none, jobs=(*before, none), update_step=None)
    refused = replace(cancelled, job=replace(none, conclusion="failure"))

    assert found(cancelled, "in_progress")["workflow/cancelled"] == (
        f"The run was cancelled before any step of the job {none.name!r} ran."
    )
    assert found(refused, "in_progress")["workflow/not-started"].startswith(
        f"The job {none.name!r} never started"
    )
