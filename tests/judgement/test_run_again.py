"""A new attempt whose update job is still to come: GitHub lists that of the attempt before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backup_doctor.evidence.collected import Collected
from backup_doctor.evidence.findings import Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import KeySource
from backup_doctor.evidence.workflow import Job, Run, RunAttempt, WorkflowEvidence, WorkflowFile
from backup_doctor.judge.history import RunProgress, progress
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose import write
from tests.judgement.asking import causes, finding
from tests.judgement.cases import CREATED, a_row, case, finished_row, log, row, the_object, workflow

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Report

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOTHING = the_object(head=None, tail=None)
AGAIN = CREATED + 4 * HOUR


def run_again(**changes: Any) -> WorkflowEvidence:
    """The first job of the second attempt is going; the update's is that of the first, long over."""
    seen = workflow(log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=()), update="skipped")
    assert seen.job
    assert isinstance(seen.run, Run)
    going = Job(id=9, name="dump", attempt=2, status="in_progress", started_at=AGAIN)
    before = RunAttempt(run=seen.run, job=seen.job, update_step=seen.update_step)
    run = replace(before.run, attempt=2, status="in_progress", conclusion=None, started_at=AGAIN)
    second = replace(before, run=run, may_write=True, wrote=False)
    return replace(seen, run=run, jobs=(going, seen.job), attempts=(second, before), **changes)


def seen_at(after: timedelta, **changes: Any) -> Case:
    """The case so long after the second attempt was started."""
    return case(run_again(**changes), NOTHING, now=AGAIN + after)


def report_of(one: Case) -> Report:
    return write(Collected(case=one), load_checks())


def test_nothing_is_written_while_the_jobs_before_the_update_are_run_again() -> None:
    report = report_of(seen_at(30 * MINUTE))

    assert report.verdict is Verdict.RUNNING
    assert report.fix_sql is None
    still = finding(seen_at(30 * MINUTE), "workflow/still-running").found.summary
    assert still == "Attempt 2 of run 42 is still going for 30 min."


def test_it_is_overdue_as_an_attempt_and_not_by_the_limit_of_a_job_that_has_not_begun() -> None:
    short = WorkflowFile(path=".github/workflows/backup.yml", job="backup", job_timeout_minutes=5)

    assert progress(seen_at(HOUR, file=short)) is RunProgress.GOING
    assert causes(seen_at(3 * HOUR, file=short)) == ["workflow/overdue"]
    overdue = finding(seen_at(3 * HOUR, file=short), "workflow/overdue").found.summary
    assert overdue == (
        "Attempt 2 of run 42 has been running for 3 h, longer than the 2 h after which a "
        "backup counts as stuck."
    )
    assert report_of(seen_at(3 * HOUR)).fix_sql is None


def test_a_right_row_is_not_corrected_while_a_new_attempt_may_upload_anew() -> None:
    done, gone = row(finished_row()), replace(NOTHING, key_source=KeySource.ROW)
    going = report_of(case(run_again(), done, gone, now=AGAIN + 30 * MINUTE))
    over = report_of(case(workflow(None), done, gone))

    assert (going.verdict, going.fix_sql) == (Verdict.FAILING, None)
    assert over.fix_sql is not None


def test_no_row_is_closed_as_a_duplicate_while_a_run_may_write_it() -> None:
    twice = row(a_row(), finished_row(id="00000000-0000-4000-8000-000000000001"))
    hangs = report_of(case(run_again(), twice, now=AGAIN + 3 * HOUR))
    over = report_of(case(workflow(None), twice))

    assert over.fix_sql is not None
    assert "duplicate of" in over.fix_sql
    assert hangs.fix_sql is None
