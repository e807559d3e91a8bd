"""Sessions with PostgreSQL itself: one short read-only transaction for each question."""

from __future__ import annotations

import json
import os
import socket
import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from backup_doctor.collect.database.address import parameters
from backup_doctor.collect.database.answers import Refusal, Reply, Rows
from backup_doctor.collect.database.connecting import connect_failure
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.collect.deadline import Deadline

CONNECT_LIMIT_S = 5.0
# psycopg rounds anything shorter up to this.
CONNECT_LEAST_S = 2
LOCK_LIMIT_MS = 300
# The server ended the session (57P01, 57P05, ...), or the connection failed.
SESSION_ENDED = ("57P", "08")
# How long an answer is waited for; the server itself gives up after three quarters of it.
PATIENCE_S = 4.0
# A sweep has the time to wait for a table of millions of rows without an index.
SHARE_OF_BUDGET = 1 / 15
SERVERS_SHARE = 0.75

Connection: TypeAlias = psycopg.Connection[dict[str, Any]]


class Direct:
    """PostgreSQL at the user's database URL. Safe to use from several threads.

    Each question is one batch, hence one round trip, and a transaction of its own: it works through
    a pooler in transaction mode, writes nothing, and waits for no lock. A session is kept for the
    next question; all are closed with this object.
    """

    def __init__(self, url: str, deadline: Deadline) -> None:
        self.deadline = deadline
        self._parameters = parameters(url)
        self._idle: list[Connection] = []
        self._down: Unseen | None = None
        self.close = weakref.finalize(self, _close_all, self._idle)

    def run(self, statement: str, *, role: str | None = None) -> Reply:
        """The rows of one statement, executed under `role` where one is given, and rolled back."""
        if self.deadline.left() <= 0:
            return _too_late()
        kept = self._idle.pop() if self._idle else None
        if kept is not None:
            answer = self._ask(kept, statement, role)
            if not _broke(answer):
                return answer
        fresh = self._connect()
        return fresh if isinstance(fresh, Unseen) else self._ask(fresh, statement, role)

    def _ask(self, session: Connection, statement: str, role: str | None) -> Reply:
        own_s = max(PATIENCE_S, self.deadline.budget_s * SHARE_OF_BUDGET)
        patience_s = self.deadline.limit(own_s)
        try:
            with cut_off(session, patience_s):
                rows = _rows(session, _batch(statement, role, patience_s))
        except psycopg.Error as error:
            return self._refused(session, error)
        except (ValueError, UnicodeError):
            session.close()
            return Refusal("22021", "the question holds a character that no text can hold")
        self._idle.append(session)
        return rows

    def _refused(self, session: Connection, error: psycopg.Error) -> Reply:
        # What the transaction held is let go at once, with the session.
        session.close()
        if error.sqlstate is None or error.sqlstate.startswith(SESSION_ENDED):
            return Unseen(
                why=Why.GARBLED,
                what="PostgreSQL broke off the session before it had answered.",
                dependency="PostgreSQL",
            )
        return Refusal(error.sqlstate, error.diag.message_primary or "no message")

    def _connect(self) -> Connection | Unseen:
        if isinstance(self._parameters, Unseen):
            return self._parameters
        if self._down is not None:
            return self._down
        if self.deadline.left() < CONNECT_LEAST_S:
            return _too_late()
        host = self._parameters.get("host", "localhost")
        try:
            return psycopg.connect(
                self._conninfo(self._parameters),
                autocommit=True,
                prepare_threshold=None,
                cursor_factory=psycopg.ClientCursor,
                row_factory=dict_row,
            )
        except psycopg.errors.ConnectionTimeout:
            self._down = connect_failure("timeout", host)
        except (psycopg.Error, OSError, ValueError, UnicodeError) as error:
            self._down = connect_failure(str(error), host)
        return self._down

    def _conninfo(self, given: dict[str, str]) -> str:
        limit_s = max(CONNECT_LEAST_S, int(self.deadline.limit(CONNECT_LIMIT_S)))
        options = {"application_name": "backup-doctor", **given, "connect_timeout": str(limit_s)}
        return make_conninfo("", **options)


def _batch(statement: str, role: str | None, patience_s: float) -> str:
    """The statement in a transaction that cannot write, as PostgREST would set it up for `role`."""
    settings = [
        "BEGIN READ ONLY",
        f"SET LOCAL statement_timeout = {max(1, int(patience_s * SERVERS_SHARE * 1000))}",
        f"SET LOCAL lock_timeout = {LOCK_LIMIT_MS}",
        f"SET LOCAL idle_in_transaction_session_timeout = {max(1, int(patience_s * 1000))}",
        # Names in expressions and types then come out qualified, whatever the session's own path.
        "SET LOCAL search_path = pg_catalog",
    ]
    if role is not None:
        claims = literal(json.dumps({"role": role}))
        settings.append(f"SET LOCAL request.jwt.claims = {claims}")
        settings.append(f"SET LOCAL ROLE {identifier(role)}")
    return ";\n".join([*settings, statement, "ROLLBACK"])


def _rows(session: Connection, batch: str) -> Rows:
    """The rows of the last statement of the batch that returned any kind of row."""
    rows: Rows = []
    with session.cursor() as cursor:
        cursor.execute(batch.encode())
        while True:
            if cursor.description is not None:
                rows = cursor.fetchall()
            if not cursor.nextset():
                return rows


@contextmanager
def cut_off(session: psycopg.Connection[Any], limit_s: float) -> Iterator[None]:
    """Break the connection when the server is silent for so long: libpq itself waits for ever."""
    timer = threading.Timer(limit_s, _break, (session.fileno(),))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _break(descriptor: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)


def _broke(answer: Reply) -> bool:
    return isinstance(answer, Unseen) and answer.why is Why.GARBLED


def _close_all(sessions: list[Connection]) -> None:
    while sessions:
        sessions.pop().close()


def _too_late() -> Unseen:
    return Unseen(
        why=Why.TIMED_OUT,
        what="The time for this run was over before PostgreSQL could be asked.",
        remedy="Allow more time with --budget.",
        dependency="PostgreSQL",
    )
