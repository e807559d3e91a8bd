"""A database URL of another project than the Supabase URL: what is true of one is not of the other.

Two names of one `.env`, or a `DATABASE_URL` of the app's own. The row would be read from a database
that the pipeline never writes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from backup_doctor.settings.resolving import ResolvedSettings

_DIRECT = re.compile(r"db\.([a-z]{20})\.supabase\.(?:co|in)")
_POOLER = re.compile(r".+\.pooler\.supabase\.com")
_OF_PROJECT = re.compile(r".+\.([a-z]{20})")


def database_ref(url: str) -> str | None:
    """The project ref that a database URL of Supabase names: in its host, or at a pooler in its user."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    direct = _DIRECT.fullmatch(host)
    if direct is not None:
        return direct[1]
    user = _OF_PROJECT.fullmatch(unquote(parts.username or "")) if _POOLER.fullmatch(host) else None
    return user[1] if user else None


def withhold_other(resolved: ResolvedSettings) -> tuple[ResolvedSettings, dict[str, Unseen]]:
    """The settings without a database of another project; and why, by setting."""
    database, ref = resolved.values.get("database_url"), resolved.values.get("project_ref")
    its_own = database_ref(database.bare) if database else None
    if database is None or ref is None or its_own in (None, ref.bare):
        return resolved, {}
    values = {name: one for name, one in resolved.values.items() if name != "database_url"}
    why = Unseen(
        why=Why.NOT_TRUSTED,
        what=f"The database of {database.origin} was not asked: it is of the project {its_own}, and "
        f"{ref.origin} names {ref.bare}.",
        remedy=f"Set SUPABASE_DB_URL to the database of {ref.bare}, or correct {ref.origin.name}.",
    )
    return replace(resolved, values=values), {"database_url": why}
