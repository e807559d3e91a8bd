"""Conditions on the row of a plan: as it was seen, and as it was announced. SQL text, nothing else."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backup_doctor.evidence.sql import identifier, literal

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.fix.plan import Plan


def table(names: Names) -> str:
    """The table's quoted name, schema included."""
    return identifier(names.schema, names.table_name)


def the_row(plan: Plan) -> str:
    """The condition that finds the row, whatever has become of it."""
    column, value = plan.key
    return f"{identifier(column)} = {literal(value)}"


def is_as_announced(plan: Plan) -> str:
    """The condition that the row is what the plan makes of it."""
    became = (has(one.column, one.new) for one in plan.differences)
    return "\n  AND ".join((the_row(plan), *became))


def has(column: str, value: Any) -> str:  # noqa: ANN401 -- a column's JSON value
    """The condition that a column has this value, NULL included."""
    return f"{identifier(column)} IS NOT DISTINCT FROM {literal(as_text(value))}"


def as_text(value: Any) -> str | None:  # noqa: ANN401 -- a column's JSON value
    """A value as text: a quoted literal takes the column's type, be it bigint or text."""
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, datetime) else json.dumps(value)
