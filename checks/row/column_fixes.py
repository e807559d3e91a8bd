"""What to do about a column that the table lacks: add it, or ask by another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.names_alike import nearest_first
from backup_doctor.checks.row.altering import RELOAD, altered
from backup_doctor.checks.row.view import both_told
from backup_doctor.evidence.sql import identifier
from backup_doctor.judge.history.calls import update_ways
from backup_doctor.judge.show import either, listed, manual, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix

TYPES = {
    "s3_key": "text",
    "status": "text",
    "size_bytes": "bigint",
    "finished_at": "timestamptz",
    "error_text": "text",
    "workflow_run_id": "text",
}
NEAR = 3


def add_column(case: Case, column: str) -> Fix:
    """The column, of the type that the guide's has."""
    guide_name = next((name for name in TYPES if case.names.column(name) == column), column)
    kind = TYPES.get(guide_name, "text")
    return altered(
        case,
        f"Add the column {column}",
        f"ALTER TABLE {table(case)} ADD COLUMN IF NOT EXISTS {identifier(column)} {kind};\n"
        f"{RELOAD}",
    )


def fixes_for(case: Case, columns: tuple[str, ...], there: Sequence[str]) -> tuple[Fix, ...]:
    """For columns that the update writes, and for those by which it only asks."""
    return tuple(
        fix
        for name in columns
        for fix in (
            (correct_filter(name, there),)
            if is_asked_by(case, name)
            else add_or_correct(case, name, there)
        )
    )


def add_or_correct(case: Case, column: str, there: Sequence[str]) -> tuple[Fix, ...]:
    """A column of the guide's is added; another one may be a wrong name, surely so for the status."""
    add = add_column(case, column)
    if column in _usual(case):
        return (add,)
    near = listed(nearest_first(column, there)[:NEAR])
    correct = manual(
        f"Write a column that the table has, not {column}",
        f"Correct the name in the script or the function{f' ({near}, for example)' if near else ''}.",
    )
    written = {name for one in update_ways(case) for name in one.columns}
    without_status = written and case.names.column("status") not in written
    return either(correct, add) if without_status else either(add, correct)


def _usual(case: Case) -> set[str | None]:
    """The guide's columns, by the user's names and, for those that the table lacks, by the guide's."""
    return {*TYPES, *(case.names.column(name) for name in TYPES)}


def is_asked_by(case: Case, column: str) -> bool:
    """Whether the update only asks by the column: PostgreSQL names it with its table then.

    One that the row is to have is missing, wherever the request names it.
    """
    if column in _usual(case):
        return False
    name = re.escape(column)
    return re.search(rf"column \\?\"?\w+\.{name}\\?\"? does not exist", both_told(case)) is not None


def correct_filter(column: str, there: Sequence[str]) -> Fix:
    """Another name: a column that is added now is empty, so that no row would be found by it."""
    near = listed(nearest_first(column, there)[:NEAR])
    return manual(
        f"Ask by a column that the table has, not by {column}",
        f"{column} stands in a filter or in the list of columns that the request asks for. Correct the "
        f"name in the script or the function{f' ({near}, for example)' if near else ''}: a column that is "
        "added now is empty, and no row is found by it.",
    )
