"""Functions of the database, called through the Data API: `POST /rest/v1/rpc/<name>`.

Source: PostgREST 14, docs/references/api/functions.rst.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from psycopg import sql
from werkzeug import Response

from backup_doctor.demo.supabase.rest_errors import JSON, ApiError

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow
    from werkzeug import Request

PREFIX = "rpc/"
FIND = """
    SELECT proretset, prorettype = 'void'::regtype FROM pg_catalog.pg_proc
    WHERE pronamespace = %s::regnamespace AND proname = %s AND proargnames @> %s::text[]
"""


def call(
    connection: psycopg.Connection[TupleRow], schema: str, name: str, request: Request
) -> Response:
    """Call the function with the body's fields as its arguments, in the transaction as it is.

    Raises:
        ApiError: no function of this name has these arguments.
    """
    given = json.loads(request.get_data() or b"{}")
    found = connection.execute(FIND, (schema, name, [*given])).fetchone()
    if found is None:
        raise _unknown(schema, name, [*given])
    is_set, is_void = found
    arguments = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(
            sql.Identifier(key), sql.Literal(value if value is None else str(value))
        )
        for key, value in given.items()
    )
    aggregate = "coalesce(json_agg(answer), '[]')" if is_set else "json_agg(answer) -> 0"
    statement = sql.SQL("SELECT ({})::text FROM {}({}) AS answer").format(
        sql.SQL(aggregate), sql.Identifier(schema, name), arguments
    )
    row = connection.execute(statement).fetchone()
    assert row is not None  # an aggregate always has one row
    if is_void:
        return Response(status=204)
    return Response(row[0] or "null", 200, content_type=JSON)


def _unknown(schema: str, name: str, arguments: list[str]) -> ApiError:
    shown = f"{schema}.{name}"
    with_them = f"({', '.join(sorted(arguments))})" if arguments else " without parameters"
    return ApiError(
        404,
        "PGRST202",
        f"Could not find the function {shown}{with_them} in the schema cache",
        f"Searched for the function {shown}{with_them}, but no matches were found in the schema cache.",
    )
