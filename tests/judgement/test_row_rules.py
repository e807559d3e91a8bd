"""The row and its table: what they say, and what in the database refuses the update."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Fix, FixKind, Risk, Role, Severity
from backup_doctor.evidence.log import NOT_SAID, Attempt, Call, Outcome
from backup_doctor.evidence.object import KeySource, Search
from backup_doctor.evidence.rls import Reach, RefusedValue, RlsEvidence
from backup_doctor.evidence.row import (
    ApiAnswer,
    BackupRow,
    Column,
    Constraint,
    LockHolder,
    Policy,
    Route,
    RouteFailure,
    Server,
)
from backup_doctor.evidence.trigger import Trigger
from backup_doctor.evidence.workflow import Run, RunAttempt
from backup_doctor.judge.fix_sql import repair
from tests.judgement import cases
from tests.judgement.asking import causes, codes, diagnosed, finding
from tests.judgement.cases import (
    COLUMNS,
    CREATED,
    DISPATCH,
    ENDED,
    KEY,
    NO_BACKUP,
    NOT_THERE,
    NOW,
    a_row,
    ahead,
    call,
    case,
    finished_row,
    function,
    log,
    rls,
    row,
    stored,
    table,
    the_object,
    workflow,
)

BOTH = (Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES)
FALLBACK = Link.FALLBACK_UPDATES
BARE_500 = call(500)
GONE_FUNCTION = call(404, '{"code":"NOT_FOUND","message":"Requested function was not found"}')
NO_GRANT = call(403, '{"code":"42501","message":"permission denied for table x"}')
UNTOLD = workflow(log(BARE_500, call(418)))
SECOND = timedelta(seconds=1)


def answered(answer: Call, *evidence: Any, **changes: Any) -> Any:
    """A run whose direct update got this answer, after a function that failed without a word."""
    return case(workflow(log(BARE_500, answer)), *evidence, **changes)


def refusing(code: str, message: str = "") -> Call:
    return call(400, f'{{"code":"{code}","message":"{message}"}}')


def columns(**types: str | None) -> tuple[Column, ...]:
    """The table's columns, some with another type or, with None, left out."""
    kept = (one for one in COLUMNS if types.get(one.name, "") is not None)
    return tuple(replace(one, type=types.get(one.name) or one.type) for one in kept)


def policy(**changes: Any) -> Policy:
    base = {"name": "p", "permissive": True, "roles": ("public",), "command": "ALL"}
    return Policy(**{**base, **changes})


def role(one: Any, code: str) -> Role | None:
    """The role of the finding of this code, None where there is none."""
    return finding(one, code).role if code in codes(one) else None


# What the row says -------------------------------------------------------------------------------


def test_a_row_that_is_not_there_shows_what_the_trigger_step_said() -> None:
    silent = finding(case(row(rows=()), workflow(None)), "row/missing").found
    told = workflow(log(NOT_SAID, NOT_SAID, trigger_lines=("insert failed",)))
    quoted = finding(case(row(rows=()), told), "row/missing").found

    assert [one.label for one in silent.evidence] == ["rows found", "would have been seen"]
    assert quoted.evidence[-1].value == "insert failed"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (Asked(dispatch_id=DISPATCH, backup_id="7", run_id="42"), DISPATCH),
        (Asked(backup_id="7", run_id="42"), "'7'"),
        (Asked(run_id="42"), "'run 42'"),
    ],
)
def test_a_row_that_is_not_there_is_named_by_what_was_asked(asked: Asked, named: str) -> None:
    assert named in finding(case(row(rows=()), asked=asked), "row/missing").found.summary


def test_rows_that_could_not_be_seen_are_not_missing() -> None:
    assert "row/missing" not in codes(case(row(rows=NOT_THERE)))
    assert "row/missing" not in codes(case())


YOUNG: dict[str, Any] = {"now": CREATED + timedelta(minutes=1)}
UNSEEN_RUN = workflow(None, run=Unseen(why=Why.UNREACHABLE, what="GitHub did not answer."))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (case(), {"row/stuck", "row/s3-key-null"}),
        (case(UNSEEN_RUN, **YOUNG), set()),
        (case(row(a_row(s3_key="x"))), {"row/stuck"}),
        (case(row(a_row(status="failed"))), {"row/failed", "row/s3-key-null"}),
        (case(row(a_row(status="odd"))), {"row/s3-key-null"}),
        (case(UNSEEN_RUN, row(a_row(status="odd")), **YOUNG), set()),
        (case(row(finished_row())), set()),
        (case(row(finished_row(s3_key=None))), {"row/incomplete"}),
        (case(row(rows=())), {"row/missing"}),
    ],
)
def test_the_state_of_the_row_is_one_finding(one: Any, expected: set[str]) -> None:
    states = {
        "row/stuck",
        "row/s3-key-null",
        "row/failed",
        "row/incomplete",
        "row/missing",
    }

    assert codes(one) & states == expected


def test_how_long_a_row_has_been_stuck_is_told_where_it_says_when_it_was_made() -> None:
    dated = finding(case(), "row/stuck").found
    undated = finding(case(row(a_row(created_at=None))), "row/stuck").found

    assert " for " in dated.summary
    assert " for " not in undated.summary


def test_the_pipelines_own_words_of_its_failure_are_quoted() -> None:
    told = finding(case(row(a_row(status="failed", error_text="disk full"))), "row/failed").found
    silent = finding(case(row(a_row(status="failed"))), "row/failed").found

    assert told.summary.endswith(": disk full.")
    assert silent.summary.endswith("a failure.")


def test_a_row_is_shown_with_the_columns_that_its_table_has() -> None:
    small = replace(a_row(), values={"id": "1", "status": "in_progress"})

    shown = finding(case(row(small)), "row/stuck").found.evidence[0].value

    assert "status" in shown
    assert "s3_key" not in shown


OTHER_ID = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((a_row(),), None),
        ((a_row(), finished_row(id=OTHER_ID)), Role.CAUSE),
        ((finished_row(), a_row(id=OTHER_ID)), Role.CAUSE),
        ((a_row(), a_row(id=OTHER_ID)), Role.CONTEXT),
        ((finished_row(), finished_row(id=OTHER_ID)), Role.CONTEXT),
        ((a_row(status="failed"), finished_row(id=OTHER_ID)), Role.CONTEXT),
    ],
)
def test_two_rows_are_a_cause_where_one_is_finished_and_one_is_stuck(
    rows: Any, expected: Role | None
) -> None:
    one = case(row(*rows))

    assert role(one, "row/duplicate") is expected
    if expected is Role.CONTEXT:
        found = finding(one, "row/duplicate")
        assert (found.severity, found.breaks) == (Severity.WARN, ())


def test_an_id_that_is_used_again_is_no_duplicate_and_its_newest_row_is_fixed() -> None:
    day = timedelta(days=1)
    before = finished_row(id=OTHER_ID, created_at=CREATED - day, finished_at=CREATED - day)
    later = workflow(log(BARE_500, NO_GRANT))
    assert isinstance(later.run, Run)
    later = replace(later, run=replace(later.run, created_at=CREATED + SECOND))
    again = case(row(a_row(), before), later, the_object())
    inserted_late = case(row(a_row(), finished_row(id=OTHER_ID)), later, the_object())

    assert "the id is used again" in finding(again, "row/duplicate").found.summary
    assert finding(again, "row/duplicate").found.fixes == ()
    assert "row/duplicate" not in causes(again)
    assert role(inserted_late, "row/duplicate") is Role.CAUSE


def test_an_earlier_backup_with_a_run_of_its_own_is_no_duplicate_of_the_later_one() -> None:
    day = timedelta(days=1)
    stuck = a_row(id=OTHER_ID, created_at=CREATED - day)
    later = workflow(log(BARE_500, NO_GRANT))
    assert isinstance(later.run, Run)
    runs = tuple(
        RunAttempt(run=replace(later.run, created_at=at + SECOND), may_write=False)
        for at in (CREATED, CREATED - day)
    )
    each = case(row(finished_row(), stuck), replace(later, attempts=runs))
    one = case(row(finished_row(), stuck), replace(later, attempts=runs[:1]))

    found = finding(each, "row/duplicate").found
    assert f"`backup-doctor --backup-id {OTHER_ID}`" in found.summary
    assert (role(each, "row/duplicate"), found.fixes) == (Role.CONTEXT, ())
    assert role(one, "row/duplicate") is Role.CAUSE


@pytest.mark.parametrize(("apart", "expected"), [(1, Role.CAUSE), (60, Role.CONTEXT)])
def test_rows_that_are_far_apart_are_no_duplicates_where_their_runs_were_not_seen(
    apart: int, expected: Role
) -> None:
    before = finished_row(id=OTHER_ID, created_at=CREATED - timedelta(minutes=apart))
    blind = case(row(a_row(), before), workflow(None, run=NOT_THERE))

    assert role(blind, "row/duplicate") is expected


def test_what_one_way_lacks_explains_no_duplicate_for_the_other_way_reached_the_other_row() -> None:
    one = case(
        row(a_row(), finished_row(id=OTHER_ID)),
        function(record=None),
        workflow(log(GONE_FUNCTION, call(200)), update="success"),
    )

    assert causes(one) == ["row/duplicate"]
    assert role(one, "function/not-deployed") is Role.CONTEXT


