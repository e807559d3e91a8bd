"""A value that does not fit its column's type: which column it is, and which type it needs."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.case import Names
from backup_doctor.evidence.rls import RefusedValue
from backup_doctor.evidence.workflow import Run
from tests.judgement.asking import causes, codes, finding
from tests.judgement.cases import (
    COLUMNS,
    NOT_THERE,
    SIZE,
    call,
    case,
    log,
    rls,
    row,
    table,
    workflow,
)

RUN_ID = 19_400_000_001
TOO_LARGE = f'value \\"{RUN_ID}\\" is out of range for type integer'
NO_NUMBER = 'invalid input syntax for type bigint: \\"{}\\"'
TIME = "2026-11-20T02:05:00Z"
OF_RUN = RefusedValue(
    column="workflow_run_id",
    type="integer",
    sqlstate="22003",
    message=f'value "{RUN_ID}" is out of range for type integer',
)
OF_TIME = RefusedValue(
    column="finished_at",
    type="bigint",
    sqlstate="22P02",
    message='invalid input syntax for type bigint: "2026-11-20T03:00:00+00:00"',
)


def refused(code: str, message: str, *seen: Any, **changes: Any) -> Any:
    """Both updates got this answer; PostgreSQL refuses these values now, beside what else is seen."""
    values = tuple(one for one in seen if isinstance(one, RefusedValue))
    others = (one for one in seen if one not in values)
    answer = f'{{"code":"{code}","message":"{message}"}}'
    run = workflow(log(call(500, f'{{"error":{answer}}}'), call(400, answer)))
    assert isinstance(run.run, Run)
    numbered = replace(run, run=replace(run.run, id=RUN_ID))
    return case(numbered, replace(rls(), refused_values=values), *others, **changes)


def test_the_runs_number_that_is_too_large_is_not_said_to_be_the_size() -> None:
    one = refused("22003", TOO_LARGE, OF_RUN)

    assert causes(one) == ["row/constraint-rejects"]
    assert "row/size-overflow" not in codes(one)
    summary = finding(one, "row/constraint-rejects").found.summary
    assert summary.startswith("workflow_run_id (integer) cannot take what the update writes")


def test_without_sql_the_log_alone_tells_that_it_is_the_runs_number() -> None:
    one = refused("22003", TOO_LARGE)
    blind = replace(one, evidence={**one.evidence, "rls": NOT_THERE, "row": row(table=NOT_THERE)})

    assert causes(blind) == ["row/constraint-rejects"]
    found = finding(blind, "row/constraint-rejects").found
    assert found.evidence[0].source == "workflow log"
    assert "ALTER COLUMN workflow_run_id TYPE bigint" in found.fixes[0].text


def test_a_table_without_that_column_has_no_number_that_is_too_large() -> None:
    names = Names(columns={"workflow_run_id": ""})

    assert "workflow_run_id" not in str(causes(refused("22003", TOO_LARGE, names=names)))
    assert "row/size-overflow" not in codes(refused("22003", TOO_LARGE, names=names))


@pytest.mark.parametrize(
    ("value", "is_size"), [(SIZE, True), (SIZE + 1, False), (3 * 10**9, False)]
)
def test_a_number_that_is_not_the_backups_size_is_no_size(value: int, is_size: bool) -> None:
    message = f'value \\"{value}\\" is out of range for type integer'

    assert ("row/size-overflow" in causes(refused("22003", message))) is is_size
    assert ("row/constraint-rejects" in causes(refused("22003", message))) is not is_size


def test_a_size_that_the_type_does_not_hold_is_the_size_whatever_number_was_sent() -> None:
    message = 'value \\"40000\\" is out of range for type smallint'

    assert "row/size-overflow" in causes(refused("22003", message))


def test_a_number_that_only_the_column_of_the_size_refuses_is_the_size_that_was_sent() -> None:
    message = f'value \\"{3 * 10**9}\\" is out of range for type integer'

    def columns(**types: str) -> Any:
        changed = (replace(one, type=types.get(one.name, one.type)) for one in COLUMNS)
        return row(table=replace(table(), columns=tuple(changed)))

    alone = refused("22003", message, columns(size_bytes="integer"))
    beside = refused("22003", message, columns(size_bytes="integer", workflow_run_id="integer"))

    assert causes(alone) == ["row/size-overflow"]
    assert "cannot hold 3,000,000,000 bytes" in finding(alone, "row/size-overflow").found.summary
    assert causes(beside) == ["row/constraint-rejects"]


def test_a_number_that_the_run_calls_its_size_is_the_size() -> None:
    answer = call(400, f'{{"code":"22003","message":"{TOO_LARGE}"}}')
    told = log(answer, answer, assignments={"BACKUP_SIZE": str(RUN_ID)})

    assert causes(case(workflow(told))) == ["row/size-overflow"]


def test_a_time_that_a_column_of_numbers_refuses_is_the_cause_of_both() -> None:
    one = refused("22P02", NO_NUMBER.format(TIME), OF_TIME)

    assert causes(one) == ["row/constraint-rejects"]
    assert "does not explain" not in finding(one, "row/constraint-rejects").found.summary


@pytest.mark.parametrize("value", ["", "null", "undefined", " None "])
def test_an_empty_variable_is_not_laid_to_the_type_of_another_column(value: str) -> None:
    assert "row/constraint-rejects" not in causes(
        refused("22P02", NO_NUMBER.format(value), OF_TIME)
    )


def test_a_value_of_another_type_is_not_laid_to_this_column() -> None:
    message = 'invalid input syntax for type uuid: \\"abc\\"'

    assert "row/constraint-rejects" not in causes(refused("22P02", message, OF_TIME))


@pytest.mark.parametrize(
    ("value", "statement"),
    [
        (OF_RUN, "workflow_run_id TYPE bigint;"),
        (OF_TIME, "finished_at TYPE timestamptz USING to_timestamp(finished_at);"),
        (replace(OF_TIME, type="uuid"), "finished_at TYPE text;"),
        (replace(OF_RUN, type="uuid", sqlstate="22P02"), "workflow_run_id TYPE text;"),
        (replace(OF_RUN, type="numeric(3,0)"), "workflow_run_id TYPE text;"),
    ],
)
def test_the_column_gets_the_type_that_takes_the_value(value: RefusedValue, statement: str) -> None:
    one = refused("XX000", "no more was said", value)

    assert statement in finding(one, "row/constraint-rejects").found.fixes[0].text
