"""The transaction does what was announced or nothing, whoever else writes at the same time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backup_doctor.evidence.case import Names
from backup_doctor.run.fix.ending import Ending
from backup_doctor.run.fix.transaction import (
    LOCK_LIMIT_S,
    MOVED_ON,
    NOT_ONE,
    OTHERWISE,
    transaction,
)
from tests.database.lab import ROW_ID
from tests.fix.plans import KEY, SIZE, row_of, to_new_row, to_success, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.lab import Lab

PIPELINE = (
    "UPDATE public.backup_history SET status = 'success', s3_key = 'by-the-pipeline.zip', "
    f"size_bytes = 7, finished_at = now() WHERE id = '{ROW_ID}'"
)


@contextmanager
def open_transaction(lab: Lab, statement: str) -> Iterator[psycopg.Connection[Any]]:
    """Another session that has changed the row and not committed."""
    with psycopg.connect(lab.uri()) as other:
        other.execute(statement.encode())
        yield other
        other.rollback()


def after(seconds: float, call: Any) -> threading.Thread:
    def later() -> None:
        time.sleep(seconds)
        call()

    thread = threading.Thread(target=later)
    thread.start()
    return thread


def trigger(lab: Lab, body: str, when: str = "BEFORE UPDATE") -> None:
    lab.sql(trigger_text(body, when))


def trigger_text(body: str, when: str = "BEFORE UPDATE") -> str:
    """A trigger of the table's rows that does this."""
    return (
        "CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} END $$; CREATE TRIGGER interfere {when} ON public.backup_history "
        "FOR EACH ROW EXECUTE FUNCTION interfere()"
    )


def test_the_row_becomes_what_was_announced(stuck: Lab) -> None:
    made = to_success(stuck)

    written = write(stuck, made)

    row = row_of(stuck)
    assert written.ending is Ending.COMMITTED
    assert (row["status"], row["s3_key"], row["size_bytes"]) == ("success", KEY, SIZE)
    assert {one.column: one.old for one in made.differences} == {
        "s3_key": None,
        "status": "in_progress",
        "finished_at": None,
        "size_bytes": None,
        "error_text": None,
    }


def test_a_second_time_changes_nothing(stuck: Lab) -> None:
    made = to_success(stuck)
    write(stuck, made)
    before = row_of(stuck)

    written = write(stuck, made)

    assert (written.ending, written.otherwise) == (Ending.ROLLED_BACK, True)
    assert MOVED_ON[4:] in written.reason
    assert row_of(stuck) == before


def test_of_many_at_once_exactly_one_changes_the_row(stuck: Lab) -> None:
    made = to_success(stuck)
    barrier = threading.Barrier(8)

    def one(_: int) -> Ending:
        barrier.wait()
        return write(stuck, made).ending

    with ThreadPoolExecutor(8) as pool:
        endings = sorted(pool.map(one, range(8)))

    assert endings == [Ending.COMMITTED] + [Ending.ROLLED_BACK] * 7


def test_a_pipeline_that_finishes_in_between_is_not_overwritten(stuck: Lab) -> None:
    made = to_success(stuck)

    with open_transaction(stuck, PIPELINE) as pipeline:
        commit = after(0.5, pipeline.commit)
        written = write(stuck, made)
        commit.join()

    assert (written.ending, written.otherwise) == (Ending.ROLLED_BACK, True)
    assert row_of(stuck)["s3_key"] == "by-the-pipeline.zip"


def test_a_pipeline_that_rolls_back_in_between_leaves_the_row_to_be_mended(stuck: Lab) -> None:
    made = to_success(stuck)

    with open_transaction(stuck, PIPELINE) as pipeline:
        rollback = after(0.5, pipeline.rollback)
        written = write(stuck, made)
        rollback.join()

    assert written.ending is Ending.COMMITTED
    assert row_of(stuck)["s3_key"] == KEY


def test_a_value_that_was_announced_otherwise_is_not_overwritten(stuck: Lab) -> None:
    made = to_success(stuck)
    stuck.sql("UPDATE public.backup_history SET s3_key = 'half-way.zip'")

    written = write(stuck, made)

    row = row_of(stuck)
    assert written.ending is Ending.ROLLED_BACK
    assert (row["status"], row["s3_key"]) == ("in_progress", "half-way.zip")


def test_a_row_that_was_deleted_in_between_is_not_made_again(stuck: Lab) -> None:
    made = to_success(stuck)
    stuck.sql("DELETE FROM public.backup_history")

    written = write(stuck, made)

    assert written.ending is Ending.ROLLED_BACK
    assert stuck.sql("SELECT 1 FROM public.backup_history") == []


def test_a_lock_is_waited_for_only_so_long(stuck: Lab) -> None:
    made = to_success(stuck)
    started = time.monotonic()

    with open_transaction(stuck, PIPELINE):
        written = write(stuck, made)

    assert written.ending is Ending.ROLLED_BACK
    assert "55P03" in written.reason
    assert LOCK_LIMIT_S - 0.5 < time.monotonic() - started < LOCK_LIMIT_S + 10
    assert row_of(stuck)["status"] == "in_progress"


