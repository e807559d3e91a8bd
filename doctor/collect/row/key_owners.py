"""Who else names a key: every row of the table, of any status, that says a file is its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backup_doctor.collect.clients.key_role import SERVICE_ROLE
from backup_doctor.collect.database.answers import LOCKED, Refusal
from backup_doctor.collect.database.rows import read_row
from backup_doctor.collect.database.statements import document
from backup_doctor.collect.database.view import HIDDEN
from backup_doctor.collect.database.visibility import may_hide
from backup_doctor.evidence.base import Unseen, Why, unseen
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.evidence.object_keys import basename, places
from backup_doctor.evidence.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backup_doctor.collect.clients.database import Way
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow

MOST_ROWS = 1000
TOO_MANY = Unseen(
    why=Why.REFUSED,
    what=f"At least {MOST_ROWS:,} rows may name these keys: they were not all read.",
    dependency="PostgreSQL",
)
MAY_BE_HIDDEN = Unseen(
    why=Why.DENIED,
    what="Row-level security may hide rows that name this key from the doctor's key.",
    remedy="Set SUPABASE_SERVICE_ROLE_KEY to the project's service-role (or secret) key.",
    dependency="Supabase's Data API",
)


def key_owners(ask: Sources, names: Names, keys: Sequence[str]) -> tuple[BackupRow, ...] | Unseen:
    """The rows that name one of these keys, newest first, by the first route that can tell.

    Each has the configured columns alone. None at all is only said where they would have been seen.
    """
    if not keys or not names.column("s3_key"):
        return ()
    reasons: list[Unseen] = []
    for way in ask.database.ways:
        found = _by_sql(way, names, keys)
        if not isinstance(found, Unseen):
            return found
        if found.code == LOCKED:  # another session would wait for the same lock
            return found
        reasons.append(found)
    found = _over_rest(ask, names, keys)
    return next(iter(reasons), found) if isinstance(found, Unseen) else found


def names_key(row: BackupRow, key: str, bucket: str | None) -> bool:
    """Whether a row's key can mean this one in this bucket, however it is written."""
    meant = places(row.s3_key, bucket) if row.s3_key else ()
    return any(place.key == key and place.bucket in (None, bucket) for place in meant)


def _by_sql(way: Way, names: Names, keys: Sequence[str]) -> tuple[BackupRow, ...] | Unseen:
    reply = way.run(owners_statement(names, keys))
    if isinstance(reply, Refusal):
        return reply.unseen()
    answer = reply if isinstance(reply, Unseen) else document(reply)
    if isinstance(answer, Unseen):
        return answer
    owners = _read(answer["rows"], names, keys)
    return HIDDEN if owners == () and answer["hidden"] else owners


def _over_rest(ask: Sources, names: Names, keys: Sequence[str]) -> tuple[BackupRow, ...] | Unseen:
    calls = [partial(ask.data_api.containing, "s3_key", file) for file in _files(keys)]
    pages = ask.at_once(*calls)
    for reason in unseen(*pages):
        return reason
    owners = _read([row for page in pages if isinstance(page, list) for row in page], names, keys)
    return MAY_BE_HIDDEN if owners == () and ask.data_api.role != SERVICE_ROLE else owners


def owners_statement(names: Names, keys: Sequence[str]) -> str:
    """The rows whose key ends in the file name of one of these; which of them is meant is not said."""
    column = f"t.{identifier(names.column('s3_key'))}::text"
    file = f"regexp_replace(regexp_replace({column}, '[?#].*$', ''), '^.*/', '')"
    qualified = identifier(names.schema, names.table_name)
    return f"""SELECT jsonb_build_object(
  'rows', (
    SELECT coalesce(jsonb_agg(o.row), '[]') FROM (
      SELECT to_jsonb(t) AS row FROM {qualified} AS t
      WHERE {column} = ANY ({_array(keys)}) OR {file} = ANY ({_array(_files(keys))})
      LIMIT {MOST_ROWS}) AS o),
  'hidden', {may_hide(f"{literal(qualified)}::regclass")}
)::text AS document"""


def _files(keys: Sequence[str]) -> tuple[str, ...]:
    """The keys' file names, as they are and as a URL has them."""
    files = [basename(key) or key for key in keys]
    return tuple(dict.fromkeys((*files, *map(quote, files))))


def _array(texts: Iterable[str]) -> str:
    return f"ARRAY[{', '.join(literal(text) for text in texts)}]::text[]"


def _read(
    found: list[dict[str, Any]], names: Names, keys: Sequence[str]
) -> tuple[BackupRow, ...] | Unseen:
    if len(found) >= MOST_ROWS:
        return TOO_MANY
    own = {column for name in GUIDE_COLUMNS if (column := names.column(name))}
    rows = [
        read_row({name: value for name, value in values.items() if name in own}, names)
        for values in found
    ]
    owners = [
        row
        for place, row in enumerate(rows)
        if row not in rows[:place] and any(names_key(row, key, names.bucket) for key in keys)
    ]
    return tuple(sorted(owners, key=_age_rank, reverse=True))


def _age_rank(row: BackupRow) -> float:
    return row.created_at.timestamp() if row.created_at else float("-inf")
