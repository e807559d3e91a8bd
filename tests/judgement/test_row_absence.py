"""A row or table is only called missing where that is shown; else the row is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Case, Names
from backup_doctor.evidence.collected import Collected
from backup_doctor.evidence.findings import Report, ResultStatus, Verdict
from backup_doctor.evidence.log import NOT_SAID, Outcome
from backup_doctor.evidence.row import ApiAnswer, BackupRow, Route, Server
from backup_doctor.evidence.workflow import FoundBy, Run, Step, WorkflowFile, WorkflowStep
from backup_doctor.judge.history import RowState, missing_columns, row_state
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose import write
from tests.judgement.asking import causes, codes, finding
from tests.judgement.cases import (
    CREATED,
    NOT_THERE,
    NOW,
    a_row,
    ahead,
    call,
    case,
    finished_row,
    log,
    row,
    workflow,
)

NOWHERE = row(rows=())
FOUND_BY_RUN = log(NOT_SAID, NOT_SAID, lookup_call=call(200, '[{"id":"7"}]'))
CHANGED_BY_RUN = log(NOT_SAID, call(200, rows=1))
ELSEWHERE = Step(name="Tell the app", number=4, status="completed", conclusion="failure")


def report_on(one: Case) -> Report:
    return write(Collected(case=one), load_checks())


def unknown(one: Case) -> str:
    """What is open, in a report that claims nothing and mends nothing."""
    report = report_on(one)
    assert report.verdict is Verdict.UNKNOWN
    assert report.fix_sql is None
    assert not {"row/missing", "row/table-missing"} & codes(one)
    (open_question,) = report.cannot_tell
    return open_question


# The row ------------------------------------------------------------------------------------------


def test_a_row_that_would_have_been_seen_is_missing() -> None:
    one = case(NOWHERE, workflow(log(NOT_SAID, NOT_SAID)))

    assert row_state(one) is RowState.ABSENT
    assert "Nothing hides a row" in str(finding(one, "row/missing").found.evidence[1].value)


def test_without_the_proof_it_is_unknown() -> None:
    one = case(replace(NOWHERE, absent=None), workflow(log(NOT_SAID, NOT_SAID)))

    assert row_state(one) is RowState.UNSEEN
    assert "nothing shows that one would have been seen" in unknown(one)


@pytest.mark.parametrize("reading", [FOUND_BY_RUN, CHANGED_BY_RUN])
def test_a_row_that_the_run_itself_found_is_in_another_database(reading: Any) -> None:
    one = case(NOWHERE, workflow(reading))

    told = unknown(one)

    assert "the doctor looks at another database" in told
    assert "SUPABASE_DB_URL" in told


def test_what_a_run_found_that_is_only_guessed_proves_nothing() -> None:
    guessed = workflow(FOUND_BY_RUN, found_by=FoundBy.ONLY_CANDIDATE)

    assert row_state(case(NOWHERE, guessed)) is RowState.ABSENT


@pytest.mark.parametrize(
    "call_made",
    [
        call(404, "[]"),
        call(outcome=Outcome.NOT_SAID),
        call(outcome=Outcome.UNREACHABLE),
    ],
)
def test_a_look_up_that_found_none_contradicts_nothing(call_made: Any) -> None:
    reading = log(NOT_SAID, NOT_SAID, lookup_call=call_made)

    assert row_state(case(NOWHERE, workflow(reading))) is RowState.ABSENT


def test_a_row_that_the_data_api_finds_and_sql_does_not_is_in_two_databases() -> None:
    two = replace(NOWHERE, api=ApiAnswer(status=200, rows=1))

    assert "the database that SQL reaches does not" in unknown(case(two))
    assert row_state(case(replace(two, route=Route.REST))) is RowState.ABSENT


def test_ids_that_are_nearly_the_one_asked_for_are_asked_about() -> None:
    near = (BackupRow(dispatch_id="nightly-42", status="success", created_at=CREATED),)

    missing = finding(case(replace(NOWHERE, near=near)), "row/missing").found
    hidden = row(rows=NOT_THERE, near=near)

    assert missing.summary.endswith("Did you mean 'nightly-42'?")
    assert any("nightly-42: success" in str(one.value) for one in missing.evidence)
    assert any("Did you mean 'nightly-42'?" in note.what for note in hidden.notes())


def test_of_a_scheduled_run_nobody_expects_the_app_to_insert_a_row() -> None:
    scheduled = workflow(log(NOT_SAID, NOT_SAID))
    assert isinstance(scheduled.run, Run)
    scheduled = replace(scheduled, run=replace(scheduled.run, event="schedule"))

    found = finding(case(NOWHERE, scheduled), "row/missing").found

    assert "started by the schedule" in found.summary
    assert [fix.title for fix in found.fixes] == [
        "Let the workflow insert the row of a scheduled run"
    ]


# The table ----------------------------------------------------------------------------------------

SERVER = Server(version="18", now=NOW, similar_tables=("public.backups",))
UNDEFINED = Unseen(why=NOT_THERE.why, what="There is no table.", remedy="Set table.", code="42P01")
GONE = row(rows=UNDEFINED, table=None, server=SERVER)
NO_TABLE = '{"code":"PGRST205","message":"Could not find the table \'public.backup_history\'"}'


def run_of(step: Step = ELSEWHERE, **changes: Any) -> Any:
    """A run that failed at a step of this name."""
    reading = changes.pop("reading", log(call(500), call(418)))
    return workflow(reading, **{"update_step": step, **changes})


def script(text: str, name: str = "Tell the app") -> WorkflowFile:
    step = WorkflowStep(name=name, script=text)
    return WorkflowFile(path="backup.yml", steps=(step,), update_step=step)


@pytest.mark.parametrize(
    "run",
    [
        workflow(log(call(500), call(418))),
        run_of(reading=log(call(500), call(404, NO_TABLE))),
        run_of(file=script("curl $URL/rest/v1/backup_history?id=eq.$ID")),
        run_of(file=script("./update.sh", "Update backup_history")),
        run_of(reading=log(call(500), call(418), update_excerpt=("PATCH backup_history: 418",))),
    ],
)
def test_a_table_that_the_run_names_is_missing_where_it_is_not_there(run: Any) -> None:
    one = case(GONE, run)

    assert row_state(one) is RowState.ABSENT
    assert "row/table-missing" in causes(one)


@pytest.mark.parametrize(
    "run",
    [
        run_of(),
        run_of(file=script("curl $URL/rest/v1/backups?id=eq.$ID")),
        run_of(file=script("curl $URL/rest/v1/backup_history_old?id=eq.$ID")),
        workflow(None, update_step=None),
        workflow(NOT_THERE, update_step=ELSEWHERE),
    ],
)
def test_a_table_that_nobody_names_may_only_be_called_otherwise(run: Any) -> None:
    one = case(GONE, run)

    assert row_state(one) is RowState.UNSEEN
    assert unknown(one) == "There is no table. Set table."


def test_a_run_that_found_its_row_had_a_table() -> None:
    assert "another database" in unknown(case(GONE, workflow(CHANGED_BY_RUN)))


def test_before_the_next_backup_a_table_that_nobody_names_is_no_fault() -> None:
    named = ahead(GONE, run_of(file=script("curl /rest/v1/backup_history")))
    unnamed = ahead(GONE, run_of(file=script("./update.sh")))

    assert "row/table-missing" in codes(named)
    assert "row/table-missing" not in codes(unnamed)


# Columns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["s3_key", "size_bytes", "finished_at"])
def test_a_value_that_is_missing_makes_a_good_row_incomplete(column: str) -> None:
    one = case(row(finished_row(**{column: None})))

    assert missing_columns(one) == (column,)
    assert row_state(one) is RowState.INCOMPLETE


@pytest.mark.parametrize("column", ["size_bytes", "finished_at"])
def test_not_so_one_that_the_table_or_no_good_row_has(column: str) -> None:
    lacking = row(finished_row(**{column: None}))
    absent = case(lacking, names=Names(columns={column: ""}))
    unwritten = case(replace(lacking, unwritten=(column,), has_good=True))
    alone = case(replace(lacking, unwritten=(column,), has_good=False))

    assert row_state(absent) is row_state(unwritten) is RowState.RIGHT
    assert row_state(alone) is RowState.INCOMPLETE


PATCH = 'curl -X PATCH $URL/rest/v1/backup_history?id=eq.$ID -d \'{"status":"success",%s}\''


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (PATCH % '"s3_key":"$KEY","size_bytes":1', RowState.RIGHT),
        (PATCH % '"s3_key":"$KEY","size_bytes":1,"finished_at":"$NOW"', RowState.INCOMPLETE),
        (PATCH % '"s3_key":"$KEY"' + "\ncurl $URL/functions/v1/update-backup", RowState.INCOMPLETE),
        ("./update.sh backup_history", RowState.INCOMPLETE),
        ("node update.mjs backup_history", RowState.INCOMPLETE),
        ("curl $URL/rest/v1/another", RowState.INCOMPLETE),
    ],
)
def test_a_column_that_the_pipelines_own_script_does_not_write_is_not_missing(
    text: str, state: RowState
) -> None:
    one = case(row(finished_row(finished_at=None)), workflow(None, file=script(text)))

    assert row_state(one) is state


# Words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["partial", "SUCCESS", "", None])
def test_a_status_that_no_setting_knows_is_unknown_with_the_setting(status: str | None) -> None:
    one = case(row(a_row(status=status)), workflow(log(call(500), call(418))))

    told = unknown(one)

    assert "none of the configured words" in told
    assert "BACKUP_DOCTOR_STATUS_SUCCESS" in told
    assert "None" not in told
    (result,) = (one for one in report_on(one).results if one.check == "row")
    assert result.status in (ResultStatus.UNKNOWN, ResultStatus.FAIL)


def test_a_status_that_is_json_is_quoted_and_not_called_empty() -> None:
    waiting = a_row(status=None)
    waiting = replace(waiting, values={**waiting.values, "status": {"state": "in_progress"}})
    told = unknown(case(row(waiting), workflow(log(call(500), call(418)))))

    assert 'is {"state": "in_progress"}: no word' in told
    assert "BACKUP_DOCTOR_COLUMNS_STATUS" in told
    assert "empty" not in told


def test_every_configured_word_of_a_state_means_it() -> None:
    names = Names(success="done", more_words={"success": ("ok",), "failed": ("broken",)})

    assert row_state(case(row(finished_row(status="ok")), names=names)) is RowState.RIGHT
    assert row_state(case(row(a_row(status="broken")), names=names)) is RowState.FAILED
    assert row_state(case(row(finished_row()), names=names)) is RowState.OTHER


def test_a_backup_that_was_cancelled_is_said_to_be() -> None:
    over = case(row(a_row(status="cancelled")), workflow(log(NOT_SAID, NOT_SAID)))

    assert "row/cancelled" in codes(over)
    report = report_on(over)
    assert report.verdict is Verdict.FAILING
    assert report.fix_sql is None
    assert "row/cancelled" not in report.causes


def test_a_run_that_goes_on_may_write_over_the_word() -> None:
    going = workflow(None)
    assert isinstance(going.run, Run)
    assert going.job is not None
    job = replace(going.job, status="in_progress", conclusion=None, completed_at=None)
    run = replace(going.run, status="in_progress", conclusion=None)
    one = case(
        row(a_row(status="cancelled")), replace(going, run=run, job=job, jobs=(job,)), now=CREATED
    )

    assert report_on(one).verdict is Verdict.RUNNING
