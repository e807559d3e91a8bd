"""The Management API's SQL endpoint: a query in the project's database, rows as JSON objects.

Source: https://supabase.com/docs/reference/api/v1-run-a-query; errors and the choice among several
results as measured on the hosted platform, which puts supabase/postgres-meta behind the endpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import ClientCursor, RawCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader

WRITER = "postgres"
READER = "supabase_read_only_user"

# The JavaScript driver behind the endpoint parses these types into JSON; all others stay text.
PARSED_TYPES = frozenset(
    {"bool", "int2", "int4", "int8", "oid", "float4", "float8", "json", "jsonb", "text", "varchar"}
)

Row = dict[str, Any]


class QueryError(Exception):
    """The database refused the query; the message is the endpoint's."""


@dataclass(frozen=True)
class Query:
    """One request. `parameters` stand for $1, $2, … and allow one statement only."""

    text: str
    parameters: Sequence[Any] = ()
    read_only: bool = False


def run(database_uri: str, query: Query) -> list[Row]:
    """Return the rows of the last statement that returned any.

    A read-only query runs as `supabase_read_only_user`, logged in: it cannot take on a role that
    was not granted to it.

    Raises:
        QueryError: the database refused it, or could not be reached.
    """
    try:
        with _session(database_uri, query) as connection:
            return _rows(connection, query)
    except psycopg.Error as error:
        raise QueryError(f"Failed to run sql query: {_verbose(error)}") from error


def _session(database_uri: str, query: Query) -> "psycopg.Connection[Any]":
    connection = psycopg.connect(
        database_uri, autocommit=True, options="-c timezone=UTC", connect_timeout=10
    )
    try:
        connection.execute(f"SET SESSION AUTHORIZATION {READER if query.read_only else WRITER}")
        if query.read_only:
            connection.execute("SET default_transaction_read_only = on")
    except psycopg.Error:
        connection.close()
        raise
    for kind in psycopg.postgres.types:
        if kind.name not in PARSED_TYPES:
            connection.adapters.register_loader(kind.oid, _AsText)
    return connection


def _rows(connection: "psycopg.Connection[Any]", query: Query) -> list[Row]:
    if query.parameters:
        with RawCursor(connection) as cursor:
            cursor.execute(query.text, list(query.parameters))
            return _objects(cursor)
    with ClientCursor(connection) as cursor:
        cursor.execute(query.text)
        rows = _objects(cursor)
        while cursor.nextset():
            rows = _objects(cursor) or rows
        return rows


def _objects(cursor: "psycopg.Cursor[Any]") -> list[Row]:
    if cursor.description is None:
        return []
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _verbose(error: psycopg.Error) -> str:
    if error.sqlstate is None:
        return str(error).strip()
    diagnosis = error.diag
    lines = [f"ERROR:  {error.sqlstate}: {diagnosis.message_primary}"]
    # psycopg's text holds the LINE and the caret under it, which no field of the report does.
    lines += [line for line in str(error).splitlines()[1:3] if _points_at_query(line)]
    fields = {
        "DETAIL": diagnosis.message_detail,
        "HINT": diagnosis.message_hint,
        "CONTEXT": diagnosis.context,
    }
    lines += [f"{name}:  {value}" for name, value in fields.items() if value]
    return "\n".join(lines) + "\n"


def _points_at_query(line: str) -> bool:
    return line.startswith("LINE ") or not line.strip(" ^")


class _AsText(Loader):
    """Leaves a value as PostgreSQL wrote it."""

    def load(self, data: Buffer) -> str:
        """Return the text of `data`."""
        return bytes(data).decode()
