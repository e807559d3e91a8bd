"""The look-up of all stuck rows: page by page, so that neither side holds much at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.database.answers import Refusal
from backup_doctor.collect.database.catalogue import read_holders
from backup_doctor.collect.database.rows import read_row, unpadded
from backup_doctor.collect.database.sharing import holders_of, marks_of
from backup_doctor.collect.database.statements import document
from backup_doctor.collect.database.view import HIDDEN
from backup_doctor.collect.database.visibility import may_hide
from backup_doctor.collect.database.zones import LOCAL_NOW, ZONE, at_latest
from backup_doctor.collect.row.absence import unproved_by_rest
from backup_doctor.collect.row.columns import columns_of, needed_gap
from backup_doctor.collect.row.rest_zone import east_of_utc, read_at_latest
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.ids import is_uuid
from backup_doctor.evidence.row import BackupRow, Table
from backup_doctor.evidence.sql import identifier, literal, regclass
from backup_doctor.run.sweep.backup import StuckBackup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from backup_doctor.collect.database.answers import Reply
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Asked, Names
    from backup_doctor.evidence.row import LockHolder

PAGE_ROWS = 1000
# As many dispatch ids as a query string holds.
IDS_AT_ONCE = 50
TOO_LATE = Unseen(
    why=Why.TIMED_OUT,
    what="The budget ended before every stuck row was read.",
    remedy="Give a larger --budget.",
)
# How far ahead a time may be: of a slow clock here, and of a local time without its zone.
AHEAD_S, LOCAL_AHEAD_S = 3600, 15 * 3600
TEXT_TYPES = ("text", "character varying")


@dataclass
class StuckFound:
    """The stuck backups so far. `gap` is why there may be more; `cut`: there are, past the limit.

    `unasked` is why a better way than the one that answered did not.
    """

    backups: list[StuckBackup] = field(default_factory=list)
    gap: Unseen | None = None
    cut: bool = False
    unasked: Unseen | None = None


class StuckSearch(Immutable, frozen=True, kw_only=True):
    """What is looked for: rows in progress for longer than `older_than_s` seconds, `limit` at most."""

    names: Names
    older_than_s: float
    table: Table | Unseen | None = None
    limit: int | None = None


def find_stuck(ask: Sources, search: StuckSearch, found: StuckFound) -> None:
    """Add every stuck backup to `found`, each once, the oldest ids first."""
    seen: set[Asked] = set()
    columns = columns_of(search.table, ())
    has_dispatch = bool(search.names.column("dispatch_id"))
    found.gap = needed_gap(search.names, columns, by_dispatch=has_dispatch)
    if found.gap is not None:
        return
    for page in _pages(ask, search, found):
        if isinstance(page, Unseen):
            found.gap = page
            return
        for backup in page:
            if search.limit is not None and len(found.backups) >= search.limit:
                found.cut = True
                return
            asked = backup.asked
            if asked not in seen:
                found.backups.append(backup)
            seen.add(asked)


class StuckPage(Immutable, frozen=True):
    """One page of stuck backups; `gap` is why there may be others that were not shown.

    `last` is the id of the last row that was read, None where there are no more.
    """

    backups: list[StuckBackup]
    gap: Unseen | None = None
    last: str | None = None


def _page(
    backups: Sequence[StuckBackup], gap: Unseen | None, search: StuckSearch, now: datetime
) -> StuckPage:
    """The page without the rows that are too young: a time without a zone is read at its latest."""
    limit = now - timedelta(seconds=search.older_than_s)
    ahead = now + timedelta(seconds=AHEAD_S)
    made = ((one, one.row.created_at) for one in backups)
    old = [one for one, at in made if at is None or at < limit or at > ahead]
    last = backups[-1].row.id if len(backups) >= PAGE_ROWS else None
    return StuckPage(old, gap, last)


def _pages(
    ask: Sources, search: StuckSearch, found: StuckFound
) -> Iterator[list[StuckBackup] | Unseen]:
    reading = _by_sql if ask.database.ways else _over_rest
    last: str | None = None
    while True:
        page = TOO_LATE if ask.deadline.left() <= 0 else reading(ask, search, last)
        if isinstance(page, Unseen) and last is None and reading is _by_sql:
            # As for a single diagnosis, a way that fails is followed by the next.
            reading = _over_rest
            by_rest = reading(ask, search, last)
            if not (isinstance(by_rest, Unseen) and by_rest.why is Why.NOT_CONFIGURED):
                found.unasked, page = page, by_rest
        if isinstance(page, Unseen):
            yield page
            return
        if page.backups:
            yield page.backups
        if page.gap is not None:
            yield page.gap
            return
        last = page.last
        if last is None:
            return


def _by_sql(ask: Sources, search: StuckSearch, last: str | None) -> StuckPage | Unseen:
    table = search.table if isinstance(search.table, Table) else None
    reply: Reply = ask.database.run(page_statement(search, table, last))
    if isinstance(reply, Refusal):
        return reply.unseen()
    found = reply if isinstance(reply, Unseen) else document(reply)
    if isinstance(found, Unseen):
        return found
    gap = HIDDEN if found["hidden"] else None
    zone = found.get("zone")
    now = datetime.fromisoformat(zone["now"]) if zone else ask.now
    return _page(_decoded(found, search, table), gap, search, now)


def _decoded(found: dict[str, Any], search: StuckSearch, table: Table | None) -> list[StuckBackup]:
    """The page's rows, each with the others of its dispatch, newest first."""
    page, others = (
        at_latest(
            unpadded(tuple(read_row(one, search.names) for one in rows), table, search.names),
            found.get("zone"),
            search.names,
        )
        for rows in (found["rows"], found["others"])
    )
    by_dispatch = _by_dispatch((*page, *others))
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


