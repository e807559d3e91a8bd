"""Evaluating the expressions of constraints and policies on a row that need not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from backup_doctor.collect.database.answers import Refusal, Reply
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import Constraint

Run: TypeAlias = Callable[[str], Reply]
JsonRow: TypeAlias = Mapping[str, Any]
Verdict: TypeAlias = bool | Refusal | Unseen | None
"""True, False, NULL (None), or why the expression could not be evaluated."""


def evaluate(
    run: Run, names: Names, row: JsonRow, expressions: Mapping[str, str]
) -> dict[str, Verdict]:
    """The verdict of each named expression on the row, which is JSON by column name.

    One statement for all; where it fails, one for each, so that the failing one is known. Generated
    columns are not computed: they keep the value that `row` has.
    """
    if not expressions:
        return {}
    together = run(_statement(names, row, expressions.values()))
    if isinstance(together, Refusal) and len(expressions) > 1:
        return {
            name: _verdict(run(_statement(names, row, [expression])), 0)
            for name, expression in expressions.items()
        }
    return {name: _verdict(together, place) for place, name in enumerate(expressions)}


def mentions(expression: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Those of the columns whose name stands in the expression."""
    words = set(re.findall(r'"[^"]+"|[^\W\d]\w*', re.sub(r"'[^']*'", "", expression)))
    return tuple(name for name in columns if name in words or f'"{name}"' in words)


def named_by(constraint: Constraint, columns: Sequence[str]) -> tuple[str, ...]:
    """Those of the columns that are the constraint's own, or that its expression names."""
    asked = mentions(constraint.expression or "", columns)
    return tuple(name for name in columns if name in constraint.columns or name in asked)


def _statement(names: Names, row: JsonRow, expressions: Iterable[str]) -> str:
    """The alias is the table's own name: by it an expression may qualify a column."""
    each = ", ".join(f"({text}) AS v{place}" for place, text in enumerate(expressions))
    qualified = identifier(names.schema, names.table_name)
    record = f"jsonb_populate_record(NULL::{qualified}, {literal(json.dumps(row))}::jsonb)"
    alias = identifier(names.table_name)
    return f"SELECT {each} FROM {record} AS {alias}"


def _verdict(reply: Reply, place: int) -> Verdict:
    if isinstance(reply, (Refusal, Unseen)):
        return reply
    value = reply[0].get(f"v{place}") if reply else None
    return value if isinstance(value, bool) else None