def test_the_success_of_another_day_hides_no_false_success_of_today() -> None:
    before = finished_row(
        id=OTHER_ID, dispatch_id="nightly", created_at=CREATED - timedelta(days=1)
    )
    run = workflow(log(call(200), NOT_SAID), update="success")
    one = case(row(a_row(dispatch_id="nightly"), before), run)

    assert causes(one) == ["function/false-success"]


FAILED_TWIN = (a_row(status="failed"), finished_row(id=OTHER_ID))


def test_a_failed_row_beside_the_one_that_the_update_reached_is_a_duplicate() -> None:
    done = workflow(log(call(200), NOT_SAID), update="success")
    one = case(row(*FAILED_TWIN), done)
    found = finding(one, "row/duplicate").found
    made = repair(one, diagnosed(one))

    assert causes(one) == ["row/duplicate"]
    assert f"The update reached the row {OTHER_ID}; the newest one is recorded as failed." in (
        found.summary
    )
    assert (made.sql, made.alternatives) == (None, ())
    assert f"row {OTHER_ID} has this backup" in made.notes[0]


def test_a_failed_row_of_a_run_that_failed_itself_is_not_laid_to_the_earlier_good_one() -> None:
    failed = workflow(log(BARE_500, NO_GRANT))

    assert causes(case(row(*FAILED_TWIN), failed))[0] == "function/server-error"
    assert role(case(row(*FAILED_TWIN), failed), "row/duplicate") is Role.CONTEXT


def test_a_row_that_was_finished_before_the_run_began_is_none_that_its_update_reached() -> None:
    before = finished_row(
        id=OTHER_ID, created_at=CREATED - timedelta(hours=2), finished_at=CREATED - 3600 * SECOND
    )
    run = workflow(log(call(200), NOT_SAID), update="success")

    assert causes(case(row(a_row(), before), run)) == ["function/false-success"]
    assert causes(case(row(a_row(status="failed"), before), run)) == []


SEVERAL = '{"code":"PGRST116","details":"The result contains 2 rows"}'


def test_an_update_step_that_wanted_the_one_row_was_kept_from_it_by_the_second() -> None:
    both = row(a_row(), a_row(id=OTHER_ID))
    at_look_up = case(both, workflow(log(NOT_SAID, NOT_SAID, lookup_call=call(406, SEVERAL))))
    at_update = case(both, workflow(log(GONE_FUNCTION, call(406, SEVERAL))))
    unsaid = case(both, workflow(log(GONE_FUNCTION, NO_GRANT)))

    assert causes(at_look_up) == ["row/duplicate"]
    assert causes(at_update) == ["function/not-deployed", "row/duplicate"]
    assert role(unsaid, "row/duplicate") is Role.CONTEXT


def test_failed_rows_of_an_id_that_is_used_again_ask_for_no_index() -> None:
    before = finished_row(
        id=OTHER_ID, dispatch_id="nightly", created_at=CREATED - timedelta(days=1)
    )
    one = case(row(a_row(dispatch_id="nightly", status="failed"), before))

    assert finding(one, "row/duplicate").found.fixes == ()


def test_a_row_that_was_inserted_again_while_its_run_was_going_is_a_duplicate() -> None:
    before = finished_row(id=OTHER_ID, created_at=CREATED - 9 * SECOND, finished_at=CREATED)
    late = a_row(created_at=CREATED + 9 * SECOND)
    run = workflow(log(BARE_500, NO_GRANT))
    assert isinstance(run.run, Run)
    its = replace(run, run=replace(run.run, created_at=CREATED - 8 * SECOND))

    assert role(case(row(late, before), its), "row/duplicate") is Role.CAUSE


def test_an_id_that_is_no_uuid_is_used_again_though_no_run_was_started_for_its_newest_row() -> None:
    before = finished_row(
        id=OTHER_ID, dispatch_id="nightly", created_at=CREATED - timedelta(days=1)
    )
    one = case(row(a_row(dispatch_id="nightly"), before), workflow(None, run=None))

    assert "the id is used again" in finding(one, "row/duplicate").found.summary
    assert role(one, "row/duplicate") is Role.CONTEXT


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ((a_row(), finished_row(id=OTHER_ID)), FixKind.SQL),
        ((a_row(status="failed"), finished_row(id=OTHER_ID)), FixKind.SQL),
        ((finished_row(), finished_row(id=OTHER_ID)), FixKind.MANUAL),
        ((a_row(), finished_row(id=OTHER_ID), finished_row(id="third")), FixKind.MANUAL),
    ],
)
def test_an_index_that_these_rows_would_refuse_is_not_printed(rows: Any, kind: FixKind) -> None:
    (fix,) = finding(case(row(*rows)), "row/duplicate").found.fixes

    assert fix.kind is kind


@pytest.mark.parametrize(
    ("run_id", "title", "wrong"),
    [
        ("42", "another", True),
        ("42", DISPATCH, False),
        ("42", f" {DISPATCH.upper()}", False),
        ("42", None, False),
        (None, "another", False),
    ],
)
def test_a_row_that_names_a_run_of_another_dispatch(
    run_id: str | None, title: str | None, wrong: bool
) -> None:
    one = case(row(a_row(workflow_run_id=run_id)), workflow(None, run_title_dispatch=title))

    assert ("row/wrong-run" in codes(one)) is wrong


def test_without_a_row_or_a_run_no_run_is_wrong() -> None:
    titled = workflow(None, run_title_dispatch="another")
    named = case(row(a_row(workflow_run_id="42")))
    blind = replace(named, evidence={**named.evidence, "workflow": NOT_THERE})

    assert "row/wrong-run" not in codes(case(row(rows=()), titled))
    assert "row/wrong-run" not in codes(blind)


# Its table ---------------------------------------------------------------------------------------


def test_a_table_that_is_not_there_is_where_the_row_was_lost() -> None:
    gone = row(rows=(), table=None)

    found = finding(case(gone, workflow(None)), "row/table-missing")

    assert min(found.breaks) is Link.ROW_CREATED
    assert role(case(row(table=NOT_THERE)), "row/table-missing") is None
    assert role(case(), "row/table-missing") is None


def test_tables_of_a_like_name_are_named() -> None:
    server = Server(version="18", now=NOW, similar_tables=("public.backups",))

    with_hint = finding(case(row(rows=(), table=None, server=server)), "row/table-missing").found
    unasked = finding(case(row(rows=(), table=None, server=NOT_THERE)), "row/table-missing").found

    assert "public.backups" in with_hint.summary
    assert "There is" not in unasked.summary


@pytest.mark.parametrize(
    ("evidence", "answer", "expected"),
    [
        ((row(table=table(columns=columns(size_bytes=None))),), call(418), Role.CAUSE),
        ((), call(418), None),
        ((row(table=NOT_THERE),), call(418), None),
        ((row(table=NOT_THERE),), refusing("42703", "column x does not exist"), Role.CAUSE),
        ((), refusing("42703"), None),
        ((), refusing("42703", "column x does not exist"), Role.CAUSE),
        ((), refusing("PGRST204", "Could not find the 's3_key' column"), None),
        ((row(table=table(columns=columns(error_text=None))),), call(418), None),
        (
            (row(table=table(columns=columns(error_text=None))),),
            refusing("PGRST204", "Could not find the 'error_text' column"),
            Role.CAUSE,
        ),
    ],
)
def test_a_column_is_missing_by_the_catalogue_or_by_the_answer_in_the_log(
    evidence: Any, answer: Call, expected: Role | None
) -> None:
    assert role(answered(answer, *evidence), "row/column-missing") is expected


def test_a_column_that_nobody_wrote_is_no_suspicion_where_both_refusals_say_why() -> None:
    without = row(table=table(columns=columns(finished_at=None)))
    run = workflow(log(GONE_FUNCTION, NO_GRANT))

    assert "row/column-missing" not in codes(case(run, without))


def before(**changes: Any) -> Any:
    """No backup in hand, and this database."""
    return ahead(row(rows=NO_BACKUP, **changes))


def test_before_the_first_backup_a_column_that_not_every_pipeline_writes_is_a_suspicion() -> None:
    maybe = before(table=table(columns=columns(error_text=None)))
    surely = before(table=table(columns=columns(error_text=None, size_bytes=None)))

    assert finding(maybe, "row/column-missing").found.weak
    assert finding(surely, "row/column-missing").found.weak
    assert "error_text" not in finding(surely, "row/column-missing").found.summary
    assert role(before(), "row/column-missing") is None


def test_each_missing_column_has_a_statement_that_adds_it_with_its_type() -> None:
    names = Names(columns={"size_bytes": "bytes"}, repository="acme/app")
    seen = row(table=table(columns=columns(size_bytes=None, finished_at=None)))

    fixes = finding(answered(call(418), seen, names=names), "row/column-missing").found.fixes

    assert len(fixes) == 2
    assert '"bytes" bigint' in fixes[0].text
    assert "timestamptz" in fixes[1].text


