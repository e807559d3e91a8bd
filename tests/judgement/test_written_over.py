"""A file that was written over after its run: what broke, how it comes back, and what is not recorded for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import FileEnd
from tests.judgement.asking import causes, finding
from tests.judgement.cases import (
    CREATED,
    ENDED,
    KEY,
    SIZE,
    call,
    case,
    finished_row,
    log,
    row,
    stored,
    the_object,
    workflow,
)
from tests.judgement.test_repair import BOTH_FAILED, done, reason, repaired, sql

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Fix

LATER = ENDED + timedelta(hours=3)
OWN = stored(version_id="v1", etag="own")
CUT = FileEnd(whole=False, problem="no end record")
RUN = workflow(log(call(500), call(500), assignments={"BACKUP_SIZE": str(SIZE)}))
RIGHT = workflow(log(call(200), NOT_SAID), update="success")
EMPTIED = the_object(head=stored(size=0, etag="new", modified_at=LATER), tail=None)
CUT_LATER = the_object(head=stored(size=9, etag="new", modified_at=LATER), tail=CUT)
OTHER_LATER = the_object(head=stored(size=SIZE + 7, etag="new", modified_at=LATER))


def with_version(seen: Any, **changes: Any) -> Any:
    """The same file in a bucket that keeps the version before."""
    before = stored(**{"version_id": "v1", "etag": "own", **changes})
    return the_object(head=seen.head, tail=seen.tail, versions=(seen.head, before))


def advised(seen: Any, code: str, *evidence: Any) -> Fix:
    return finding(case(seen, *evidence), code).found.fixes[0]


@pytest.mark.parametrize(
    ("seen", "code"), [(EMPTIED, "object/empty"), (CUT_LATER, "object/truncated")]
)
def test_a_file_that_was_written_over_after_its_run_did_not_break_the_upload(
    seen: Any, code: str
) -> None:
    found = finding(case(seen, RUN), code).found

    assert found.breaks == (Link.STAYS_SO,)
    assert "overwritten at 2026-11-20T" in found.summary
    assert causes(case(seen, RUN))[-1] == code
    assert len(causes(case(seen, RUN))) > 1


@pytest.mark.parametrize("when", [CREATED, ENDED, ENDED + timedelta(minutes=5)])
def test_an_empty_file_of_the_runs_own_time_broke_the_upload(when: Any) -> None:
    seen = the_object(head=stored(size=0, modified_at=when), tail=None)

    assert finding(case(seen, RUN), "object/empty").found.breaks is None
    assert causes(case(seen, RUN))[0] == "object/empty"


def test_a_version_of_the_runs_own_size_shows_that_the_upload_was_whole() -> None:
    soon = stored(size=0, etag="new", modified_at=ENDED)
    of_size = the_object(head=soon, tail=None, versions=(soon, OWN))
    of_another = the_object(
        head=soon, tail=None, versions=(soon, stored(size=3, version_id="v1", etag="own"))
    )

    assert finding(case(of_size, RUN), "object/empty").found.breaks == (Link.STAYS_SO,)
    assert finding(case(of_another, RUN), "object/empty").found.breaks is None


@pytest.mark.parametrize(
    ("seen", "code"), [(EMPTIED, "object/empty"), (CUT_LATER, "object/truncated")]
)
def test_an_earlier_version_is_brought_back_and_no_backup_is_made_again(
    seen: Any, code: str
) -> None:
    fix = advised(with_version(seen), code, RUN)

    assert f"--copy-source 'team-backups/{KEY}?versionId=v1'" in fix.text
    assert fix.title == f"Bring back the version of 2026-11-20T02:05:00Z ({SIZE:,} bytes)"
    assert advised(seen, code, RUN).title == "Make the backup again"


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 0},
        {"etag": "new"},
        {"modified_at": CREATED - timedelta(days=1)},
        {"version_id": None},
    ],
)
def test_what_is_no_version_of_this_backup_is_not_brought_back(changes: dict[str, Any]) -> None:
    seen = with_version(EMPTIED, **changes)

    assert advised(seen, "object/empty", RUN).title == "Make the backup again"


@pytest.mark.parametrize("changes", [{"size": 6 * 1024**3}, {"storage_class": "GLACIER"}])
def test_a_version_that_no_one_request_can_copy_is_brought_back_in_words(
    changes: dict[str, Any],
) -> None:
    fix = advised(with_version(EMPTIED, **changes), "object/empty", RUN)

    assert fix.text == f"Copy the version v1 of {KEY} over what is there now."


def test_of_several_versions_the_one_of_the_runs_size_is_brought_back() -> None:
    newer = stored(size=3, version_id="v2", etag="x", modified_at=LATER)
    seen = the_object(head=EMPTIED.head, tail=None, versions=(newer, OWN))

    assert "versionId=v1" in advised(seen, "object/empty", RUN).text


# Whole, and of another size ------------------------------------------------------------------------


def test_a_success_row_keeps_its_size_while_the_version_of_that_size_is_there() -> None:
    seen = with_version(OTHER_LATER)
    rows = (row(finished_row()), RIGHT)

    assert "versionId=v1" in advised(seen, "object/size-mismatch", *rows).text
    planned = repaired(case(seen, *rows))
    assert planned.sql is None
    (alternative,) = planned.alternatives
    assert f"size_bytes = {SIZE + 7}" in (alternative.sql or "")
    assert alternative.why == "object/size-mismatch"


def test_without_that_version_the_size_is_written_and_the_report_says_what_happened() -> None:
    rows = (row(finished_row()), RIGHT)
    of_another_size = with_version(OTHER_LATER, size=SIZE - 1)

    for seen in (OTHER_LATER, of_another_size):
        assert f"size_bytes = {SIZE + 7}" in sql(case(seen, *rows))
        fix = advised(seen, "object/size-mismatch", *rows)
        assert fix.title == "Find out what overwrote the file"
    in_time = the_object(head=stored(size=SIZE + 7))
    assert advised(in_time, "object/size-mismatch", *rows).title.startswith("Send the size")
    assert "overwritten" not in finding(case(in_time, *rows), "object/size-mismatch").found.summary


def test_what_the_run_uploaded_is_not_said_to_be_gone_where_versions_are_not_seen() -> None:
    hidden = the_object(
        head=OTHER_LATER.head, versions=Unseen(why=Why.DENIED, what="It may not list versions.")
    )
    rows = (row(finished_row()), RIGHT)

    assert "no version of it is kept" in advised(OTHER_LATER, "object/size-mismatch", *rows).text
    assert "may not list its versions" in advised(hidden, "object/size-mismatch", *rows).text


def test_a_file_that_was_written_over_is_recorded_with_a_word_of_warning() -> None:
    def notes(seen: Any) -> str:
        planned = repaired(case(seen, RUN))
        assert planned.sql is not None
        return " ".join(planned.notes)

    assert f"the run's file had {SIZE:,} bytes" in notes(OTHER_LATER)
    assert "overwritten" not in notes(the_object())
    assert "overwritten" not in notes(the_object(head=stored(modified_at=LATER)))


def test_a_cut_off_file_with_a_version_is_no_failure_yet() -> None:
    emptied = with_version(EMPTIED)

    assert "restore it first" in reason(case(emptied, workflow(BOTH_FAILED)))
    assert "restore it first" in reason(done(emptied))


def test_a_zip_without_a_file_in_it_is_no_backup() -> None:
    hollow = the_object(tail=FileEnd(whole=False, entries=0, problem="it holds no file"))

    text = sql(case(hollow, workflow(BOTH_FAILED)))

    assert "status = 'failed'" in text
    assert "object/empty" in text
    assert "without any file in it" in finding(case(hollow, RUN), "object/empty").found.summary
