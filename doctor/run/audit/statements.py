"""The SELECT statements of the audit. Pure functions of the user's names.

A key is plain where it can mean one thing only: the object of that very name, under the prefix.
`backup_doctor.evidence.object_keys.places` would say the same of it; of every other key it decides what
it means, so that the condition may be too strict but never too lax.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.database.visibility import may_hide
from backup_doctor.collect.database.zones import ZONE_NAME
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.sql import identifier, literal, relation

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.case import Names

COLUMNS = ("key", "backup_id", "state", "size", "day")
ODD = "\x01"
# Of a column that the table does not have.
EMPTY = dict.fromkeys(("created_at", "finished_at"), "NULL::timestamptz")
# All that `str.strip` takes for a blank.
BLANKS = literal("".join(filter(str.isspace, map(chr, range(0x3001)))))
# A prefix that begins so leaves no doubt of how its keys begin.
FIRST = re.compile(r"[!-.0-~]")


def about(names: Names) -> str:
    """When it is read, whether row-level security may hide rows from this user, and its columns.

    The columns are NULL where there is no such table; then all others are named. `times` are those of
    the columns that hold a time as PostgreSQL knows it.
    """
    return f"""\
SELECT now()::timestamptz AS read_at, {may_hide("relation.oid")} AS may_hide,
  (SELECT array_agg(a.attname::text) FROM pg_catalog.pg_attribute AS a
   WHERE a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
   JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
   WHERE a.attrelid = relation.oid AND a.attnum > 0 AND t.typcategory = 'D') AS times,
  CASE WHEN relation.oid IS NULL THEN ARRAY(
    SELECT (n.nspname || '.' || t.relname)::text FROM pg_catalog.pg_class AS t
    JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
    WHERE t.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' LIMIT 2000) END AS tables
FROM (SELECT pg_catalog.to_regclass({relation(names.schema, names.table_name)}) AS oid)
  AS relation"""


def all_rows(names: Names, read_at: datetime) -> str:
    """All rows, those with a plain key in the byte order of their keys. Columns as in `COLUMNS`.

    A row whose key is absent or not plain comes before them. In the place of its key stands JSON
    behind a control character: the key as it is written, and the dispatch id.
    """
    return f"{_select(names, _state(names, read_at))}\nORDER BY key"


def page_of_rows(names: Names, read_at: datetime, after: tuple[str, str] | None, limit: int) -> str:
    """So many of them, from behind a key and the id of its row."""
    rows = _select(names, _paged_state(names, read_at))
    since = f"WHERE (key, backup_id) > ({literal(after[0])}, {literal(after[1])})" if after else ""
    return f"SELECT * FROM (\n{rows}\n) AS rows\n{since}\nORDER BY key, backup_id\nLIMIT {limit}"


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


def _select(names: Names, state: str) -> str:
    key, dispatch_id = _text(names, "s3_key"), _text(names, "dispatch_id")
    packed = f"E'\\x01' || jsonb_build_array({key}, {dispatch_id})::text"
    columns = [
        f'CASE WHEN {_plain(names)} THEN {key} ELSE {packed} END COLLATE "C" AS key',
        f'{_text(names, "id")} COLLATE "C" AS backup_id',
        f"{state} AS state",
        f"{_text(names, 'size_bytes')} AS size",
        f"{_text(names, 'created_at')} AS day",
    ]
    return f"SELECT {', '.join(columns)}\nFROM {identifier(names.schema, names.table_name)}"


def _plain(names: Names) -> str:
    """The condition, of as few and as cheap calls as there can be: it is asked of every row."""
    key = _text(names, "s3_key")
    conditions = [f"starts_with({key}, {literal(names.prefix)})"] if names.prefix else []
    # An escape may be one, or part of the name; asterisks are GitHub's mask.
    conditions += [f"{key} NOT LIKE '%{mark}%' ESCAPE '!'" for mark in ("!%", "://", "***")]
    # Blanks of any kind around a key are no part of it; there is none behind what ends in letters.
    conditions.append(f"({key} LIKE '%.zip' OR {key} = rtrim({key}, {BLANKS}))")
    if not names.prefix or not FIRST.match(names.prefix):
        conditions.append(f"left({key}, 1) COLLATE \"C\" BETWEEN '!' AND '~'")
        conditions.append(f"left({key}, 1) <> '/'")
    if names.bucket:
        bare = f"{names.bucket}/"
        named = bare + names.prefix if names.prefix.startswith(bare) else bare
        if named.startswith(names.prefix):
            conditions.append(f"NOT starts_with({key}, {literal(named)})")
    return " AND ".join(conditions)


def _state(names: Names, read_at: datetime) -> str:
    since = f"{literal(read_at)}::timestamptz - interval '{names.stuck_after_s:.0f} seconds'"
    made = _column(names, "created_at")
    meanings, to_come = _meanings(made), f"{literal(read_at)}::timestamptz + interval '1 hour'"
    latest = (
        f"CASE WHEN greatest({meanings}) > {to_come} THEN least({meanings}) "
        f"ELSE greatest({meanings}) END"
    )
    age = (
        f"CASE WHEN {latest} < {since} THEN 'stuck' WHEN {made} IS NULL THEN 'in progress' "
        "ELSE 'running' END"
    )
    status = _text(names, "status")
    means = {
        one: f"WHEN {status} IN ({', '.join(literal(word) for word in names.words(one))})"
        for one in (Status.SUCCESS, Status.FAILED, Status.CANCELLED, Status.IN_PROGRESS)
    }
    return (
        f"CASE {means[Status.SUCCESS]} THEN 'success' {means[Status.FAILED]} THEN 'failed' "
        f"{means[Status.CANCELLED]} THEN 'cancelled' "
        f"{means[Status.IN_PROGRESS]} THEN {age} ELSE 'other' END"
    )


def _meanings(time: str) -> str:
    """What a time may mean: a local one and, if it has no zone, one in UTC too."""
    has_none = f"pg_typeof({time}) = 'timestamp without time zone'::regtype"
    in_utc = f"CASE WHEN {has_none} THEN {time}::timestamp AT TIME ZONE 'UTC' END"
    local = f"{time}::timestamp AT TIME ZONE {ZONE_NAME}"
    return f"CASE WHEN {has_none} THEN {local} ELSE {time}::timestamptz END, {in_utc}"


def _paged_state(names: Names, read_at: datetime) -> str:
    """Pages are no snapshot: of a row that ended meanwhile the object may not have been listed."""
    meanings = _meanings(_column(names, "finished_at"))
    ended = f"least({meanings}) > {literal(read_at)}::timestamptz"
    return f"CASE WHEN {ended} THEN 'running' ELSE {_state(names, read_at)} END"


def _day(names: Names) -> str:
    return f"{_column(names, 'created_at')}::date::text"


def _text(names: Names, guide_name: str) -> str:
    return f"{_column(names, guide_name)}::text"


def _column(names: Names, guide_name: str) -> str:
    """The column; NULL where the table has none."""
    column = names.column(guide_name)
    return identifier(column) if column else EMPTY.get(guide_name, "NULL")
