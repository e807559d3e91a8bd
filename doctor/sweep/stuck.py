"""The look-up of all stuck rows: page by page, so that neither side holds much at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from doctor.database.answers import Refusal
from doctor.database.catalogue import read_holders
from doctor.database.rows import read_row
from doctor.database.statements import document
from doctor.database.view import HIDDEN
from doctor.evidence.base import Unseen, Why
from doctor.evidence.row import BackupRow, Table
from doctor.sql import identifier, literal
from doctor.sweep.backup import StuckBackup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doctor.case import Names
    from doctor.database.answers import Reply
    from doctor.evidence.row import LockHolder
    from doctor.sources import Sources

PAGE_ROWS = 1000
TEXT_TYPES = ("text", "character varying")


@dataclass
class Found:
    """The stuck backups so far. `gap` is why there may be more."""

    backups: list[StuckBackup] = field(default_factory=list)
    gap: Unseen | None = None


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is looked for: rows in progress for longer than `older_than_s` seconds, `limit` at most."""

    names: Names
    older_than_s: float
    table: Table | Unseen | None = None
    limit: int | None = None


def find_stuck(ask: Sources, search: Search, found: Found) -> None:
    """Add every stuck backup to `found`, each dispatch once, the oldest ids first."""
    seen: set[str] = set()
    for page in _pages(ask, search):
        if isinstance(page, Unseen):
            found.gap = page
            return
        for backup in page:
            if search.limit is not None and len(found.backups) >= search.limit:
                return
            if backup.row.dispatch_id is None or backup.row.dispatch_id not in seen:
                found.backups.append(backup)
            seen.add(backup.row.dispatch_id or "")


def _pages(ask: Sources, search: Search) -> Iterator[list[StuckBackup] | Unseen]:
    reading = _by_sql if ask.database.ways else _over_rest
    last: str | None = None
    while True:
        if ask.deadline.left() <= 0:
            yield Unseen(
                why=Why.TIMED_OUT,
                what="The budget ended before every stuck row was read.",
                remedy="Give a larger --budget.",
            )
            return
        page = reading(ask, search, last)
        if not isinstance(page, Unseen) and not page:
            return
        yield page
        if isinstance(page, Unseen) or len(page) < PAGE_ROWS:
            return
        last = page[-1].row.id


def _by_sql(ask: Sources, search: Search, last: str | None) -> list[StuckBackup] | Unseen:
    table = search.table if isinstance(search.table, Table) else None
    reply: Reply = ask.database.run(page_statement(search, table, last))
    if isinstance(reply, Refusal):
        return reply.unseen()
    found = reply if isinstance(reply, Unseen) else document(reply)
    if isinstance(found, Unseen):
        return found
    if found["hidden"] and not found["rows"]:
        return HIDDEN
    return _decoded(found, search.names)


def _decoded(found: dict[str, Any], names: Names) -> list[StuckBackup]:
    """The page's rows, each with the others of its dispatch, newest first."""
    page = [read_row(values, names) for values in found["rows"]]
    others = [read_row(values, names) for values in found["others"]]
    by_dispatch: dict[str, list[BackupRow]] = {}
    for row in (*page, *others):
        by_dispatch.setdefault(row.dispatch_id or "", []).append(row)
    holders: dict[str, list[dict[str, Any]]] = {}
    for holder in found["holders"]:
        holders.setdefault(str(holder.pop("row")), []).append(holder)
    return [
        _backup(
            row,
            by_dispatch[row.dispatch_id] if row.dispatch_id else [row],
            read_holders(holders.get(row.id or "", [])),
        )
        for row in page
    ]


def _backup(
    row: BackupRow, rows: list[BackupRow], holders: tuple[LockHolder, ...] = ()
) -> StuckBackup:
    newest_first = sorted(rows, key=_age_rank, reverse=True)
    return StuckBackup(row=row, rows=tuple(newest_first), holders=holders)


def _age_rank(row: BackupRow) -> float:
    return row.created_at.timestamp() if row.created_at else float("-inf")


def page_statement(search: Search, table: Table | None, last: str | None) -> str:
    """One page of stuck rows by id, the other rows of their dispatches, and who holds them."""
    names = search.names
    qualified = identifier(names.schema, names.table_name)
    key = f"t.{identifier(names.column('id'))}"
    dispatch = identifier(names.column("dispatch_id"))
    after = f"AND {key} > {literal(last)}" if last is not None else ""
    place = "t.xmax" if table is None or "table" in table.kind else "NULL::xid"
    return f"""WITH page AS MATERIALIZED (
  SELECT {key} AS key, t.{dispatch} AS dispatch, to_jsonb(t) AS row, {place} AS holder
  FROM {qualified} AS t
  WHERE {_is_stuck(search, table)} {after}
  ORDER BY {key} LIMIT {PAGE_ROWS}
)
SELECT jsonb_build_object(
  'rows', (SELECT coalesce(jsonb_agg(p.row ORDER BY p.key), '[]') FROM page AS p),
  'others', (
    SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM {qualified} AS t
    WHERE t.{dispatch} IN (SELECT p.dispatch FROM page AS p)
      AND {key} NOT IN (SELECT p.key FROM page AS p)),
  'hidden', row_security_active({literal(qualified)}::regclass),
  'holders', (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'row', p.key, 'pid', l.pid, 'mode', 'row', 'transaction_start', a.xact_start,
      'state', a.state, 'application', a.application_name, 'query', a.query)), '[]')
    FROM page AS p
    JOIN pg_catalog.pg_locks AS l
      ON l.locktype = 'transactionid' AND l.transactionid = p.holder AND l.granted
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.pid <> pg_backend_pid())
)::text AS document"""


def _is_stuck(search: Search, table: Table | None) -> str:
    """In progress, and older than allowed by the server's own clock; of no known age counts too."""
    names = search.names
    status = f"t.{identifier(names.column('status'))}"
    kind = _type_of(table, names.column("status")) or TEXT_TYPES[0]
    compared = status if kind.startswith(TEXT_TYPES) else f"{status}::text"
    conditions = [f"{compared} = {literal(names.in_progress)}"]
    created = names.column("created_at")
    made = _type_of(table, created) if table else "timestamp with time zone"
    if made and made.startswith("timestamp"):
        at = f"t.{identifier(created)}"
        now = "now()" if "with time zone" in made else "(now() AT TIME ZONE 'UTC')"
        limit = f"{now} - make_interval(secs => {search.older_than_s})"
        conditions.append(f"({at} < {limit} OR {at} IS NULL)")
    return " AND ".join(conditions)


def _type_of(table: Table | None, column: str) -> str | None:
    found = table.column(column) if table else None
    return found.type if found else None


def _over_rest(ask: Sources, search: Search, last: str | None) -> list[StuckBackup] | Unseen:
    """With the service key alone: the rows, without the others of their dispatches."""
    found = ask.data_api.stuck(search.older_than_s, last, PAGE_ROWS)
    if isinstance(found, Unseen):
        return found
    return [_backup(row, [row]) for row in (read_row(values, search.names) for values in found)]
