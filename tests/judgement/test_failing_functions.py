"""An update that fails in a function that it fires, by any error; and a rule that takes the row from it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.findings import FixKind
from backup_doctor.evidence.rls import Reach
from backup_doctor.evidence.row import RoleGrants
from backup_doctor.evidence.trigger import Trigger
from tests.judgement.asking import causes, codes, finding
from tests.judgement.cases import NOT_THERE, call, case, log, rls, row, table, workflow

CODE = "row/trigger-interferes"
CALLS = Trigger(
    name="g",
    definition="CREATE TRIGGER g BEFORE UPDATE ON public.backup_history",
    function="g()",
    source="BEGIN PERFORM public.notify(NEW.id); RETURN NEW; END",
    before=True,
)
RULE = Trigger(
    name="keep",
    definition="CREATE RULE keep AS ON UPDATE TO public.backup_history DO INSTEAD NOTHING",
    function="",
)


def failed(code: str, message: str, *triggers: Trigger, **changes: Any) -> Any:
    """Both updates got this error of the database; the table has these triggers."""
    answer = f'{{"code":"{code}","details":null,"message":"{message}"}}'
    run = workflow(log(call(500, f'{{"details":{answer}}}'), call(400, answer)))
    return case(run, row(table=changes.get("table", table(triggers=triggers))))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("22012", "division by zero"),
        ("42883", "function public.notify(uuid) does not exist"),
        ("42702", "column reference is ambiguous"),
        ("21000", "more than one row returned by a subquery used as an expression"),
        ("2F005", "control reached end of trigger procedure without RETURN"),
        ("54001", "stack depth limit exceeded"),
        ("P0003", "query returned more than one row"),
        ("39P01", "trigger protocol violated"),
    ],
)
def test_an_error_that_only_a_function_meets_is_the_triggers(code: str, message: str) -> None:
    one = failed(code, message, CALLS)
    found = finding(one, CODE).found

    assert causes(one) == [CODE]
    assert f"fails in the trigger g, or in a function that it calls: {message}" in found.summary
    assert [fix.kind for fix in found.fixes] == [FixKind.MANUAL, FixKind.SQL]
    assert "It is the function of the trigger g" in found.fixes[0].text


@pytest.mark.parametrize(
    ("code", "message"),
    [("21000", "UPDATE requires a WHERE clause"), ("23514", "x"), ("PGRST204", "x"), ("2201", "x")],
)
def test_another_error_is_not_laid_to_a_trigger_that_is_merely_there(
    code: str, message: str
) -> None:
    assert CODE not in causes(failed(code, message, CALLS))


def test_without_a_trigger_nothing_is_laid_to_one() -> None:
    assert CODE not in causes(failed("22012", "division by zero"))
    assert CODE not in causes(failed("22012", "division by zero", table=NOT_THERE))


def test_what_psql_says_of_its_own_statement_is_not_laid_to_a_trigger() -> None:
    by_hand = workflow(log(call(500), call(None, "ERROR:  42883: operator does not exist")))

    assert CODE not in causes(case(by_hand, row(table=table(triggers=(CALLS,)))))


def test_a_column_of_another_tables_constraint_is_not_missing_here() -> None:
    message = 'null value in column \\"who\\" of relation \\"audit\\" violates not-null constraint'

    assert "row/column-missing" not in codes(failed("23502", message, CALLS))


# Rules --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grants", "blamed"),
    [
        (RoleGrants(role="service_role", exists=True, bypasses_rls=True, update=True), True),
        (RoleGrants(role="service_role", exists=True, superuser=True), True),
        (RoleGrants(role="service_role", exists=True, update=True), False),
    ],
)
def test_a_row_that_a_rule_takes_from_a_free_role_is_not_hidden_by_policies(
    grants: RoleGrants, blamed: bool
) -> None:
    message = 'cannot perform UPDATE RETURNING on relation \\"backup_history\\"'
    run = failed("0A000", message).workflow
    known = table(triggers=(RULE,), grants=(grants,))
    one = case(run, row(table=known), rls(Reach.NO_ROW))

    assert CODE in causes(one)
    assert ("rls/update-blocked" in codes(one)) is not blamed


ASIDE = Trigger(
    name="note",
    definition="CREATE RULE note AS ON UPDATE TO public.backup_history DO  INSERT INTO notes VALUES (1)",
    function="",
)


@pytest.mark.parametrize(
    "kind", ["DO ALSO", "conditional DO INSTEAD", "multi-statement DO INSTEAD"]
)
def test_a_rule_that_the_data_api_cannot_write_with_is_the_cause_and_no_trigger_is(
    kind: str,
) -> None:
    message = f"{kind} rules are not supported for data-modifying statements in WITH"
    raises = replace(CALLS, source="BEGIN RAISE EXCEPTION 'x'; END")
    found = finding(failed("0A000", message, raises, ASIDE), CODE).found

    assert found.summary == f"The rule note rewrites or refuses the update: {message}."
    assert "by a trigger AFTER UPDATE" in found.fixes[0].title
    assert found.fixes[1].text.startswith("ALTER TABLE public.backup_history DISABLE RULE")
