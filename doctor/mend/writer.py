"""The only code that writes to the user's database. Nothing else may use it than mending.

It is given the text of one transaction and sends it in one message: directly, or where that is not
configured, fails or may not write, to the Management API's SQL endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo

from doctor.clients.management import FORBIDDEN, Management
from doctor.database.address import parameters
from doctor.database.answers import Refusal, refusal_in
from doctor.database.connecting import connect_failure
from doctor.database.session import SESSION_ENDED, cut_off
from doctor.deadline import Deadline
from doctor.evidence.base import Unseen, Why
from doctor.mend.transaction import COMPLAINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from doctor.clients.http import Answer
    from doctor.settings.model import Settings

CONNECT_LIMIT_S = 5
WRITE_LIMIT_S = 25.0
# The server refused before it did anything, for who asked: another way may be allowed to.
MAY_NOT_WRITE = frozenset({"42501", "25006"})
SERVER_ERROR = 500


class Ending(StrEnum):
    """How the transaction ended; `NOT_BEGUN` also where this way may not write at all."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"
    NOT_BEGUN = "not begun"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Written:
    """How a transaction ended, through which `way`, and in a sentence why it was not committed.

    `otherwise`: a check of its own found the row otherwise than announced.
    """

    ending: Ending
    way: str = ""
    reason: str = ""
    otherwise: bool = False


WHO_MAY = "Set SUPABASE_DB_URL to a user that may update the table, or SUPABASE_ACCESS_TOKEN."
NO_WAY = Written(ending=Ending.NOT_BEGUN, reason=f"No way to write is configured. {WHO_MAY}")


class Writer:
    """Sends transactions to the user's database. Each has a time limit of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that are configured, in the order in which they are tried."""
        return tuple(name for name, _ in self._senders())

    def write(self, transaction: str) -> Written:
        """Send it by the first way that may write. It was committed as a whole or not at all."""
        written = NO_WAY
        for way, send in self._senders():
            written = _written(send(transaction), way)
            if written.ending is not Ending.NOT_BEGUN:
                break
        return written

    def _senders(self) -> tuple[tuple[str, Callable[[str], Refusal | Unseen | None]], ...]:
        settings, ways = self._settings, []
        if settings.database_url is not None:
            ways.append(("psycopg", self._directly))
        if settings.access_token is not None and settings.project_ref is not None:
            ways.append(("the Management API", self._by_management))
        return tuple(ways)

    def _directly(self, transaction: str) -> Refusal | Unseen | None:
        assert self._settings.database_url is not None, "only then is this way offered"
        found = parameters(self._settings.database_url.reveal())
        if isinstance(found, Unseen):
            return found
        options = {"application_name": "backup-doctor fix", **found}
        options["connect_timeout"] = str(CONNECT_LIMIT_S)
        try:
            session = psycopg.connect(
                make_conninfo("", **options),
                autocommit=True,
                prepare_threshold=None,
                cursor_factory=psycopg.ClientCursor,
            )
        except (psycopg.Error, OSError, ValueError, UnicodeError) as error:
            return connect_failure(str(error), found.get("host", "localhost"))
        return _send(session, transaction)

    def _by_management(self, transaction: str) -> Refusal | Unseen | None:
        answer = _WritingManagement(self._settings, Deadline(WRITE_LIMIT_S)).send(transaction)
        return (refusal_in(answer) or answer) if isinstance(answer, Unseen) else None


class _WritingManagement(Management):
    """The Management API with the one endpoint that writes."""

    def send(self, sql: str) -> Answer | Unseen:
        answer = self._post("database/query", {"query": sql})
        if isinstance(answer, Unseen) and answer.status == FORBIDDEN:
            return self._unseen(
                Why.DENIED,
                "The access token may not write to the database.",
                remedy="Give it the permission database_write.",
                status=FORBIDDEN,
            )
        return answer


def _send(session: psycopg.Connection[Any], transaction: str) -> Refusal | Unseen | None:
    """Send the text in one message; None when it was committed. The session ends with it."""
    try:
        with session, cut_off(session, WRITE_LIMIT_S), session.cursor() as cursor:
            cursor.execute(transaction.encode())
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate.startswith(SESSION_ENDED):
            return Unseen(why=Why.GARBLED, what="PostgreSQL broke off before it confirmed.")
        return Refusal(error.sqlstate, error.diag.message_primary or "no message")
    return None


def _written(reply: Refusal | Unseen | None, way: str) -> Written:
    if reply is None:
        return Written(ending=Ending.COMMITTED, way=way)
    if isinstance(reply, Unseen):
        return Written(ending=_ending(reply), way=way, reason=_sentence(reply))
    complaint = next((one for one in COMPLAINTS if one in reply.message), None)
    if complaint:
        reason = f"{complaint[0].upper()}{complaint[1:]}."
        return Written(ending=Ending.ROLLED_BACK, way=way, reason=reason, otherwise=True)
    said = f"{reply.message} ({reply.sqlstate})."
    if reply.sqlstate in MAY_NOT_WRITE:
        return Written(ending=Ending.NOT_BEGUN, way=way, reason=f"{said} {WHO_MAY}")
    return Written(ending=Ending.ROLLED_BACK, way=way, reason=said)


def _ending(gap: Unseen) -> Ending:
    """Whether a transaction whose answer did not come may have been committed all the same."""
    if gap.status is not None:
        return Ending.UNKNOWN if gap.status >= SERVER_ERROR else Ending.NOT_BEGUN
    return Ending.UNKNOWN if gap.why in (Why.TIMED_OUT, Why.GARBLED) else Ending.NOT_BEGUN


def _sentence(gap: Unseen) -> str:
    return f"{gap.what} {gap.remedy}" if gap.remedy else gap.what
