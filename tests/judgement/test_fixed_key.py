"""A pipeline that keeps every backup under one key: what S3 has there may be another backup's."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import (
    DeleteMarker,
    FileEnd,
    KeySource,
    ObjectEvidence,
    UnfinishedUpload,
)
from tests.judgement.asking import codes
from tests.judgement.cases import (
    CREATED,
    ENDED,
    KEY,
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
