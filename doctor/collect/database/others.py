"""What is asked of the table about other rows: who else has a file, and which backups were made near."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.case import Status
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.evidence.row import Table
from backup_doctor.evidence.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow

MOST_OWNERS = 50
NEAR = 2
# Text, numbers and times of a row that tell whose file it is; its error is nobody's business here.
_TOLD = tuple(name for name in GUIDE_COLUMNS if name not in ("error_text", "workflow_run_id"))


def columns_of(names: Names, table: Table | Unseen | None) -> dict[str, str]:
    """The user's column of each guide's name that tells whose a file is, as far as the table has it."""
    known = {name: column for name in _TOLD if (column := names.column(name))}
    if not isinstance(table, Table):
        return known
    return {name: column for name, column in known.items() if table.column(column)}


def with_ids_statement(names: Names, columns: dict[str, str], ids: Iterable[str]) -> str:
    """The rows that have one of these ids as a dispatch's or as their own."""
    wanted = in_list(form for one in ids for form in (one, one.lower()))
    tests = [
        f"t.{identifier(columns[name])}::text IN ({wanted})"
        for name in ("dispatch_id", "id")
        if name in columns
    ]
    return f"""SELECT jsonb_build_object('rows', (
  SELECT coalesce(jsonb_agg(o.row), '[]') FROM (
    SELECT {picked(columns)} AS row FROM {table_of(names)} AS t
    WHERE {" OR ".join(tests)} LIMIT {MOST_OWNERS}) AS o
))::text AS document"""


def owners_of_many_statement(
    names: Names, columns: dict[str, str], texts: Iterable[str], ids: Iterable[str]
) -> str:
    """The rows that have one of many texts as their key, or one of many ids; `urls`: any key is a URL.

    What a URL means is not looked for here: where there are any, nobody is asked for all at once.
    """
    key = f"t.{identifier(columns['s3_key'])}::text"
    tests = [f"{key} IN ({in_list(texts)})"]
    wanted = in_list(form for one in ids for form in (one, one.lower()))
    if wanted:
        tests.append(f"t.{identifier(columns['dispatch_id'])}::text IN ({wanted})")
    return f"""SELECT jsonb_build_object(
  'urls', EXISTS (SELECT FROM {table_of(names)} AS t WHERE {key} LIKE 'http%'),
  'rows', (SELECT coalesce(jsonb_agg({picked(columns)}), '[]') FROM {table_of(names)} AS t
    WHERE {" OR ".join(tests)})
)::text AS document"""


def in_list(texts: Iterable[str]) -> str:
    """The texts as literals, for `IN`."""
    return ", ".join(literal(text) for text in dict.fromkeys(texts))


def neighbours_statement(names: Names, columns: dict[str, str], row: BackupRow | None) -> str:
    """The rows that were made next after this one, and the good ones next to it on both sides.

    Without a row: the newest good ones. Needs the column `created_at`.
    """
    made = f"t.{identifier(columns['created_at'])}"
    at = literal(row.created_at) if row and row.created_at else "now()"
    good = [
        f"t.{identifier(columns['status'])}::text IN ({in_list(names.words(Status.SUCCESS))})",
        f"t.{identifier(columns['s3_key'])} IS NOT NULL",
    ]
    own = row.id if row else None

    def near(order: str, *tests: str) -> str:
        where = " AND ".join(tests)
        return (
            f"(SELECT coalesce(jsonb_agg(n.row), '[]') FROM (SELECT {picked(columns)} AS row"
            f" FROM {table_of(names)} AS t WHERE {where}{_but(columns, own)}"
            f" ORDER BY {made} {order} LIMIT {NEAR}) AS n)"
        )

    return f"""SELECT jsonb_build_object(
  'later', {near("ASC", f"{made} > {at}")},
  'good_after', {near("ASC", f"{made} > {at}", *good)},
  'good_before', {near("DESC", f"{made} <= {at}", *good)}
)::text AS document"""


def picked(columns: dict[str, str]) -> str:
    """A row of `t` as JSON by the guide's names."""
    pairs = (f"{literal(name)}, t.{identifier(column)}" for name, column in columns.items())
    return f"jsonb_build_object({', '.join(pairs)})"


def _but(columns: dict[str, str], own: str | None) -> str:
    if own is None or "id" not in columns:
        return ""
    return f" AND t.{identifier(columns['id'])}::text IS DISTINCT FROM {literal(own)}"


def table_of(names: Names) -> str:
    """The table's quoted name."""
    return identifier(names.schema, names.table_name)
