"""The Data API's schema cache: which tables and columns PostgREST knows.

Real PostgREST reads the catalogue at start and on `NOTIFY pgrst`; at Supabase an event trigger
sends that on every DDL, so a fresh cache is the catalogue itself. A stale one is a snapshot.
"""

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import psycopg

from backup_doctor.demo.supabase.rest_errors import ApiError
from backup_doctor.demo.supabase.state import Project, SchemaCache

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

TABLES = """
    SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text)
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attribute a
           ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
    GROUP BY 1
"""

TYPES = """
    SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod)
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
"""

SIMILARITY = 0.75


def snapshot(project: Project) -> SchemaCache:
    """Read the catalogue now: what a fault keeps as `project.schema_cache` to make it stale."""
    with psycopg.connect(project.database_uri) as connection:
        return _read(connection, project)


def go_stale(project: Project, cache: SchemaCache) -> None:
    """Let the Data API believe in `cache` until `NOTIFY pgrst`, or until it loses its listener."""
    listener = psycopg.connect(project.database_uri, autocommit=True)
    listener.execute("LISTEN pgrst")
    project.schema_cache, project.schema_listener = cache, listener


def stop_listening(project: Project) -> None:
    """End the session of a stale cache that nobody told to reload."""
    if project.schema_listener is not None:
        project.schema_listener.close()


def reload_when_told(project: Project) -> None:
    """Forget a stale cache if somebody said so since the last request."""
    listener = project.schema_listener
    if listener is None or (not listener.closed and not _told(listener)):
        return
    listener.close()
    project.schema_cache = project.schema_listener = None


def _told(listener: "psycopg.Connection[TupleRow]") -> bool:
    try:
        listener.execute("SELECT 1")  # nothing else would tell that the session was ended
        return any(True for _ in listener.notifies(timeout=0))
    except psycopg.OperationalError:  # a lost listener connects again, and reads the schema then
        return True


def known_columns(
    connection: "psycopg.Connection[TupleRow]", project: Project, schema: str, table: str
) -> frozenset[str]:
    """Return the columns of a table as the cache has them.

    Raises:
        ApiError: PGRST205, the cache has no such table.
    """
    reload_when_told(project)
    cache = project.schema_cache
    if cache is None:
        cache = _read(connection, project)
    try:
        return cache[f"{schema}.{table}"]
    except KeyError:
        message = f"Could not find the table '{schema}.{table}' in the schema cache"
        raise ApiError(404, "PGRST205", message, hint=_similar(cache, schema, table)) from None


def column_types(
    connection: "psycopg.Connection[TupleRow]", schema: str, table: str
) -> Mapping[str, str]:
    """Return the SQL type of each column that the table really has."""
    return dict(connection.execute(TYPES, (schema, table)).fetchall())


def _read(connection: "psycopg.Connection[TupleRow]", project: Project) -> SchemaCache:
    rows = connection.execute(TABLES, (project.exposed_schemas,)).fetchall()
    return {name: frozenset(columns) for name, columns in rows}


def _similar(cache: SchemaCache, schema: str, table: str) -> str | None:
    names = [name.removeprefix(f"{schema}.") for name in cache if name.startswith(f"{schema}.")]
    near = difflib.get_close_matches(table, names, n=1, cutoff=SIMILARITY)
    return f"Perhaps you meant the table '{schema}.{near[0]}'" if near else None
