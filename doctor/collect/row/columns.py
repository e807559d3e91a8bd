"""The columns of the table as far as they were seen, held against the names that are looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.names_alike import nearest_first
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.row import Table
from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow

COLUMNS_SHOWN = 12


def columns_of(
    table: Table | Unseen | None, rows: tuple[BackupRow, ...] | Unseen
) -> tuple[str, ...]:
    """By the catalogue, else by what a row shows; empty where neither was seen."""
    if isinstance(table, Table):
        return tuple(column.name for column in table.columns)
    return tuple(rows[0].values) if isinstance(rows, tuple) and rows else ()


def needed_gap(
    names: Names, columns: tuple[str, ...], *, by_dispatch: bool = False
) -> Unseen | None:
    """Why no row can be found (`by_dispatch`) or judged in a table with these columns, if so."""
    needed = ("dispatch_id", "id", "status") if by_dispatch else ("id", "status")
    lacking = next((name for name in needed if names.column(name) not in columns), None)
    if lacking is None or not columns:
        return None
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"The table {names.table} has no column {names.column(lacking) or lacking}, without "
        f"which no row can be {'found' if lacking == 'dispatch_id' else 'judged'}.",
        remedy=f"Set {setting_of(f'columns.{lacking}')} to one of its columns: "
        f"{', '.join(nearest_first(names.column(lacking) or lacking, columns)[:COLUMNS_SHOWN])}.",
        dependency="PostgreSQL",
    )


def setting_of(name: str) -> str:
    """A setting as it is written in the file, and its environment variable."""
    return f"{BY_NAME[name].key} ({BY_NAME[name].usual_variables[0]})"
