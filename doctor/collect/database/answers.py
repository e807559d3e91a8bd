"""What a statement can come back with: rows, PostgreSQL's refusal, or nothing at all."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.services.meaning import coded_answer

Rows: TypeAlias = list[dict[str, Any]]

DENIED = "42501"
UNDEFINED_TABLE = "42P01"
NO_TABLE = frozenset({UNDEFINED_TABLE, "3F000"})
# The statement does not suit the table's columns: absent, or of another type.
UNSUITABLE = frozenset({"42703", "42883", "22P02", "22003", "22007", "22008", "42804"})
LOCKED = "55P03"
CANCELLED = "57014"

# "Failed to run sql query: ERROR:  42P01: relation …", as the Management API words a refusal.
_SQLSTATE_IN_TEXT = re.compile(r"ERROR:\s+([0-9A-Z]{5}):\s*([^\n]*)")
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")


class Refusal(Immutable, frozen=True):
    """PostgreSQL was reached and said no: its SQLSTATE and its primary message."""

    sqlstate: str
    message: str

    def unseen(self) -> Unseen:
        """The refusal as a reason why something could not be seen."""
        known = coded_answer(self.sqlstate)
        return Unseen(
            why=known.why or Why.REFUSED,
            what=f"PostgreSQL refused the doctor's query: {self.message} ({self.sqlstate}).",
            remedy=known.remedy,
            dependency="PostgreSQL",
            code=self.sqlstate,
        )


Reply: TypeAlias = Rows | Refusal | Unseen


def refusal_in(reason: Unseen) -> Refusal | None:
    """PostgreSQL's own refusal inside another service's error, where there is one."""
    found = _SQLSTATE_IN_TEXT.search(reason.what)
    if found:
        return Refusal(found.group(1), found.group(2).strip())
    if reason.code and _SQLSTATE.fullmatch(reason.code):
        return Refusal(reason.code, reason.what)
    return None
