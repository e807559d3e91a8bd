"""The transaction that carries out a plan: it does what was announced, or nothing at all.

It locks the row, holds it against what was announced, runs the repair's own statement, and holds
the row against what it should have become. Each check is a statement that fails when it does not
hold, so that the server itself rolls back: the text works through psycopg and through the Management
API, which sends no answer before the commit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from doctor.sql import identifier, literal

if TYPE_CHECKING:
    from doctor.case import Names
    from doctor.mend.plan import Plan

LOCK_LIMIT_S = 3
STATEMENT_LIMIT_S = 10
# What the failing check says; PostgreSQL quotes it in its message.
MOVED_ON = "the row is no longer as it was announced"
NOT_ONE = "the statement did not change exactly one row"
OTHERWISE = "the row did not become what was announced"
COMPLAINTS = (MOVED_ON, NOT_ONE, OTHERWISE)


def transaction(names: Names, plan: Plan) -> str:
    """The whole text, to be sent in one message."""
    before = _lock_table(names) if plan.inserts else _still_as_announced(names, plan)
    return ";\n\n".join(
        (
            "BEGIN",
            f"SET LOCAL lock_timeout = '{LOCK_LIMIT_S}s'",
            f"SET LOCAL statement_timeout = '{STATEMENT_LIMIT_S}s'",
            before,
            f"WITH changed AS (\n{plan.statement}\nRETURNING 1)\n{_exactly_one(NOT_ONE)}\nFROM changed",
            f"{_exactly_one(OTHERWISE)}\nFROM {_table(names)}\nWHERE {_as_it_should_be(names, plan)}",
            "COMMIT;",
        )
    )


def _lock_table(names: Names) -> str:
    """No row can be locked before it is there; this keeps another writer from inserting it too."""
    return f"LOCK TABLE {_table(names)} IN SHARE ROW EXCLUSIVE MODE"


def _still_as_announced(names: Names, plan: Plan) -> str:
    unchanged = [_is(one.column, one.old) for one in plan.differences if one.known]
    where = "\n  AND ".join((_row(names, plan), *unchanged))
    locked = f"SELECT 1 FROM {_table(names)}\nWHERE {where}\nFOR UPDATE"
    return f"{_exactly_one(MOVED_ON)}\nFROM (\n{locked}) AS locked"


def _exactly_one(complaint: str) -> str:
    """A SELECT that fails unless one row comes in: the complaint is no number."""
    return f"SELECT CASE count(*) WHEN 1 THEN 1 ELSE ({literal(complaint)} || count(*))::int END"


def _as_it_should_be(names: Names, plan: Plan) -> str:
    return "\n  AND ".join(
        (_row(names, plan), *(_is(one.column, one.new) for one in plan.differences))
    )


def _row(names: Names, plan: Plan) -> str:
    guide_name, value = plan.key
    return f"{identifier(names.column(guide_name))} = {literal(value)}"


def _is(column: str, value: Any) -> str:  # noqa: ANN401 -- a column's JSON value
    plain = json.dumps(value) if isinstance(value, dict | list) else value
    return f"{identifier(column)} IS NOT DISTINCT FROM {literal(plain)}"


def _table(names: Names) -> str:
    return identifier(names.schema, names.table_name)
