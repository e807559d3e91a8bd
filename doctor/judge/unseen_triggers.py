"""A row whose status is back in progress, where nobody could see whether a trigger of the table did it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.evidence.findings import Risk
from backup_doctor.evidence.row import Table
from backup_doctor.evidence.sql import regclass
from backup_doctor.judge.show import sql

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


def unless_set_back(case: Case) -> str:
    """That a trigger may have done it, as a sentence; empty where the triggers were seen."""
    return (
        ""
        if _are_seen(case)
        else " A trigger may have set it back: the table's triggers could not be seen."
    )


def after_triggers(case: Case, fix: Fix) -> tuple[Fix, ...]:
    """The fix; where the table's triggers were not seen, after a look at them."""
    if _are_seen(case):
        return (fix,)
    of_table = regclass(case.names.schema, case.names.table_name)
    return (
        sql(
            "See whether a trigger sets the status back",
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger\n"
            f"WHERE tgrelid = {of_table} AND NOT tgisinternal;",
            Risk.NONE,
        ),
        replace(fix, title=f"If no trigger does: {fix.title[:1].lower()}{fix.title[1:]}"),
    )


def _are_seen(case: Case) -> bool:
    return case.row is not None and isinstance(case.row.table, Table)
