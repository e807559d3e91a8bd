"""A pipeline that keeps every backup under one key: what S3 has there may be another backup's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.findings import Role, Severity, Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import (
    DeleteMarker,
    FileEnd,
    KeySource,
    ObjectEvidence,
    UnfinishedUpload,
)
from tests.judgement.asking import codes, diagnosed, finding
from tests.judgement.cases import (
    CREATED,
    ENDED,
    KEY,
    NOT_THERE,
    call,
    case,
    finished_row,
    log,
    row,
    stored,
    the_object,
    workflow,
)

LATEST = "backups/latest.zip"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
RUN = workflow(log(call(500), NOT_SAID, uploaded=(), assignments={"S3_KEY": LATEST}))
ABSENT = the_object(expected_key=LATEST, head=None, tail=None)
MARKER = DeleteMarker(key=LATEST, deleted_at=CREATED + MINUTE, version_id="v2")
BEFORE = stored(key=LATEST, modified_at=CREATED - DAY)
OWN = stored(key=LATEST, modified_at=CREATED + MINUTE)


@pytest.mark.parametrize(
    ("marker", "is_own"),
    [
        (replace(MARKER, previous=OWN), True),
        (MARKER, True),
        (replace(MARKER, deleted_at=None), True),
        (replace(MARKER, previous=BEFORE), False),
        (replace(MARKER, deleted_at=CREATED - DAY), False),
        (replace(MARKER, key=KEY, previous=replace(BEFORE, key=KEY)), True),
    ],
)
def test_a_file_that_was_there_before_the_backup_is_not_its_own_that_was_deleted(
    marker: DeleteMarker, is_own: bool
) -> None:
    found = codes(case(RUN, replace(ABSENT, deleted=marker)))

    assert ("object/deleted" in found) is is_own
    assert "object/missing" in found


@pytest.mark.parametrize(
    ("key", "started", "is_own"),
    [
        (LATEST, CREATED + MINUTE, True),
        (LATEST, None, True),
        (LATEST, CREATED - DAY, False),
        # Perhaps it is going: its parts are nobody's to throw away.
        (LATEST, ENDED + 10 * MINUTE, False),
        (KEY, ENDED + 10 * MINUTE, True),
    ],
)
def test_an_upload_that_another_backup_started_is_neither_its_cause_nor_to_be_aborted(
    key: str, started: datetime | None, is_own: bool
) -> None:
    upload = UnfinishedUpload(key=key, upload_id="u", initiated_at=started)

    found = codes(case(RUN, replace(ABSENT, uploads=(upload,))))

    assert ("object/unfinished-upload" in found) is is_own


BROKEN = the_object(expected_key=LATEST, head=BEFORE, tail=FileEnd(whole=False, problem="cut off"))


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (BROKEN, "object/truncated"),
        (replace(BROKEN, head=replace(BEFORE, size=0), tail=None), "object/empty"),
    ],
)
def test_an_older_file_that_is_broken_is_a_matter_of_the_row_that_names_it_alone(
    seen: ObjectEvidence, code: str
) -> None:
    named = case(RUN, row(finished_row(s3_key=LATEST)), replace(seen, key_source=KeySource.ROW))

    assert code not in codes(case(RUN, seen))
    assert "object/stale" in codes(case(RUN, seen))
    assert code in codes(named)


def first_fix(one: Any) -> str:
    return finding(one, "object/deleted").found.fixes[0].text


def test_the_marker_is_removed_only_where_it_hides_this_backups_own_file() -> None:
    of_another = replace(OWN, modified_at=ENDED + DAY)

    assert "delete-object" in first_fix(
        case(RUN, replace(ABSENT, deleted=replace(MARKER, previous=OWN)))
    )
    hidden = case(RUN, replace(ABSENT, deleted=replace(MARKER, previous=of_another)))
    assert "delete-object" not in first_fix(hidden)


def test_a_version_under_a_key_that_names_the_backup_is_its_own_whenever_it_was_written() -> None:
    late = stored(key=KEY, modified_at=ENDED + DAY)
    marker = DeleteMarker(key=KEY, deleted_at=ENDED + 2 * DAY, version_id="v2", previous=late)
    one = case(row(finished_row()), the_object(head=None, tail=None, deleted=marker))

    assert "delete-object" in first_fix(one)


HALF_HOUR = timedelta(minutes=30)
DATED = "backups/2026/11/20/full-020304.zip"


@pytest.mark.parametrize(
    ("key", "severity"), [(LATEST, Severity.WARN), (DATED, Severity.INFO), (KEY, None)]
)
def test_a_right_rows_file_that_was_written_after_its_run_is_not_healthy_without_a_word(
    key: str, severity: Severity | None
) -> None:
    late = the_object(
        expected_key=key,
        key_source=KeySource.ROW,
        head=stored(key=key, modified_at=ENDED + HALF_HOUR),
    )
    green = workflow(log(call(200), NOT_SAID, uploaded=(key,)), update="success")
    one = case(green, row(finished_row(s3_key=key)), late)

    assert diagnosed(one).verdict is Verdict.HEALTHY
    if severity is None:
        assert "object/replaced" not in codes(one)
        return
    found = finding(one, "object/replaced")
    assert (found.severity, found.role) == (severity, Role.CONTEXT)
    assert "2026-11-20T02:40:00Z" in found.found.summary
    assert "2026-11-20T02:10:00Z" in found.found.summary


def test_a_file_that_the_run_itself_wrote_needs_no_word() -> None:
    seen = the_object(expected_key=LATEST, key_source=KeySource.ROW, head=OWN)

    assert "object/replaced" not in codes(case(RUN, row(finished_row(s3_key=LATEST)), seen))
    assert "object/replaced" not in codes(
        case(workflow(None, run=NOT_THERE), row(finished_row(s3_key=LATEST)), seen)
    )


def test_without_a_run_the_row_says_when_its_file_was_done() -> None:
    late = the_object(
        expected_key=LATEST,
        key_source=KeySource.ROW,
        head=stored(key=LATEST, modified_at=ENDED + DAY),
    )
    one = case(workflow(None, run=NOT_THERE), row(finished_row(s3_key=LATEST)), late)

    assert finding(one, "object/replaced").severity is Severity.WARN
