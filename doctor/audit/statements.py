"""The SELECT statements of the audit. Pure functions of the user's names.

A key is plain where it can mean one thing only: the object of that very name, under the prefix.
`doctor.collectors.object_keys.places` would say the same of it; of every other key it decides what
it means, so that the condition may be too strict but never too lax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.sql import identifier, literal

if TYPE_CHECKING:
    from datetime import datetime

    from doctor.case import Names

COLUMNS = ("key", "backup_id", "state", "size", "day")


def about(names: Names) -> str:
    """When it is read, and whether row-level security may hide rows from this user.

    A permissive policy that lets every row through, with no restrictive one, hides none.
    """
    return f"""\
SELECT now()::timestamptz AS read_at,
  row_security_active(c.oid)
  AND NOT coalesce((
    SELECT bool_or(p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true')
      AND bool_and(p.polpermissive)
    FROM pg_catalog.pg_policy p
    WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
      AND (p.polroles = '{{0}}' OR EXISTS (
        SELECT FROM unnest(p.polroles) AS role
        WHERE role <> 0 AND pg_has_role(current_user, role, 'USAGE')))
  ), false) AS may_hide
FROM pg_catalog.pg_class c
WHERE c.oid = {literal(identifier(names.schema, names.table_name))}::pg_catalog.regclass"""


def plain_rows(names: Names, read_at: datetime) -> str:
    """The rows with a plain key, in the byte order of their keys. Columns as in `COLUMNS`."""
    columns = _select(names, _state(names, read_at))
    return f"{columns}\nWHERE {_plain(names)}\nORDER BY {_key(names)}"


def page_of_plain_rows(
    names: Names, read_at: datetime, after: tuple[str, str] | None, limit: int
) -> str:
    """So many of them, from behind a key and the id of its row."""
    order = f'{_key(names)}, {_text(names, "id")} COLLATE "C"'
    since = f"\n  AND ({order}) > ({literal(after[0])}, {literal(after[1])})" if after else ""
    return (
        f"{_select(names, _paged_state(names, read_at))}\nWHERE {_plain(names)}{since}\n"
        f"ORDER BY {order}\nLIMIT {limit}"
    )


def odd_rows(names: Names, read_at: datetime) -> str:
    """All other rows, in no order, with their dispatch ids."""
    return _odd(names, _state(names, read_at))


def page_of_odd_rows(names: Names, read_at: datetime, after: str | None, limit: int) -> str:
    """So many of them, by id, from behind one."""
    order = f'{_text(names, "id")} COLLATE "C"'
    since = f"\n  AND {order} > {literal(after)}" if after is not None else ""
    rows = _odd(names, _paged_state(names, read_at))
    return f"{rows}{since}\nORDER BY {order}\nLIMIT {limit}"


def by_day(names: Names, read_at: datetime) -> str:
    """The number of rows and the bytes of the successful ones, by day and state."""
    size = f"CASE WHEN {_text(names, 'size_bytes')} ~ '^[0-9.]+$' THEN {_text(names, 'size_bytes')}"
    return f"""\
SELECT {_day(names)} AS day, {_state(names, read_at)} AS state, count(*)::text AS rows,
  coalesce(sum(({size} END)::numeric), 0)::text AS bytes
FROM {identifier(names.schema, names.table_name)}
WHERE {_column(names, "created_at")} IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2"""


def _odd(names: Names, state: str) -> str:
    return f"{_select(names, state, 'dispatch_id')}\nWHERE ({_plain(names)}) IS NOT TRUE"


def _select(names: Names, state: str, *more: str) -> str:
    columns = [
        f"{_text(names, 's3_key')} AS key",
        f"{_text(names, 'id')} AS backup_id",
        f"{state} AS state",
        f"{_text(names, 'size_bytes')} AS size",
        f"{_day(names)} AS day",
        *(f"{_text(names, name)} AS {name}" for name in more),
    ]
    return f"SELECT {', '.join(columns)}\nFROM {identifier(names.schema, names.table_name)}"


def _plain(names: Names) -> str:
    key = _text(names, "s3_key")
    bare = f"{names.bucket}/" if names.bucket else None
    conditions = [
        f"{key} <> ''",
        f"starts_with({key}, {literal(names.prefix)})" if names.prefix else None,
        # A plus sign is itself; an escape may be one, or part of the name.
        f"position('%' IN {key}) = 0",
        f"position('://' IN {key}) = 0",
        f"position('***' IN {key}) = 0",
        # Blanks of any kind around a key are no part of it.
        f"right({key}, 1) COLLATE \"C\" BETWEEN '!' AND '~'",
        f"left({key}, 1) COLLATE \"C\" BETWEEN '!' AND '~'",
        f"left({key}, 1) <> '/'",
    ]
    if bare:
        named = bare + names.prefix if names.prefix.startswith(bare) else bare
        conditions.append(f"NOT starts_with({key}, {literal(named)})")
    return " AND ".join(one for one in conditions if one)


def _state(names: Names, read_at: datetime) -> str:
    since = f"{literal(read_at)}::timestamptz - interval '{names.stuck_after_s:.0f} seconds'"
    age = f"CASE WHEN {_column(names, 'created_at')} < {since} THEN 'stuck' ELSE 'running' END"
    return (
        f"CASE {_text(names, 'status')} WHEN {literal(names.success)} THEN 'success' "
        f"WHEN {literal(names.failed)} THEN 'failed' "
        f"WHEN {literal(names.in_progress)} THEN {age} ELSE 'other' END"
    )


def _paged_state(names: Names, read_at: datetime) -> str:
    """Pages are no snapshot: of a row that ended meanwhile the object may not have been listed."""
    ended = f"{_column(names, 'finished_at')} > {literal(read_at)}::timestamptz"
    return f"CASE WHEN {ended} THEN 'running' ELSE {_state(names, read_at)} END"


def _key(names: Names) -> str:
    return f'{_text(names, "s3_key")} COLLATE "C"'


def _day(names: Names) -> str:
    return f"{_column(names, 'created_at')}::date::text"


def _text(names: Names, guide_name: str) -> str:
    return f"{_column(names, guide_name)}::text"


def _column(names: Names, guide_name: str) -> str:
    return identifier(names.column(guide_name))
