"""The SQL text: one guarded statement in a transaction, and the guide's SELECT after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from doctor.model import Role, Severity
from doctor.redaction import TOKEN
from doctor.show import table
from doctor.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doctor.case import Case
    from doctor.diagnosis import Diagnosis
    from doctor.evidence.row import BackupRow

# While one of these holds, the database refuses the very statement that is printed.
REFUSERS = (
    "row/constraint-rejects",
    "row/trigger-interferes",
    "row/size-overflow",
    "row/locked",
    "row/database-read-only",
    "row/column-missing",
    "row/table-missing",
)
VERIFIED = ("id", "dispatch_id", "s3_key", "status", "size_bytes", "finished_at")
# Once it is mended, the column is there, and the row needs its value.
COLUMN_MISSING = "row/column-missing"
NOT_SHOWN = "a value that it must name holds a secret, which is not shown; look at the row by hand."
VERIFY_TITLE = "-- Verify the update"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to change in the table, by the guide's column names.

    `row` is the row as it is now, None where one is to be inserted. `values` are the new values;
    `guard` maps columns to the values that must still be there for anything to happen.
    """

    row: BackupRow | None
    values: Mapping[str, Any]
    guard: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Repair:
    """The SQL and how to check it before it is printed; without SQL, the reason why not.

    `change` is what the SQL does; `statement` is its bare UPDATE or INSERT for EXPLAIN; `aim` is the
    condition that finds its row (None for an INSERT). `refused_by` are the causes that would still
    refuse the statement.
    """

    sql: str | None = None
    change: Change | None = None
    statement: str | None = None
    aim: str | None = None
    refused_by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def none(reason: str) -> Repair:
    """No SQL, and why."""
    return Repair(notes=(f"No fix SQL: {reason}",))


def update(case: Case, row: BackupRow, change: Change, diagnosis: Diagnosis) -> Repair:
    """An UPDATE of one row by its id, guarded by what must still be there."""
    if row.id is None:
        return none("the row has no id that could be aimed at.")
    refusing = _refusing(diagnosis)
    columns = {
        name: value
        for name, value in change.values.items()
        if not row.values
        or case.names.column(name) in row.values
        or (name in VERIFIED and COLUMN_MISSING in refusing)
    }
    if _hidden(row.id, *change.guard.values(), *_but_for_reason(columns)):
        return none(NOT_SHOWN)
    assignments = ",\n  ".join(
        f"{identifier(case.names.column(name))} = {literal(value)}"
        for name, value in columns.items()
    )
    row_id = f"{identifier(case.names.column('id'))} = {literal(row.id)}"
    guards = "".join(
        f"\n  AND {_unchanged(case, name, value)}" for name, value in change.guard.items()
    )
    aim = f"{row_id}{guards}"
    statement = f"UPDATE {table(case)}\nSET\n  {assignments}\nWHERE {aim}"
    return Repair(
        sql=_transaction(case, statement, row_id, diagnosis),
        change=Change(row=row, values=columns, guard=change.guard),
        statement=statement,
        aim=aim,
        refused_by=refusing,
    )


def insert(case: Case, values: Mapping[str, Any], diagnosis: Diagnosis) -> Repair:
    """An INSERT that does nothing if a row of this dispatch is there by then."""
    if _hidden(*values.values()):
        return none(NOT_SHOWN)
    dispatch = identifier(case.names.column("dispatch_id"))
    wanted = f"{dispatch} = {literal(case.asked.dispatch_id)}"
    columns = ", ".join(identifier(case.names.column(name)) for name in values)
    literals = ", ".join(literal(value) for value in values.values())
    statement = (
        f"INSERT INTO {table(case)} ({columns})\n"
        f"SELECT {literals}\n"
        f"WHERE NOT EXISTS (SELECT 1 FROM {table(case)} WHERE {wanted})"
    )
    return Repair(
        sql=_transaction(case, statement, wanted, diagnosis),
        change=Change(row=None, values=values, guard={}),
        statement=statement,
        refused_by=_refusing(diagnosis),
    )


def _hidden(*values: object) -> bool:
    """Whether the redaction took something out of a value: SQL with it would say what is not true."""
    return any(isinstance(value, str) and TOKEN.search(value) for value in values)


def _but_for_reason(columns: Mapping[str, Any]) -> list[Any]:
    """The new values but for `error_text`, which is for people."""
    return [value for name, value in columns.items() if name != "error_text"]


def _unchanged(case: Case, guide_name: str, value: Any) -> str:  # noqa: ANN401 -- a column's JSON value
    column = identifier(case.names.column(guide_name))
    if guide_name == "status" and value is not None:
        return f"{column} = {literal(value)}"
    if value is None:
        return f"{column} IS NULL"
    plain = value if isinstance(value, str | int | float | datetime) else str(value)
    return f"{column} IS NOT DISTINCT FROM {literal(plain)}"


def _transaction(case: Case, statement: str, wanted: str, diagnosis: Diagnosis) -> str:
    shown = ", ".join(identifier(case.names.column(name)) for name in VERIFIED)
    return (
        f"{_first_mend(diagnosis)}BEGIN;\n\n{statement};\n\nCOMMIT;\n\n"
        f"{VERIFY_TITLE}\nSELECT {shown}\nFROM {table(case)}\nWHERE {wanted};\n"
    )


def _refusing(diagnosis: Diagnosis) -> tuple[str, ...]:
    """The causes that still refuse the statement."""
    return tuple(
        one.code for one in diagnosis.causes if one.code in REFUSERS and not one.found.healed
    )


def _refusing_since(diagnosis: Diagnosis) -> tuple[str, ...]:
    """What began after the failure, and may be over before the statement is run."""
    return tuple(
        one.judged.code
        for one in diagnosis.placed
        if one.judged.code in REFUSERS
        and one.role is Role.CONTEXT
        and one.severity is Severity.WARN
    )


def _first_mend(diagnosis: Diagnosis) -> str:
    """The first line: what would still refuse the statement. Codes only, nothing from outside."""
    refusing = (*_refusing(diagnosis), *_refusing_since(diagnosis))
    if not refusing:
        return ""
    return f"-- First mend {', '.join(refusing)} (its own fix is in the report): it refuses this statement.\n"
