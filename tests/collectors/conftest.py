"""A real PostgreSQL for the collectors of the row and of its security."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.database.conftest import lab, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.lab import Lab

__all__ = ["lab", "postgres"]


@pytest.fixture
def stuck(lab: Lab) -> Lab:
    """The reference pipeline's table, with one row that is stuck."""
    return lab.migrate()


@pytest.fixture
def writer(stuck: Lab) -> Iterator[str]:
    """A role without BYPASSRLS that may read and update the table; the doctor may take it on."""
    role = f"writer_{uuid4().hex[:8]}"
    admin = "supabase_admin"
    stuck.sql(f"CREATE ROLE {role} NOLOGIN", admin)
    stuck.sql(f"GRANT {role} TO backup_doctor WITH INHERIT FALSE, SET TRUE", admin)
    stuck.sql(f"GRANT USAGE ON SCHEMA public TO {role}", admin)
    stuck.sql(f"GRANT SELECT, UPDATE ON public.backup_history TO {role}", admin)
    yield role
    stuck.sql(f"DROP OWNED BY {role}; DROP ROLE {role}", admin)
