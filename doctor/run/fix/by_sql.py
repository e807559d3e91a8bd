"""Writing by SQL: the text of one transaction, sent in one message to the server or to its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo

from backup_doctor.collect.clients.management import FORBIDDEN, Management
from backup_doctor.collect.clients.management_answers import rows, understood
from backup_doctor.collect.database.address import parameters
from backup_doctor.collect.database.answers import DENIED, Refusal, refusal_in
from backup_doctor.collect.database.connecting import connect_failure
from backup_doctor.collect.database.session import SESSION_ENDED, cut_off
from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.report.compose.results import sentence
from backup_doctor.run.fix.ending import Ending, Written
from backup_doctor.run.fix.transaction import COMPLAINTS, transaction

if TYPE_CHECKING:
    from backup_doctor.collect.database.answers import Rows
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.fix.plan import Plan
    from backup_doctor.settings.model import Settings

CONNECT_LIMIT_S = 5
WRITE_LIMIT_S = 25.0
# The server refused before it did anything, for who asked: no right to it, or a session that reads.
MAY_NOT_WRITE = frozenset({DENIED, "25006"})
SERVER_ERROR = 500
# Told by the very process that ran the transaction: it is no more.
ENDED = "57P"
DIRECT_NEEDS = (
    "The row was read from SUPABASE_DB_URL, so it is written there and nowhere else: set it to a "
    "user that may update the table."
)
MANAGEMENT_NEEDS = (
    "The row was read by the Management API, so it is written there and nowhere else: give the "
    "access token the permission database_write."
)


def directly(settings: Settings, plan: Plan) -> Written:
    """Write at the user's database URL, in a session of its own."""
    assert settings.database_url is not None, "the row was read from it"
    found = parameters(settings.database_url.reveal())
    if isinstance(found, Unseen):
        return _not_begun(found)
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
        return _not_begun(connect_failure(str(error), found.get("host", "localhost")))
    reply = _sent(session, transaction(settings.names, plan))
    return _written(reply, settings.names, DIRECT_NEEDS)


def by_management(settings: Settings, plan: Plan) -> Written:
    """Write by the Management API's SQL endpoint."""
    client = _WritingManagement(settings, Deadline(WRITE_LIMIT_S))
    answer = client.send(transaction(settings.names, plan))
    reply = (refusal_in(answer) or answer) if isinstance(answer, Unseen) else None
    return _written(reply, settings.names, MANAGEMENT_NEEDS)


class _WritingManagement(Management):
    """The Management API with the one endpoint that writes."""

    def send(self, sql: str) -> Rows | Unseen:
        answer = self._post("database/query", {"query": sql})
        if isinstance(answer, Unseen) and answer.status == FORBIDDEN:
            return self._unseen(
                Why.DENIED,
                "The access token may not write to the database.",
                remedy=MANAGEMENT_NEEDS,
                status=FORBIDDEN,
            )
        return answer if isinstance(answer, Unseen) else understood(answer, rows)


def _sent(session: psycopg.Connection[Any], transaction: str) -> Refusal | Unseen | None:
    """Send the text in one message; None when it was committed. The session ends with it."""
    try:
        with session, cut_off(session, WRITE_LIMIT_S), session.cursor() as cursor:
            cursor.execute(transaction.encode())
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate.startswith(SESSION_ENDED):
            return Unseen(
                why=Why.GARBLED,
                what="PostgreSQL broke off before it confirmed.",
                code=error.sqlstate,
            )
        return Refusal(error.sqlstate, error.diag.message_primary or "no message")
    return None


def _written(reply: Refusal | Unseen | None, names: Names, needs: str) -> Written:
    if reply is None:
        return Written(ending=Ending.COMMITTED)
    if isinstance(reply, Unseen):
        return _unanswered(reply) if _may_be_done(reply) else _not_begun(reply)
    complaint = next((one for one in COMPLAINTS if one in reply.message), None)
    if complaint:
        reason = f"{complaint[0].upper()}{complaint[1:]}."
        return Written(ending=Ending.ROLLED_BACK, reason=reason, otherwise=True)
    said = f"{reply.message} ({reply.sqlstate})."
    if reply.sqlstate in MAY_NOT_WRITE and not _of_another(reply, names):
        return Written(ending=Ending.NOT_BEGUN, reason=f"{said} {needs}")
    return Written(ending=Ending.ROLLED_BACK, reason=said)


def _of_another(refused: Refusal, names: Names) -> bool:
    """Whether a right is missing on something else: what a trigger writes to, for example."""
    return refused.sqlstate == DENIED and names.table_name not in refused.message


def _may_be_done(gap: Unseen) -> bool:
    """Whether a transaction whose answer did not come may have been committed all the same."""
    return gap.why in (Why.TIMED_OUT, Why.GARBLED) or (gap.status or 0) >= SERVER_ERROR


def _unanswered(gap: Unseen) -> Written:
    over = (gap.code or "").startswith(ENDED)
    return Written(ending=Ending.UNKNOWN, reason=sentence(gap), over=over)


def _not_begun(gap: Unseen) -> Written:
    return Written(ending=Ending.NOT_BEGUN, reason=sentence(gap))
