"""Who locks a row, alone or with others: then PostgreSQL keeps a number of the group in the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backup_doctor.collect.database.answers import Refusal
from backup_doctor.collect.database.statements import document
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.collect.clients.database import Way
    from backup_doctor.evidence.row import Table


_HOLDER = """'pid', l.pid, 'mode', 'row', 'transaction_start', a.xact_start, 'state', a.state,
      'application', a.application_name, 'query', a.query"""


def marks_of(table: Table | None) -> str:
    """The columns `holder` and `relation` of a row `t`: only what PostgreSQL stores itself has them."""
    if table is None or table.kind in ("table", "partitioned table"):
        return "t.xmax AS holder, t.tableoid AS relation"
    return "NULL::xid AS holder, NULL::oid AS relation"


def holders_of(found: str, relation: str, row: str = "") -> str:
    """Who alone holds each of the rows `found`, which have their `marks_of`; `row` tells which one.

    What one holds a row for is not shown. Who wrote into a table whose foreign key points at this one,
    and not into this one, may hold it for that key, for which an UPDATE need not wait.
    """
    which = f"'row', f.{row}, " if row else ""
    return f"""(
    SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object(
      {which}{_HOLDER}, 'may_be_for_key',
        EXISTS (
          SELECT FROM pg_catalog.pg_locks AS w
          JOIN pg_catalog.pg_constraint AS c ON c.contype = 'f' AND c.conrelid = w.relation
          WHERE w.pid = l.pid AND w.locktype = 'relation' AND w.mode = 'RowExclusiveLock'
            AND c.confrelid IN ({relation}, f.relation))
        AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_locks AS w
          WHERE w.pid = l.pid AND w.locktype = 'relation' AND w.relation IN ({relation}, f.relation)
            AND w.mode NOT IN ('AccessShareLock', 'RowShareLock')))), '[]')
    FROM {found} AS f
    JOIN pg_catalog.pg_locks AS l
      ON l.locktype = 'transactionid' AND l.transactionid = f.holder AND l.granted
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.pid <> pg_backend_pid())"""


def shared_marks(relation: str) -> str:
    """The numbers in the rows `found` that may be a group's: no transaction has them, and a group may be there.

    A member of a group keeps a lock on the table as well.
    """
    return f"""(
    SELECT coalesce(jsonb_agg(DISTINCT f.holder::text), '[]')
    FROM found AS f
    WHERE f.holder::text <> '0'
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        WHERE l.locktype = 'transactionid' AND l.transactionid = f.holder AND l.granted)
      AND EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        WHERE l.locktype = 'relation' AND l.relation = {relation} AND l.granted
          AND l.mode IN ('RowShareLock', 'RowExclusiveLock') AND l.pid <> pg_backend_pid()))"""


def members_statement(mark: str) -> str:
    """Who of a group is still there, but for those for whom an UPDATE need not wait."""
    return f"""SELECT jsonb_build_object('holders', coalesce(jsonb_agg(DISTINCT jsonb_build_object(
      {_HOLDER})), '[]'))::text AS document
FROM pg_catalog.pg_get_multixact_members({literal(mark)}::xid) AS m
JOIN pg_catalog.pg_locks AS l
  ON l.locktype = 'transactionid' AND l.transactionid = m.xid AND l.granted
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE m.mode <> 'keysh' AND l.pid <> pg_backend_pid()"""


def members(way: Way, marks: Iterable[str]) -> list[dict[str, Any]] | Unseen:
    """The transactions that hold the rows with these numbers together.

    A number of which PostgreSQL knows no group is that of a transaction that has ended.
    """
    found: list[dict[str, Any]] = []
    for mark in marks:
        reply = way.run(members_statement(mark))
        if isinstance(reply, Refusal):
            continue
        told = reply if isinstance(reply, Unseen) else document(reply)
        if isinstance(told, Unseen):
            return told
        found += told["holders"]
    return found
