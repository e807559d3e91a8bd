"""Rows whose id is nearly the one that was asked for: "did you mean"."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backup_doctor.collect.database.rows import is_uuid, read_row
from backup_doctor.collect.database.visibility import may_hide
from backup_doctor.evidence.case import bare_id
from backup_doctor.evidence.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.case import Asked, Names
    from backup_doctor.evidence.row import BackupRow, Table

NEWEST_READ = 500
LIKE_READ = 20
NEAR_SHOWN = 3
# A shorter text is a part of many ids.
SHORTEST_PART = 4
# Beyond this, a part is too little of the whole to be meant.
LONGEST = 200
SAME_LETTERS, ONE_EDIT, PART = range(3)
TOLD = ("id", "dispatch_id", "status", "created_at")


def near_statement(names: Names, table: Table, asked: Asked) -> str:
    """The newest rows, and those of any age whose id has the same letters or is a part of the other."""
    wanted = asked.dispatch_id or asked.backup_id or ""
    columns = {name: names.column(name) for name in TOLD if table.column(names.column(name))}
    shown = ", ".join(f"{literal(column)}, t.{identifier(column)}" for column in columns.values())
    created = columns.get("created_at")
    newest_first = f"ORDER BY t.{identifier(created)} DESC NULLS LAST" if created else ""
    qualified = identifier(names.schema, names.table_name)
    asked_for = f"lower({literal(bare_id(wanted)[:LONGEST])})"
    alike = " OR ".join(
        _alike(f"lower(t.{identifier(columns[name])}::text)", asked_for)
        for name in ("dispatch_id", "id")
        if name in columns
    )
    row = f"SELECT jsonb_build_object({shown}) AS row FROM {qualified} AS t"
    return f"""SELECT jsonb_build_object(
  'rows', (SELECT coalesce(jsonb_agg(n.row), '[]') FROM (
    ({row} {newest_first} LIMIT {NEWEST_READ})
    UNION ALL ({row} WHERE {alike or "false"} LIMIT {LIKE_READ})) AS n),
  'user', current_user,
  'hidden', {may_hide(f"{literal(qualified)}::regclass")}
)::text AS document"""


def _alike(column: str, wanted: str) -> str:
    return (
        f"strpos({column}, {wanted}) > 0"
        f" OR (length({column}) >= {SHORTEST_PART} AND strpos({wanted}, {column}) > 0)"
    )


def nearest(found: Iterable[dict[str, Any]], names: Names, asked: Asked) -> tuple[BackupRow, ...]:
    """The rows that are nearly asked for, the nearest first; of equals the newest."""
    wanted = bare_id(asked.dispatch_id or asked.backup_id or "")
    columns = {column for name in TOLD if (column := names.column(name))}
    ranked: dict[str, tuple[int, float, BackupRow]] = {}
    for values in found:
        told = {name: value for name, value in values.items() if name in columns}
        row = read_row(told, names)
        ranks = [_rank(one, wanted) for one in (row.dispatch_id, row.id) if one]
        rank = min((one for one in ranks if one is not None), default=None)
        if rank is not None:
            ranked.setdefault(f"{row.dispatch_id}\0{row.id}", (rank, -_age_rank(row), row))
    in_order = sorted(ranked.values(), key=lambda one: one[:2])
    return tuple(row for _, _, row in in_order[:NEAR_SHOWN])


def same_uuid(near: tuple[BackupRow, ...], asked: Asked) -> str | None:
    """The spelling of the very UUID that was asked for, which a row has in letters of both cases."""
    wanted = bare_id(asked.dispatch_id or asked.backup_id or "")
    if not is_uuid(wanted):
        return None
    ids = (one for row in near for one in (row.dispatch_id, row.id) if one)
    return next((one for one in ids if one.lower() == wanted.lower()), None)


def _rank(one: str, wanted: str) -> int | None:
    """How near an id is; None where it is another one."""
    left, right = one.lower(), wanted.lower()
    if left == right or bare_id(left) == right:
        return SAME_LETTERS
    if _one_edit_apart(left, right):
        return ONE_EDIT
    shorter, longer = sorted((left, right), key=len)
    return PART if len(shorter) >= SHORTEST_PART and shorter in longer else None


def _one_edit_apart(left: str, right: str) -> bool:
    """Whether one letter was changed, added, left out, or swapped with its neighbour."""
    if abs(len(left) - len(right)) > 1 or min(len(left), len(right)) < SHORTEST_PART - 1:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b),
        min(len(left), len(right)),
    )
    ahead_left, ahead_right = left[start:], right[start:]
    swapped = ahead_left[:2] == ahead_right[:2][::-1] and ahead_left[2:] == ahead_right[2:]
    return (
        ahead_left[1:] == ahead_right[1:]
        or ahead_left[1:] == ahead_right
        or ahead_left == ahead_right[1:]
        or (swapped and len(left) == len(right))
    )


def _age_rank(row: BackupRow) -> float:
    return (row.created_at or datetime.min.replace(tzinfo=UTC)).timestamp()
