"""What is asked of the table about its newest rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.database.others import in_list, picked, table_of
from backup_doctor.collect.database.visibility import may_hide
from backup_doctor.collect.database.zones import ZONE
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.sql import identifier, regclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.evidence.case import Names

# A row whose times are to come stands before the last good one.
CANDIDATES = 20
TIMES = ("finished_at", "created_at")


def newest_statement(
    names: Names, columns: dict[str, str], words: Sequence[str], limit: int
) -> str:
    """The rows that were made last; with `words`, those that have one of them as their status."""
    tests = [_status_in(columns, words)] if words else []
    by = next((name for name in ("created_at", "finished_at", "id") if name in columns), None)
    return _document(names, [_page(names, columns, by, tests, limit)])


def last_good_statement(names: Names, columns: dict[str, str]) -> str:
    """The good rows that were finished last, and those that were begun last."""
    tests = [_status_in(columns, names.words(Status.SUCCESS))]
    if "s3_key" in columns:
        tests.append(f"t.{identifier(columns['s3_key'])}::text <> ''")
    pages = [_page(names, columns, name, tests, CANDIDATES) for name in TIMES if name in columns]
    return _document(names, pages)


def _document(names: Names, pages: Sequence[str]) -> str:
    relation = regclass(names.schema, names.table_name)
    return f"""SELECT jsonb_build_object(
  'hidden', {may_hide(relation)},
  'zone', {ZONE},
  'rows', {" || ".join(pages)}
)::text AS document"""


def _page(
    names: Names, columns: dict[str, str], by: str | None, tests: Sequence[str], limit: int
) -> str:
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    order = f" ORDER BY t.{identifier(columns[by])} DESC NULLS LAST" if by else ""
    return (
        f"(SELECT coalesce(jsonb_agg(n.row), '[]') FROM (SELECT {picked(columns)} AS row"
        f" FROM {table_of(names)} AS t{where}{order} LIMIT {limit}) AS n)"
    )


def _status_in(columns: dict[str, str], words: Sequence[str]) -> str:
    return f"t.{identifier(columns['status'])}::text IN ({in_list(words)})"
