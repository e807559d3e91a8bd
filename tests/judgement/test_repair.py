"""The repair of the row: the contract's table, and everything that must not be repaired."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import FileEnd, KeySource, ObjectEvidence, Search
from backup_doctor.evidence.row import Column, Server
from backup_doctor.evidence.trigger import Trigger
from backup_doctor.evidence.workflow import FoundBy, Job, WorkflowEvidence
from backup_doctor.judge.diagnosis import diagnose
from backup_doctor.judge.fix_sql import Repair, repair
from backup_doctor.judge.fix_sql.statement import update
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose.plan import warned
from tests.judgement import cases
from tests.judgement.asking import diagnosed
from tests.judgement.cases import (
    DISPATCH,
    KEY,
    ROW_ID,
    SIZE,
    a_row,
    call,
    case,
    finished_row,
    log,
    row,
    stored,
    the_object,
    workflow,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

SERVER_ERROR = call(500, '{"success":false,"error":"TypeError: x is not a function"}')
NO_GRANT = call(403, '{"code":"42501","message":"permission denied for table backup_history"}')
BOTH_FAILED = log(SERVER_ERROR, NO_GRANT)
NOTHING_LISTED = Search(prefixes=("backups/",), listed=12, complete=True)
GONE = the_object(head=None, tail=None, search=NOTHING_LISTED)
CUT_OFF = the_object(tail=FileEnd(whole=False, problem="no end record"))


def repaired(one: Case) -> Repair:
    judgement = judge(one, (loaded.check for loaded in load_checks().checks))
    assert judgement.errors == ()
    diagnosis = diagnose(one, judgement.findings)
    return warned(diagnosis, repair(one, diagnosis))


def sql(one: Case) -> str:
    text = repaired(one).sql
    assert text is not None, repaired(one).notes
    return text


def reason(one: Case) -> str:
    planned = repaired(one)
    assert planned.sql is None
    return " ".join(planned.notes)


def stuck(*evidence: Any, **changes: Any) -> Case:
    """A row in progress whose run is over; both ways failed."""
    kinds = {type(one) for one in evidence}
    run = () if WorkflowEvidence in kinds else (workflow(BOTH_FAILED),)
    return case(*evidence, *run, **changes)


def done(stored_object: ObjectEvidence, **changes: Any) -> Case:
    """A row that says success, with changes."""
    return case(row(finished_row(**changes)), stored_object, workflow(log(call(200), NOT_SAID)))


# In progress -------------------------------------------------------------------------------------


def test_a_stuck_row_with_a_whole_object_becomes_success_with_the_objects_own_values() -> None:
    text = sql(stuck())

    assert f"s3_key = '{KEY}'" in text
    assert "status = 'success'" in text
    assert f"size_bytes = {SIZE}" in text
    assert "finished_at = '2026-11-20T02:05:00+00:00'" in text
    assert f"WHERE id = '{ROW_ID}'\n  AND status = 'in_progress'" in text


def test_the_statement_is_one_transaction_followed_by_the_guides_select() -> None:
    text = sql(stuck())

    assert text.startswith("BEGIN;")
    assert text.index("COMMIT;") < text.index("SELECT id, dispatch_id, s3_key, status")


def test_a_stuck_row_without_its_named_object_becomes_failed_with_the_reason() -> None:
    text = sql(stuck(GONE))

    assert "status = 'failed'" in text
    assert "error_text = 'backup-doctor: object/missing" in text
    assert "s3_key = " not in text.partition("COMMIT")[0]


def test_a_stuck_row_with_a_cut_off_object_becomes_failed() -> None:
    assert "status = 'failed'" in sql(stuck(CUT_OFF))


def test_a_run_that_stopped_before_the_upload_leaves_a_failed_row() -> None:
    nowhere = the_object(
        expected_key=None, key_source=None, head=None, tail=None, search=NOTHING_LISTED
    )
    stopped = workflow(
        log(NOT_SAID, NOT_SAID, uploaded=(), assignments={}, errors=("disk full",)),
        upload="failure",
        update="skipped",
    )

    assert "status = 'failed'" in sql(stuck(nowhere, stopped))


def test_an_object_that_nobody_named_may_be_there_under_another_name() -> None:
    nowhere = the_object(
        expected_key=None, key_source=None, head=None, tail=None, search=NOTHING_LISTED
    )
    silent = workflow(log(SERVER_ERROR, NO_GRANT, uploaded=(), assignments={}))

    assert "under another name" in reason(stuck(nowhere, silent))


def test_an_object_that_may_not_be_looked_at_gets_no_sql() -> None:
    denied = Unseen(why=Why.DENIED, what="S3 does not let the doctor look.")

    assert "could not be looked at" in reason(stuck(the_object(head=denied, tail=None)))


def test_an_object_whose_end_was_not_read_gets_no_sql() -> None:
    unread = Unseen(why=Why.TIMED_OUT, what="S3 did not answer in time.")

    assert "whether it is whole could not be read" in reason(stuck(the_object(tail=unread)))


def test_several_objects_that_name_the_dispatch_are_for_a_person_to_choose_from() -> None:
    hits = (stored(), stored(key=f"other/{DISPATCH}.zip"))
    search = Search(prefixes=("",), listed=9, complete=True, hits=hits)
    ambiguous = the_object(expected_key=None, key_source=None, head=None, tail=None, search=search)

    assert "must choose the right one" in reason(stuck(ambiguous))


def test_a_search_that_was_cut_short_proves_no_absence() -> None:
    cut = Search(prefixes=("backups/",), listed=20_000, complete=False)

    assert "searched to the end" in reason(stuck(the_object(head=None, tail=None, search=cut)))


def test_an_object_older_than_the_run_is_not_this_backups() -> None:
    old = the_object(head=stored(modified_at=cases.CREATED - timedelta(days=1)))

    assert "older than the run" in reason(stuck(old))


def test_a_guessed_runs_file_is_not_taken_for_this_backups() -> None:
    other = the_object(expected_key="backups/other.zip", head=stored(key="backups/other.zip"))
    guessed = workflow(BOTH_FAILED, found_by=FoundBy.ONLY_CANDIDATE)

    assert "only a guess" in reason(stuck(other, guessed))


def test_a_backup_that_is_still_going_gets_no_sql() -> None:
    going = workflow(None)
    job = replace(going.job or Job(id=1, name="backup", status=""), status="in_progress")
    running = replace(going, job=replace(job, conclusion=None, completed_at=None))

    one = case(running, now=cases.CREATED + timedelta(minutes=9))

    assert repaired(one) == Repair()


def test_an_end_that_was_not_seen_waits_until_the_object_is_older_than_stuck_after() -> None:
    blind = case()
    unseen_run = replace(blind, evidence={**blind.evidence, "workflow": cases.NOT_THERE})
    fresh = the_object(head=stored(modified_at=cases.NOW - timedelta(minutes=5)))
    young = replace(unseen_run, evidence={**unseen_run.evidence, "object": fresh})

    assert "status = 'success'" in sql(unseen_run)
    assert "may still be going" in reason(young)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (
            "row/constraint-rejects",
            '{"code":"23514","message":"violates check constraint \\"c\\""}',
        ),
        ("row/size-overflow", '{"code":"22003","message":"out of range for type integer"}'),
        ("row/database-read-only", '{"code":"25006","message":"in a read-only transaction"}'),
        ("row/locked", '{"code":"55P03","message":"canceling statement due to lock timeout"}'),
    ],
)
def test_what_only_the_log_shows_to_have_refused_the_update_may_be_over(
    code: str, answer: str
) -> None:
    refused = workflow(log(call(500, answer), call(400, answer)))
    blind = case(refused)
    dark = row(table=cases.NOT_THERE, server=cases.NOT_THERE, locks=cases.NOT_THERE)
    unknown = {"rls": cases.NOT_THERE, "row": dark}
    one = replace(blind, evidence={**blind.evidence, **unknown})

    assert diagnosed(one).causes[0].code == code
    assert sql(one).startswith("BEGIN;")


def test_a_row_without_an_id_cannot_be_aimed_at() -> None:
    assert "no id" in reason(stuck(row(a_row(id=None))))


HIDDEN = "\u2039redacted:3f2a1c\u203a"


@pytest.mark.parametrize("column", ["id", "error_text"])
def test_a_value_in_which_a_secret_was_replaced_cannot_be_named_in_sql(column: str) -> None:
    assert "holds a secret" in reason(done(GONE, **{column: f"x {HIDDEN}"}))


def test_a_reason_in_which_a_secret_was_replaced_may_be_written() -> None:
    one = stuck(GONE)

    assert update(one, a_row(), {"error_text": f"x {HIDDEN}"}).sql is not None


def test_a_status_that_the_settings_do_not_know_is_left_alone() -> None:
    assert "not known yet" in reason(stuck(row(a_row(status="weird"))))


def test_a_failed_row_is_left_as_it_is() -> None:
    assert "a failed row is left as it is" in reason(stuck(row(a_row(status="failed"))))


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_whole_file_of_a_row_that_says_otherwise_is_for_a_person_to_record(status: str) -> None:
    one = stuck(row(a_row(status=status)))

    (alternative,) = repair(one, diagnosed(one)).alternatives

    assert alternative.why == f"row/{status}"
    assert "status = 'success'" in (alternative.sql or "")


# Success that is none ----------------------------------------------------------------------------


def test_a_row_that_says_success_without_its_object_becomes_failed_guarded_by_every_value() -> None:
    text = sql(done(GONE))

    assert "status = 'failed'" in text
    assert f"AND s3_key IS NOT DISTINCT FROM '{KEY}'" in text
    assert "AND status = 'success'" in text
    assert f"AND size_bytes IS NOT DISTINCT FROM {SIZE}" in text
    assert "AND error_text IS NULL" in text


def test_a_row_that_says_success_with_a_cut_off_object_becomes_failed() -> None:
    assert "status = 'failed'" in sql(done(CUT_OFF))


def test_a_wrong_size_alone_is_corrected() -> None:
    text = sql(done(the_object(), size_bytes=7))

    assert f"SET\n  size_bytes = {SIZE}\nWHERE" in text


def test_missing_values_are_filled_in_from_the_object() -> None:
    text = sql(done(the_object(), size_bytes=None, finished_at=None))

    assert f"size_bytes = {SIZE}" in text
    assert "finished_at = '2026-11-20T02:05:00+00:00'" in text


def test_a_file_found_elsewhere_gives_the_row_its_real_key() -> None:
    real = f"backups/2026/11/21/backup-{DISPATCH}-020304.zip"
    search = Search(prefixes=("backups/",), listed=9, complete=True, hits=(stored(key=real),))
    elsewhere = the_object(
        head=None,
        tail=None,
        key_source=KeySource.ROW,
        search=search,
        found_tail=FileEnd(whole=True, entries=3),
    )

    assert f"SET\n  s3_key = '{real}'\nWHERE" in sql(done(elsewhere))


# Duplicates and rows that are not there ----------------------------------------------------------


def test_the_stuck_one_of_two_rows_becomes_a_duplicate_of_the_finished_one() -> None:
    other = "00000000-0000-4000-8000-000000000001"

    text = sql(case(row(a_row(), finished_row(id=other)), workflow(log(call(200), NOT_SAID))))

    assert f"error_text = 'duplicate of {other}'" in text
    assert f"WHERE id = '{ROW_ID}'\n  AND status = 'in_progress'" in text


def test_a_missing_row_is_inserted_for_a_whole_object_that_names_the_dispatch() -> None:
    text = sql(case(row(rows=()), workflow(BOTH_FAILED)))

    assert "INSERT INTO public.backup_history" in text
    assert f"WHERE lower(other.dispatch_id::text) = lower('{DISPATCH}')" in text
    assert f"OR other.s3_key::text IN ('{KEY}', " in text


def test_a_row_that_is_added_fires_no_trigger_of_an_update() -> None:
    note = Trigger(name="note", function="f", definition="CREATE TRIGGER note BEFORE UPDATE")
    known = cases.table(triggers=(note,))

    def notes(*rows: Any) -> str:
        one = case(*rows, workflow(BOTH_FAILED))
        return " ".join(repair(one, diagnosed(one)).notes)

    assert "It fires the trigger note" in notes(row(table=known))
    assert "It fires" not in notes(row(rows=(), table=known))


def test_a_missing_row_is_not_inserted_where_only_the_app_knows_a_column() -> None:
    columns = (*cases.COLUMNS, Column(name="tenant", type="uuid", not_null=True))

    text = reason(case(row(rows=(), table=cases.table(columns=columns)), workflow(BOTH_FAILED)))

    assert "a new row needs tenant" in text


def test_a_missing_row_without_an_object_is_not_inserted() -> None:
    assert "no object in the bucket names this dispatch" in reason(
        case(row(rows=()), GONE, workflow(BOTH_FAILED))
    )


# Names and quoting -------------------------------------------------------------------------------


def test_the_users_own_names_are_used_and_quoted() -> None:
    names = Names(
        table="ops.backups",
        columns={"status": "state", "s3_key": "object key"},
        in_progress="RUNNING",
        success="DONE",
        repository="acme/app",
        bucket="team-backups",
    )
    values = {"id": ROW_ID, "dispatch_id": DISPATCH, "state": "RUNNING", "object key": None}
    named = replace(a_row(status="RUNNING"), values=values)

    text = sql(stuck(row(named), names=names))

    assert 'UPDATE "ops"."backups"' in text
    assert f"\"object key\" = '{KEY}'" in text
    assert "\"state\" = 'DONE'" in text
    assert "AND \"state\" = 'RUNNING'" in text


def test_a_column_that_is_to_be_added_first_gets_its_value() -> None:
    values = dict.fromkeys(("s3_key", "size_bytes"))
    lacking = replace(a_row(), values={"id": ROW_ID, "status": "in_progress", **values})
    columns = tuple(one for one in cases.COLUMNS if one.name != "finished_at")
    unknown = call(
        400, """{"code":"PGRST204","message":"Could not find the 'finished_at' column"}"""
    )
    one = case(row(lacking, table=cases.table(columns=columns)), workflow(log(call(500), unknown)))

    text = sql(one)

    assert text.startswith(
        "-- This statement will fail until row/column-missing is fixed (step 1)\n"
    )
    assert "finished_at = '2026-11-20T02:05:00+00:00'" in text


def test_columns_that_the_table_lacks_are_not_written() -> None:
    values = {"id": ROW_ID, "dispatch_id": DISPATCH, "status": "in_progress", "s3_key": None}
    small = replace(a_row(), values=values)

    changed = sql(stuck(row(small))).partition("WHERE")[0]

    assert "finished_at" not in changed
    assert "error_text" not in changed


@pytest.mark.parametrize("hostile", ["'; DROP TABLE x; --", "a\nb", "\u202egnp.exe", "$$", "\\'"])
def test_a_hostile_key_stays_inside_its_literal(hostile: str) -> None:
    text = sql(stuck(the_object(head=stored(key=f"{DISPATCH}/{hostile}.zip"))))

    assert text.count(";") >= 3
    assert "\n" not in text.partition("s3_key = ")[2].partition(",\n  status")[0]
    assert "\u202e" not in text


def test_a_trigger_that_refuses_is_named_first() -> None:
    trigger = Trigger(
        name="guard",
        function="guard_status",
        definition="CREATE TRIGGER guard BEFORE UPDATE ON public.backup_history",
        enabled=True,
        before=True,
        source="BEGIN NEW.status := 'in_progress'; RETURN NEW; END",
    )
    silent = workflow(log(call(200), NOT_SAID), update="success")

    text = sql(case(silent, row(table=cases.table(triggers=(trigger,)))))

    assert text.startswith(
        "-- This statement will fail until row/trigger-interferes is fixed (step 1)\n"
    )


def test_a_question_about_a_run_alone_repairs_the_row_of_that_run() -> None:
    one = stuck(asked=Asked(run_id="42"))

    assert f"WHERE id = '{ROW_ID}'" in sql(one)


def test_what_refuses_the_statement_since_then_is_named_first_too() -> None:
    read_only = Server(version="18", now=cases.NOW, default_read_only=True)
    since = row(a_row(), server=read_only)

    text = sql(stuck(since))

    assert text.startswith(
        "-- This statement will fail until row/database-read-only is fixed (step 2)\n"
    )
