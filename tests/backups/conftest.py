"""A real PostgreSQL, and a database for each test."""

from tests.database.conftest import lab, postgres

__all__ = ["lab", "postgres"]
