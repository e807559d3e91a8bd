"""Which database role the pipeline's key turned out to have, as the log tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.judge.history.calls import fallback_call, update_ways
from backup_doctor.services.drivers import is_mark
from backup_doctor.services.log_wording import PSQL
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


def is_by_sql(case: Case) -> bool:
    """Whether the direct update was made by a client of PostgreSQL, as its own database user.

    Told by the script; where none was read, by the mark that the client puts before the refusal.
    """
    direct = [one for one in update_ways(case) if not one.is_of_function]
    if direct:
        return all(one.kind == "sql" for one in direct)
    call = fallback_call(case)
    first = call.body.partition("\n")[0]
    return call.status is None and bool(PSQL.match(first) or is_mark(first))


def _role(call: Call) -> str | None:
    if not any(one.startswith("rls/") for one in database_meaning(call.body)):
        return None
    hinted = _HINTED.search(call.body)
    if hinted:
        return hinted[1].lower()
    return "anon" if call.status == UNAUTHORIZED else None