def test_without_the_catalogue_the_row_itself_shows_that_it_lacks_the_column() -> None:
    def said(column: str) -> Role | None:
        answer = refusing("PGRST204", f"Could not find the '{column}' column")
        return role(answered(answer, row(table=NOT_THERE)), "row/column-missing")

    blind = row(rows=NOT_THERE, table=NOT_THERE)
    unseen = answered(refusing("PGRST204", "Could not find the 'x' column"), blind)

    assert said("x") is Role.CAUSE
    assert said("s3_key") is None
    assert "row/column-missing" not in codes(unseen)


STALE_NOW = {"api": ApiAnswer(status=404, code="PGRST205")}
UNKNOWN_TABLE = refusing("PGRST205", "Could not find the table x in the schema cache")
OWN_UNKNOWN = refusing(
    "PGRST205", "Could not find the table 'public.backup_history' in the schema cache"
)
UNKNOWN_COLUMN = refusing("PGRST204", "Could not find the 's3_key' column")


@pytest.mark.parametrize(
    ("answer", "seen", "expected"),
    [
        (call(418), row(**STALE_NOW), Role.CAUSE),
        (call(404), row(**STALE_NOW), Role.CAUSE),
        (call(404), row(api=ApiAnswer(status=400, code="PGRST204")), Role.CAUSE),
        (call(404), row(), None),
        (UNKNOWN_TABLE, row(), Role.CAUSE),
        (UNKNOWN_TABLE, row(api=NOT_THERE), Role.CAUSE),
        (UNKNOWN_COLUMN, row(), Role.CAUSE),
        (UNKNOWN_TABLE, row(table=None), None),
        (UNKNOWN_TABLE, row(table=NOT_THERE), None),
        (OWN_UNKNOWN, row(table=NOT_THERE), Role.CAUSE),
        (OWN_UNKNOWN, row(table=NOT_THERE, rows=()), None),
        (UNKNOWN_COLUMN, row(table=NOT_THERE), Role.CAUSE),
        (refusing("PGRST204", "Could not find the 'x' column"), row(table=NOT_THERE), None),
        (UNKNOWN_TABLE, row(table=table(columns=columns(status=None))), None),
        (refusing("PGRST204", "Could not find the 'x' column"), row(), None),
    ],
)
def test_the_schema_cache_is_stale_where_postgrest_does_not_know_what_is_there(
    answer: Call, seen: Any, expected: Role | None
) -> None:
    assert role(answered(answer, seen), "row/schema-cache-stale") is expected


@pytest.mark.parametrize(
    ("answer", "seen", "healed"),
    [
        (UNKNOWN_TABLE, row(), True),
        (UNKNOWN_TABLE, row(api=NOT_THERE), False),
        (UNKNOWN_TABLE, row(**STALE_NOW), False),
        (UNKNOWN_COLUMN, row(), False),
        (UNKNOWN_COLUMN, row(**STALE_NOW), False),
    ],
)
def test_a_cache_that_knows_the_table_now_was_reloaded_and_of_a_column_nobody_asks(
    answer: Call, seen: Any, healed: bool
) -> None:
    assert (
        finding(answered(answer, seen), "row/schema-cache-stale").found.resolved is not None
    ) is healed


def test_a_column_that_is_there_now_may_have_been_added_since() -> None:
    def said(*evidence: Any) -> str:
        return finding(answered(UNKNOWN_COLUMN, *evidence), "row/schema-cache-stale").found.summary

    assert "did not know the column s3_key, which the table has now" in said()
    assert "is stale" in said(row(api=ApiAnswer(status=404, code="PGRST205")))


def test_a_look_up_that_postgrest_did_not_understand_tells_a_stale_cache_too() -> None:
    one = case(workflow(log(NOT_SAID, NOT_SAID, lookup_call=UNKNOWN_TABLE)))

    assert finding(one, "row/schema-cache-stale").breaks == BOTH


# What refuses the update -------------------------------------------------------------------------


LIMIT = 2**31 - 1


def sized(size: int, kind: str = "integer", **changes: Any) -> Any:
    """A backup of this size, and a column of this type."""
    seen = row(table=table(columns=columns(size_bytes=kind)))
    return case(UNTOLD, seen, the_object(head=stored(size=size)), **changes)


@pytest.mark.parametrize(
    ("one", "overflows"),
    [
        (sized(LIMIT), False),
        (sized(LIMIT + 1), True),
        (sized(2**15 - 1, "smallint"), False),
        (sized(2**15, "smallint"), True),
        (sized(2**63 - 1, "bigint"), False),
        (sized(2**63, "bigint"), True),
        (sized(2**70, "numeric"), False),
    ],
)
def test_a_type_holds_a_size_up_to_its_limit(one: Any, overflows: bool) -> None:
    assert ("row/size-overflow" in codes(one)) is overflows


def test_a_size_that_the_script_never_names_overflows_nothing() -> None:
    one = sized(LIMIT + 1)
    assert isinstance(one.rls, RlsEvidence)
    unnamed = replace(one.rls, assumed=("size_bytes",))

    assert "row/size-overflow" not in codes(case(one.workflow, one.row, one.object, unnamed))


@pytest.mark.parametrize(
    ("size", "code"),
    [(LIMIT, "row/constraint-rejects"), (LIMIT + 1, "row/size-overflow")],
)
def test_a_number_that_is_not_told_is_the_size_only_if_that_does_not_fit(
    size: int, code: str
) -> None:
    refused = workflow(log(BARE_500, refusing("22003", "integer out of range")))
    blind = (row(table=NOT_THERE), RlsEvidence(proof=NOT_THERE))

    one = case(refused, *blind, the_object(head=stored(size=size)))

    assert code in causes(one)
    assert len({"row/constraint-rejects", "row/size-overflow"} & set(causes(one))) == 1


def measured(said: str | None, seen: Any) -> Any:
    """A column that is too small for the three gigabytes that the log tells of."""
    assignments = {"BACKUP_SIZE": said} if said is not None else {}
    told = workflow(log(BARE_500, call(418), assignments=assignments))
    return case(told, seen, row(table=table(columns=columns(size_bytes="integer"))))


@pytest.mark.parametrize(
    ("one", "overflows"),
    [
        (measured("3000000000", the_object(head=None, tail=None)), True),
        (measured("3 GB", the_object(head=None, tail=None)), False),
        (
            measured(
                "\u0663\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660",
                the_object(head=None, tail=None),
            ),
            False,
        ),
        (measured(None, the_object(head=None, tail=None)), False),
        (measured("3000000000", the_object()), False),
        (measured(None, the_object(head=None, tail=None, latest=stored(size=3 * 10**9))), True),
    ],
)
def test_the_size_is_that_of_the_object_else_of_the_last_one_else_the_logs(
    one: Any, overflows: bool
) -> None:
    assert ("row/size-overflow" in codes(one)) is overflows


def test_a_column_that_nobody_saw_is_not_said_to_be_of_a_type() -> None:
    one = answered(refusing("22003", "out of range"), row(table=NOT_THERE))

    said = finding(one, "row/size-overflow").found.summary

    assert said == "size_bytes could not hold 1,024,000 bytes. This was not checked since."


def too_large(**changes: Any) -> RlsEvidence:
    value = {"column": "size_bytes", "type": "d", "sqlstate": "22003", "message": "out of range"}
    return replace(rls(), refused_values=(RefusedValue(**{**value, **changes}),))


def test_postgresqls_own_word_on_a_size_outweighs_what_the_type_is_called() -> None:
    assert "row/size-overflow" in codes(case(UNTOLD, too_large()))
    assert "row/size-overflow" not in codes(case(UNTOLD, too_large(column="status")))
    assert "row/size-overflow" not in codes(case(UNTOLD, too_large(sqlstate="22001")))
    assert "row/size-overflow" not in codes(case(UNTOLD, replace(rls(), refused_values=NOT_THERE)))


def test_a_size_that_the_log_says_was_too_large_needs_no_catalogue() -> None:
    one = answered(refusing("22003"), row(table=NOT_THERE), the_object(head=None, tail=None))

    found = finding(one, "row/size-overflow").found

    assert not found.resolved
    assert "size_bytes could not hold" in found.summary


CHECK = Constraint(name="status_check", kind="c", definition="CHECK (false)", accepts=False)
VIOLATED = refusing("23514", 'violates check constraint \\"status_check\\"')


@pytest.mark.parametrize(
    ("answer", "evidence", "expected"),
    [
        (call(418), (rls(constraints=(CHECK,)),), Role.CAUSE),
        (call(409), (rls(constraints=(CHECK,)),), Role.CAUSE),
        (NOT_SAID, (rls(constraints=(CHECK,)),), Role.CAUSE),
        (NOT_SAID, (rls(constraints=(replace(CHECK, accepts=True),)),), None),
        (NOT_SAID, (rls(constraints=(replace(CHECK, accepts=None),)),), None),
        (NOT_SAID, (rls(constraints=NOT_THERE),), None),
        (NOT_SAID, (too_large(column="status", sqlstate="22P02"),), Role.CAUSE),
        (NOT_SAID, (too_large(),), None),
        (VIOLATED, (), Role.CAUSE),
        (NO_GRANT, (rls(constraints=(CHECK,)),), Role.CAUSE),
    ],
)
def test_a_constraint_refuses_by_its_own_verdict_or_by_the_answer_in_the_log(
    answer: Call, evidence: Any, expected: Role | None
) -> None:
    assert role(answered(answer, *evidence), "row/constraint-rejects") is expected


