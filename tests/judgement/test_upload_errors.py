"""What an error in the log proves of the upload: of another call nothing, nor what a next try gets over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.evidence.findings import Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.judge.fix_sql import repair
from backup_doctor.judge.history.file import Whose, found_file
from backup_doctor.judge.history.upload import left_no_file
from tests.judgement.asking import codes, diagnosed
from tests.judgement.cases import (
    NOT_THERE,
    SIZE,
    call,
    case,
    log,
    stored,
    the_object,
    workflow,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import ObjectEvidence

BARE = "backups/2026-11-20.zip"
BY_LOG = {"S3_KEY": BARE, "BACKUP_SIZE": str(SIZE)}
DENIED = "An error occurred (AccessDenied) when calling the PutObject operation: no"
SLOW = "upload failed: b.zip to s3://b/x An error occurred (SlowDown) when calling the UploadPart operation"
OTHERS = (
    "An error occurred (AuthorizationError) when calling the Publish operation: no",
    "An error occurred (AccessDenied) when calling the ListObjectsV2 operation: no",
    "An error occurred (AccessDenied) when calling the PutMetricData operation: no",
)
UNSEEN = the_object(bucket=NOT_THERE, head=NOT_THERE, tail=None)
THERE = the_object(expected_key=BARE, head=stored(key=BARE))


def told(error: str, seen: ObjectEvidence, **steps: Any) -> Case:
    """A run with this error in its log, whose update failed all the same, or was never come to."""
    reading = log(
        call(500), NOT_SAID, uploaded=(), assignments=BY_LOG, upload_errors=(error,), **steps
    )
    return case(workflow(reading), seen)


def died_of(error: str, seen: ObjectEvidence) -> Case:
    """A run that ended in its upload."""
    reading = log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=(), upload_errors=(error,))
    return case(workflow(reading, upload="failure", update="skipped"), seen)


@pytest.mark.parametrize("error", [*OTHERS, SLOW])
def test_an_error_that_is_no_proof_leaves_a_file_that_nobody_saw_open(error: str) -> None:
    one = told(error, UNSEEN)

    assert left_no_file(one) is None
    assert "workflow/failed-before-update" not in codes(one)
    assert diagnosed(one).verdict is Verdict.FAILING
    assert repair(one, diagnosed(one)).sql is None


@pytest.mark.parametrize("error", [*OTHERS, SLOW])
def test_a_file_as_the_run_says_it_made_is_its_own_whatever_else_went_wrong(error: str) -> None:
    one = told(error, THERE)
    found = found_file(one)

    assert found is not None
    assert found.whose is Whose.OWN
    assert "workflow/failed-before-update" not in codes(one)
    assert "status = 'success'" in (repair(one, diagnosed(one)).sql or "")


def test_one_of_another_size_may_be_anothers_after_such_an_error() -> None:
    found = found_file(told(SLOW, the_object(expected_key=BARE, head=stored(key=BARE, size=7))))

    assert found is not None
    assert found.whose is Whose.OPEN


@pytest.mark.parametrize("one", [told(DENIED, UNSEEN), died_of(SLOW, UNSEEN)])
def test_an_error_that_lasts_or_that_ended_the_job_is_proof(one: Case) -> None:
    assert left_no_file(one) is not None
    assert "workflow/failed-before-update" in codes(one)
    assert "status = 'failed'" in (repair(one, diagnosed(one)).sql or "")
