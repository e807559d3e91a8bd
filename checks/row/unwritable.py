"""What no UPDATE of this table can write: a computed column, a view's own rows, a materialized view."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.row.view import both_told, table_of
from backup_doctor.evidence.findings import Risk
from backup_doctor.evidence.sql import identifier
from backup_doctor.judge.framework import Resolved
from backup_doctor.judge.show import either, manual, sql, table

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.row import RowEvidence

VIEW, MATERIALIZED = "view", "materialized view"
_GENERATED = re.compile(r'column \\?"([^"\\]+)\\?" can only be updated to DEFAULT')
_CHECK_OPTION = "violates check option for view"
_NOT_CHANGED = "cannot change materialized view"


def let_write(seen: RowEvidence, case: Case) -> tuple[Fix, ...]:
    """What lets the pipeline write what the log says cannot be written."""
    told, known = both_told(case), table_of(seen)
    kind = known.kind if known else ""
    computed = _GENERATED.search(told)
    if computed:
        return _leave_out(case, computed[1])
    if _CHECK_OPTION in told and kind == VIEW:
        return _show_again(case)
    if _NOT_CHANGED in told and kind == MATERIALIZED:
        return (
            manual(
                "Let the pipeline update the table behind the materialized view",
                f"Nobody can update {case.names.table} itself: it shows what its query found when it was "
                "last refreshed. Name the table behind it to the doctor as well (table = …).",
            ),
        )
    return ()


def _leave_out(case: Case, column: str) -> tuple[Fix, ...]:
    name = identifier(column)
    return either(
        manual(
            f"Let the function and the update step leave {column} out",
            f"The table computes {column} by itself, and refuses every other value for it.",
        ),
        sql(
            f"Make {column} a plain column that is written",
            f"ALTER TABLE {table(case)} ALTER COLUMN {name} DROP EXPRESSION;\n"
            "NOTIFY pgrst, 'reload schema';",
            Risk.HIGH,
        ),
    )


def _show_again(case: Case) -> tuple[Fix, ...]:
    return either(
        manual(
            "Let the view show backups that succeeded, or update the table behind it",
            f"{case.names.table} is a view WITH CHECK OPTION: it refuses a row that it would not show.",
        ),
        sql(
            "Take WITH CHECK OPTION off the view (which does not show the row then)",
            f"ALTER VIEW {table(case)} RESET (check_option);",
            Risk.HIGH,
        ),
    )


def refused_by_view(case: Case) -> bool:
    """Whether the log has a view's refusal, and the table is a view: EXPLAIN shows nothing of it."""
    known = table_of(case.row) if case.row else None
    return known is not None and known.kind == VIEW and _CHECK_OPTION in both_told(case)


def is_writable_now(seen: RowEvidence, case: Case) -> Resolved | None:
    """The column that the log says is computed is a plain one, by the catalogue."""
    known, computed = table_of(seen), _GENERATED.search(both_told(case))
    column = known.column(computed[1]) if known and computed else None
    if column is None or column.generated:
        return None
    return Resolved(by=f"{column.name} is a plain column")
