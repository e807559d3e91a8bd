"""A database of its own for each test, on one real PostgreSQL, and the doctor's sources for it."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.settings.model import Secret, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.supabase.postgres import PostgresServer
    from backup_doctor.evidence.base import Evidence

ROW_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
DISPATCH = "nightly-42"
MIGRATION = "pipeline/supabase/migrations/20260101000000_backup_history.sql"
STUCK_ROW = f"""
INSERT INTO public.backup_history (id, dispatch_id, created_at)
VALUES ('{ROW_ID}', '{DISPATCH}', '2026-01-15 02:03:04+00')"""


@dataclass
class Lab:
    """One database with a Supabase project's roles, empty until a test fills it."""

    server: PostgresServer
    name: str
    names: Names = field(default_factory=Names)

    def sql(self, statement: str, role: str = "postgres") -> list[dict[str, Any]]:
        with psycopg.connect(self.uri(role), autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def uri(self, role: str = "postgres") -> str:
        return self.server.uri(self.name, role)

    def migrate(self) -> Lab:
        """The reference pipeline's table, with one row that is stuck."""
        self.sql(files("backup_doctor.demo").joinpath(MIGRATION).read_text())
        self.sql(STUCK_ROW)
        return self

    def settings(self, role: str = "backup_doctor", **more: Any) -> Settings:
        return Settings(names=self.names, database_url=Secret(self.uri(role)), **more)

    def ask(self, settings: Settings | None = None, *earlier: Evidence) -> Sources:
        done: dict[type[Evidence], Future[Any]] = {}
        for evidence in earlier:
            done[type(evidence)] = Future()
            done[type(evidence)].set_result(evidence)
        return Sources(settings or self.settings(), Deadline(30), done)

    def case(self, **asked: str) -> Case:
        about = Asked(**(asked or {"dispatch_id": DISPATCH}))
        return Case(asked=about, names=self.names, now=datetime.now(UTC))

    def renamed(self, **columns: str) -> Lab:
        return replace(self, names=Names(columns=columns))


@contextmanager
def lab_on(server: PostgresServer) -> Iterator[Lab]:
    name = f"lab_{uuid4().hex}"
    server.create_database(name)
    try:
        yield Lab(server, name)
    finally:
        server.drop_database(name)
