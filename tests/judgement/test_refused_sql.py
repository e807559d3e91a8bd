"""What would refuse the SQL: a cause that must be fixed before, or the statement itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.collected import FixCheck
from backup_doctor.evidence.findings import FixKind, Severity
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import DeleteMarker
from backup_doctor.evidence.rls import RefusedValue
from backup_doctor.evidence.row import Constraint, LockHolder, Server
from backup_doctor.evidence.trigger import Trigger
from backup_doctor.judge.diagnosis import diagnose
from backup_doctor.judge.fix_sql import Repair, repair
from backup_doctor.judge.fix_sql.statement import NOTHING_LEFT, update
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose.plan import warned
from tests.judgement import cases
from tests.judgement.asking import causes, judged
from tests.judgement.cases import NOT_THERE, a_row, call, case, log, row, the_object, workflow

FINE = FixCheck(rows=1, refused=())
CHECKED = '{"code":"23514","message":"violates check constraint \\"c\\""}'
TOO_LARGE = '{"code":"22003","message":"out of range for type integer"}'
READ_ONLY = '{"code":"25006","message":"in a read-only transaction"}'
LOCKED = '{"code":"55P03","message":"canceling statement due to lock timeout"}'
NO_COLUMN = """{"code":"PGRST204","message":"Could not find the 'finished_at' column"}"""


def refused_by(answer: str, *evidence: Any) -> Any:
    """A stuck backup whose two updates were refused with this answer."""
    return case(workflow(log(call(500, answer), call(400, answer))), *evidence)


def settled(one: Any, check: FixCheck | Unseen | None = None) -> Repair:
    judgement = judge(one, (loaded.check for loaded in load_checks().checks))
    assert judgement.errors == ()
    diagnosis = diagnose(one, judgement.findings)
    return warned(diagnosis, repair(one, diagnosis, check))


def first_line(made: Repair) -> str:
    assert made.sql is not None, made.notes
    return made.sql.splitlines()[0]


INTEGER = cases.table(
    columns=tuple(
        replace(one, type="smallint") if one.name == "size_bytes" else one for one in cases.COLUMNS
    )
)
LACKING = cases.table(columns=tuple(one for one in cases.COLUMNS if one.name != "finished_at"))
CHECK = Constraint(name="c", kind="c", definition="CHECK (false)", accepts=False)
VALUE = RefusedValue(column="status", type="kind", sqlstate="22P02", message="no such value")
HOLDER = LockHolder(pid=7, transaction_start=cases.CREATED)


@pytest.mark.parametrize(
    ("code", "one"),
    [
        ("row/constraint-rejects", refused_by(CHECKED, cases.rls(constraints=(CHECK,)))),
        ("row/size-overflow", refused_by(TOO_LARGE, row(table=INTEGER))),
        ("row/locked", refused_by(LOCKED, row(locks=(HOLDER,)))),
        (
            "row/database-read-only",
            refused_by(
                READ_ONLY, row(server=Server(version="18", now=cases.NOW, default_read_only=True))
            ),
        ),
    ],
)
def test_what_the_catalogue_shows_to_refuse_it_is_named_in_the_first_line(
    code: str, one: Any
) -> None:
    assert first_line(settled(one)) == f"-- This statement will fail until {code} is fixed (step 1)"
    assert settled(one).refused_by == (code,)


@pytest.mark.parametrize(
    ("answer", "check", "code"),
    [
        (CHECKED, FixCheck(rows=1, refused=("c (CHECK (false))",)), "row/constraint-rejects"),
        (CHECKED, FixCheck(problem="no such value", sqlstate="22P02"), "row/constraint-rejects"),
        (TOO_LARGE, FixCheck(problem="too large", sqlstate="22003"), "row/size-overflow"),
        (NO_COLUMN, FixCheck(problem="no such column", sqlstate="42703"), "row/column-missing"),
    ],
)
def test_what_explain_shows_to_refuse_it_is_named_in_the_first_line(
    answer: str, check: FixCheck, code: str
) -> None:
    tables = {"row/column-missing": LACKING, "row/size-overflow": INTEGER}
    blind = refused_by(answer, row(table=tables.get(code, cases.table())))
    dark = replace(blind, evidence={**blind.evidence, "rls": NOT_THERE})

    assert first_line(settled(dark, check)).startswith(f"-- This statement will fail until {code} ")


@pytest.mark.parametrize(
    "one",
    [
        refused_by(CHECKED, cases.rls(constraints=(CHECK,))),
        refused_by(TOO_LARGE, row(table=INTEGER)),
        refused_by(NO_COLUMN, row(table=LACKING)),
    ],
    ids=["constraint", "size", "column"],
)
def test_what_explain_and_the_constraints_let_through_is_not_headed(one: Any) -> None:
    assert first_line(settled(one, FINE)) == "BEGIN;"


def test_a_constraint_on_success_does_not_refuse_a_failure() -> None:
    gone = the_object(head=None, tail=None)
    one = refused_by(CHECKED, cases.rls(constraints=(CHECK,)), gone)

    made = settled(one)

    assert "status = 'failed'" in (made.sql or "")
    assert first_line(made) == "BEGIN;"


def test_several_are_named_with_their_steps() -> None:
    both = refused_by(
        CHECKED,
        cases.rls(constraints=(CHECK,)),
        row(server=Server(version="18", now=cases.NOW, default_read_only=True)),
    )

    assert first_line(settled(both)) == (
        "-- This statement will fail until row/constraint-rejects and row/database-read-only are "
        "fixed (steps 1 and 2)"
    )


def test_the_step_that_the_first_line_names_is_the_one_at_which_the_plan_has_it() -> None:
    not_deployed = call(404, '{"code":"NOT_FOUND","message":"Requested function was not found"}')
    one = case(
        cases.function(record=None),
        workflow(log(not_deployed, call(400, CHECKED))),
        cases.rls(constraints=(CHECK,)),
    )

    assert first_line(settled(one)).endswith("row/constraint-rejects is fixed (step 2)")


def test_a_name_of_the_database_stands_in_no_comment() -> None:
    trigger = Trigger(
        name="x\n;DROP TABLE victim; --",
        function="f",
        definition="CREATE TRIGGER x BEFORE UPDATE",
        before=True,
        source="BEGIN NEW.status := 'in_progress'; RETURN NEW; END",
    )
    silent = workflow(log(call(200), NOT_SAID), update="success")

    made = settled(case(silent, row(table=cases.table(triggers=(trigger,)))))

    assert "victim" not in (made.sql or "")
    assert first_line(made).endswith("row/trigger-interferes is fixed (step 1)")


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (FixCheck(problem="no column x (42703).", sqlstate="42703"), "no column x"),
        (FixCheck(problem="generated (428C9).", sqlstate="428C9"), "generated"),
        (FixCheck(problem="enum (22P02).", sqlstate="22P02"), "enum"),
        (FixCheck(rows=1, refused=("only_good (CHECK ...)",)), "only_good"),
        (FixCheck(rows=0, refused=()), "0 rows"),
        (FixCheck(rows=2, refused=()), "2 rows"),
    ],
)
def test_what_is_refused_for_its_own_reason_is_not_printed(check: FixCheck, why: str) -> None:
    made = settled(case(workflow(log(call(500), call(500)))), check)

    assert made.sql is None
    assert made.statement is None
    assert why in made.notes[0]


def test_a_database_that_could_not_be_asked_leaves_the_sql_as_it_is() -> None:
    silent = Unseen(why=Why.TIMED_OUT, what="No answer.")

    assert first_line(settled(case(workflow(log(call(500), call(500)))), silent)) == "BEGIN;"


def test_a_user_who_may_not_plan_a_write_has_the_rows_counted() -> None:
    one = case(workflow(log(call(500), call(500))))

    assert settled(one, FixCheck(rows=1, planned=False)).sql is not None
    assert settled(one, FixCheck(rows=0, planned=False)).sql is None


def test_an_alternative_that_is_refused_is_none() -> None:
    marker = DeleteMarker(key=cases.KEY, version_id="1", previous=cases.stored())
    deleted = the_object(head=None, tail=None, deleted=marker)
    one = case(row(cases.finished_row()), deleted, workflow(log(call(200), NOT_SAID)))

    assert settled(one).alternatives
    assert settled(one, FINE).alternatives
    assert settled(one, FixCheck(problem="enum", sqlstate="22P02")).alternatives == ()


def test_a_file_that_can_be_brought_back_is_not_given_up_by_itself() -> None:
    late = cases.stored(modified_at=cases.ENDED + timedelta(days=1))
    marker = DeleteMarker(key=cases.KEY, version_id="1", previous=late)
    deleted = the_object(head=None, tail=None, deleted=marker)
    made = settled(case(row(cases.finished_row()), deleted, workflow(log(call(200), NOT_SAID))))

    assert made.sql is None
    assert made.alternatives


def test_a_table_that_has_none_of_the_columns_gets_no_statement() -> None:
    bare = replace(a_row(), values={"id": cases.ROW_ID})

    assert NOTHING_LEFT in update(case(), bare, {"status": "failed", "error_text": "x"}).notes[0]


def test_sql_for_the_editor_is_not_said_to_fail_for_a_rule_that_acts_beside_the_update() -> None:
    answer = '{"code":"0A000","message":"DO ALSO rules are not supported for data-modifying statements in WITH"}'
    aside = (
        "CREATE RULE note AS ON UPDATE TO public.backup_history DO  INSERT INTO notes VALUES (1)"
    )
    instead = aside.replace("DO ", "DO INSTEAD")

    for definition, refused in ((aside, False), (instead, True)):
        rule = Trigger(name="note", definition=definition, function="")
        one = refused_by(answer, row(table=cases.table(triggers=(rule,))), the_object())
        assert first_line(settled(one, FINE)).startswith("-- This statement will fail") is refused


def listing(*words: str, column: str = "status") -> Constraint:
    allowed = ", ".join(f"'{word}'::text" for word in words)
    expression = f"({column} = ANY (ARRAY[{allowed}]))"
    return Constraint(
        name="known_words",
        kind="c",
        definition=f"CHECK ({expression})",
        expression=expression,
        columns=(column,),
        accepts=True,
    )


EARLY = workflow(
    log(NOT_SAID, NOT_SAID, uploaded=(), upload_errors=("upload failed: AccessDenied",)),
    upload="failure",
    update="skipped",
)
NO_FILE = the_object(head=None, tail=None)


def after_early_failure(*constraints: Constraint, **changes: Any) -> Any:
    return case(EARLY, NO_FILE, row(table=cases.table(constraints=constraints)), **changes)


@pytest.mark.parametrize("check", [None, FixCheck(rows=1, refused=("known_words",))])
def test_a_check_that_knows_no_failure_is_told_before_the_sql_that_writes_one(
    check: FixCheck | None,
) -> None:
    one = after_early_failure(listing("in_progress", "success"))
    made = settled(one, check)
    (found,) = (each for each in judged(one) if each.code == "row/constraint-rejects")

    assert "known_words does not allow the status 'failed'" in found.found.summary
    assert (found.severity, found.breaks) == (Severity.WARN, ())
    (fix,) = found.found.fixes
    assert "OR status = 'failed'" in fix.text
    assert first_line(made).startswith(
        "-- This statement will fail until row/constraint-rejects is fixed"
    )
    assert causes(one) == ["workflow/failed-before-update"]


def test_a_word_of_the_check_that_no_setting_names_may_be_the_one_for_a_failure() -> None:
    one = after_early_failure(listing("in_progress", "success", "error"))
    (found,) = (each for each in judged(one) if each.code == "row/constraint-rejects")
    meant, allow = found.found.fixes

    assert meant.kind is FixKind.SETTING
    assert "allows in_progress, success and error" in meant.text
    assert "status.failed" in meant.text
    assert allow.alternative


@pytest.mark.parametrize(
    "one",
    [
        listing("in_progress", "success", "failed"),
        listing("nightly", "weekly", column="kind"),
        replace(listing(), expression="(status <> ''::text)"),
        replace(listing(), expression="(length(status) > 3)"),
        replace(listing("success"), expression="(NOT (status = 'success'::text))"),
        replace(listing(), expression="((status = 'success'::text) OR (s3_key IS NULL))"),
    ],
)
def test_what_a_check_does_beside_listing_words_says_nothing_of_a_failure(one: Constraint) -> None:
    found = {each.code for each in judged(after_early_failure(one))}

    assert "row/constraint-rejects" not in found


@pytest.mark.parametrize(
    "expression",
    [
        "((status)::text = ANY ((ARRAY['in_progress'::character varying, 'done'::character varying])::text[]))",
        "((status = 'in_progress'::text) OR (status = 'done'::text))",
        "(status = 'done'::text)",
    ],
)
def test_a_list_of_words_is_known_in_each_form_in_which_postgresql_keeps_it(
    expression: str,
) -> None:
    one = after_early_failure(replace(listing(), expression=expression))

    assert "row/constraint-rejects" in {each.code for each in judged(one)}
