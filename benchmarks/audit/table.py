"""The table of the benchmark, in a PostgreSQL of its own."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

import psycopg

from benchmarks.audit.backups import backups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.supabase.postgres import PostgresServer
    from benchmarks.audit.backups import Backup

MIGRATION = "pipeline/supabase/migrations/20260101000000_backup_history.sql"
COPY = """
COPY public.backup_history (dispatch_id, s3_key, status, size_bytes, finished_at, created_at)
FROM STDIN"""


@contextmanager
def table(server: PostgresServer, count: int) -> Iterator[str]:
    """The reference pipeline's table with so many backups; the URL of a user who may read it."""
    name = f"audit_{count}"
    server.create_database(name)
    with psycopg.connect(server.uri(name), autocommit=True) as connection:
        connection.execute(files("backup_doctor.demo").joinpath(MIGRATION).read_bytes())
        with connection.cursor().copy(COPY) as copy:
            for backup in backups(count):
                if not backup.is_nth(3):
                    copy.write_row(_row(backup))
        connection.execute("VACUUM ANALYZE public.backup_history")
    yield server.uri(name, "backup_doctor")
    server.drop_database(name)


def _row(backup: Backup) -> tuple[object, ...]:
    """A success; or stuck, with its key and without; and one that is not in the table at all."""
    at = backup.created_at
    if backup.is_nth(4):
        return backup.dispatch_id, backup.key, "in_progress", None, None, at
    if backup.is_nth(5):
        return backup.dispatch_id, None, "in_progress", None, None, at
    return backup.dispatch_id, backup.key, "success", backup.size, at, at
