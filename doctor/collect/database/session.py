"""A session with PostgreSQL: several questions in one flight, in a transaction that cannot write."""

from __future__ import annotations

import json
import os
import selectors
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import DiagnosticField, ExecStatus

from backup_doctor.collect.database.answers import Refusal, Reply, Rows
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg.pq.abc import PGresult

LOCK_LIMIT_MS = 300
# The server ended the session (57P01, 57P05, ...), or the connection failed.
SESSION_ENDED = ("57P", "08")
# Of a question's time, the server itself gives up after so much.
SERVERS_SHARE = 0.75
BROKEN_OFF = Unseen(
    why=Why.GARBLED,
    what="PostgreSQL broke off the session before it had answered.",
    dependency="PostgreSQL",
)
NO_TEXT = Refusal("22021", "the answer holds bytes that are no text in UTF-8")
_PLACE = "asked"


@dataclass(eq=False)
class Posed:
    """A statement that waits for its answer, as the doctor's own role or as another one."""

    statement: str
    role: str | None
    reply: Reply | None = None
    has_boarded: bool = False
    """Whether it waits or is under way."""
    waits: bool = True
    """Whether it is not under way yet."""
    broke_before: bool = False

    @property
    def commands(self) -> list[str]:
        """The statement as PostgREST would set it up for the role."""
        if self.role is None:
            return [self.statement]
        claims = literal(json.dumps({"role": self.role}))
        return [
            f"SET LOCAL request.jwt.claims = {claims}",
            f"SET LOCAL ROLE {identifier(self.role)}",
            self.statement,
        ]


class Session:
    """One connection. All that is asked at once is one round trip.

    A flight is one transaction, READ ONLY from its first command on, so that a pooler in transaction
    mode keeps the connection until all is answered. Each question is rolled back for itself, with
    its role and its locks, and a refusal is its own.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.has_served = False
        self._connection = connection
        self._line = connection.pgconn

    def ask(self, flight: Sequence[Posed], patience_s: float, limit_s: float) -> bool:
        """Give each of the flight its reply; False where the session broke, perhaps before the last.

        The server may take `patience_s` for one of them, and `limit_s` for all.
        """
        try:
            self._send(flight, patience_s)
            self._receive(flight, time.monotonic() + limit_s)
        except (psycopg.Error, OSError):
            self.close()
            return False
        self.has_served = True
        return True

    def close(self) -> None:
        """End the session, and with it whatever it holds."""
        with suppress(psycopg.Error, OSError):
            self._connection.close()

    def _send(self, flight: Sequence[Posed], patience_s: float) -> None:
        self._line.enter_pipeline_mode()
        self._segment(*_read_only(patience_s))
        for posed in flight:
            self._segment(f"SAVEPOINT {_PLACE}", *posed.commands)
            self._segment(f"ROLLBACK TO SAVEPOINT {_PLACE}")
        self._segment("ROLLBACK")

    def _segment(self, *commands: str) -> None:
        """Commands of which the first that fails ends the others, and none beyond."""
        for command in commands:
            self._line.send_query_params(command.encode(), None)
        self._line.pipeline_sync()

    def _receive(self, flight: Sequence[Posed], until: float) -> None:
        self._reply_of_segment(until)
        for posed in flight:
            posed.reply = self._reply_of_segment(until)
            self._reply_of_segment(until)
        self._reply_of_segment(until)
        self._line.exit_pipeline_mode()

    def _reply_of_segment(self, until: float) -> Reply:
        """The rows of the last command that returned any kind of row; the first refusal before all.

        Raises:
            psycopg.Error: the session is over.
        """
        reply: Reply = []
        while True:
            result = self._result(until)
            if result is None:  # after each command
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return reply
            if result.status == ExecStatus.FATAL_ERROR:
                reply = _refusal(result)
            elif result.status == ExecStatus.TUPLES_OK and not isinstance(reply, Refusal):
                reply = self._rows_or_why_not(result)

    def _result(self, until: float) -> PGresult | None:
        """The next result; libpq itself would wait for it for ever."""
        line = self._line
        if not line.is_busy():
            return line.get_result()
        with selectors.DefaultSelector() as selector:
            key = selector.register(line.socket, selectors.EVENT_READ)
            while line.is_busy():
                writing = selectors.EVENT_WRITE if line.flush() else 0
                selector.modify(key.fileobj, selectors.EVENT_READ | writing)
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise psycopg.OperationalError("silent")
                line.consume_input()
        return line.get_result()

    def _rows_or_why_not(self, result: PGresult) -> Reply:
        try:
            return self._rows(result)
        except UnicodeError:  # a database whose encoding is SQL_ASCII holds any bytes
            return NO_TEXT

    def _rows(self, result: PGresult) -> Rows:
        names = [(result.fname(place) or b"").decode() for place in range(result.nfields)]
        transformer = Transformer(self._connection)
        transformer.set_pgresult(result)
        return transformer.load_rows(
            0, result.ntuples, lambda values: dict(zip(names, values, strict=True))
        )


def _read_only(patience_s: float) -> list[str]:
    """What a flight begins with: a transaction that cannot write, and waits for nothing for long."""
    return [
        "BEGIN READ ONLY",
        f"SET LOCAL statement_timeout = {max(1, int(patience_s * SERVERS_SHARE * 1000))}",
        f"SET LOCAL lock_timeout = {LOCK_LIMIT_MS}",
        f"SET LOCAL idle_in_transaction_session_timeout = {max(1, int(patience_s * 1000))}",
        # Names in expressions and types then come out qualified, whatever the session's own path.
        "SET LOCAL search_path = pg_catalog",
    ]


def _refusal(result: PGresult) -> Refusal:
    """The error as the server's word on the question.

    Raises:
        psycopg.Error: it is the end of the session.
    """
    sqlstate = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
    if not sqlstate or sqlstate.startswith(SESSION_ENDED):
        raise psycopg.OperationalError("ended")
    message = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"").decode(
        "utf-8", "replace"
    )
    return Refusal(sqlstate, message or "no message")


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