WRITTEN = {"status": "success", "s3_key": "backups/a.zip"}
COLUMNS_SENT = "9b1deb4d, 5f0c, backups/a.zip, {}, 1024000, 2026-11-20, null, 42, 2026-11-20"


NEW_ROW = 'new row for relation \\"backup_history\\"'
SINCE_DROPPED = refusing("23514", f'{NEW_ROW} violates check constraint \\"status_check\\"')


def violated(status: str) -> Call:
    """PostgreSQL's refusal of a row with this status."""
    row_sent = COLUMNS_SENT.format(status)
    return refusing(
        "23514",
        f'{NEW_ROW} violates check constraint \\"status_check\\"","details":"Failing row contains ({row_sent}).',
    )


ALLOWS = replace(
    CHECK,
    definition="CHECK ((status = ANY (ARRAY['in_progress'::text, 'success'::text, 'failed'::text])))",
    expression="(status = ANY (ARRAY['in_progress'::text, 'success'::text, 'failed'::text]))",
    columns=("status",),
    accepts=True,
)


def test_what_the_script_writes_is_what_was_refused_where_the_answer_does_not_show_it() -> None:
    update = Attempt(
        kind="table-update",
        name="direct update of backup_history",
        place="ops/fin.sh:7",
        updates=True,
        call=SINCE_DROPPED,
        writes={"status": "partial"},
    )
    read = log(NOT_SAID, SINCE_DROPPED, attempts=(update,))
    seen = case(workflow(read), rls(constraints=(ALLOWS,)), row(table=table(constraints=(ALLOWS,))))

    one = finding(seen, "row/constraint-rejects")

    assert one.found.summary == (
        "The update writes the status 'partial', which status_check does not allow."
    )


def test_a_constraint_that_one_partition_has_is_named_with_it_and_is_no_matter_of_the_table() -> (
    None
):
    own = replace(CHECK, partitions=("public.of_2026",))
    found = finding(answered(VIOLATED, rls(constraints=(own,))), "row/constraint-rejects").found
    (fix,) = found.fixes

    assert "violates status_check of public.of_2026" in found.summary
    assert fix.kind is FixKind.MANUAL
    assert "public.of_2026" in fix.title


@pytest.mark.parametrize(
    ("answer", "evidence", "works"),
    [
        (SINCE_DROPPED, (rls(), row(table=table(constraints=()))), True),
        # Without the table's name it may be another's.
        (VIOLATED, (rls(), row(table=table(constraints=()))), False),
        (VIOLATED, (rls(constraints=(CHECK,)),), False),
        (VIOLATED, (rls(constraints=NOT_THERE), row(table=NOT_THERE)), False),
        (VIOLATED, (row(table=table(constraints=(replace(CHECK, kind="f"),))),), False),
        # That it allows what the doctor would write says nothing of what the pipeline wrote.
        (VIOLATED, (rls(constraints=(ALLOWS,)), row(table=table(constraints=(ALLOWS,)))), False),
        (violated("partial"), (rls(constraints=(ALLOWS,)),), False),
        (violated("success"), (replace(rls(constraints=(ALLOWS,)), written=WRITTEN),), True),
        (refusing("23503"), (), False),
    ],
)
def test_a_constraint_is_over_where_it_is_gone_or_allows_the_very_values_that_were_sent(
    answer: Call, evidence: Any, works: bool
) -> None:
    found = finding(answered(answer, *evidence), "row/constraint-rejects").found

    assert (found.resolved is not None) is works


def test_a_status_that_the_constraint_does_not_know_is_named_with_the_two_ways_out() -> None:
    seen = row(table=table(constraints=(ALLOWS,)))
    found = finding(
        answered(violated("partial"), rls(constraints=(ALLOWS,)), seen), "row/constraint-rejects"
    ).found
    word, wider = found.fixes

    assert "writes the status 'partial', which status_check does not allow" in found.summary
    assert (word.kind, word.alternative, wider.kind, wider.alternative) == (
        FixKind.MANUAL,
        False,
        FixKind.SQL,
        True,
    )
    assert "OR status = 'partial'" in wider.text


# Another table ----------------------------------------------------------------------------------

ELSEWHERE = "public.audit_log"


@pytest.mark.parametrize(
    ("refusal", "code", "said"),
    [
        (
            refusing("42P01", 'relation \\"public.audit_log\\" does not exist'),
            "row/table-missing",
            "The database knows no table public.audit_log",
        ),
        (
            refusing("PGRST205", "Could not find the table 'public.audit_log' in the schema cache"),
            "row/table-missing",
            "The database knows no table public.audit_log",
        ),
        (
            refusing("42703", 'column \\"who\\" of relation \\"audit_log\\" does not exist'),
            "row/column-missing",
            "The table audit_log, which the pipeline uses beside public.backup_history, had no column who",
        ),
        (
            refusing(
                "PGRST204", "Could not find the 'who' column of 'audit_log' in the schema cache"
            ),
            "row/column-missing",
            "had no column who",
        ),
        (
            refusing("42703", "column audit_log.who does not exist"),
            "row/column-missing",
            "had no column who",
        ),
        (
            refusing(
                "23502",
                'null value in column \\"who\\" of relation \\"audit_log\\" violates not-null constraint',
            ),
            "row/constraint-rejects",
            "violates a constraint of the table audit_log",
        ),
        (
            refusing(
                "23503",
                'insert or update on table \\"audit_log\\" violates foreign key constraint \\"by\\"',
            ),
            "row/constraint-rejects",
            "violates by of the table audit_log",
        ),
    ],
)
def test_what_the_database_says_of_another_table_is_told_of_that_one(
    refusal: Call, code: str, said: str
) -> None:
    found = finding(answered(refusal), code).found

    assert said in found.summary
    assert found.summary.endswith("This was not checked since.")
    assert found.resolved is None
    assert all(fix.kind is not FixKind.SQL for fix in found.fixes)


def test_of_a_key_that_another_row_has_that_row_is_named_and_nothing_is_dropped() -> None:
    unique = Constraint(
        name="one_key",
        kind="u",
        definition="UNIQUE (s3_key)",
        columns=("s3_key",),
        accepts=False,
        holder="row-7",
    )
    taken = refusing("23505", 'duplicate key value violates unique constraint \\"one_key\\"')
    found = finding(answered(taken, rls(constraints=(unique,))), "row/constraint-rejects").found
    commands = [one.command for one in found.evidence]

    assert "row row-7 has already (s3_key)" in found.summary
    assert all("DROP" not in fix.text for fix in found.fixes)
    assert any(one and "= 'row-7'" in one for one in commands)


def test_what_allows_one_row_of_a_kind_is_dropped_where_it_is_not_the_files_key() -> None:
    def fix(definition: str) -> Fix:
        unique = Constraint(
            name="one-success",
            kind="u",
            definition=definition,
            columns=("status",),
            accepts=False,
            holder="row-7",
        )
        (found,) = finding(case(rls(constraints=(unique,))), "row/constraint-rejects").found.fixes
        return found

    index = fix('CREATE UNIQUE INDEX "one-success" ON public.backup_history (status)')
    constraint = fix("UNIQUE (status)")

    assert index.text == 'DROP INDEX IF EXISTS public."one-success";'
    assert "DROP CONSTRAINT IF EXISTS" in constraint.text
    assert (index.risk, constraint.risk) == (Risk.HIGH, Risk.HIGH)
    assert "unless row row-7 should not have status" in index.title


def test_what_refuses_the_row_goes_before_its_sql_and_comes_back_after_it() -> None:
    dropped, added = finding(case(rls(constraints=(CHECK,))), "row/constraint-rejects").found.fixes

    assert (dropped.risk, dropped.after_row, added.after_row) == (Risk.HIGH, False, True)


def test_a_column_that_may_not_be_null_is_let_be_null() -> None:
    kept = Constraint(
        name="error_text NOT NULL",
        kind="n",
        definition="NOT NULL error_text",
        columns=("error_text",),
        accepts=False,
    )
    (fix,) = finding(case(rls(constraints=(kept,))), "row/constraint-rejects").found.fixes

    assert fix.text == ("ALTER TABLE public.backup_history ALTER COLUMN error_text DROP NOT NULL;")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("22P02", 'invalid input syntax for type bigint: \\"\\"'),
        ("22P02", 'invalid input syntax for type uuid: \\"null\\"'),
        ("22P02", 'invalid input syntax for type bigint: \\"undefined\\"'),
    ],
)
def test_an_empty_variable_is_no_constraint(code: str, message: str) -> None:
    one = answered(refusing(code, message))

    assert "row/constraint-rejects" not in codes(one)
    assert "workflow/fallback-failed" in causes(one)


def test_the_constraint_is_named_by_its_verdict_else_by_the_log() -> None:
    def summary(answer: Call, *evidence: Any) -> str:
        return finding(answered(answer, *evidence), "row/constraint-rejects").found.summary

    assert "status_check" in summary(call(409), rls(constraints=(CHECK,)))
    assert "status_check" in summary(VIOLATED)
    assert "refuses the update" in summary(refusing("23503"))
    assert "status (d) cannot take" in summary(
        call(409), too_large(column="status", sqlstate="22001")
    )


