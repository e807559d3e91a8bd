"""Whose row, and as which role, row-level security refused by the log: not always what it seems."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.rls.view import TABLES, table_of
from backup_doctor.judge.history.calls import answers_told
from backup_doctor.judge.show import listed, manual

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.rls import Proof

_REFUSED_ROW = "violates row-level security policy"
_OF_TABLE = re.compile(
    r'violates row-level security policy (?:\\*"[^"\\]+\\*" )?for table \\*"([^"\\]+)'
)


def other_refused(case: Case) -> str | None:
    """The table other than that of the backups, or than what a view reads, that the refusal names."""
    known = table_of(case)
    named = _OF_TABLE.search("\n".join(answers_told(case)))
    behind = known is not None and known.kind not in TABLES
    return named[1] if named and named[1] != case.names.table_name and not behind else None


def let_write_beside(other: str, case: Case) -> tuple[Fix, ...]:
    """What lets the row for that table pass its policies."""
    known = table_of(case)
    triggers = [one.name for one in (known.triggers if known else ()) if other in one.source]
    by = f"the trigger {listed(triggers)}" if triggers else "a trigger or the function"
    return (
        manual(
            f"Let the row for {other} pass its policies",
            f"It is written by {by}: give {other} a policy for whoever writes it, or let a function that "
            "is SECURITY DEFINER write it, whose owner the policies do not bind.",
        ),
    )


def ran_as_another(proof: Proof | None, case: Case) -> bool:
    """Whether the log has a refusal that the role, which bypasses the policies, cannot have met."""
    known = table_of(case)
    grants = known.grants_of(proof.role) if known and proof else None
    if known is None or not known.rls_enabled or grants is None:
        return False
    bypasses = grants.bypasses_rls or grants.superuser
    return bypasses and any(_REFUSED_ROW in text for text in answers_told(case))


def run_as(role: str) -> tuple[Fix, ...]:
    """What makes a request run as the role that is meant."""
    return (
        manual(
            f"Let the request run as {role}",
            "The JWT in the Authorization header decides the role, not the one in apikey: a client that "
            "has a user's session, or a function that passes the Authorization of its caller on, writes "
            f"as that user. Use a client for the update that has the key of {role} alone.",
        ),
    )
