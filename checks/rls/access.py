"""Why grants and policies could not be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.rls import RlsEvidence
from backup_doctor.judge.framework import Found, Rules

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


rules = Rules[RlsEvidence]()


@rules.context("rls/unreachable")
def unreachable(seen: RlsEvidence, case: Case) -> Found | None:
    """The database could not be asked about grants and policies.

    Detected: no route that sees the catalogue worked.
    Cause: the doctor's own access.
    Fix: set SUPABASE_DB_URL, or SUPABASE_ACCESS_TOKEN for the Management API's SQL endpoint.
    By hand: connect with psql.
    Source: the doctor's own connection.
    """
    own = (Why.NOT_CONFIGURED, Why.NOT_ASKED, Why.NOT_TRUSTED)
    if not isinstance(seen.proof, Unseen) or seen.proof.why in own:
        return None
    return Found(summary=f"Grants and policies could not be seen. {seen.proof.what}")
