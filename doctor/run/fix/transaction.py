"""The transaction that carries out a plan: it does what was announced, or nothing at all.

It locks the row, holds it against what was announced, runs the repair's own statement, and holds
the row against what it should have become. Each check is a statement that fails when it does not
hold, so that the server itself rolls back: the text works through psycopg and through the Management
API, which sends no answer before the commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.sql import literal
from backup_doctor.run.fix.rows import has, is_as_announced, table

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.fix.plan import Plan

LOCK_LIMIT_S = 3
STATEMENT_LIMIT_S = 10
# What the failing check says; PostgreSQL quotes it in its message.
MOVED_ON = "the row is no longer as it was announced, or another row names its file by now"
NOT_ONE = "the statement did not change exactly one row"
OTHERWISE = "the row did not become what was announced"
COMPLAINTS = (MOVED_ON, NOT_ONE, OTHERWISE)


def transaction(names: Names, plan: Plan) -> str:
    """The whole text, to be sent in one message."""
    before = _lock_table(names) if plan.aim is None else _still_as_announced(names, plan, plan.aim)
    return ";\n\n".join(
        (
            "BEGIN",
            f"SET LOCAL lock_timeout = '{LOCK_LIMIT_S}s'",
            f"SET LOCAL statement_timeout = '{STATEMENT_LIMIT_S}s'",
            before,
            f"WITH changed AS (\n{plan.statement}\nRETURNING 1)\n{_exactly_one(NOT_ONE)}\nFROM changed",
            f"{_exactly_one(OTHERWISE)}\nFROM {table(names)}\nWHERE {is_as_announced(plan)}",
            "COMMIT;",
        )
    )


def _lock_table(names: Names) -> str:
    """No row can be locked before it is there; this keeps another writer from inserting it too."""
    return f"LOCK TABLE {table(names)} IN SHARE ROW EXCLUSIVE MODE"


def _still_as_announced(names: Names, plan: Plan, aim: str) -> str:
    unchanged = [has(one.column, one.old) for one in plan.differences if one.known]
    where = "\n  AND ".join((aim, *unchanged))
    locked = f"SELECT 1 FROM {table(names)}\nWHERE {where}\nFOR UPDATE"
    return f"{_exactly_one(MOVED_ON)}\nFROM (\n{locked}) AS locked"


def _exactly_one(complaint: str) -> str:
    """A SELECT that fails unless one row comes in: the complaint is no number."""
    return f"SELECT CASE count(*) WHEN 1 THEN 1 ELSE ({literal(complaint)} || count(*))::int END"