@pytest.mark.parametrize(
    ("written", "accepts", "expected"),
    [
        (("status", "s3_key"), True, "Let the update write size_bytes too"),
        (("status", "s3_key", "size_bytes"), True, "Drop status_check"),
        ((), True, "Drop status_check"),
        (("status", "s3_key"), False, "Drop status_check"),
    ],
)
def test_a_check_that_the_whole_row_satisfies_is_kept_where_the_update_leaves_a_column_out(
    written: tuple[str, ...], accepts: bool, expected: str
) -> None:
    asks = replace(CHECK, columns=("status", "size_bytes"), accepts=accepts)
    direct = Attempt(
        kind="table-update", name="d", place="x", updates=True, call=VIOLATED, columns=written
    )
    told = log(NOT_SAID, VIOLATED, attempts=(direct,))

    fix, *_ = finding(
        case(workflow(told), rls(constraints=(asks,))), "row/constraint-rejects"
    ).found.fixes

    assert fix.title.startswith(expected)


def test_what_refuses_is_dropped_or_widened_by_its_own_fix() -> None:
    def fixes(answer: Call, *evidence: Any) -> list[str]:
        found = finding(answered(answer, *evidence), "row/constraint-rejects").found
        return [fix.text for fix in found.fixes]

    enum = too_large(
        column="status", type="state", sqlstate="22P02", message="invalid input value for enum"
    )
    other = replace(CHECK, name="other")
    foreign = row(table=table(constraints=(other, replace(CHECK, kind="f"))))

    dropped, added_again = fixes(NOT_SAID, rls(constraints=(CHECK,)))
    (added,) = fixes(NOT_SAID, enum)
    (widened,) = fixes(NOT_SAID, too_large(column="status", sqlstate="22001"))
    (not_an_enum,) = fixes(NOT_SAID, too_large(column="status", sqlstate="22P02"))
    named, _ = fixes(VIOLATED, foreign)
    assert "It was: CHECK (false)." in added_again
    assert 'DROP CONSTRAINT IF EXISTS "status_check"' in dropped
    assert "ADD VALUE IF NOT EXISTS 'success'" in added
    assert "TYPE text" in widened
    assert "TYPE text" in not_an_enum
    assert 'DROP CONSTRAINT IF EXISTS "status_check"' in named


# Triggers ----------------------------------------------------------------------------------------


RAISED = refusing("P0001", "no tenant in claims")


@pytest.mark.parametrize(
    ("changes", "healed"),
    [
        ({}, True),
        ({"policies": (policy(using="chk()"),)}, False),
        ({"policies": (policy(using="(status <> 'x'::text)"),)}, True),
        (
            {"constraints": (Constraint(name="c", kind="c", definition="", expression="ok(id)"),)},
            False,
        ),
    ],
)
def test_an_exception_is_over_only_where_nothing_is_left_that_could_raise_it(
    changes: Any, healed: bool
) -> None:
    one = answered(RAISED, row(table=table(**changes)))

    found = finding(one, "row/trigger-interferes").found

    assert found.summary.startswith("An exception that a trigger, or another function")
    assert (found.resolved is not None) is healed


def test_an_exception_without_a_trigger_is_looked_for_in_what_the_policies_and_checks_call() -> (
    None
):
    known = table(
        policies=(policy(using="(tenant() = 'a'::text)"), policy(using="true")),
        constraints=(Constraint(name="c", kind="c", definition="", expression="fits(id)"),),
    )

    fix = finding(answered(RAISED, row(table=known)), "row/trigger-interferes").found.fixes[0]

    assert f"one that the policy {known.policies[0].name} and the CHECK c calls" in fix.text


def test_a_constraint_of_a_table_that_cannot_be_looked_into_has_a_way_out() -> None:
    one = answered(VIOLATED, row(table=NOT_THERE), rls(constraints=NOT_THERE))

    (fix,) = finding(one, "row/constraint-rejects").found.fixes

    assert fix.title.startswith("Let the update write what status_check allows")
    assert "conname = 'status_check'" in fix.text


def test_a_rewrite_rule_is_called_one_and_switched_off_as_one() -> None:
    definition = "CREATE RULE nope AS\n    ON UPDATE TO public.backup_history DO INSTEAD NOTHING;"
    rule = Trigger(name="nope", definition=definition, function="", before=True)
    one = case(workflow(log(call(200), NOT_SAID)), row(table=table(triggers=(rule,))))

    found = finding(one, "row/trigger-interferes").found

    assert found.summary == "The rule nope rewrites or refuses the update."
    assert 'DISABLE RULE "nope"' in found.fixes[0].text


SKIPS = Trigger(name="hush", definition="", function="hush", before=True, source="RETURN NULL;")
NOT_DEPLOYED = '{"code":"NOT_FOUND","message":"Requested function was not found"}'


@pytest.mark.parametrize(
    "silent",
    [
        call(200, "[]", rows=0),
        call(200, '[{"status":"in_progress","message":"started by the app"}]'),
    ],
)
def test_no_other_answer_is_quoted_as_what_a_trigger_says(silent: Call) -> None:
    one = case(workflow(log(call(404, NOT_DEPLOYED), silent)), row(table=table(triggers=(SKIPS,))))

    found = finding(one, "row/trigger-interferes").found

    assert found.summary == "The trigger hush rewrites or refuses the update."


def test_a_trigger_that_empties_what_a_success_lacks_is_why_it_lacks_it() -> None:
    empties = Trigger(
        name="tidy", definition="", function="tidy", before=True, source="NEW.s3_key := NULL;"
    )
    other = replace(empties, source="NEW.size_bytes := 0;")
    lacking = finished_row(s3_key=None)
    done = workflow(log(call(200), NOT_SAID), update="success")

    assert causes(case(done, row(lacking, table=table(triggers=(empties,))))) == [
        "row/trigger-interferes"
    ]
    assert causes(case(done, row(lacking, table=table(triggers=(other,))))) == ["row/incomplete"]


INSTEAD = Trigger(
    name="u",
    definition="CREATE TRIGGER u INSTEAD OF UPDATE ON public.backup_history",
    function="u()",
    source="BEGIN UPDATE backups SET status = NEW.status WHERE id = OLD.id; RETURN NEW; END",
)


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        (INSTEAD.source, "row/trigger-interferes"),
        ("UPDATE backups SET key = NEW.s3_key WHERE id = OLD.id;", "row/incomplete"),
        ("UPDATE backups SET (a, b) = (SELECT NEW.*) WHERE id = OLD.id;", "row/incomplete"),
        ("EXECUTE 'UPDATE backups SET …' USING NEW;", "row/incomplete"),
        ("PERFORM save(NEW);", "row/incomplete"),
    ],
)
def test_what_a_trigger_in_the_place_of_a_views_update_leaves_out_no_step_can_send(
    source: str, cause: str
) -> None:
    done = workflow(log(call(200), NOT_SAID), update="success")
    known = table(kind="view", triggers=(replace(INSTEAD, source=source),))

    assert causes(case(done, row(finished_row(s3_key=None), table=known))) == [cause]


def test_a_value_that_is_there_and_cannot_be_read_is_not_said_to_be_missing() -> None:
    row_of_megabytes = finished_row(size_bytes=None, finished_at=None)
    values = {**row_of_megabytes.values, "size_bytes": "0.0034"}
    done = workflow(log(call(200), NOT_SAID), update="success")
    one = case(done, row(replace(row_of_megabytes, values=values)))

    assert finding(one, "row/incomplete").found.summary == (
        "The row says 'success', but has no finished_at and its size_bytes is '0.0034', which is not a "
        "whole number of bytes."
    )


def test_who_lacks_what_the_table_computes_is_not_told_to_send_it() -> None:
    columns = tuple(
        replace(one, generated=True, default="ended") if one.name == "finished_at" else one
        for one in COLUMNS
    )
    lacking = finished_row(finished_at=None)
    done = workflow(log(call(200), NOT_SAID), update="success")
    one = case(done, row(lacking, table=table(columns=columns)))
    (fix,) = finding(one, "row/incomplete").found.fixes

    assert fix.title == "Let the update write what finished_at is computed from"
    assert "(ended)" in fix.text


def test_a_rule_of_a_domain_goes_before_the_row_and_comes_back_after_it() -> None:
    refused = RefusedValue(
        column="s3_key", type="s3key", sqlstate="23514", message="value for domain s3key"
    )
    one = answered(refusing("23514"), replace(rls(), refused_values=(refused,)))

    drop, keep = finding(one, "row/constraint-rejects").found.fixes

    assert "TYPE text" in drop.text
    assert (keep.kind, keep.after_row) == (FixKind.MANUAL, True)


def test_what_postgresql_says_of_a_refusal_is_quoted() -> None:
    one = answered(refusing("428C9", 'column \\"finished_at\\" can only be updated to DEFAULT'))

    said = finding(one, "row/constraint-rejects").found.summary

    assert said.startswith(
        "PostgreSQL refuses the update that the pipeline makes: "
        'column "finished_at" can only be updated to DEFAULT.'
    )


