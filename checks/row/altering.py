"""What alters the table itself: SQL where PostgreSQL takes it, else the same in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.row.view import table_of
from backup_doctor.evidence.findings import Risk
from backup_doctor.evidence.sql import identifier
from backup_doctor.judge.show import listed, manual, sql, table

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix

VIEWS = ("view", "materialized view")
RELOAD = "NOTIFY pgrst, 'reload schema';"


def altered(case: Case, title: str, text: str, risk: Risk = Risk.LOW) -> Fix:
    """SQL that alters the table; of a view, what to do in words: only the table behind it is altered."""
    known = table_of(case.row) if case.row else None
    if known is None or known.kind not in VIEWS:
        return sql(title, text, risk)
    behind = (
        f"{case.names.table} is a {known.kind}: alter the table that it reads from, not the view."
    )
    return manual(f"{title}, in the table behind the {known.kind}", behind, risk)


def retyped(case: Case, title: str, column: str, kind: str, *, drop_default: bool = False) -> Fix:
    """The column with another type; in words where something uses it that PostgreSQL would not alter."""
    name = identifier(column)
    default = f"ALTER COLUMN {name} DROP DEFAULT, " if drop_default else ""
    change = f"ALTER TABLE {table(case)} {default}ALTER COLUMN {name} TYPE {kind};"
    known = table_of(case.row) if case.row else None
    found = known.column(column) if known else None
    if found is None or not found.used_by:
        return altered(case, title, f"{change}\n{RELOAD}")
    users = listed(f"the {one}" for one in found.used_by)
    return manual(
        title,
        f"PostgreSQL does not change the type of {column} while it is used by {users}. Drop {users}, run "
        f"`{change}`, and make what you dropped again as it was.",
        Risk.HIGH,
    )
