"""Why a session with PostgreSQL could not be opened, in a sentence."""

from __future__ import annotations

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.services.answers import Service, by_text, table


def connect_failure(text: str, host: str) -> Unseen:
    """The failure to connect to `host` that psycopg worded as `text`, which is never passed on."""
    found = by_text(table(Service.CONNECTING), text)
    return Unseen(
        why=found.why or Why.UNREACHABLE,
        what=f"PostgreSQL ({host}) {found.what or 'could not be connected to'}.",
        remedy=found.remedy,
        dependency="PostgreSQL",
    )