RAISING = Trigger(
    name="quota",
    definition="CREATE TRIGGER quota BEFORE UPDATE ON public.backup_history",
    function="quota()",
    source="BEGIN RAISE EXCEPTION 'the tenant''s \"%\" may not' , NEW.id USING ERRCODE = '42501'; END",
    before=True,
)
TOLD = 'the tenant\'s \\"17\\" may not'


@pytest.mark.parametrize("code", ["42501", "23514", "PT402", "P0001", "22023"])
@pytest.mark.parametrize(
    "source",
    [
        RAISING.source,
        "BEGIN RAISE SQLSTATE 'PT402' USING MESSAGE = 'the tenant''s \"17\" may not'; END",
    ],
)
def test_a_message_of_a_triggers_own_is_the_triggers_whatever_its_sqlstate(
    code: str, source: str
) -> None:
    known = table(triggers=(replace(RAISING, source=source),))
    answer = f'{{"code":"{code}","message":"{TOLD}"}}'
    run = workflow(log(call(500, f'{{"details":{answer}}}'), call(400, answer)))

    assert causes(case(run, row(table=known))) == ["row/trigger-interferes"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("RAISE EXCEPTION 'no %', NEW.id;", "no partition"),
        ("RAISE EXCEPTION '%', why;", "new row violates check constraint"),
        ("-- RAISE EXCEPTION 'violates check constraint';", "violates check constraint"),
        ("RAISE EXCEPTION 'something else entirely';", "violates check constraint"),
    ],
)
def test_another_message_than_the_triggers_own_is_not_laid_to_it(source: str, message: str) -> None:
    known = table(triggers=(replace(RAISING, source=source),))
    answer = f'{{"code":"23514","message":"{message}"}}'
    run = workflow(log(call(500, f'{{"details":{answer}}}'), call(400, answer)))

    assert "row/trigger-interferes" not in causes(case(run, row(table=known)))


QUIET = Trigger(
    name="touch",
    definition="CREATE TRIGGER touch",
    function="touch()",
    source="BEGIN RETURN NEW; END",
)


def trigger(source: str, **changes: Any) -> Trigger:
    return replace(QUIET, source=source, **changes)


SILENT = workflow(log(call(200), NOT_SAID))


def triggered(one: Trigger, seen: Any = SILENT, **changes: Any) -> Any:
    return case(seen, row(table=table(triggers=(one,))), **changes)


@pytest.mark.parametrize(
    ("one", "meddles"),
    [
        (trigger("NEW.status := 'x';"), True),
        (trigger('new."status" = 1;'), True),
        (trigger("-- NEW.status := 'x';\nRETURN NEW;"), False),
        (trigger("NEW.other := 1;"), False),
        (trigger("RETURN OLD;", before=True), True),
        (trigger("RETURN NULL;", before=True), True),
        (trigger("RETURN NULL;"), False),
        (trigger("RAISE EXCEPTION 'no';"), True),
        (trigger("RAISE NOTICE 'no';"), False),
        (trigger("UPDATE public.backup_history SET status = 'x';"), True),
        (trigger("UPDATE other SET status = 'x';"), False),
        (trigger("", definition="CREATE RULE r AS ON UPDATE TO x DO INSTEAD NOTHING"), True),
        (trigger("NEW.status := 'x';", enabled=False), False),
        (QUIET, False),
    ],
)
def test_a_trigger_meddles_that_sets_the_status_skips_the_write_or_raises(
    one: Trigger, meddles: bool
) -> None:
    assert (role(triggered(one), "row/trigger-interferes") is Role.CAUSE) is meddles


def test_a_trigger_that_is_merely_there_is_a_note_and_a_disabled_one_nothing() -> None:
    found = finding(triggered(QUIET), "row/trigger-interferes")
    switched_off = replace(QUIET, enabled=False)

    assert (found.role, found.severity, found.breaks) == (Role.CONTEXT, Severity.INFO, ())
    assert role(triggered(switched_off), "row/trigger-interferes") is None
    assert role(case(SILENT), "row/trigger-interferes") is None
    assert role(case(SILENT, row(table=NOT_THERE)), "row/trigger-interferes") is None


SETS = trigger("BEGIN NEW.status := 'in_progress'; RETURN NEW; END")
RAISED = refusing("P0001", "not allowed")


def test_an_exception_in_the_log_is_a_triggers_whoever_raised_it() -> None:
    seen = workflow(log(BARE_500, RAISED))

    assert finding(triggered(QUIET, seen), "row/trigger-interferes").found.by_log
    assert "touch" in finding(triggered(QUIET, seen), "row/trigger-interferes").found.summary
    assert (
        "a trigger"
        in finding(case(seen, row(table=NOT_THERE)), "row/trigger-interferes").found.summary
    )


def test_an_update_that_was_changed_back_counts_as_changed() -> None:
    seen = workflow(log(call(500, "TypeError: x"), call(200, "[{}]", rows=1)))

    assert finding(triggered(SETS, seen), "row/trigger-interferes").breaks == (FALLBACK,)


@pytest.mark.parametrize(
    ("seen", "weak"),
    [
        (SILENT, False),
        (workflow(log(call(500, "TypeError: x"), call(200, rows=1))), False),
        (workflow(log(BARE_500, NOT_SAID)), True),
        (workflow(log(BARE_500, RAISED)), False),
    ],
)
def test_a_trigger_is_proved_where_a_write_succeeded_and_changed_nothing(
    seen: Any, weak: bool
) -> None:
    assert finding(triggered(SETS, seen), "row/trigger-interferes").found.weak is weak


@pytest.mark.parametrize(
    ("one", "weak"),
    [
        (SETS, False),
        (trigger("IF true THEN NEW.status := 'x'; END IF;"), True),
        (trigger("-- if it must\nNEW.status := 'x';"), False),
        (replace(SETS, definition="CREATE TRIGGER t BEFORE UPDATE WHEN (OLD.x)"), True),
    ],
)
def test_before_the_next_backup_a_trigger_is_sure_to_meddle_that_does_so_always(
    one: Trigger, weak: bool
) -> None:
    seen = before(table=table(triggers=(one,)))

    assert finding(seen, "row/trigger-interferes").found.weak is weak


def test_a_trigger_that_explains_nothing_here_is_told_with_its_name() -> None:
    denied = workflow(log(call(500, '{"code":"42501"}'), NO_GRANT))

    found = finding(triggered(SETS, denied), "row/trigger-interferes")

    assert found.role is Role.CONTEXT
    assert found.found.fixes


# The whole database ------------------------------------------------------------------------------


HOLDER = LockHolder(
    pid=1, transaction_start=CREATED, state="idle in transaction", application="psql"
)
TIMEOUT = refusing("57014", "statement timeout")


@pytest.mark.parametrize(
    ("answer", "locks", "expected"),
    [
        (TIMEOUT, (HOLDER,), Role.CAUSE),
        (TIMEOUT, (), None),
        (TIMEOUT, NOT_THERE, None),
        (TIMEOUT, (replace(HOLDER, transaction_start=ENDED + SECOND),), Role.CONTEXT),
        (TIMEOUT, (replace(HOLDER, transaction_start=NOW), HOLDER), Role.CAUSE),
        (TIMEOUT, (replace(HOLDER, transaction_start=None), HOLDER), Role.CAUSE),
        (TIMEOUT, (replace(HOLDER, transaction_start=None),), Role.CAUSE),
        (refusing("55P03"), (), Role.CAUSE),
        (NO_GRANT, (HOLDER,), Role.CAUSE),
    ],
)
def test_a_row_is_locked_by_an_older_transaction_or_by_the_answer_in_the_log(
    answer: Call, locks: Any, expected: Role | None
) -> None:
    assert role(answered(answer, row(locks=locks)), "row/locked") is expected


def test_a_lock_that_may_be_only_that_of_a_foreign_key_shows_nothing_by_itself() -> None:
    perhaps = row(locks=(replace(HOLDER, may_be_for_key=True),))

    assert role(answered(TIMEOUT, perhaps), "row/locked") is None
    assert role(answered(NO_GRANT, perhaps), "row/locked") is None
    met = finding(answered(refusing("55P03"), perhaps), "row/locked")
    assert met.found.summary.startswith("The row was locked when the update came.")
    assert met.found.fixes == ()
    assert met.found.resolved is None
    assert "perhaps only for a foreign key" in str(met.found.evidence)


def test_a_lock_that_began_later_is_not_the_one_that_the_update_waited_for() -> None:
    later = replace(HOLDER, transaction_start=ENDED + SECOND)

    def said(holder: LockHolder) -> str:
        return finding(
            answered(refusing("55P03"), row(locks=(holder,))), "row/locked"
        ).found.summary

    assert said(later).startswith(
        "The row was locked when the update came, by a transaction that has"
    )
    assert said(HOLDER).startswith("The row has been locked by process 1")
    just_now = replace(HOLDER, transaction_start=NOW)
    assert said(just_now).endswith("The row is locked by process 1 (psql, idle in transaction).")


IDLE = call(504, '{"code":"IDLE_TIMEOUT","message":"Request idle timeout limit (150s) reached"}')


