"""The printed statement itself, pasted into a real database: it changes one row, as it was seen, or none."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.collect.database.rows import read_row
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.evidence.object import KeySource
from backup_doctor.evidence.row import Table
from backup_doctor.judge.diagnosis import diagnose
from backup_doctor.judge.fix_sql import repair
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from tests.database.lab import DISPATCH, ROW_ID
from tests.e2e.doctoring import paste
from tests.fix.plans import KEY, SIZE, case_of, row_of
from tests.judgement import cases

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.fix_sql import Repair
    from tests.database.lab import Lab

BUCKET = "team-backups"
OTHER_ID = "00000000-0000-4000-8000-000000000001"
OTHER = "INSERT INTO public.backup_history (id, dispatch_id, status, s3_key) VALUES"
LONG_GONE = cases.the_object(expected_key=KEY, head=None, tail=None)


def repaired(one: Case) -> Repair:
    judgement = judge(one, (loaded.check for loaded in load_checks().checks))
    assert judgement.errors == ()
    return repair(one, diagnose(one, judgement.findings))


def printed(one: Case) -> str:
    made = repaired(one)
    assert made.sql is not None, made.notes
    return made.sql


def seen(lab: Lab, **changes: Any) -> Case:
    """The backup whose run is over and whose file is there, with its row as it is now."""
    one = case_of(read_row(row_of(lab), lab.names))
    names = replace(lab.names, bucket=BUCKET)
    return replace(one, names=names, evidence={**one.evidence, **changes})


def rows(lab: Lab) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lab.sql("SELECT * FROM public.backup_history ORDER BY id")
    return found


def test_the_row_is_finished_once_and_nothing_happens_the_second_time(stuck: Lab) -> None:
    sql = printed(seen(stuck))

    paste(stuck.uri(), sql)
    once = rows(stuck)
    paste(stuck.uri(), sql)

    (row,) = once
    assert (row["status"], row["s3_key"], row["size_bytes"]) == ("success", KEY, SIZE)
    assert rows(stuck) == once


@pytest.mark.parametrize(
    "change",
    [
        "status = 'failed'",
        "dispatch_id = 'another'",
        "s3_key = 'half-way.zip'",
        "size_bytes = 1",
        "finished_at = now()",
        "error_text = 'x'",
        "workflow_run_id = '1'",
        "created_at = created_at + interval '1 microsecond'",
    ],
)
def test_a_row_that_is_not_as_it_was_seen_is_left_alone(stuck: Lab, change: str) -> None:
    sql = printed(seen(stuck))
    stuck.sql(f"UPDATE public.backup_history SET {change}")
    before = rows(stuck)

    paste(stuck.uri(), sql)

    assert rows(stuck) == before


@pytest.mark.parametrize("text", [KEY, f"/{KEY}", f"s3://{BUCKET}/{KEY}", f"{BUCKET}/{KEY}"])
@pytest.mark.parametrize("status", ["success", "failed", "in_progress"])
def test_a_file_that_another_row_has_taken_meanwhile_is_left_to_it(
    stuck: Lab, text: str, status: str
) -> None:
    sql = printed(seen(stuck))
    stuck.sql(f"{OTHER} ('{OTHER_ID}', 'other', '{status}', '{text}')")
    before = rows(stuck)

    paste(stuck.uri(), sql)

    assert rows(stuck) == before


def test_another_file_of_another_row_hinders_nothing(stuck: Lab) -> None:
    sql = printed(seen(stuck))
    stuck.sql(f"{OTHER} ('{OTHER_ID}', 'other', 'success', 'archive/{KEY}')")

    paste(stuck.uri(), sql)

    assert {row["status"] for row in rows(stuck)} == {"success"}


def test_of_two_rows_with_one_file_a_script_finishes_the_first_alone(stuck: Lab) -> None:
    first = printed(seen(stuck))
    stuck.sql(f"INSERT INTO public.backup_history (id, dispatch_id) VALUES ('{OTHER_ID}', 'twin')")
    second = printed(
        replace(
            case_of(read_row(other_row(stuck), stuck.names), dispatch="twin"),
            names=replace(stuck.names, bucket=BUCKET),
        )
    )

    paste(stuck.uri(), first + second)

    named = [row for row in rows(stuck) if row["s3_key"] == KEY]
    assert [str(row["id"]) for row in named] == [ROW_ID]


def other_row(lab: Lab) -> dict[str, Any]:
    where = f"WHERE id = '{OTHER_ID}'"
    found: dict[str, Any] = lab.sql(
        f"SELECT to_jsonb(t) AS row FROM public.backup_history AS t {where}"
    )[0]["row"]
    return found


def test_a_row_without_a_file_becomes_failed_whoever_names_its_key(stuck: Lab) -> None:
    sql = printed(seen(stuck, object=LONG_GONE))
    stuck.sql(f"{OTHER} ('{OTHER_ID}', 'other', 'success', '{KEY}')")

    paste(stuck.uri(), sql)

    assert {str(row["id"]): row["status"] for row in rows(stuck)}[ROW_ID] == "failed"


def test_a_good_row_is_corrected_only_as_it_was_seen(stuck: Lab) -> None:
    stuck.sql(
        f"UPDATE public.backup_history SET status = 'success', s3_key = '{KEY}', size_bytes = 7,"
        " finished_at = '2026-01-15 02:10:00.123456+00'"
    )
    sql = printed(seen(stuck))

    paste(stuck.uri(), sql)
    (row,) = rows(stuck)
    paste(stuck.uri(), sql)

    assert row["size_bytes"] == SIZE
    assert rows(stuck) == [row]


def test_an_odd_value_is_compared_as_it_is(lab: Lab) -> None:
    lab.migrate()
    lab.sql("ALTER TABLE public.backup_history ALTER error_text TYPE jsonb USING NULL")
    lab.sql("""UPDATE public.backup_history SET error_text = '{"a": [1, "ü"], "b": 1.50}'""")
    sql = printed(seen(lab))

    paste(lab.uri(), sql)

    assert rows(lab)[0]["status"] == "success"


# A row that is not there -------------------------------------------------------------------------


NEW = "3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"
NEW_KEY = f"backups/2026/01/15/backup-{NEW}.zip"


def absent(lab: Lab) -> Case:
    one = case_of(None, NEW_KEY, NEW)
    columns = cases.table(columns=cases.COLUMNS)
    known = replace(cases.row(rows=()), table=columns)
    assert isinstance(known.table, Table)
    return replace(
        one,
        asked=Asked(dispatch_id=NEW),
        names=replace(lab.names, bucket=BUCKET),
        evidence={**one.evidence, "row": known},
    )


def test_a_missing_row_is_inserted_once(stuck: Lab) -> None:
    sql = printed(absent(stuck))

    paste(stuck.uri(), sql)
    once = rows(stuck)
    paste(stuck.uri(), sql)

    assert [row["dispatch_id"] for row in once if row["s3_key"] == NEW_KEY] == [NEW]
    assert rows(stuck) == once


@pytest.mark.parametrize(
    "values",
    [
        f"('{OTHER_ID}', '{NEW.upper()}', 'in_progress', NULL)",
        f"('{NEW}', 'by-its-id', 'in_progress', NULL)",
        f"('{OTHER_ID}', 'other', 'failed', '{NEW_KEY}')",
        f"('{OTHER_ID}', 'other', 'success', 's3://{BUCKET}/{NEW_KEY}')",
    ],
    ids=["the id in capitals", "the id of a row", "its file", "its file's address"],
)
def test_a_row_that_is_there_by_then_is_enough(stuck: Lab, values: str) -> None:
    sql = printed(absent(stuck))
    stuck.sql(f"{OTHER} {values}")
    before = rows(stuck)

    paste(stuck.uri(), sql)

    assert rows(stuck) == before


# Names and values --------------------------------------------------------------------------------


NASTY = ["a\n\\! touch /tmp/pwned", "\\q", 'x";\n\\! id', "tab\tand\x01bell", "ünïcode\u2028line"]


@pytest.mark.parametrize("name", NASTY)
def test_a_column_of_any_name_gives_psql_no_command(stuck: Lab, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    stuck.sql(f"ALTER TABLE public.backup_history RENAME COLUMN s3_key TO {quoted}")
    lab = dataclasses.replace(stuck, names=Names(columns={"s3_key": name}))
    sql = printed(seen(lab))

    paste(lab.uri(), sql)

    assert rows(lab)[0][name] == KEY
    assert not any(line.startswith("\\") for line in sql.splitlines())


@pytest.mark.parametrize("text", NASTY)
def test_a_value_of_any_text_gives_psql_no_command(stuck: Lab, text: str) -> None:
    key = f"backups/{text}/{DISPATCH}.zip"
    file = cases.the_object(expected_key=key, head=cases.stored(key=key), key_source=KeySource.LOG)
    stuck.sql("UPDATE public.backup_history SET error_text = E'a\\n\\\\! id'")
    sql = printed(seen(stuck, object=file))

    paste(stuck.uri(), sql)

    assert rows(stuck)[0]["s3_key"] == key
    assert not any(line.startswith("\\") for line in sql.splitlines())


def test_no_time_of_the_diagnosis_stands_in_the_sql(stuck: Lab) -> None:
    for changes in ({}, {"object": LONG_GONE}):
        now = seen(stuck, **changes)
        later = replace(now, now=now.now.replace(year=now.now.year + 1))

        assert printed(now) == printed(later)
