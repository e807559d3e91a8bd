"""What the bucket shows: the special explains the general, and whose bucket it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.clock import Clock
from backup_doctor.evidence.findings import Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import DeleteMarker, FileEnd, ObjectEvidence
from backup_doctor.judge.diagnosis import diagnose
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from tests.judgement.asking import codes, finding
from tests.judgement.cases import (
    CREATED,
    KEY,
    SIZE,
    a_row,
    call,
    case,
    finished_row,
    log,
    row,
    stored,
    the_object,
    workflow,
)

NO_BUCKET = Unseen(
    why=Why.NOT_FOUND,
    what="S3 has no bucket team-backups.",
    dependency="S3",
    status=404,
    code="NoSuchBucket",
)


def judged(seen: ObjectEvidence, uploaded: str = KEY, **changes: Any) -> tuple[Verdict, list[str]]:
    """The verdict and causes for a row that says success."""
    one = case(
        row(finished_row(**changes)),
        seen,
        workflow(log(call(200), NOT_SAID, uploaded=(uploaded,)), update="success"),
    )
    findings = judge(one, (loaded.check for loaded in load_checks().checks)).findings
    found = diagnose(one, findings)
    return found.verdict, [cause.code for cause in found.causes]


def test_a_deleted_object_is_not_merely_missing() -> None:
    deleted = the_object(head=None, tail=None, deleted=DeleteMarker(key=KEY, version_id="v2"))

    assert judged(deleted) == (Verdict.FAILING, ["object/deleted"])


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (the_object(head=stored(size=0), tail=None), "object/empty"),
        (
            the_object(head=stored(size=SIZE // 2), tail=FileEnd(whole=False, problem="no end")),
            "object/truncated",
        ),
    ],
)
def test_an_object_that_is_not_whole_has_another_size_for_that_reason(
    seen: ObjectEvidence, code: str
) -> None:
    assert judged(seen) == (Verdict.FAILING, [code])


def test_another_size_of_a_whole_object_is_a_cause_of_its_own() -> None:
    assert judged(the_object(), size_bytes=7) == (Verdict.FAILING, ["object/size-mismatch"])


def test_a_bucket_that_the_log_names_and_that_is_gone_is_a_cause() -> None:
    gone = the_object(bucket=NO_BUCKET, head=NO_BUCKET, tail=None)

    found = judged(gone, uploaded=f"s3://team-backups/{KEY}")

    assert found == (Verdict.FAILING, ["object/bucket-missing"])


def test_a_bucket_that_the_run_did_not_use_is_only_a_wrong_setting() -> None:
    gone = the_object(bucket=NO_BUCKET, head=NO_BUCKET, tail=None)

    assert judged(gone, uploaded=f"s3://other-bucket/{KEY}") == (Verdict.UNKNOWN, [])


def warned(seen: ObjectEvidence, *, earlier: tuple[int, ...] = ()) -> list[str]:
    """The codes of what is found besides, of a row that says success."""
    one = case(
        row(finished_row(), earlier_sizes=earlier),
        seen,
        workflow(log(call(200), NOT_SAID), update="success"),
    )
    return [
        found.code
        for found in judge(one, (loaded.check for loaded in load_checks().checks)).findings
    ]


def test_an_object_older_than_its_run_is_another_backups() -> None:
    hour = timedelta(hours=1)

    assert "object/stale" in warned(the_object(head=stored(modified_at=CREATED - hour)))
    assert "object/stale" not in warned(the_object(head=stored(modified_at=CREATED + hour)))


def test_a_stores_clock_that_is_behind_makes_no_object_older_than_its_run() -> None:
    early = the_object(head=stored(modified_at=CREATED - timedelta(minutes=9)))
    behind = Clock(ahead_s={"S3": -600.0, "GitHub": 0.0, "PostgreSQL": 0.2})
    run = workflow(log(call(200), NOT_SAID), update="success")

    assert "object/stale" in codes(case(row(finished_row()), early, run))
    assert "object/stale" not in codes(case(row(finished_row()), early, run, clock=behind))


def test_an_object_far_smaller_than_the_backups_before_is_warned_of() -> None:
    usual, ten_times = (SIZE, SIZE + 1, SIZE - 1), (SIZE * 11, SIZE * 12, SIZE * 13)

    assert "object/shrunk" in warned(the_object(), earlier=ten_times)
    assert "object/shrunk" not in warned(the_object(), earlier=ten_times[:2]), "too few to compare"
    assert "object/shrunk" not in warned(the_object(), earlier=usual)


def test_an_archived_object_is_warned_of_unless_it_was_restored() -> None:
    archived = stored(storage_class="GLACIER")

    assert "object/archived" in warned(the_object(head=archived, tail=None))
    assert "object/archived" not in warned(
        the_object(head=stored(storage_class="GLACIER", restored=True))
    )


def test_a_size_in_a_row_that_is_not_done_is_no_mismatch() -> None:
    one = case(row(a_row(s3_key=KEY, size_bytes=7)), the_object(), workflow(None))

    found = judge(one, (loaded.check for loaded in load_checks().checks)).findings

    assert "object/size-mismatch" not in [each.code for each in found]


def test_a_bucket_that_the_doctor_was_not_given_is_named() -> None:
    elsewhere = case(the_object(bucket="the-real-one"))

    found = finding(elsewhere, "object/other-bucket").found

    assert "the-real-one" in found.summary
    assert "team-backups" in found.summary
    assert "object/other-bucket" not in codes(case(the_object()))
    assert "object/other-bucket" not in codes(
        case(the_object(bucket="any"), names=Names(repository="acme/app"))
    )


OTHER = "object/other-bucket"


def test_a_row_that_names_another_bucket_than_its_file_is_in_says_so() -> None:
    def named(s3_key: str) -> set[str]:
        return set(codes(case(row(finished_row(s3_key=s3_key)), the_object(), workflow(None))))

    found = finding(case(row(finished_row(s3_key=f"s3://old-backups/{KEY}")), the_object()), OTHER)

    assert "names the bucket old-backups" in found.found.summary
    assert OTHER not in named(KEY) | named(f"s3://team-backups/{KEY}")
