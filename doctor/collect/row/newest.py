"""Looks at the newest rows: by SQL, else over PostgREST with the service key alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.clients.data_api import NO_COLUMN
from backup_doctor.collect.database.answers import LOCKED
from backup_doctor.collect.database.newest import TIMES, last_good_statement, newest_statement
from backup_doctor.collect.database.others import columns_of
from backup_doctor.collect.database.statements import document
from backup_doctor.collect.database.zones import made_at_latest
from backup_doctor.collect.object.rows import read_told
from backup_doctor.collect.row.absence import PLAIN, unproved_by_rest
from backup_doctor.collect.row.rest_zone import read_at_latest
from backup_doctor.evidence.base import Unseen, Why, unseen
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.row import BackupRow, LastGood, Table
from backup_doctor.evidence.times import made_at, newest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Names

    Call: TypeAlias = Callable[[], list[dict[str, Any]] | Unseen]

MAY_BE_MORE = Unseen(
    why=Why.DENIED,
    what="Row-level security may hide rows from the doctor's database user.",
    remedy="Give the doctor's database role BYPASSRLS (ALTER ROLE … BYPASSRLS).",
    dependency="PostgreSQL",
)
NO_STATUS = Unseen(
    why=Why.NOT_ASKED,
    what="Could not determine which backups are good: the table has no status.",
    dependency="PostgreSQL",
)
NO_TIME = Unseen(
    why=Why.NOT_ASKED,
    what="Could not determine how old the last good backup is: no column says when one was made.",
    dependency="PostgreSQL",
)
UNTIMED = Unseen(
    why=Why.GARBLED,
    what="Could not determine how old the last good backup is: a good row does not say when it was made.",
    dependency="PostgreSQL",
)
OUTLINE = frozenset({"created_at", "finished_at", "status", "size_bytes"})


class Newest(Immutable, frozen=True, kw_only=True):
    """Rows, newest first. `unproved` is why there may be others; `columns` are the table's, if seen."""

    rows: tuple[BackupRow, ...]
    unproved: Unseen | None = None
    columns: tuple[str, ...] = ()


def newest_rows(
    ask: Sources, names: Names, table: Table | Unseen | None, words: Sequence[str], limit: int
) -> Newest | Unseen:
    """The rows that were made last; with `words`, those with one of them as their status."""
    return _newest(ask, names, columns_of(names, table), words, limit)


def outlines(
    ask: Sources, names: Names, table: Table | Unseen | None, limit: int
) -> Newest | Unseen:
    """The rows that were made last, with no more than times, status and size."""
    known = columns_of(names, table)
    columns = {name: column for name, column in known.items() if name in OUTLINE}
    return _newest(ask, names, columns, (), limit)


def _newest(
    ask: Sources, names: Names, columns: dict[str, str], words: Sequence[str], limit: int
) -> Newest | Unseen:
    statement = newest_statement(names, columns, words, limit)
    found = _by_the_best_way(
        ask,
        lambda: _by_sql(ask, statement),
        lambda: _over_rest(ask, names, _asking_for(ask, columns, words or (None,), limit)),
    )
    if isinstance(found, Unseen):
        return found
    in_order = sorted(found.rows, key=_begun, reverse=True)
    return replace(found, rows=tuple(in_order[:limit]))


def _begun(row: BackupRow) -> float:
    return row.created_at.timestamp() if row.created_at else float("-inf")


def last_good(ask: Sources, names: Names, table: Table | Unseen | None) -> LastGood | Unseen:
    """The backup that succeeded last; where none was seen, whether one would have been."""
    columns = columns_of(names, table)
    times = [name for name in TIMES if name in columns]
    if "status" not in columns:
        return NO_STATUS
    if not times:
        return NO_TIME
    found = _by_the_best_way(
        ask,
        lambda: _by_sql(ask, last_good_statement(names, columns)),
        lambda: _over_rest(
            ask,
            names,
            [
                partial(ask.data_api.last_good, word, name)
                for word in names.words(Status.SUCCESS)
                for name in times
            ],
        ),
    )
    if isinstance(found, Unseen):
        return found
    unproved = found.unproved
    if not found.rows and isinstance(table, Table) and table.kind not in PLAIN:
        unproved = unproved or _may_leave_out(names, table)
    if any(made_at(row, ask.now) is None for row in found.rows):
        unproved = unproved or UNTIMED
    return LastGood(row=newest(found.rows, ask.now), unproved=unproved)


def _by_the_best_way(
    ask: Sources, by_sql: Callable[[], Newest | Unseen], over_rest: Callable[[], Newest | Unseen]
) -> Newest | Unseen:
    """What the first way shows from which nothing is hidden; else what the first shows that answers."""
    ways = ([by_sql] if ask.database.ways else []) + [over_rest]
    answers: list[Newest | Unseen] = []
    for way in ways:
        answer = way()
        answers.append(answer)
        if isinstance(answer, Newest) and answer.unproved is None:
            return answer
        if isinstance(answer, Unseen) and answer.code == LOCKED:
            break  # the next would wait for the same lock
    return next((one for one in answers if isinstance(one, Newest)), answers[0])


def _by_sql(ask: Sources, statement: str) -> Newest | Unseen:
    reply = ask.database.query(statement)
    found = reply if isinstance(reply, Unseen) else document(reply)
    if isinstance(found, Unseen):
        return found
    told = zip(read_told(found["rows"]), found["rows"], strict=True)
    zone = found.get("zone")
    rows = tuple(made_at_latest(row, values.get("created_at"), zone) for row, values in told)
    return Newest(rows=rows, unproved=MAY_BE_MORE if found["hidden"] else None)


def _asking_for(
    ask: Sources, columns: dict[str, str], words: Sequence[str | None], limit: int
) -> list[Call]:
    """One question for each word: a single one that an enum lacks refuses all that stand with it."""
    if columns.keys() <= OUTLINE:
        return [partial(ask.data_api.newest_with, word, limit, columns.values()) for word in words]
    return [partial(ask.data_api.newest_with, word, limit) for word in words]


def _over_rest(ask: Sources, names: Names, calls: Sequence[Call]) -> Newest | Unseen:
    answers = ask.at_once(*calls)
    answered = [one for one in answers if not isinstance(one, Unseen)]
    failed = unseen(*answers)
    # What is asked by a time that the table does not have is answered by its other one.
    failed = tuple(one for one in failed if one.code != NO_COLUMN) if answered else failed
    if not answered:
        return failed[0]
    rows = [row for one in answered for row in one]
    unproved = unproved_by_rest(ask, names, some_seen=bool(rows))
    return Newest(
        rows=tuple(_told(row) for row in read_at_latest(ask, rows, names)),
        unproved=next(iter(failed), unproved),
        columns=tuple(rows[0]) if rows else (),
    )


def _told(row: BackupRow) -> BackupRow:
    """The row without what nobody asked of it."""
    return replace(row, values={}, error_text=None, workflow_run_id=None)


def _may_leave_out(names: Names, table: Table) -> Unseen:
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"The {table.kind} {names.table} shows no good backup, but it may leave rows out.",
        remedy="Set table (BACKUP_DOCTOR_TABLE) to the table behind it.",
        dependency="PostgreSQL",
    )
