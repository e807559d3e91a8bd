"""The one SQL statement that the Data API runs for a request, as PostgREST builds it.

Values travel as JSON and are typed by `json_to_record(set)` with the columns' own types, so that
PostgreSQL itself refuses what does not fit. Source: PostgREST 14, src/library/PostgREST/Query/.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from backup_doctor.demo.supabase.rest_errors import ApiError
from backup_doctor.demo.supabase.rest_query import Query

ROWS = """
    WITH pgrst_source AS ({source})
    SELECT pg_catalog.count(_t), coalesce(pg_catalog.json_agg(_t), '[]')::text
    FROM (SELECT * FROM pgrst_source) _t
"""


@dataclass(frozen=True)
class Payload:
    """A JSON body: as sent, whether it is one object, and the keys of its object or objects."""

    text: str
    single: bool
    keys: frozenset[str]


def read_payload(body: bytes) -> Payload:
    """Read the body of a POST or PATCH.

    Raises:
        ApiError: PGRST102, it is no JSON, or its objects differ in their keys.
    """
    try:
        value = json.loads(body)
    except ValueError:
        raise ApiError(400, "PGRST102", "Empty or invalid json") from None
    if isinstance(value, dict):
        return Payload(body.decode(), single=True, keys=frozenset(value))
    if not (isinstance(value, list) and value):
        return Payload("[]", single=False, keys=frozenset())
    if len({_keys(element) for element in value}) > 1 or _keys(value[0]) is None:
        raise ApiError(400, "PGRST102", "All object keys must match")
    return Payload(body.decode(), single=False, keys=frozenset(value[0]))


def read(table: sql.Identifier, query: Query, limit: int | None, offset: int) -> sql.Composed:
    """Return the SELECT of one page of `table`."""
    order = sql.SQL(" ORDER BY {}").format(query.order) if query.order else sql.SQL("")
    page = sql.SQL(" LIMIT {} OFFSET {}").format(sql.Literal(limit), sql.Literal(offset))
    body = sql.SQL("SELECT {} FROM {}{}").format(query.select, table, _where(query))
    return _rows(body + order + page)


def count(table: sql.Identifier, query: Query) -> sql.Composed:
    """Return the SELECT of how many rows the filters leave."""
    return sql.SQL("SELECT pg_catalog.count(*) FROM {}{}").format(table, _where(query))


def insert(
    table: sql.Identifier,
    query: Query,
    payload: Payload,
    types: Mapping[str, str],
    *,
    returning: bool,
) -> sql.Composed:
    """Return the INSERT of the payload's object or objects."""
    names = _names(query, payload)
    columns = [sql.Identifier(name) for name in names]
    target = sql.SQL(" ({})").format(sql.SQL(", ").join(columns)) if names else sql.SQL("")
    listed = sql.SQL(", ").join(sql.SQL("pgrst_body.{}").format(column) for column in columns)
    source = _body(names, payload, types)
    body = sql.SQL("INSERT INTO {}{} SELECT {} FROM {}").format(table, target, listed, source)
    return _rows(body + _returning(query, returning=returning))


def update(
    table: sql.Identifier,
    query: Query,
    payload: Payload,
    types: Mapping[str, str],
    *,
    returning: bool,
) -> sql.Composed:
    """Return the UPDATE of the filtered rows; of none where the payload names no column."""
    names = _names(query, payload)
    if not names:
        return _rows(sql.SQL("SELECT {} FROM {} WHERE false").format(query.select, table))
    assignments = sql.SQL(", ").join(
        sql.SQL("{0} = pgrst_body.{0}").format(sql.Identifier(name)) for name in names
    )
    first = sql.SQL("(SELECT * FROM {} LIMIT 1) pgrst_body").format(_body(names, payload, types))
    body = sql.SQL("UPDATE {} SET {} FROM {}{}").format(table, assignments, first, _where(query))
    return _rows(body + _returning(query, returning=returning))


def _names(query: Query, payload: Payload) -> list[str]:
    return sorted(payload.keys if query.columns is None else query.columns)


def _body(names: list[str], payload: Payload, types: Mapping[str, str]) -> sql.Composable:
    value = sql.Literal(payload.text)
    if not names:  # `{}` is one row of defaults, `[{}, {}]` two
        rows = "(values(1)) pgrst_body" if payload.single else "json_array_elements({}) pgrst_body"
        return sql.SQL(rows).format(value)
    # A column that the cache knows and the table lost is text here, and 42703 further on.
    typed = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), _sql(types.get(name, "text")))
        for name in names
    )
    function = sql.SQL("json_to_record" if payload.single else "json_to_recordset")
    return sql.SQL("{}({}) AS pgrst_body({})").format(function, value, typed)


def _where(query: Query) -> sql.Composable:
    return sql.SQL(" WHERE {}").format(query.where) if query.where else sql.SQL("")


def _returning(query: Query, *, returning: bool) -> sql.Composable:
    # RETURNING 1 needs no SELECT privilege: return=minimal works with INSERT alone.
    return sql.SQL(" RETURNING {}").format(query.select if returning else sql.SQL("1"))


def _rows(source: sql.Composable) -> sql.Composed:
    return sql.SQL(ROWS).format(source=source)


def _sql(text: str) -> sql.SQL:
    return sql.SQL(text)  # a type's name, from the catalogue


def _keys(element: Any) -> frozenset[str] | None:  # noqa: ANN401 -- any JSON value
    return frozenset(element) if isinstance(element, dict) else None
