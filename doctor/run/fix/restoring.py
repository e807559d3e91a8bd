"""The statement that restores the row as it was, ready to paste: what a person needs to undo a fix.

It is guarded by what was written: whoever has changed the row since then is not overwritten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.run.fix.rows import as_text, has, table, the_row
from backup_doctor.run.fix.transaction import LOCK_LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Names
    from backup_doctor.run.fix.plan import Plan

TITLE = "-- This restores the row as it was before the fix, while nobody has changed it since."


def restoring(names: Names, plan: Plan, became: Mapping[str, Any] | None = None) -> str:
    """The SQL: one transaction, and a SELECT that shows the row.

    `became` is the row as it was written, where that is not what was announced.
    """
    written = {one.column: one.new for one in plan.differences} if became is None else became
    still = "\n  AND ".join(
        (the_row(plan), *(has(one.column, written.get(one.column)) for one in plan.differences))
    )
    change = f"DELETE FROM {table(names)}" if plan.inserts else _as_it_was(names, plan)
    return (
        f"{TITLE}\nBEGIN;\n\nSET LOCAL lock_timeout = '{LOCK_LIMIT_S}s';\n\n"
        f"{change}\nWHERE {still};\n\nCOMMIT;\n\n"
        f"SELECT *\nFROM {table(names)}\nWHERE {the_row(plan)};\n"
    )


def _as_it_was(names: Names, plan: Plan) -> str:
    assignments = ",\n  ".join(
        f"{identifier(one.column)} = {literal(as_text(one.old))}" for one in plan.differences
    )
    return f"UPDATE {table(names)}\nSET\n  {assignments}"