@pytest.mark.parametrize(
    ("direct", "locks", "expected"),
    [
        (refusing("55P03"), (), ["row/locked"]),
        (refusing("55P03"), (HOLDER,), ["row/locked"]),
        (call(504), (HOLDER,), ["row/locked"]),
        (call(504), (), ["function/timeout", "workflow/fallback-failed"]),
        (NO_GRANT, (), ["function/timeout", "rls/no-grant"]),
    ],
)
def test_a_function_that_ran_out_of_time_waited_for_the_lock_that_the_direct_update_met(
    direct: Call, locks: tuple[LockHolder, ...], expected: list[str]
) -> None:
    assert causes(case(workflow(log(IDLE, direct)), row(locks=locks))) == expected


@pytest.mark.parametrize("waited", [IDLE, call(504), Call(outcome=Outcome.TIMED_OUT)])
def test_what_is_refused_at_once_is_not_what_a_function_ran_out_of_time_for(waited: Call) -> None:
    ungranted = cases.rls(
        Reach.REFUSED, sqlstate="42501", message="permission denied for table backup_history"
    )
    one = case(workflow(log(waited, NO_GRANT)), row(locks=(HOLDER,)), ungranted)

    assert causes(one) == ["row/locked", "rls/no-grant"]
    assert finding(one, "rls/no-grant").breaks == (Link.FALLBACK_UPDATES,)


def test_a_cache_and_a_constraint_that_are_well_again_are_told_as_past() -> None:
    unknown = call(404, '{"code":"PGRST205","message":"Could not find the table"}')
    stale = finding(answered(unknown), "row/schema-cache-stale").found
    gone = '{"code":"23514","message":"relation \\"backup_history\\" violates check constraint \\"c\\""}'
    violated = finding(answered(call(400, gone)), "row/constraint-rejects").found

    assert stale.resolved
    assert violated.resolved
    assert "was stale: it did not know" in stale.summary
    assert "made violated c." in violated.summary


def test_a_lock_is_healed_where_nobody_holds_it_now() -> None:
    locked = refusing("55P03")

    assert finding(answered(locked, row(locks=())), "row/locked").found.resolved
    assert not finding(answered(locked, row(locks=NOT_THERE)), "row/locked").found.resolved
    assert not finding(answered(locked, row(locks=(HOLDER,))), "row/locked").found.resolved


def test_a_lock_for_which_the_doctor_itself_waited_in_vain_is_not_healed() -> None:
    waited = Unseen(why=Why.TIMED_OUT, what="PostgreSQL refused: lock timeout.", code="55P03")
    refused = RouteFailure(route=Route.DIRECT, reason=waited)
    unread = replace(row(locks=()), rows=waited)
    by_another_way = replace(row(locks=()), failures=(refused,))

    for one in (unread, by_another_way):
        assert not finding(answered(refusing("55P03"), one), "row/locked").found.resolved


def test_who_holds_the_lock_is_told_as_far_as_it_is_known() -> None:
    known = finding(answered(TIMEOUT, row(locks=(HOLDER,))), "row/locked").found
    nameless = replace(HOLDER, transaction_start=None, application=None)
    unknown = finding(answered(TIMEOUT, row(locks=(nameless,))), "row/locked").found
    nobody = finding(answered(refusing("55P03"), row(locks=())), "row/locked").found

    assert "psql" in known.summary
    assert known.summary.startswith("The row has been locked by process 1 ")
    assert " for " in known.summary
    assert unknown.summary == "The row is locked by process 1 (idle in transaction)."
    assert "was locked when" in nobody.summary


def test_what_is_locked_is_the_row_and_before_the_next_backup_the_table() -> None:
    assert (
        "The row has"
        in finding(answered(TIMEOUT, row(locks=(HOLDER,))), "row/locked").found.summary
    )
    assert "The table has" in finding(before(locks=(HOLDER,)), "row/locked").found.summary


READ_ONLY = Server(version="18", now=NOW, default_read_only=True)


@pytest.mark.parametrize(
    ("answer", "server", "expected", "healed"),
    [
        (NOT_SAID, READ_ONLY, Role.CAUSE, False),
        (NOT_SAID, replace(READ_ONLY, default_read_only=False), None, False),
        (NOT_SAID, replace(READ_ONLY, default_read_only=None), None, False),
        (NOT_SAID, NOT_THERE, None, False),
        (refusing("25006"), READ_ONLY, Role.CAUSE, False),
        (refusing("25006"), replace(READ_ONLY, default_read_only=False), Role.CAUSE, True),
        (refusing("25006"), replace(READ_ONLY, default_read_only=None), Role.CAUSE, False),
        (refusing("25006"), NOT_THERE, Role.CAUSE, False),
    ],
)
def test_a_database_is_read_only_by_its_default_or_by_the_answer_in_the_log(
    answer: Call, server: Any, expected: Role | None, healed: bool
) -> None:
    one = answered(answer, row(server=server))
    code = "row/database-read-only"

    assert role(one, code) is expected
    if expected:
        assert (finding(one, code).found.resolved is not None) is healed


def test_a_database_that_was_read_only_is_not_said_to_be_so_now() -> None:
    def said(server: Server) -> str:
        answer = refusing("25006", "cannot execute UPDATE in a read-only transaction")
        return finding(answered(answer, row(server=server)), "row/database-read-only").found.summary

    server = row().server
    assert isinstance(server, Server)
    assert said(replace(server, default_read_only=False)).startswith("The database was read-only")
    assert said(replace(server, default_read_only=True)).startswith("The database is read-only")


@pytest.mark.parametrize(
    ("api", "overloaded"),
    [
        (ApiAnswer(status=503), True),
        (ApiAnswer(status=504), True),
        (ApiAnswer(status=500), False),
        (ApiAnswer(status=500, code="PGRST003"), True),
        (ApiAnswer(status=500, code="53300"), True),
        (ApiAnswer(status=500, code="PGRST004"), False),
        (ApiAnswer(status=200), False),
        (NOT_THERE, False),
    ],
)
def test_the_data_api_is_overloaded_now_by_its_code_or_its_status(
    api: Any, overloaded: bool
) -> None:
    assert (
        role(answered(call(503), row(api=api)), "row/api-overloaded") is Role.CAUSE
    ) is overloaded


def test_an_overload_in_the_log_is_over_where_the_data_api_answers_now() -> None:
    full = refusing("PGRST003")

    assert finding(answered(full), "row/api-overloaded").found.resolved
    assert not finding(answered(full, row(api=NOT_THERE)), "row/api-overloaded").found.resolved


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (Why.UNREACHABLE, True),
        (Why.DENIED, True),
        (Why.NOT_CONFIGURED, False),
        (Why.NOT_ASKED, False),
        (Why.NOT_TRUSTED, False),
    ],
)
def test_a_row_that_could_not_be_seen_is_told_unless_nobody_asked(why: Why, told: bool) -> None:
    assert ("row/unreachable" in codes(case(row(rows=Unseen(why=why, what="x"))))) is told
    assert "row/unreachable" not in codes(case())


def test_each_way_that_failed_is_shown_and_the_remedy_where_there_is_one() -> None:
    failure = RouteFailure(route=Route.DIRECT, reason=Unseen(why=Why.DENIED, what="no password"))
    unseen = Unseen(why=Why.DENIED, what="x", remedy="Set a password.")

    told = finding(case(row(rows=unseen, failures=(failure,))), "row/unreachable").found
    helpless = finding(case(row(rows=replace(unseen, remedy=None))), "row/unreachable").found

    assert [one.value for one in told.evidence] == ["no password"]
    assert len(told.fixes) == 1
    assert helpless.fixes == ()


# How it is shown ---------------------------------------------------------------------------------


def shown(one: Any, code: str) -> dict[str, Any]:
    """The evidence of a finding, by its labels."""
    return {exhibit.label: exhibit for exhibit in finding(one, code).found.evidence}


def test_what_was_seen_of_the_database_is_shown_with_the_way_it_was_seen() -> None:
    gone = shown(case(row(rows=(), table=None)), "row/table-missing")["table"]
    there = shown(answered(call(404), row(table=None)), "row/table-missing")["table"]
    wayless = shown(case(row(rows=(), route=None)), "row/missing")["rows found"]

    assert gone.source == "database, by psycopg"
    assert there.value is None
    assert (wayless.value, wayless.source) == (0, "database")


def test_the_holder_of_a_lock_is_shown_by_its_query_else_by_its_state() -> None:
    def value(**changes: Any) -> Any:
        locks = (replace(HOLDER, **changes),)
        return shown(answered(TIMEOUT, row(locks=locks)), "row/locked")["process 1"].value

    assert value(query="SELECT 1") == "row: SELECT 1"
    assert value() == "row: idle in transaction"


def test_the_size_that_does_not_fit_is_told_where_it_is_known() -> None:
    known = finding(sized(3 * 10**9), "row/size-overflow").found.summary
    silent = workflow(log(BARE_500, refusing("22003"), assignments={}))
    unknown = case(silent, the_object(head=None, tail=None), row(table=NOT_THERE))

    assert known.endswith("size_bytes is integer and cannot hold 3,000,000,000 bytes.")
    assert "could not hold the backup's size" in finding(unknown, "row/size-overflow").found.summary


def test_a_column_that_was_widened_since_is_not_said_to_be_too_small_now() -> None:
    widened = finding(answered(refusing("22003")), "row/size-overflow").found

    assert widened.resolved
    assert widened.summary.startswith("size_bytes could not hold 1,024,000 bytes.")