def _by_dispatch(rows: Iterable[BackupRow]) -> dict[str, list[BackupRow]]:
    """The rows of each dispatch id, every row once."""
    found: dict[str, dict[str | None, BackupRow]] = {}
    for row in rows:
        found.setdefault(row.dispatch_id or "", {}).setdefault(row.id, row)
    return {dispatch_id: list(same.values()) for dispatch_id, same in found.items()}


def _backup(
    row: BackupRow, rows: list[BackupRow], holders: tuple[LockHolder, ...] = ()
) -> StuckBackup:
    newest_first = sorted(rows, key=_age_rank, reverse=True)
    return StuckBackup(row=row, rows=tuple(newest_first), holders=holders)


def _age_rank(row: BackupRow) -> float:
    return row.created_at.timestamp() if row.created_at else float("-inf")


def page_statement(search: StuckSearch, table: Table | None, last: str | None) -> str:
    """One page of stuck rows by id, the other rows of their dispatches, and who holds them."""
    names = search.names
    qualified = identifier(names.schema, names.table_name)
    key = f"t.{identifier(names.column('id'))}"
    column = names.column("dispatch_id")
    dispatch = f"t.{identifier(column)}" if column else "NULL::text"
    after = f"AND {key} > {literal(last)}" if last is not None else ""
    table_oid = regclass(names.schema, names.table_name)
    return f"""WITH page AS MATERIALIZED (
  SELECT {key} AS key, {dispatch} AS dispatch, to_jsonb(t) AS row, {marks_of(table)}
  FROM {qualified} AS t
  WHERE {_is_stuck(search, table)} {after}
  ORDER BY {key} LIMIT {PAGE_ROWS}
)
SELECT jsonb_build_object(
  'rows', (SELECT coalesce(jsonb_agg(p.row ORDER BY p.key), '[]') FROM page AS p),
  'others', (
    SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM {qualified} AS t
    WHERE {dispatch} IN (SELECT p.dispatch FROM page AS p)
      AND {key} NOT IN (SELECT p.key FROM page AS p)),
  'hidden', {may_hide(table_oid)},
  'zone', {ZONE},
  'holders', {holders_of("page", table_oid, row="key")}
)::text AS document"""


def _is_stuck(search: StuckSearch, table: Table | None) -> str:
    """In progress, and older than allowed by the server's own clock; of no known age counts too.

    So does a row from the future: whoever wrote its time has a wrong clock.
    """
    names = search.names
    status = f"t.{identifier(names.column('status'))}"
    kind = _type_of(table, names.column("status")) or TEXT_TYPES[0]
    compared = status if kind.startswith(TEXT_TYPES) else f"{status}::text"
    words = ", ".join(literal(word) for word in names.words(Status.IN_PROGRESS))
    conditions = [f"{compared} IN ({words})"]
    created = names.column("created_at")
    made = _type_of(table, created) if table else "timestamp with time zone"
    if created and made and made.startswith("timestamp"):
        at = f"t.{identifier(created)}"
        now = "now()" if "with time zone" in made else "(now() AT TIME ZONE 'UTC')"
        latest = now if "with time zone" in made else f"greatest({now}, {LOCAL_NOW})"
        limit = f"{latest} - make_interval(secs => {search.older_than_s})"
        ahead = AHEAD_S if "with time zone" in made else LOCAL_AHEAD_S
        unborn = f"{at} > {now} + make_interval(secs => {ahead})"
        conditions.append(f"({at} < {limit} OR {at} IS NULL OR {unborn})")
    return " AND ".join(conditions)


def _type_of(table: Table | None, column: str) -> str | None:
    found = table.column(column) if table else None
    return found.type if found else None


def _over_rest(ask: Sources, search: StuckSearch, last: str | None) -> StuckPage | Unseen:
    """With the service key alone: the rows, with the others of an id that may be used again.

    The other rows of a UUID are looked up where one backup is read closely.
    """
    # A local time in the east is ahead of the limit, which is told in UTC.
    older_than_s = search.older_than_s - east_of_utc(ask, search.names).total_seconds()
    filters = [f"lt.{(ask.now - timedelta(seconds=older_than_s)).isoformat()}"]
    if last is None and search.names.column("created_at"):  # as by SQL: of no age, or unborn
        ahead = ask.now + timedelta(seconds=LOCAL_AHEAD_S)
        filters = ["is.null", f"gt.{ahead.isoformat()}", *filters]
    found: list[dict[str, Any]] = []
    for made in filters:
        rows = ask.data_api.in_progress(made, last, PAGE_ROWS)
        if isinstance(rows, Unseen):
            return rows
        found += rows
    page = read_at_latest(ask, found, search.names)
    same = _by_dispatch((*page, *_others_over_rest(ask, search, page)))
    backups = [_backup(row, same[row.dispatch_id] if row.dispatch_id else [row]) for row in page]
    gap = unproved_by_rest(ask, search.names, some_seen=bool(backups))
    return _page(backups, gap, search, ask.now)


def _others_over_rest(
    ask: Sources, search: StuckSearch, page: Iterable[BackupRow]
) -> Iterator[BackupRow]:
    """The rows with the dispatch ids of a page that are no UUIDs, as far as they are shown."""
    named = (row.dispatch_id for row in page if row.dispatch_id)
    ids = tuple(dict.fromkeys(one for one in named if not is_uuid(one)))
    for first in range(0, len(ids), IDS_AT_ONCE):
        found = ask.data_api.of_dispatches(*ids[first : first + IDS_AT_ONCE])
        if not isinstance(found, Unseen):
            yield from read_at_latest(ask, found, search.names)
