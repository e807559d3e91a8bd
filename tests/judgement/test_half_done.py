"""What is half done: a row without its status, a success that hides a refusal, a request that asks wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.evidence.case import Names
from backup_doctor.evidence.log import NOT_SAID, Attempt, Call, Outcome
from backup_doctor.evidence.rls import Reach
from backup_doctor.judge.history.function_calls import calls_function
from tests.judgement.asking import causes, finding
from tests.judgement.cases import (
    KEY,
    NOT_THERE,
    a_row,
    call,
    case,
    log,
    rls,
    row,
    table,
    workflow,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.row import RowEvidence

UNNAMED = Names(columns={"finished_at": ""})
BEGUN = row(a_row(s3_key=KEY))
NO_GRANT = rls(
    Reach.REFUSED, sqlstate="42501", message="permission denied for table backup_history"
)
MISSING_FILTER = call(
    400, '{"code":"42703","message":"column backup_history.backup_id does not exist"}'
)


def test_a_success_that_left_the_status_alone_has_not_left_the_row_unchanged() -> None:
    one = case(workflow(log(call(200), NOT_SAID), update="success"), BEGUN)

    found = finding(one, "function/false-success").found

    assert found.summary == "update-backup answered HTTP 200, but its status is still in progress."
    assert [fix.title for fix in found.fixes] == ["Let the function set the status"]


def test_a_green_step_that_left_the_status_alone_has_not_updated_nothing() -> None:
    one = case(workflow(log(NOT_SAID, NOT_SAID), update="success"), BEGUN)

    found = finding(one, "workflow/green-but-failed").found

    assert "the row was not finished in" in found.summary
    assert [fix.title for fix in found.fixes] == ["Let the update step set the status"]


@pytest.mark.parametrize(
    ("code", "answer"),
    [("function/false-success", call(200)), ("workflow/green-but-failed", NOT_SAID)],
)
def test_who_could_not_see_the_triggers_does_not_blame_the_update_alone(
    code: str, answer: Call
) -> None:
    blind = row(a_row(s3_key=KEY), table=NOT_THERE)

    found = finding(case(workflow(log(answer, NOT_SAID), update="success"), blind), code).found

    assert "A trigger may have set it back" in found.summary
    look, let = found.fixes
    assert "pg_trigger" in look.text
    assert let.title.startswith("If no trigger does: let the ")


def test_what_a_false_success_may_hide_is_not_said_to_explain_nothing() -> None:
    hidden = case(workflow(log(call(200), NOT_SAID), update="success"), NO_GRANT)
    told = case(workflow(log(call(400, '{"error":"Missing field s3_key"}'), call(204))), NO_GRANT)

    assert finding(hidden, "rls/no-grant").found.summary.endswith(
        "It may be what the function was refused and did not pass on."
    )
    assert causes(hidden) == ["function/false-success"]
    assert "It does not explain this backup." in finding(told, "rls/no-grant").found.summary


def test_a_direct_update_that_was_a_success_and_changed_nothing_is_the_second_cause() -> None:
    quiet = workflow(log(call(500, '{"error":"boom"}'), call(204)), update="success")

    found = finding(case(quiet), "workflow/fallback-failed").found

    assert causes(case(quiet)) == ["function/server-error", "workflow/fallback-failed"]
    assert found.summary == (
        "The direct update was answered as a success (HTTP 204), but the row is unchanged."
    )


@pytest.mark.parametrize("seen", [row(), row(table=NOT_THERE)])
def test_a_column_by_which_the_update_asks_is_not_added(seen: RowEvidence) -> None:
    found = finding(
        case(workflow(log(call(500), MISSING_FILTER)), seen), "row/column-missing"
    ).found

    (fix,) = found.fixes
    assert found.summary == "The table public.backup_history has no column backup_id."
    assert fix.title == "Ask by a column that the table has, not by backup_id"
    assert "ADD COLUMN" not in fix.text


def test_a_column_that_the_row_is_to_have_is_added_wherever_it_is_named() -> None:
    kept = tuple(one for one in table().columns if one.name != "finished_at")
    asks = call(
        400, '{"code":"42703","message":"column backup_history.finished_at does not exist"}'
    )
    seen = workflow(log(call(500), asks)), row(table=table(columns=kept))

    (fix,) = finding(case(*seen), "row/column-missing").found.fixes
    # A column that the table lacks and no setting names.
    (same,) = finding(case(*seen, names=UNNAMED), "row/column-missing").found.fixes

    assert "ADD COLUMN" in fix.text
    assert same == fix


def test_a_look_up_that_was_refused_is_told_though_nobody_says_that_no_id_was_found() -> None:
    unknown = call(400, '{"code":"PGRST100","message":"failed to parse filter (eq)"}')
    missed = log(NOT_SAID, NOT_SAID, lookup_call=MISSING_FILTER)
    odd = log(NOT_SAID, NOT_SAID, lookup_call=unknown)

    assert causes(case(workflow(missed))) == ["row/column-missing"]
    assert causes(case(workflow(odd))) == ["workflow/backup-id-not-found"]
    assert finding(case(workflow(odd)), "workflow/backup-id-not-found").found.summary == (
        "The look-up of the backup's id failed (HTTP 400): failed to parse filter (eq) (PGRST100)."
    )


def test_an_answer_that_may_be_another_calls_is_not_laid_to_the_look_up() -> None:
    odd = log(
        NOT_SAID, NOT_SAID, lookup_call=call(None, '{"success":false,"error":"Unauthorized"}')
    )

    assert causes(case(workflow(odd))) == []


def test_a_key_that_the_data_api_does_not_see_is_to_be_sent() -> None:
    unseen = call(401, '{"message":"No API key found in request"}')
    one = case(workflow(log(call(500, '{"error":"x is not defined"}'), unseen)))

    found = finding(one, "workflow/fallback-failed").found

    assert found.summary.endswith("(HTTP 401): No API key found in request.")
    assert [fix.title for fix in found.fixes] == ["Send the service-role key in the header apikey"]


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("PGRST202", "Create the function in the database, or call it by its right name"),
        ("PGRST102", "Correct what the answer to the update names"),
    ],
)
def test_a_refused_update_that_nothing_explains_has_a_way_out(code: str, title: str) -> None:
    refused = call(404, f'{{"code":"{code}","message":"{"x" * 300}"}}')
    one = case(workflow(log(call(500, '{"error":"x is not defined"}'), refused)))

    found = finding(one, "workflow/fallback-failed").found

    assert found.summary.endswith(f"(HTTP 404): {'x' * 200}….")
    assert [fix.title for fix in found.fixes] == [title]


def test_a_method_that_the_function_does_not_take_is_to_be_another() -> None:
    one = case(workflow(log(call(405, '{"error":"Method not allowed"}'), NOT_SAID)))

    titles = [fix.title for fix in finding(one, "function/rejected").found.fixes]

    assert titles[1:] == ["Let the step call the function with POST"]


def test_another_step_that_found_no_id_is_not_called_the_update() -> None:
    told = log(
        NOT_SAID, NOT_SAID, backup_id_not_found="Could not find backup_id", update_seen=False
    )
    one = case(workflow(told, upload="failure", update="skipped"))

    found = finding(one, "workflow/backup-id-not-found").found

    assert found.summary == "A step found no backup id for this dispatch."


def test_an_exception_that_a_procedure_raises_is_not_over_for_want_of_a_trigger() -> None:
    raised = call(400, '{"code":"P0001","message":"backup not found"}')
    way = Attempt(
        kind="rpc", name="RPC finish", target="finish", place="x", updates=True, call=raised
    )
    one = case(workflow(log(NOT_SAID, raised, attempts=(way,))))

    found = finding(one, "row/trigger-interferes").found

    assert found.resolved is None
    assert "It is finish itself, or one that" in found.fixes[0].text


def test_a_column_of_another_name_may_be_a_wrong_one_surely_where_no_status_is_written() -> None:
    refused = call(400, '{"code":"PGRST204","message":"Could not find the \'state\' column"}')

    def titles(*columns: str) -> list[str]:
        way = Attempt(
            kind="table-update",
            name="update",
            place="x",
            updates=True,
            call=refused,
            columns=columns,
        )
        one = case(workflow(log(call(500), refused, attempts=(way,))))
        return [fix.title for fix in finding(one, "row/column-missing").found.fixes]

    correct = "Write a column that the table has, not state"
    assert titles("status", "state") == ["Add the column state", correct]
    assert titles("s3_key", "state") == [correct, "Add the column state"]
    assert titles() == ["Add the column state", correct]


def test_an_update_that_matched_no_row_is_to_find_it() -> None:
    one = case(
        workflow(log(call(500, "x is not defined"), call(200, "[]", rows=0)), update="success")
    )

    titles = [fix.title for fix in finding(one, "workflow/fallback-failed").found.fixes]

    assert titles == ["Let the update find the row"]


def test_a_script_that_is_known_to_insert_alone_calls_no_function() -> None:
    insert = Attempt(kind="insert", name="insert", place="x", updates=False, call=NOT_SAID)
    quiet = log(NOT_SAID, NOT_SAID, attempts=(insert,), whole_script=True)

    assert calls_function(case(workflow(quiet, update="success"))) is None


@pytest.mark.parametrize(
    ("refused", "title"),
    [
        (call(401), "Let the step print the answer to the update"),
        (call(None, outcome=Outcome.REFUSED), "See why no answer came"),
    ],
)
def test_an_update_of_which_the_log_shows_little_is_to_show_more(refused: Call, title: str) -> None:
    one = case(workflow(log(call(500, "x is not defined"), refused)))

    assert [fix.title for fix in finding(one, "workflow/fallback-failed").found.fixes] == [title]
