"""The update step's look-up that found no row: what may be said of why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.log import NOT_SAID, Call
from backup_doctor.evidence.row import ApiAnswer
from tests.judgement.asking import causes, finding
from tests.judgement.cases import ENDED, NOT_THERE, a_row, call, case, log, rls, row, workflow

CODE = "workflow/backup-id-not-found"
NO_ROW = ApiAnswer(status=200, rows=0)
ANOTHER = "another project"


def looked_up(body: str = "[]", *, rows: int | None = None, **evidence: Any) -> Any:
    """A run whose look-up was answered with this body; the row is in progress."""
    told = log(
        NOT_SAID,
        NOT_SAID,
        backup_id_not_found="Could not find backup_id",
        lookup_call=replace(call(200, body), rows=rows),
    )
    run = workflow(told)
    step = run.update_step
    assert step is not None
    ended = replace(run, update_step=replace(step, completed_at=ENDED))
    return case(evidence.get("row", row()), ended, evidence.get("rls", rls()))


def said(one: Any) -> str:
    return finding(one, CODE).found.summary


def inserted(after: timedelta) -> Any:
    return looked_up(row=row(a_row(created_at=ENDED + after)))


@pytest.mark.parametrize("after", [timedelta(seconds=4), timedelta(minutes=2)])
def test_a_row_that_came_after_the_step_is_said_to_have_come_late(after: timedelta) -> None:
    one = inserted(after)

    assert causes(one) == [CODE]
    assert "was inserted" in said(one)
    assert finding(one, CODE).found.fixes[0].title.startswith("Insert the row before")


@pytest.mark.parametrize("after", [timedelta(seconds=-60), timedelta(), timedelta(seconds=3)])
def test_a_row_of_the_steps_own_time_did_not_come_late(after: timedelta) -> None:
    assert "was inserted" not in said(inserted(after))


def test_a_look_up_that_was_shown_nothing_may_ask_for_another_id() -> None:
    found = finding(looked_up(), CODE).found

    assert "may have asked for another id" in found.summary
    assert "Repeat the step's own look-up with the id that it prints." in found.fixes[0].text


def test_a_key_that_was_shown_nothing_may_be_another_projects() -> None:
    assert f"may be of {ANOTHER}" in said(looked_up())
    assert f"may be of {ANOTHER}" in said(looked_up("null"))
    assert f"may be of {ANOTHER}" in said(looked_up("Accept: one row", rows=0))


@pytest.mark.parametrize("body", ["", "<html>", '[{"id":"x"}]', '{"message":"odd"}'])
def test_an_answer_that_is_not_no_row_says_nothing_of_projects(body: str) -> None:
    assert ANOTHER not in said(looked_up(body))


def test_a_database_that_has_what_its_data_api_lacks_is_another_projects() -> None:
    one = looked_up(row=row(api=NO_ROW))

    assert f"are of {ANOTHER} than the database" in said(one)
    assert len(finding(one, CODE).found.fixes) == 2


@pytest.mark.parametrize(
    "evidence",
    [
        {"row": row(api=NO_ROW), "rls": rls(row_visible=None)},
        {"row": row(api=NO_ROW), "rls": replace(rls(), proof=NOT_THERE)},
        {"row": row(api=NOT_THERE)},
    ],
)
def test_what_may_be_hidden_or_was_not_asked_shows_no_other_project(evidence: Any) -> None:
    assert ANOTHER not in said(looked_up(**evidence))


def test_without_a_row_it_is_the_row_that_is_missing() -> None:
    one = looked_up(row=row(rows=()))

    assert causes(one) == ["row/missing"]
    assert ANOTHER not in said(one)


def test_a_look_up_that_was_refused_of_a_known_reason_has_its_fix() -> None:
    refused = looked_up('{"message":"Forbidden use of secret API key in browser"}')

    (fix,) = finding(refused, CODE).found.fixes

    assert "User-Agent" in fix.text


EMPTY = [call(200, "[]"), call(200, "null\n"), call(200, rows=0)]


@pytest.mark.parametrize("answer", EMPTY)
def test_a_look_up_that_was_answered_with_no_row_has_found_none(answer: Call) -> None:
    silent = workflow(log(NOT_SAID, call(200, "[]", rows=0), lookup_call=answer))
    told = workflow(log(NOT_SAID, call(200, "[]", rows=0), lookup_call=call(200, '[{"id":"1"}]')))
    code = "workflow/fallback-failed"

    assert "had found" not in finding(case(silent), code).found.summary
    assert "had found" in finding(case(told), code).found.summary
    assert causes(case(silent, row(rows=()))) == ["row/missing"]
    assert "row/missing" not in causes(case(told, row(rows=())))
