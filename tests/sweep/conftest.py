"""A real PostgreSQL, and whole pipelines that really ran."""

from __future__ import annotations

from tests.database.conftest import lab, postgres
from tests.e2e.conftest import servers, world

__all__ = ["lab", "postgres", "servers", "world"]
