"""A row that was written, as the update's own answer shows, and that is in progress again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import StageState
from backup_doctor.evidence.log import NOT_SAID, Call, Outcome
from backup_doctor.evidence.trigger import Trigger
from backup_doctor.judge.history.written import shows_written
from backup_doctor.report.compose.stages import stages
from tests.judgement.asking import causes, codes, diagnosed, finding
from tests.judgement.cases import (
    DISPATCH,
    ENDED,
    ROW_ID,
    a_row,
    call,
    case,
    finished_row,
    log,
    row,
    table,
    workflow,
)

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.row import BackupRow

WRITTEN = {"id": ROW_ID, "dispatch_id": DISPATCH, "status": "success"}
NO_FUNCTION = call(404, '{"code":"NOT_FOUND","message":"Requested function was not found"}')


def answered(function: Call, direct: Call = NOT_SAID, *evidence: Any) -> Any:
    return case(workflow(log(function, direct), update="success"), *evidence)


def showing(**changes: Any) -> Call:
    return call(200, json.dumps({"success": True, "backup": {**WRITTEN, **changes}}))


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        (showing(), True),
        (call(200, json.dumps([WRITTEN])), True),
        (showing(id="another"), False),
        (showing(dispatch_id=None), False),
        (showing(status="in_progress"), False),
        (showing(status=3), False),
        (call(200, '{"success":true}'), False),
        (call(200, "done"), False),
        (call(500, json.dumps(WRITTEN)), False),
    ],
)
def test_an_answer_shows_the_row_as_written_only_with_what_nobody_sent(
    answer: Call, written: bool
) -> None:
    assert shows_written(answered(answer), answer) is written


def test_a_row_without_an_id_of_its_own_is_never_shown_as_written() -> None:
    assert not shows_written(case(row(rows=())), showing())


@pytest.mark.parametrize(
    ("function", "direct", "who"),
    [
        (showing(), NOT_SAID, "update-backup"),
        (NO_FUNCTION, call(200, json.dumps([WRITTEN])), "The direct update"),
    ],
)
def test_a_row_that_was_written_was_set_back_and_no_update_is_to_blame(
    function: Call, direct: Call, who: str
) -> None:
    one = answered(function, direct)

    assert causes(one) == ["row/set-back"]
    assert finding(one, "row/set-back").found.summary == (
        f"{who} wrote the row, as its own answer shows: something set it back since."
    )
    assert not {"function/false-success", "workflow/green-but-failed"} & {*codes(one)}
    assert finding(one, "row/s3-key-null").found.summary == "s3_key is NULL."


def test_a_trigger_that_writes_the_table_is_what_set_it_back() -> None:
    undo = Trigger(
        name="undo",
        definition="",
        function="undo",
        before=False,
        source="UPDATE public.backup_history SET status = 'in_progress';",
    )

    assert causes(answered(showing(), NOT_SAID, row(table=table(triggers=(undo,))))) == [
        "row/trigger-interferes"
    ]


def test_the_update_that_wrote_the_row_is_ok_in_the_chain() -> None:
    one = answered(showing())

    states = {each.link: each.state for each in stages(one, diagnosed(one))}

    assert states[Link.FUNCTION_UPDATES.code] is StageState.OK
    assert states[Link.STAYS_SO.code] is StageState.FAILED


def went_on(conclusion: str, failed: BackupRow, answer: Call) -> Any:
    """A job whose update was answered so, and whose next step ended so."""
    ended = workflow(log(answer, NOT_SAID), update="success")
    assert ended.job is not None
    later = replace(ended.job.steps[-1], name="Notify", number=99, conclusion=conclusion)
    job = replace(ended.job, conclusion=conclusion, steps=(*ended.job.steps, later))
    return case(replace(ended, job=job), row(failed))


@pytest.mark.parametrize(
    ("conclusion", "finished", "answer", "blamed"),
    [
        ("failure", ENDED, call(200, '{"success":true}'), True),
        # Nothing of a finished backup is in the row, or no later step failed, or the update itself did.
        ("failure", None, call(200, '{"success":true}'), False),
        ("success", ENDED, call(200, '{"success":true}'), False),
        ("failure", ENDED, call(500), False),
        ("failure", ENDED, call(200, '{"success":false}', outcome=Outcome.REFUSED), False),
    ],
)
def test_a_finished_row_is_marked_as_failed_by_the_handler_of_a_later_failure(
    conclusion: str, finished: datetime | None, answer: Call, *, blamed: bool
) -> None:
    one = went_on(conclusion, a_row(status="failed", finished_at=finished), answer)

    assert ("row/set-back" in causes(one)) is blamed
    if blamed:
        assert finding(one, "row/set-back").found.summary == (
            "update-backup answered with success, and the row has what an update writes at the end: "
            "something marked it as failed since. The step 'Notify' failed after the update."
        )


def test_what_failed_later_is_not_told_where_the_update_is_not_among_the_steps() -> None:
    ended = workflow(log(showing(), NOT_SAID), update="success")
    unknown = replace(ended, update_step=None)

    found = finding(case(unknown, row(a_row(status="failed"))), "row/set-back").found

    assert found.summary.endswith("something marked it as failed since.")


@pytest.mark.parametrize(("later", "said"), [("failure", " The step 'Prune'"), ("success", "")])
def test_a_finished_row_that_a_handler_wrote_over_is_said_to_be_that(later: str, said: str) -> None:
    ended = workflow(log(showing(), NOT_SAID), update="success")
    assert ended.job is not None
    prune = replace(ended.job.steps[-1], name="Prune", number=99, conclusion=later)
    after = replace(ended, job=replace(ended.job, steps=(*ended.job.steps, prune)))
    one = case(after, row(a_row(status="failed")))

    found = finding(one, "row/set-back").found

    assert causes(one) == ["row/set-back"]
    assert f"something marked it as failed since.{said}" in found.summary
    assert "status=eq.in_progress" in found.fixes[0].text


@pytest.mark.parametrize(
    ("reason", "blamed"),
    [
        ("backup-doctor: object/truncated: the zip is cut off", False),
        (f"duplicate of {ROW_ID[:-1]}0", False),
        ("The workflow failed.", True),
        (None, True),
    ],
)
def test_a_row_that_the_doctor_itself_closed_is_laid_to_no_failure_handler(
    reason: str | None, blamed: bool
) -> None:
    closed = a_row(status="failed", error_text=reason)

    assert ("row/set-back" in codes(answered(showing(), NOT_SAID, row(closed)))) is blamed


def test_a_row_that_is_closed_as_a_duplicate_leaves_the_other_one_to_be_judged() -> None:
    good = finished_row(id="good")
    closed = a_row(id="late", status="failed", error_text="duplicate of good")
    another = a_row(id="late", status="failed", error_text="duplicate of some other")

    assert row(closed, good).newest == good
    assert row(another, good).newest == another
    assert row(closed).newest == closed
    assert row(rows=()).newest is None


@pytest.mark.parametrize(
    ("answered_status", "source", "blamed"),
    [
        ("failed", "NEW.status := 'failed';", True),
        ("failed", "NEW.other := 1;", False),
        ("success", "NEW.status := 'failed';", False),
        (None, "NEW.status := 'failed';", False),
    ],
)
def test_a_row_that_a_trigger_failed_as_it_was_written_has_the_trigger_as_its_cause(
    answered_status: str | None, source: str, *, blamed: bool
) -> None:
    judges = Trigger(name="judge", definition="", function="judge", before=True, source=source)
    failed = a_row(status="failed", error_text="too small")
    one = answered(
        showing(status=answered_status), NOT_SAID, row(failed, table=table(triggers=(judges,)))
    )

    assert ("row/trigger-interferes" in causes(one)) is blamed