def test_a_trigger_is_shown_by_its_source_else_by_its_definition() -> None:
    def value(one: Trigger) -> Any:
        return shown(triggered(one), "row/trigger-interferes")["trigger touch"].value

    assert value(replace(QUIET, source="")) == QUIET.definition
    assert value(QUIET) == QUIET.source


def test_only_the_triggers_that_meddle_are_shown_where_one_does() -> None:
    other = replace(SETS, name="keep")
    one = case(SILENT, row(table=table(triggers=(QUIET, other))))

    assert set(shown(one, "row/trigger-interferes")) >= {"trigger keep"}
    assert "trigger touch" not in shown(one, "row/trigger-interferes")


def test_what_the_data_api_answers_now_is_shown_in_one_line() -> None:
    def value(api: Any) -> Any:
        return shown(answered(refusing("PGRST003"), row(api=api)), "row/api-overloaded")[
            "Data API now"
        ].value

    assert value(ApiAnswer(status=503, code="PGRST003", message="busy")) == "HTTP 503 PGRST003 busy"
    assert value(NOT_THERE) == NOT_THERE.what


# A statement that ran out of time ----------------------------------------------------------------


OUT_OF_TIME = call(500, '{"code":"57014","message":"canceling statement due to statement timeout"}')


def test_a_statement_that_ran_out_of_time_met_a_lock_or_an_overloaded_database() -> None:
    one = workflow(log(call(546), OUT_OF_TIME))
    held = row(locks=(LockHolder(pid=7, mode="RowExclusiveLock", transaction_start=CREATED),))

    assert causes(case(one)) == ["function/resource-limit", "row/api-overloaded"]
    assert causes(case(one, held)) == ["function/resource-limit", "row/locked"]
    assert causes(case(one, row(locks=NOT_THERE))) == [
        "function/resource-limit",
        "workflow/fallback-failed",
    ]


def test_a_look_up_that_ran_out_of_time_kept_the_step_from_both_updates() -> None:
    line = "Could not find backup_id for dispatch_id x (HTTP 500)"
    one = workflow(log(NOT_SAID, NOT_SAID, lookup_call=OUT_OF_TIME, backup_id_not_found=line))
    seen, blind = case(one, row(locks=())), case(one, row(locks=NOT_THERE))
    found = finding(seen, "row/api-overloaded").found

    assert causes(seen) == ["row/api-overloaded"]
    assert found.summary.startswith("The database cancelled the look-up: it took longer than")
    assert "dispatch_id has an index" in found.fixes[0].text
    assert causes(blind) == ["workflow/backup-id-not-found"]
    for fix in finding(blind, "workflow/backup-id-not-found").found.fixes:
        assert "dump" not in fix.text


def test_postgres_own_words_for_a_missing_column_are_no_stale_cache() -> None:
    said = call(body='ERROR:  column "finished_at" of relation "backup_history" does not exist')
    one = case(workflow(log(call(546), said)))

    assert causes(one) == ["function/resource-limit", "row/column-missing"]
    assert "finished_at" in finding(one, "row/column-missing").found.summary


def test_a_database_that_refused_a_role_was_not_read_only() -> None:
    refused = call(403, '{"code":"42501","message":"permission denied for table backup_history"}')
    since = row(server=READ_ONLY)

    one = case(workflow(log(call(500, '{"error":"Unexpected token <"}'), refused)), since)

    assert causes(one) == ["function/server-error", "rls/no-grant"]
    assert finding(one, "row/database-read-only").role is Role.CONTEXT


def test_a_column_that_must_not_be_empty_is_no_missing_one() -> None:
    said = call(
        400,
        '{"code":"23502","message":"null value in column \\"error_text\\" of relation '
        '\\"backup_history\\" violates not-null constraint"}',
    )

    assert causes(case(workflow(log(call(546), said)))) == [
        "function/resource-limit",
        "row/constraint-rejects",
    ]


def test_an_update_that_ran_out_of_time_is_not_said_to_have_met_an_overload() -> None:
    slow = Trigger(name="notify", definition="", function="notify", before=False, source="wait();")
    free = row(locks=(), table=table(triggers=(slow,)))
    alone = case(workflow(log(OUT_OF_TIME, OUT_OF_TIME)), row(locks=()))

    late = finding(case(workflow(log(OUT_OF_TIME, OUT_OF_TIME)), free), "row/api-overloaded").found
    other = finding(answered(call(503, '{"code":"PGRST003"}'), free), "row/api-overloaded").found

    assert late.summary.startswith(
        "The database cancelled the update: it took longer than the statement timeout allows."
    )
    assert "An update fires the trigger notify: see what that does." in late.fixes[0].text
    assert "fires" not in finding(alone, "row/api-overloaded").found.fixes[0].text
    assert "cancelled" not in other.summary


def test_a_client_that_gave_up_waiting_does_not_tell_that_the_database_cancelled_anything() -> None:
    gave_up = Call(outcome=Outcome.TIMED_OUT, lines=("curl: (28) Operation timed out",))

    one = case(workflow(log(gave_up, gave_up)), row(locks=()))

    assert causes(one) == ["function/timeout", "workflow/fallback-failed"]


@pytest.mark.parametrize(
    ("asked", "fix", "words"),
    [
        ("api.backup_history", "Let the Data API serve the schema public", "in the schema api"),
        ("public.backup_history", "Reload the schema cache", "is stale"),
    ],
)
def test_a_table_that_is_looked_for_in_another_schema_needs_no_reload(
    asked: str, fix: str, words: str
) -> None:
    said = refusing("PGRST205", f"Could not find the table '{asked}' in the schema cache")
    unanswered = row(api=ApiAnswer(status=404, code="PGRST205"))

    found = finding(answered(said, unanswered), "row/schema-cache-stale").found

    assert words in found.summary
    assert [one.title for one in found.fixes] == [fix]


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(minutes=1), "'in_progress' for 0 s."),
        (timedelta(hours=2), "'in_progress'. Its created_at lies 2 h in the future."),
    ],
)
def test_a_row_from_the_future_is_told_as_that(ahead: timedelta, said: str) -> None:
    one = case(row(a_row(created_at=NOW + ahead)), UNTOLD)

    assert finding(one, "row/stuck").found.summary == f"The row has been {said}"


def made_at(time: datetime, stated: str | None = None) -> BackupRow:
    made = a_row(created_at=time)
    return replace(made, values={**made.values, "created_at": stated or time.isoformat()})


UPDATED = workflow(log(call(200), NOT_SAID), update="success")


def test_an_update_that_was_done_before_the_row_was_made_left_it_unchanged_by_no_fault() -> None:
    later = case(row(made_at(ENDED + timedelta(hours=2))), UPDATED)

    assert causes(later) == []
    assert role(later, "row/made-later") is Role.CONTEXT
    assert "the run cannot have updated it" in finding(later, "row/made-later").found.summary


@pytest.mark.parametrize(
    "other",
    [
        case(row(made_at(ENDED + timedelta(minutes=2))), UPDATED),
        case(row(made_at(ENDED + timedelta(hours=2), "2026-11-28T12:00:00")), UPDATED),
    ],
    ids=["within what clocks differ", "a time without a zone"],
)
def test_a_row_that_may_be_older_than_the_update_is_a_false_success(other: Case) -> None:
    assert causes(other) == ["function/false-success"]
    assert "row/made-later" not in codes(other)


REFUSED_BOTH = workflow(log(GONE_FUNCTION, NO_GRANT))
BY_OTHERS = "Find out who wrote the row"


def first_fix(one: Case, code: str) -> str:
    return finding(one, code).found.fixes[0].title


def test_what_a_run_whose_updates_were_refused_did_not_write_is_no_fault_of_its_update_step() -> (
    None
):
    bare = row(a_row(status="success", s3_key=KEY))
    smaller = row(finished_row(size_bytes=999))
    elsewhere = the_object(expected_key="backups/x.zip", head=None, key_source=KeySource.ROW)
    moved = replace(
        elsewhere,
        search=Search(prefixes=("",), listed=1, complete=True, hits=(stored(),)),
        found_tail=the_object().tail,
    )

    assert first_fix(case(bare, REFUSED_BOTH), "row/incomplete") == BY_OTHERS
    assert first_fix(case(smaller, REFUSED_BOTH), "object/size-mismatch") == BY_OTHERS
    assert (
        first_fix(
            case(row(finished_row(s3_key="backups/x.zip")), moved, REFUSED_BOTH),
            "object/found-elsewhere",
        )
        == BY_OTHERS
    )
    for may_have_written in (UPDATED, workflow(log(BARE_500, NO_GRANT)), workflow(NOT_THERE)):
        assert first_fix(case(bare, may_have_written), "row/incomplete") != BY_OTHERS


def test_a_lock_that_began_after_the_update_ran_out_of_time_does_not_hide_that_it_did() -> None:
    younger = row(locks=(replace(HOLDER, transaction_start=ENDED + SECOND),))
    out_of_time = workflow(log(GONE_FUNCTION, OUT_OF_TIME))

    assert causes(case(younger, out_of_time))[1:] == ["row/api-overloaded"]
    assert role(case(younger, out_of_time), "row/locked") is Role.CONTEXT