@pytest.mark.parametrize(
    ("body", "when", "complaint"),
    [
        ("NEW.status := 'in_progress'; RETURN NEW;", "BEFORE UPDATE", OTHERWISE),
        ("RETURN NULL;", "BEFORE UPDATE", NOT_ONE),
        (
            """IF NEW.status = 'success' THEN
                UPDATE public.backup_history SET status = 'in_progress' WHERE id = NEW.id;
            END IF; RETURN NULL;""",
            "AFTER UPDATE",
            OTHERWISE,
        ),
    ],
    ids=["rewrites", "swallows", "reverts"],
)
def test_what_a_trigger_makes_of_it_is_rolled_back(
    stuck: Lab, body: str, when: str, complaint: str
) -> None:
    made = to_success(stuck)
    trigger(stuck, body, when)
    before = row_of(stuck)

    written = write(stuck, made)

    assert written.ending is Ending.ROLLED_BACK
    assert complaint[4:] in written.reason
    assert row_of(stuck) == before


def test_a_trigger_that_only_keeps_a_time_is_no_obstacle(stuck: Lab) -> None:
    stuck.sql("ALTER TABLE public.backup_history ADD updated_at timestamptz")
    made = to_success(stuck)
    trigger(stuck, "NEW.updated_at := now(); RETURN NEW;")

    assert write(stuck, made).ending is Ending.COMMITTED


def test_of_two_rows_with_the_same_id_none_is_changed(stuck: Lab) -> None:
    stuck.sql("ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_pkey")
    stuck.sql("INSERT INTO public.backup_history SELECT * FROM public.backup_history")

    written = write(stuck, to_success(stuck))

    assert written.ending is Ending.ROLLED_BACK
    assert stuck.sql("SELECT DISTINCT status FROM public.backup_history") == [
        {"status": "in_progress"}
    ]


def test_a_missing_row_is_inserted_once_by_many_at_once(stuck: Lab) -> None:
    made = to_new_row("nightly-43")
    barrier = threading.Barrier(6)

    def one(_: int) -> Ending:
        barrier.wait()
        return write(stuck, made).ending

    with ThreadPoolExecutor(6) as pool:
        endings = sorted(pool.map(one, range(6)))

    rows = stuck.sql("SELECT status FROM public.backup_history WHERE dispatch_id = 'nightly-43'")
    assert endings == [Ending.COMMITTED] + [Ending.ROLLED_BACK] * 5
    assert rows == [{"status": "success"}]


def test_an_app_that_inserts_the_row_in_between_keeps_it(stuck: Lab) -> None:
    made = to_new_row("nightly-43")
    app = "INSERT INTO public.backup_history (dispatch_id) VALUES ('nightly-43')"

    with open_transaction(stuck, app) as other:
        commit = after(0.5, other.commit)
        written = write(stuck, made)
        commit.join()

    rows = stuck.sql("SELECT status FROM public.backup_history WHERE dispatch_id = 'nightly-43'")
    assert written.ending is Ending.ROLLED_BACK
    assert rows == [{"status": "in_progress"}]


@pytest.mark.parametrize(
    "key",
    [
        "backups/it's.zip",
        "backups/back\\slash.zip",
        "backups/new\nline.zip",
        "backups/$$;DROP TABLE public.backup_history;--.zip",
        "backups/100%s %(x)s :'schema'.zip",
        "backups/ünï \u202e.zip",
    ],
)
def test_a_hostile_key_is_written_as_it_is(stuck: Lab, key: str) -> None:
    assert write(stuck, to_success(stuck, key)).ending is Ending.COMMITTED

    assert row_of(stuck)["s3_key"] == key


@pytest.mark.parametrize(
    ("role", "sqlstate"), [("backup_doctor", "25006"), ("supabase_read_only_user", "42501")]
)
def test_a_user_that_may_not_write_is_told_which_one_is_needed(
    stuck: Lab, role: str, sqlstate: str
) -> None:
    written = write(stuck, to_success(stuck), role=role)

    assert written.ending is Ending.NOT_BEGUN
    assert sqlstate in written.reason
    assert "SUPABASE_DB_URL" in written.reason
    assert row_of(stuck)["status"] == "in_progress"


def test_a_session_that_is_ended_by_the_server_leaves_the_ending_unknown(stuck: Lab) -> None:
    made = to_success(stuck)
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'backup-doctor fix' AND datname = current_database()"
    )

    with open_transaction(stuck, PIPELINE):
        killing = after(0.7, lambda: stuck.sql(kill, "supabase_admin"))
        written = write(stuck, made)
        killing.join()

    assert written.ending is Ending.UNKNOWN
    assert row_of(stuck)["status"] == "in_progress"


def test_the_transaction_runs_the_repairs_own_statement(stuck: Lab) -> None:
    made = to_success(stuck)

    text = transaction(Names(), made)

    assert made.statement in text
    assert made.statement in made.sql
