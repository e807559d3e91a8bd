"""What a plan of EXPLAIN (FORMAT JSON) UPDATE proves: that no row is in reach, or nothing.

Measured on PostgreSQL 18; the table of situations is tested in tests/collectors/test_rls.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backup_doctor.collect.database.answers import Rows


def reaches_no_row(rows: Rows) -> bool | None:
    """Whether the plan can touch no row, whatever the data. None: there is no plan to tell.

    Where no policy lets a row through, the scan under the update is a Result whose one-time filter
    is the constant false. A rule DO INSTEAD NOTHING leaves no plan at all: an empty list.
    """
    plans = next(iter(rows[0].values()), None) if rows else None
    if not isinstance(plans, list) or not plans:
        return None
    return all(_is_empty(plan.get("Plan")) for plan in plans if isinstance(plan, dict))


def _is_empty(node: Any) -> bool:  # noqa: ANN401 -- JSON
    """Whether a plan's node yields no row for certain."""
    if not isinstance(node, dict):
        return True
    if node.get("One-Time Filter") == "false":
        return True
    below = node.get("Plans", ())
    return node.get("Node Type") == "ModifyTable" and all(_is_empty(one) for one in below)
