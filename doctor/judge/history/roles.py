"""Which database role the pipeline's key turned out to have, as the log tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.judge.history.calls import fallback_call
from backup_doctor.services.meaning import database_meaning

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import Call

UNAUTHORIZED = 401
PUBLIC_ROLES = frozenset({"anon", "authenticated", "public"})
_HINTED = re.compile(r"\bGRANT\s+[\w, ]{1,80}?\s+ON\s+\S{1,200}\s+TO\s+\\?\"?(\w+)", re.IGNORECASE)


def role_refused(case: Case) -> str | None:
    """The role that PostgreSQL refused; None where the log does not tell.

    PostgREST's hint names it; and it answers 42501 with HTTP 401 to nobody but anon.
    Source: PostgREST, "Errors", HTTP status codes.
    """
    look_up = case.log.lookup_call if case.log else None
    roles = (_role(one) for one in (fallback_call(case), look_up) if one is not None)
    return next((role for role in roles if role), None)


def _role(call: Call) -> str | None:
    if not any(one.startswith("rls/") for one in database_meaning(call.body)):
        return None
    hinted = _HINTED.search(call.body)
    if hinted:
        return hinted[1].lower()
    return "anon" if call.status == UNAUTHORIZED else None
