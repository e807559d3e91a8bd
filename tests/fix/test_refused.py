"""SQL that the database would refuse for a reason of its own is not printed, and reaches no pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import FAULTS
from tests.e2e.doctoring import diagnose_world, psql
from tests.fix.test_fix_command import fix, rows
from tests.fix.test_transaction import trigger_text

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World

RETYPED = """
    ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check;
    CREATE TYPE public.kind AS ENUM ('in_progress', 'success');
    ALTER TABLE public.backup_history ALTER status DROP DEFAULT,
      ALTER status TYPE public.kind USING status::text::public.kind"""
GENERATED = """
    ALTER TABLE public.backup_history DROP COLUMN size_bytes;
    ALTER TABLE public.backup_history
      ADD COLUMN size_bytes bigint GENERATED ALWAYS AS (length(dispatch_id)) STORED"""
ONLY_GOOD = """
    ALTER TABLE public.backup_history
      ADD CONSTRAINT only_good CHECK (status IN ('in_progress', 'success')) NOT VALID"""


def without_file(world: World) -> str:
    """A backup whose upload was denied without a word to its row."""
    dispatch_id = world.insert_row()
    FAULTS["upload-denied-quietly"].before(world)
    world.run_pipeline(dispatch_id)
    world.sql(
        "UPDATE public.backup_history SET status = 'in_progress', error_text = NULL,"
        " s3_key = NULL, size_bytes = NULL, finished_at = NULL"
    )
    return dispatch_id


def with_file(world: World) -> str:
    """A backup whose file is there, and whose row was reset since."""
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)
    world.sql(
        "UPDATE public.backup_history SET status = 'in_progress', s3_key = NULL,"
        " size_bytes = NULL, finished_at = NULL"
    )
    return dispatch_id


@pytest.mark.parametrize(
    ("build", "change", "why"),
    [
        (without_file, RETYPED, "enum"),
        (without_file, ONLY_GOOD, "only_good"),
        (with_file, GENERATED, "only be updated to DEFAULT"),
    ],
    ids=["no such status", "a check", "a generated column"],
)
def test_what_the_database_refuses_is_said_and_not_printed(
    world: World, tmp_path: Path, build: object, change: str, why: str
) -> None:
    assert callable(build)
    dispatch_id = build(world)
    world.sql(change)

    report = diagnose_world(world, dispatch_id, tmp_path)
    done = fix(world, dispatch_id, cwd=tmp_path)

    assert report.fix_sql is None
    assert any(why.lower() in note.lower() for note in report.fix_notes), report.fix_notes
    assert (done.returncode, done.stdout) == (3, "")
    assert rows(world)[0]["status"] == "in_progress"


@pytest.mark.parametrize("build", [with_file, without_file])
def test_the_same_rows_get_their_sql_where_nothing_refuses_it(
    world: World, tmp_path: Path, build: object
) -> None:
    assert callable(build)
    report = diagnose_world(world, build(world), tmp_path)

    assert report.fix_sql is not None
    assert report.fix_sql.startswith("BEGIN;\n\nSET LOCAL lock_timeout")
    assert "affects exactly 1 row" in report.fix_notes[-1]


def test_a_file_that_can_be_restored_is_a_step_with_an_alternative(
    world: World, tmp_path: Path
) -> None:
    dispatch_id = world.insert_row()
    FAULTS["object-deleted"].before(world)
    world.run_pipeline(dispatch_id)
    FAULTS["object-deleted"].after(world)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert report.fix_sql is None
    (step,) = [one for one in report.plan if one.why == "object/deleted"]
    restore, give_up = step.one_of
    assert "delete-object" in restore.text
    assert give_up.alternative
    assert "status = 'failed'" in give_up.text


def test_a_failed_row_with_a_whole_file_is_left_to_a_person(world: World, tmp_path: Path) -> None:
    dispatch_id = with_file(world)
    world.sql("UPDATE public.backup_history SET status = 'failed', error_text = 'it broke'")

    report = diagnose_world(world, dispatch_id, tmp_path)
    done = fix(world, dispatch_id, cwd=tmp_path)

    assert report.fix_sql is None
    (step,) = [one for one in report.plan if len(one.one_of) > 1]
    stay, record = step.one_of
    assert "a failed row is left as it is" in stay.text
    assert "status = 'success'" in record.text
    assert "AND error_text IS NOT DISTINCT FROM 'it broke'" in record.text
    assert done.stdout == ""


AUDITED = """
    GRANT ALL ON ALL TABLES IN SCHEMA public TO service_role;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO service_role;
    CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO public.audit (at, status) VALUES (now(), NEW.status); RETURN NEW; END $$;
    CREATE TRIGGER note AFTER UPDATE ON public.backup_history
      FOR EACH ROW EXECUTE FUNCTION public.note()"""
CHECKED_ELSEWHERE = "CREATE TABLE public.audit (id serial, at timestamptz, status text CHECK (status <> 'success'));"
NO_PARTITION_ELSEWHERE = """
    CREATE TABLE public.audit (at timestamptz, status text) PARTITION BY RANGE (at);
    CREATE TABLE public.audit_2025 PARTITION OF public.audit
      FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"""
BY_STATUS = """
    DROP TABLE public.backup_history CASCADE;
    CREATE TABLE public.backup_history (
      id uuid DEFAULT gen_random_uuid(), dispatch_id text, s3_key text,
      status text NOT NULL DEFAULT 'in_progress', size_bytes bigint, finished_at timestamptz,
      error_text text, workflow_run_id text, created_at timestamptz DEFAULT now()
    ) PARTITION BY LIST (status);
    CREATE TABLE public.open PARTITION OF public.backup_history FOR VALUES IN ('in_progress');
    GRANT ALL ON public.backup_history, public.open TO service_role;
    GRANT SELECT ON public.backup_history, public.open TO backup_doctor"""
TO_NOWHERE = """
    CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM net.http_post(url := 'http://hook', body := '{}'); RETURN NEW; END $$;
    CREATE TRIGGER note AFTER UPDATE ON public.backup_history
      FOR EACH ROW EXECUTE FUNCTION public.note()"""
RAISES_BELOW = """
    CREATE FUNCTION public.closed() RETURNS void LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'the month is closed'; END $$;
    CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM public.closed(); RETURN NEW; END $$;
    CREATE TRIGGER note AFTER UPDATE ON public.backup_history
      FOR EACH ROW EXECUTE FUNCTION public.note()"""
MENDED = {
    CHECKED_ELSEWHERE + AUDITED: "ALTER TABLE public.audit DROP CONSTRAINT audit_status_check",
    NO_PARTITION_ELSEWHERE + AUDITED: "CREATE TABLE public.rest PARTITION OF public.audit DEFAULT",
    AUDITED: "CREATE TABLE public.audit (at timestamptz, status text)",
    TO_NOWHERE: "ALTER TABLE public.backup_history DISABLE TRIGGER note",
    RAISES_BELOW: "CREATE OR REPLACE FUNCTION public.closed() RETURNS void LANGUAGE sql AS ''",
}


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (CHECKED_ELSEWHERE + AUDITED, "row/constraint-rejects", "audit_status_check"),
        (NO_PARTITION_ELSEWHERE + AUDITED, "row/constraint-rejects", "audit has no partition"),
        (AUDITED, "row/table-missing", "knows no table public.audit"),
        (TO_NOWHERE, "row/table-missing", "knows no schema net"),
        (RAISES_BELOW, "row/trigger-interferes", "the month is closed"),
    ],
    ids=["a check", "a partition", "no table", "no schema", "an exception"],
)
def test_what_a_trigger_met_elsewhere_is_said_to_refuse_the_sql_too(
    world: World, tmp_path: Path, change: str, code: str, told: str
) -> None:
    world.sql(change)
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert (report.causes, report.fix_sql is None) == ((code,), False)
    assert told in report.summary
    assert report.fix_sql is not None
    assert report.fix_sql.startswith(f"-- This statement will fail until {code} is fixed (step 1)")
    assert any("the trigger note" in fix.text.lower() for fix in report.plan[0].one_of)
    with pytest.raises(AssertionError):
        psql(world, report.fix_sql)
    world.sql(MENDED[change])
    psql(world, report.fix_sql)
    assert rows(world)[0]["status"] == "success"


def test_a_partition_that_is_missing_is_made_as_printed(world: World, tmp_path: Path) -> None:
    world.sql(BY_STATUS)
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert report.causes == ("row/constraint-rejects",)
    assert "has no partition for the row" in report.summary
    add, fix_row = (step.one_of[0].text for step in report.plan)
    psql(world, add)
    again = diagnose_world(world, dispatch_id, tmp_path)
    assert "it has the partition now" in again.summary
    assert (again.fix_sql or "").startswith("BEGIN;")
    psql(world, fix_row)
    assert rows(world)[0]["status"] == "success"


@pytest.mark.parametrize(
    ("body", "is_said"), [("PERFORM random();", True), ("NEW.finished_at := now();", False)]
)
def test_a_trigger_that_nobody_has_tried_is_said_to_be_fired(
    world: World, tmp_path: Path, body: str, is_said: bool
) -> None:
    dispatch_id = with_file(world)
    world.sql(trigger_text(f"{body} RETURN NEW;"))

    report = diagnose_world(world, dispatch_id, tmp_path)

    note = "It fires the trigger interfere, which no check has tried: EXPLAIN executes nothing."
    assert report.fix_sql is not None
    assert (note in report.fix_notes) is is_said
