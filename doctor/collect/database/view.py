"""What one way to the database shows of a backup: three statements, asked at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.database.answers import (
    NO_TABLE,
    UNDEFINED_TABLE,
    UNSUITABLE,
    Refusal,
    Reply,
)
from backup_doctor.collect.database.catalogue import (
    catalogue_statement,
    locks_statement,
    read_holders,
    read_server,
    read_table,
)
from backup_doctor.collect.database.rows import (
    Keys,
    presumes_too_much,
    read_rows,
    rows_statement,
    whole_number,
)
from backup_doctor.collect.database.sharing import members
from backup_doctor.collect.database.statements import document
from backup_doctor.collect.database.zones import at_latest
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.row import Table

if TYPE_CHECKING:
    from backup_doctor.collect.clients.database import Way
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow, LockHolder, Server

NOT_ASKED = Unseen(
    why=Why.NOT_ASKED,
    what="No backup was asked about.",
    remedy="Give --dispatch-id.",
    dependency="PostgreSQL",
)
HIDDEN = Unseen(
    why=Why.DENIED,
    what="The doctor's database user sees no such row, but row-level security may hide it.",
    remedy="Give the doctor's database role BYPASSRLS (ALTER ROLE … BYPASSRLS).",
    dependency="PostgreSQL",
)


class TableView(Immutable, frozen=True):
    """The row, its table and its server.

    `sizes` are bytes, of the successful backups before; `unwritten` are columns that no other good row
    has, if there is one (`has_good`).
    """

    rows: tuple[BackupRow, ...] | Unseen
    table: Table | Unseen | None
    server: Server | Unseen
    locks: tuple[LockHolder, ...] | Unseen
    sizes: tuple[int, ...] = ()
    unwritten: tuple[str, ...] = ()
    has_good: bool = False


def look_through(way: Way, ask: Sources, names: Names, keys: Keys | None, *roles: str) -> TableView:
    """Look at the rows with one of `keys`; None asks for the table alone (no backup in hand)."""
    known, locks, found = ask.at_once(
        lambda: way.run(catalogue_statement(names, *roles)),
        lambda: way.run(locks_statement(names)),
        lambda: way.run(rows_statement(names, keys or ())),
    )
    catalogue = _document(known)
    table = catalogue if isinstance(catalogue, Unseen) else read_table(catalogue)
    server = catalogue if isinstance(catalogue, Unseen) else read_server(catalogue, names)
    if not isinstance(server, Unseen):
        ask.deadline.clocks.heard("PostgreSQL", server.now)
    if isinstance(table, Table) and _must_ask_again(found, names, keys or (), table):
        found = way.run(rows_statement(names, keys or (), table))
    if table is None and isinstance(found, Refusal) and found.sqlstate in NO_TABLE:
        return TableView(_no_table(names, server), table, server, ())
    rows = _document(found)
    if isinstance(table, Table):
        table = _with_triggers_of_row(table, None if isinstance(rows, Unseen) else rows)
    return TableView(
        rows=NOT_ASKED if keys is None else _rows(rows, names),
        table=table,
        server=server,
        locks=_holders(way, rows, _document(locks)),
        sizes=() if isinstance(rows, Unseen) else _sizes(rows),
        unwritten=() if isinstance(rows, Unseen) else tuple(rows["unwritten"]),
        has_good=not isinstance(rows, Unseen) and rows["has_good"],
    )


def _with_triggers_of_row(table: Table, rows: dict[str, Any] | None) -> Table:
    """The table without the triggers of other partitions than the row's."""
    stored_in = rows.get("stored_in") if rows else None
    fired = tuple(one for one in table.triggers if one.partition in ("", stored_in))
    return table if fired == table.triggers else replace(table, triggers=fired)


def _no_table(names: Names, server: Server | Unseen) -> Unseen:
    """That there is no such table, with those that may be meant."""
    tables = () if isinstance(server, Unseen) else server.similar_tables
    there = f" In this database there is {', '.join(tables)}." if tables else ""
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"There is no table {names.table} in the database that the doctor asks.{there}",
        remedy="Set table (BACKUP_DOCTOR_TABLE) to the pipeline's, or check the database URL.",
        dependency="PostgreSQL",
        code=UNDEFINED_TABLE,
    )


def _must_ask_again(found: Reply, names: Names, keys: Keys, table: Table) -> bool:
    """Whether the look-up presumed columns that the table has not."""
    refused = isinstance(found, Refusal) and found.sqlstate in UNSUITABLE
    return refused or presumes_too_much(names, keys, table)


def _document(reply: Reply) -> dict[str, Any] | Unseen:
    if isinstance(reply, Refusal):
        return reply.unseen()
    return reply if isinstance(reply, Unseen) else document(reply)


def _rows(found: dict[str, Any] | Unseen, names: Names) -> tuple[BackupRow, ...] | Unseen:
    """The rows; none is only believed where no policy filters for the asking user."""
    if isinstance(found, Unseen):
        return found
    rows = at_latest(read_rows(found["rows"], names), found.get("zone"), names)
    return HIDDEN if not rows and found["hidden"] else rows


def _holders(
    way: Way, rows: dict[str, Any] | Unseen, locks: dict[str, Any] | Unseen
) -> tuple[LockHolder, ...] | Unseen:
    """The transactions that hold the row or the table, each once."""
    if isinstance(locks, Unseen):
        return locks
    of_row = [] if isinstance(rows, Unseen) else rows["holders"]
    together = [] if isinstance(rows, Unseen) else members(way, rows.get("shared", ()))
    if isinstance(together, Unseen):
        return together
    each = {holder["pid"]: holder for holder in [*locks["holders"], *of_row, *together]}
    return read_holders(list(each.values()))


def _sizes(found: dict[str, Any]) -> tuple[int, ...]:
    sizes = (whole_number(size) for size in found["sizes"])
    return tuple(size for size in sizes if size is not None)
