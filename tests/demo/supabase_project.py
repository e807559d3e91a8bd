"""A project with one table, for the tests of its stand-ins; `sql` runs as its administrator."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg

from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.postgres import PostgresServer, as_role
from backup_doctor.demo.supabase.state import Project, new_ref

TABLE = """
CREATE TABLE public.backup_history (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  dispatch_id text UNIQUE,
  status text NOT NULL DEFAULT 'in_progress' CHECK (status IN ('in_progress', 'success', 'failed')),
  s3_key text,
  size_bytes integer,
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE public.backup_history ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON public.backup_history TO service_role;
INSERT INTO public.backup_history (dispatch_id) VALUES ('d-1'), ('d-2');
"""


def sql(project: Project, statement: str, role: str = "postgres") -> list[tuple[Any, ...]]:
    with psycopg.connect(as_role(project.database_uri, role), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@contextmanager
def running_project(server: PostgresServer) -> Iterator[Project]:
    ref = new_ref()
    project = Project(server.create_database(ref), ref=ref)
    try:
        sql(project, TABLE)
        yield project
    finally:
        server.drop_database(ref)


def data_api(gateway: Gateway, key: str) -> httpx.Client:
    """Return a client as supabase-js sets one up: the key in both headers where it is a JWT."""
    headers = {"apikey": key}
    if not key.startswith("sb_"):
        headers["Authorization"] = f"Bearer {key}"
    return httpx.Client(base_url=f"{gateway.url}/rest/v1", headers=headers)
