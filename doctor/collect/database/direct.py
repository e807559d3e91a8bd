"""PostgreSQL itself, asked by several threads: those who come at once share a session's next flight."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import make_conninfo

from backup_doctor.base.threads import spawn
from backup_doctor.collect.database.address import parameters
from backup_doctor.collect.database.answers import Refusal, Reply
from backup_doctor.collect.database.connecting import connect_failure
from backup_doctor.collect.database.session import BROKEN_OFF, Posed, Session
from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from backup_doctor.collect.deadline import Deadline

CONNECT_LIMIT_S = 5.0
# psycopg rounds anything shorter up to this.
CONNECT_LEAST_S = 2
# How long an answer is waited for.
PATIENCE_S = 4.0
# A sweep has the time to wait for a table of millions of rows without an index.
SHARE_OF_BUDGET = 1 / 15
# To open one takes six round trips. The second is for those who come while the first is under way.
SESSIONS = 2
# So long is waited for others who ask at the same time: far less than their own flight would take.
BOARDING_S = 0.004


class Direct:
    """PostgreSQL at the user's database URL. Safe to use from several threads.

    Whoever asks while all sessions are under way waits for the next of them, with all others who do:
    to open another would take longer. It works through a pooler in transaction mode, writes nothing,
    and waits for no lock. The sessions are closed with this object.
    """

    def __init__(self, url: str, deadline: Deadline) -> None:
        self.deadline = deadline
        self._parameters = parameters(url)
        # Held while any of the following is looked at; told of each answer and each free session.
        self._changed = threading.Condition()
        self._waiting: list[Posed] = []
        self._idle: list[Session] = []
        self._sessions = 0
        self._down: Unseen | None = None
        self._foreseen: dict[tuple[str, str | None], Posed] = {}
        self.close = weakref.finalize(self, _close_all, self._idle)

    def open(self) -> None:
        """Begin to open a session, before there is anything to ask."""
        with self._changed:
            self._open_another()

    def ahead(self) -> Direct:
        """The same, for who asks what will be asked once more: that answer is kept, for one asker."""
        return _Ahead(self)

    def run(self, statement: str, *, role: str | None = None) -> Reply:
        """The rows of one statement, executed under `role` where one is given, and rolled back."""
        foreseen = self._foreseen.pop((statement, role), None)
        reply = self._answered(foreseen) if foreseen else None
        if reply is None or isinstance(reply, Unseen):
            reply = self._answered(Posed(statement, role))
        return reply

    def foresee(self, statement: str, role: str | None) -> Reply:
        """The same; who asks it next is given this answer."""
        posed = self._foreseen[statement, role] = Posed(statement, role)
        return self._answered(posed)

    def _answered(self, posed: Posed) -> Reply:
        if posed.reply is not None:
            return posed.reply
        if self.deadline.left() <= 0:
            return _too_late()
        if isinstance(self._parameters, Unseen):
            return self._parameters
        if not _can_be_sent(posed):
            return Refusal("22021", "the question holds a character that no text can hold")
        self._board(posed)
        while posed.reply is None:
            session = self._free_session(posed)
            if session is not None:
                self._fly(session)
        return posed.reply

    def _board(self, posed: Posed) -> None:
        with self._changed:
            if not posed.has_boarded:
                posed.has_boarded = True
                self._waiting.append(posed)
                self._open_another()

    def _free_session(self, posed: Posed) -> Session | None:
        """A session to ask with; None once there is an answer, or none will come."""
        with self._changed:
            self._changed.wait_for(
                lambda: posed.reply is not None or (posed.waits and self._idle),
                timeout=self.deadline.left(),
            )
            if posed.reply is None and not (posed.waits and self._idle):
                posed.reply = _too_late()
            return self._idle.pop() if posed.reply is None else None

    def _fly(self, session: Session) -> None:
        """Ask all that waits."""
        time.sleep(BOARDING_S)
        with self._changed:
            flight = [posed for posed in self._waiting if posed.reply is None]
            self._waiting.clear()
            if not flight:  # another one has taken all along
                self._idle.append(session)
                return
            for posed in flight:
                posed.waits = False
        own_s = max(PATIENCE_S, self.deadline.budget_s * SHARE_OF_BUDGET)
        patience_s = self.deadline.limit(own_s)
        limit_s = min(patience_s * len(flight), self.deadline.left())
        holds = session.ask(flight, patience_s, limit_s)
        with self._changed:
            if holds:
                self._idle.append(session)
            else:
                self._sessions -= 1
                self._ask_again(flight, or_not=not session.has_served)
            self._changed.notify_all()

    def _ask_again(self, flight: list[Posed], *, or_not: bool) -> None:
        """What a session did not answer that had been open for a while; once."""
        for posed in flight:
            if posed.reply is not None:
                continue
            if or_not or posed.broke_before:
                posed.reply = BROKEN_OFF
            else:
                posed.broke_before = posed.waits = True
                self._waiting.append(posed)
        if self._waiting:
            self._open_another()

    def _open_another(self) -> None:
        if not self._idle and self._sessions < SESSIONS and not self._is_down():
            self._sessions += 1
            spawn(self._open)

    def _is_down(self) -> bool:
        """Whether nobody can be asked any more; whoever waits is told so."""
        if self._down is None or self._sessions:
            return self._down is not None
        for posed in self._waiting:
            posed.reply = self._down
        self._waiting.clear()
        return True

    def _open(self) -> None:
        opened = self._connect()
        with self._changed:
            if isinstance(opened, Unseen):
                self._down = opened
                self._sessions -= 1
                self._is_down()
            else:
                self._idle.append(opened)
            self._changed.notify_all()

    def _connect(self) -> Session | Unseen:
        if isinstance(self._parameters, Unseen):
            return self._parameters
        if self.deadline.left() < CONNECT_LEAST_S:
            return _too_late()
        host = self._parameters.get("host", "localhost")
        try:
            connection = psycopg.connect(
                self._conninfo(self._parameters), autocommit=True, prepare_threshold=None
            )
        except psycopg.errors.ConnectionTimeout:
            return connect_failure("timeout", host)
        except (psycopg.Error, OSError, ValueError, UnicodeError) as error:
            return connect_failure(str(error), host)
        return Session(connection)

    def _conninfo(self, given: dict[str, str]) -> str:
        limit_s = max(CONNECT_LEAST_S, int(self.deadline.limit(CONNECT_LIMIT_S)))
        options = {"application_name": "backup-doctor", **given, "connect_timeout": str(limit_s)}
        return make_conninfo("", **options)


class _Ahead(Direct):
    """Asks for those who will ask the same."""

    def __init__(self, of: Direct) -> None:
        self.deadline = of.deadline
        self._of = of

    def run(self, statement: str, *, role: str | None = None) -> Reply:
        """The answer, which is kept for the next who asks."""
        return self._of.foresee(statement, role)


def _can_be_sent(posed: Posed) -> bool:
    """Whether it is text of PostgreSQL: no NUL, no lone surrogate."""
    text = "".join(posed.commands)
    return "\0" not in text and text.encode("utf-8", "replace").decode() == text


def _close_all(sessions: list[Session]) -> None:
    while sessions:
        sessions.pop().close()


def _too_late() -> Unseen:
    return Unseen(
        why=Why.TIMED_OUT,
        what="The time for this run was over before PostgreSQL could be asked.",
        remedy="Allow more time with --budget.",
        dependency="PostgreSQL",
    )
