"""What the Data API answered: whether it is its own at all, and a refusal as the reason of a gap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.services.meaning import data_api_status, is_platforms

if TYPE_CHECKING:
    from backup_doctor.collect.clients.answer import Answer
    from backup_doctor.evidence.row import ApiAnswer

NAME = "Supabase's Data API"
OK = 200
UNAUTHORIZED = 401
FORBIDDEN = 403
SET_KEY = "Set SUPABASE_SERVICE_ROLE_KEY to the project's current secret or service-role key"
NO_GRANT = "42501"
OTHER_WAY = (
    "Set SUPABASE_DB_URL (or SUPABASE_ACCESS_TOKEN), or grant the key's role SELECT on the table."
)
# PostgREST's hint on a missing grant names the role of the key, whatever that is.
GRANTS_TO_ALL = re.compile(r"\bGRANT\b.*\bTO\s+\"?(?:anon|authenticated|public)\b", re.IGNORECASE)
# How Supabase's gateway, hosted or one's own, words that it refuses a key.
REFUSES_KEY = re.compile("api keys?|authentication credentials", re.IGNORECASE)


def is_supabases(answer: Answer, column: str | None) -> bool:
    """Whether PostgREST or Supabase's gateway can have sent this: rows with a column, or an error."""
    body = answer.json()
    if answer.status == OK:
        return isinstance(body, list) and all(
            isinstance(row, dict) and (column is None or column in row) for row in body
        )
    if is_platforms(answer.status) or "sb-error-code" in answer.headers:
        return True
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str):
        return False
    refuses = answer.status in (UNAUTHORIZED, FORBIDDEN) and not isinstance(body.get("code"), str)
    return not refuses or REFUSES_KEY.search(message) is not None


def foreign(answer: Answer) -> Unseen:
    """That something else than the Data API answered."""
    return Unseen(
        why=Why.GARBLED,
        what=f"{NAME} answered HTTP {answer.status} with something that it never sends.",
        remedy="Check SUPABASE_URL, whether the project is paused, and proxies on the way.",
        dependency=NAME,
        status=answer.status,
    )


def refusal(refused: ApiAnswer) -> Unseen:
    """Why nothing is seen, in the Data API's own words."""
    code = f" {refused.code}" if refused.code else ""
    said = f": {refused.message.splitlines()[0].rstrip('.')}" if refused.message else ""
    return Unseen(
        why=data_api_status(refused.status).why or Why.REFUSED,
        what=f"{NAME} answered HTTP {refused.status}{code}{said}.",
        remedy=_remedy(refused),
        dependency=NAME,
        status=refused.status,
        code=refused.code,
    )


def _remedy(refused: ApiAnswer) -> str | None:
    """What lets the doctor see: the right key where the one given is refused, or is a public one."""
    # PostgREST answers 401 to anon, and 403 to any other role.
    of_anon = refused.code == NO_GRANT and refused.status == UNAUTHORIZED
    if of_anon or GRANTS_TO_ALL.search(refused.hint):
        return f"{SET_KEY}: the key that was given is a public one."
    if refused.gateway and refused.status == UNAUTHORIZED:
        return f"{SET_KEY}."
    return refused.hint or (OTHER_WAY if refused.code == NO_GRANT else None)
