"""The SQL text: one guarded statement in a transaction, and the guide's SELECT after it.

The guard is all that was seen: the row's id, every configured column as it was, and for a statement
that writes what a file tells, that no other row names that file.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.redaction import TOKEN
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.evidence.ids import is_uuid
from backup_doctor.evidence.object_keys import notations
from backup_doctor.evidence.row import Table
from backup_doctor.evidence.sql import can_be_stored, identifier, literal
from backup_doctor.judge.history.status_words import unknown_success
from backup_doctor.judge.show import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Risk
    from backup_doctor.evidence.row import BackupRow
    from backup_doctor.judge.traits import Trait

VERIFIED = ("id", "dispatch_id", "s3_key", "status", "size_bytes", "finished_at")
GUARDED = ("status", *(name for name in GUIDE_COLUMNS if name not in ("id", "status")))
OF_THE_FILE = ("s3_key", "status", "size_bytes")
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '3s';"
NOT_STORED = (
    "a value holds a character that PostgreSQL cannot store (NUL); look at the row by hand."
)
NOT_SHOWN = "a value that it must name holds a secret, which is not shown; look at the row by hand."
NOTHING_LEFT = "the table has none of the columns that it would set."
VERIFY_TITLE = "-- Verify the update"
WILL_FAIL = "-- This statement will fail until"


class Change(Immutable, frozen=True, kw_only=True):
    """What is to change in the table, by the guide's column names.

    `row` is the row as it is now, None where one is to be inserted. `values` are the new values;
    `guard` maps columns to the values that must still be there for anything to happen.
    """

    row: BackupRow | None
    values: Mapping[str, Any]
    guard: Mapping[str, Any]


class Repair(Immutable, frozen=True, kw_only=True):
    """The SQL and how to check it before it is printed; without SQL, the reason why not.

    `change` is what the SQL does; `statement` is its bare UPDATE or INSERT for EXPLAIN; `aim` is the
    condition that finds its row (None for an INSERT), `counting` a SELECT of the number of rows that
    it would change now. `refused_by` are the causes that would still refuse the statement, `waits_for`
    what is true of the findings whose fix must come before there can be one. `notes` say why there is no SQL, or what
    the reader should know of it. `alternatives` are what a person may choose instead where there is
    none. `other_row` is the id of the row that it changes, where that is not the one that is judged.
    """

    sql: str | None = None
    change: Change | None = None
    statement: str | None = None
    aim: str | None = None
    counting: str | None = None
    refused_by: tuple[str, ...] = ()
    waits_for: Trait | None = None
    notes: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    other_row: str | None = None

    @property
    def offered(self) -> Repair | None:
        """The repair whose SQL anybody may run: this one, else that of its first alternative."""
        if self.statement is not None:
            return self
        return self.alternatives[0].repair if self.alternatives else None


class Alternative(Immutable, frozen=True, kw_only=True):
    """A repair that is right only if a person decides so. `why` is the code that it ends."""

    title: str
    repair: Repair
    risk: Risk
    why: str

    @property
    def sql(self) -> str:
        """Its SQL."""
        return self.repair.sql or ""


def none(reason: str, *alternatives: Alternative) -> Repair:
    """No SQL, and why."""
    return Repair(notes=(f"No fix SQL: {reason}",), alternatives=alternatives)


def update(
    case: Case,
    row: BackupRow,
    values: Mapping[str, Any],
    *,
    of_file: str | None = None,
    to_be_added: bool = False,
) -> Repair:
    """An UPDATE of one row by its id, guarded by all that was seen of it.

    `of_file`: the key of the file that tells the values; no other row may name it. `to_be_added`:
    columns that the table lacks are written too, as they must be added before.
    """
    columns = {
        name: value
        for name, value in values.items()
        if (_has(case, row, name) or (to_be_added and name in VERIFIED))
        and not _is_computed(case, name)
    }
    guard = _seen(case, row)
    why_not = (
        _cannot_aim(row)
        or _names_no_success(case, values)
        or _cannot_be_updated(case)
        or _cannot_be_written(row, columns, guard)
    )
    if why_not:
        return none(why_not)
    assignments = ",\n  ".join(
        f"{identifier(case.names.column(name) or name)} = {literal(value)}"
        for name, value in columns.items()
    )
    row_id = f"{identifier(case.names.column('id'))} = {literal(row.id)}"
    unchanged = (_unchanged(case, name, value) for name, value in guard.items())
    owned = (of_file,) if of_file is not None and _has(case, row, "s3_key") else ()
    aim = "\n  AND ".join((row_id, *unchanged, *(_of_no_other(case, row, key) for key in owned)))
    statement = f"UPDATE {table(case)}\nSET\n  {assignments}\nWHERE {aim}"
    verified = [name for name in VERIFIED if _has(case, row, name) or name in columns]
    return Repair(
        sql=_transaction(case, statement, verified, row_id),
        change=Change(row=row, values=columns, guard=guard),
        statement=statement,
        aim=aim,
        counting=f"SELECT count(*)::int AS rows FROM {table(case)} WHERE {aim}",
    )


def _cannot_be_written(
    row: BackupRow, columns: Mapping[str, Any], guard: Mapping[str, Any]
) -> str | None:
    """Why these values cannot stand in a statement; None if they can."""
    if not columns:
        return NOTHING_LEFT
    if not _can_be_stored(*columns.values()):
        return NOT_STORED
    if _hidden(row.id, *guard.values(), *_but_for_reason(columns)):
        return NOT_SHOWN
    return None


def _has(case: Case, row: BackupRow, guide_name: str) -> bool:
    """Whether the table has the column, as far as the names and the row tell."""
    column = case.names.column(guide_name)
    return bool(column) and (not row.values or column in row.values)


def _is_computed(case: Case, guide_name: str) -> bool:
    """Whether the table computes the column, and nothing else depends on what is written there.

    Where it computes the key, the status or the size, nobody knows whether it is the file's.
    """
    known = case.row.table if case.row else None
    column = known.column(case.names.column(guide_name)) if isinstance(known, Table) else None
    return guide_name not in OF_THE_FILE and column is not None and column.generated


def _seen(case: Case, row: BackupRow) -> dict[str, Any]:
    """Every configured column of the row as it was seen, the status first."""
    if not row.values:
        return {"status": row.status}
    return {
        name: row.values[case.names.column(name)]
        for name in GUARDED
        if case.names.column(name) in row.values
    }


def _of_no_other(case: Case, row: BackupRow, key: str) -> str:
    """That no other row, of whatever status, names the file."""
    row_id = identifier(case.names.column("id"))
    return (
        f"NOT EXISTS (\n    SELECT 1 FROM {table(case)} AS other"
        f"\n    WHERE {_names_key(case, key)}"
        f"\n      AND other.{row_id} IS DISTINCT FROM {literal(row.id)}\n  )"
    )


def _names_key(case: Case, key: str) -> str:
    bucket = case.object.bucket if case.object and isinstance(case.object.bucket, str) else None
    spelled = ", ".join(literal(one) for one in notations(key, bucket))
    return f"other.{identifier(case.names.column('s3_key'))}::text IN ({spelled})"


def insert(case: Case, values: Mapping[str, Any]) -> Repair:
    """An INSERT that does nothing if a row of this dispatch, or of this file, is there by then."""
    dispatch_id, key = str(values["dispatch_id"]), values.get("s3_key")
    if why := _names_no_success(case, values):
        return none(why)
    if _hidden(*values.values()):
        return none(NOT_SHOWN)
    if not _can_be_stored(*values.values()):
        return none(NOT_STORED)
    column = identifier(case.names.column("dispatch_id"))
    columns = ", ".join(identifier(case.names.column(name)) for name in values)
    literals = ", ".join(literal(value) for value in values.values())
    taken = [f"lower(other.{column}::text) = lower({literal(dispatch_id)})"]
    if key is not None:
        taken.append(_names_key(case, key))
    if is_uuid(dispatch_id):
        row_id = identifier(case.names.column("id"))
        taken.insert(1, f"lower(other.{row_id}::text) = lower({literal(dispatch_id)})")
    is_free = "NOT EXISTS (\n  SELECT 1 FROM {} AS other\n  WHERE {}\n)".format(
        table(case), "\n    OR ".join(taken)
    )
    statement = f"INSERT INTO {table(case)} ({columns})\nSELECT {literals}\nWHERE {is_free}"
    known = case.row.table if case.row else None
    verified = [
        name
        for name in VERIFIED
        if case.names.column(name)
        and (not isinstance(known, Table) or known.column(case.names.column(name)))
    ]
    wanted = f"{column} = {literal(dispatch_id)}"
    return Repair(
        sql=_transaction(case, statement, verified, wanted),
        change=Change(row=None, values=values, guard={}),
        statement=statement,
        counting=f"SELECT ({is_free})::int AS rows",
    )


def _cannot_aim(row: BackupRow) -> str | None:
    return "the row has no id that could be aimed at." if row.id is None else None


def _cannot_be_updated(case: Case) -> str | None:
    known = case.row.table if case.row else None
    if not isinstance(known, Table) or known.kind != "materialized view":
        return None
    return (
        f"{case.names.table} is a materialized view, which nobody can update; the row is in the table "
        "behind it."
    )


def _names_no_success(case: Case, values: Mapping[str, Any]) -> str | None:
    """Why the word for a success that would be written may not be one in this table; None if it is."""
    word = unknown_success(case)
    if word is None or values.get("status") != case.names.success:
        return None
    return (
        f"the update step writes the status {word!r}, and the configured word for a success is "
        f"{case.names.success!r}: set status.success (BACKUP_DOCTOR_STATUS_SUCCESS) to {word}, if that is "
        "what it means."
    )


def _can_be_stored(*values: object) -> bool:
    return all(can_be_stored(value) for value in values if isinstance(value, str))


def _hidden(*values: object) -> bool:
    """Whether the redaction took something out of a value: SQL with it would say what is not true."""
    return any(TOKEN.search(value if isinstance(value, str) else str(value)) for value in values)


def _but_for_reason(columns: Mapping[str, Any]) -> list[Any]:
    """The new values but for `error_text`, which is for people."""
    return [value for name, value in columns.items() if name != "error_text"]


def _unchanged(case: Case, guide_name: str, value: Any) -> str:  # noqa: ANN401 -- a column's JSON value
    column = identifier(case.names.column(guide_name))
    if value is None:
        return f"{column} IS NULL"
    if isinstance(value, dict | list):
        return f"to_jsonb({column}) = {literal(json.dumps(value, ensure_ascii=False))}::jsonb"
    plain = value if isinstance(value, str | int | float | datetime) else str(value)
    if guide_name == "status":
        return f"{column} = {literal(plain)}"
    return f"{column} IS NOT DISTINCT FROM {literal(plain)}"


def _transaction(case: Case, statement: str, shown: Iterable[str], wanted: str) -> str:
    columns = ", ".join(identifier(case.names.column(name) or name) for name in shown)
    return (
        f"BEGIN;\n\n{LOCK_TIMEOUT}\n\n{statement};\n\nCOMMIT;\n\n"
        f"{VERIFY_TITLE}\nSELECT {columns}\nFROM {table(case)}\nWHERE {wanted};\n"
    )
