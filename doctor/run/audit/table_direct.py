"""The table as a stream of rows from one statement: one read-only snapshot, read in batches."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo

from backup_doctor.base.threads import Watch
from backup_doctor.collect.database.address import parameters
from backup_doctor.collect.database.answers import Refusal
from backup_doctor.collect.database.connecting import connect_failure
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.row import Route
from backup_doctor.run.audit import statements
from backup_doctor.run.audit.table import About, BrokeOffError, Day, moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.audit.model import Row

BATCH_ROWS = 2000
CONNECT_LIMIT_S = 5.0
# The first batch comes when a table of any size is sorted.
BATCH_LIMIT_S = 600.0
IDLE_LIMIT_S = 600.0
LOCK_LIMIT_S = 5.0
# A doctor that vanished is served for no longer than it would have waited, and this.
GRACE_S = 10.0
SETTINGS = (
    f"SET LOCAL lock_timeout = '{LOCK_LIMIT_S:.0f}s'",
    f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_LIMIT_S:.0f}s'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO'",
    "SET LOCAL search_path = pg_catalog",
)


class DirectTable:
    """The table at the user's database URL. It is locked against nothing but a change of shape."""

    route = Route.DIRECT

    def __init__(self, url: str, names: Names, deadline: Deadline) -> None:
        self._url = url
        self._names = names
        self._deadline = deadline
        self._session: psycopg.Connection[Any] | None = None
        self._watch: Watch | None = None
        self._read_at: datetime | None = None

    def about(self) -> About:
        """Connect and open the snapshot."""
        self._session = self._connect()
        # libpq itself waits for a silent server for ever.
        self._watch = Watch(partial(_break, self._session.fileno()))
        with self._asking(), self._session.cursor() as cursor:
            limit = f"SET LOCAL statement_timeout = '{self._deadline.left() + GRACE_S:.0f}s'"
            cursor.execute(";\n".join((limit, *SETTINGS)).encode())
            cursor.execute(statements.about(self._names).encode())
            about = cursor.fetchone() or (None, True, None, (), None)
        read_at, may_hide, columns, times, tables = about
        self._read_at = moment(read_at)
        return About(
            read_at=self._read_at,
            may_hide=bool(may_hide),
            columns=None if columns is None else tuple(columns),
            tables=tuple(tables or ()),
            times=tuple(times or ()),
        )

    def fit(self, names: Names) -> None:
        """For the statements to come."""
        self._names = names

    def rows(self) -> Iterator[list[Row]]:
        """Plain tuples: making a million named ones would take longer than reading them."""
        assert self._read_at is not None
        yield from self._fetched(statements.all_rows(self._names, self._read_at))

    def by_day(self) -> list[Day]:
        """A scan of its own, in the same snapshot."""
        assert self._read_at is not None
        statement = statements.by_day(self._names, self._read_at)
        found = [row for batch in self._fetched(statement) for row in batch]
        return [
            Day(day=row[0], state=row[1], rows=int(row[2]), bytes=int(float(row[3])))
            for row in found
        ]

    def close(self) -> None:
        """Ask the server to stop, and hang up."""
        session, self._session = self._session, None
        if self._watch is not None:
            self._watch.close()
        if session is not None:
            with suppress(psycopg.Error):
                session.cancel_safe(timeout=1.0)
            session.close()

    def _fetched(self, statement: str) -> Iterator[list[Any]]:
        """Not through a cursor, for which PostgreSQL sorts slower, and in one process alone."""
        assert self._session is not None
        in_chunks = psycopg.capabilities.has_stream_chunked()
        rows = self._session.cursor().stream(
            statement.encode(), size=BATCH_ROWS if in_chunks else 1
        )
        while batch := self._batch(rows):
            yield batch

    def _batch(self, rows: Iterator[Any]) -> list[Any]:
        with self._asking():
            return list(islice(rows, BATCH_ROWS))

    def _connect(self) -> psycopg.Connection[Any]:
        given = parameters(self._url)
        if isinstance(given, Unseen):
            raise BrokeOffError(given)
        limit_s = max(2, int(self._deadline.limit(CONNECT_LIMIT_S)))
        options = {"application_name": "backup-doctor", **given, "connect_timeout": str(limit_s)}
        try:
            session = psycopg.connect(make_conninfo("", **options), prepare_threshold=None)
        except (psycopg.Error, OSError, ValueError) as error:
            timed_out = isinstance(error, psycopg.errors.ConnectionTimeout)
            said = "timeout" if timed_out else str(error)
            raise BrokeOffError(connect_failure(said, given.get("host", "localhost"))) from None
        session.read_only = True
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return session

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Whatever PostgreSQL refuses becomes a gap; a silent server is hung up on."""
        assert self._watch is not None
        if self._deadline.left() <= 0:
            raise BrokeOffError(TOO_LATE)
        try:
            with self._watch.at_most(self._deadline.limit(BATCH_LIMIT_S)):
                yield
        except psycopg.Error as error:
            raise BrokeOffError(TOO_LATE if self._watch.was_late else _gap(error)) from None
        except UnicodeError:
            raise BrokeOffError(UNREADABLE) from None


def _break(descriptor: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)


def _gap(error: psycopg.Error) -> Unseen:
    if error.sqlstate is None or error.sqlstate.startswith(("57P", "08")):
        return Unseen(
            why=Why.GARBLED,
            what="PostgreSQL broke off the session before the table was read to its end.",
            remedy="Run it again; a read replica or a quiet hour may help.",
            dependency="PostgreSQL",
        )
    return Refusal(error.sqlstate, error.diag.message_primary or "no message").unseen()


TOO_LATE = Unseen(
    why=Why.TIMED_OUT,
    what="PostgreSQL did not give all rows of the table in the time that there was.",
    remedy="Allow more time with --budget; a read replica or a quiet hour may help.",
    dependency="PostgreSQL",
)
UNREADABLE = Unseen(
    why=Why.GARBLED,
    what="PostgreSQL sent text that is in no encoding that could be read.",
    remedy="Check the database's encoding; UTF8 is what Supabase uses.",
    dependency="PostgreSQL",
)
