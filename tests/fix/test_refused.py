"""SQL that the database would refuse for a reason of its own is not printed, and reaches no pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import FAULTS
from tests.e2e.doctoring import diagnose_world
from tests.fix.test_fix_command import fix, rows

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
