"""A stand-in for PostgREST: its answers, over the real database and its real roles.

Each request is one transaction under the role that the token names, so grants, policies,
constraints and triggers are PostgreSQL's own. Source: PostgREST 14, src/library/PostgREST/.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from werkzeug import Request, Response

from backup_doctor.demo.supabase import rest_rpc, rest_schema, rest_statement
from backup_doctor.demo.supabase.postgres import as_role
from backup_doctor.demo.supabase.rest_auth import verified_claims
from backup_doctor.demo.supabase.rest_call import ONE_OBJECT, READS, Call, read_call
from backup_doctor.demo.supabase.rest_errors import JSON, ApiError, from_postgres
from backup_doctor.demo.supabase.state import LogRecord, Project

NEEDED = {"GET": "SELECT", "HEAD": "SELECT", "POST": "INSERT", "PATCH": "SELECT, UPDATE"}

Connection = psycopg.Connection[TupleRow]


def respond(project: Project, request: Request, path: str, token: str | None) -> Response:
    """Answer a request of `path` below `/rest/v1/`; `token` is the JWT that decides the role."""
    try:
        claims = verified_claims(project, token)
        return _respond(project, request, path, claims)
    except ApiError as error:
        return error.response()


def _respond(project: Project, request: Request, path: str, claims: Mapping[str, Any]) -> Response:
    if project.faults.schema_cache_lost:
        message = "Could not query the database for the schema cache. Retrying."
        raise ApiError(503, "PGRST002", message)
    is_rpc = path.startswith(rest_rpc.PREFIX) and request.method == "POST"
    call = None if is_rpc else read_call(project, request, path)
    if project.faults.pool_exhausted:
        message = "Timed out acquiring connection from connection pool."
        raise ApiError(504, "PGRST003", message)
    if call is None:
        return _respond_to_rpc(project, request, path.removeprefix(rest_rpc.PREFIX), claims)
    role = str(claims.get("role", "anon"))
    try:
        with _connect(project) as connection:
            return _run(connection, project, call, claims)
    except psycopg.Error as error:
        refusal = from_postgres(error, anonymous=role == "anon")
        refusal.hint = refusal.hint or _advice(refusal, call, role)
        _log(project, refusal)
        raise refusal from error


def _respond_to_rpc(
    project: Project, request: Request, name: str, claims: Mapping[str, Any]
) -> Response:
    schema = project.exposed_schemas[0]
    try:
        with _connect(project) as connection:
            _take_role(connection, schema, request.method, f"/{rest_rpc.PREFIX}{name}", claims)
            return rest_rpc.call(connection, schema, name, request)
    except psycopg.Error as error:
        refusal = from_postgres(error, anonymous=claims.get("role", "anon") == "anon")
        _log(project, refusal)
        raise refusal from error


def _connect(project: Project) -> Connection:
    try:
        return psycopg.connect(as_role(project.database_uri, "authenticator"), connect_timeout=10)
    except psycopg.OperationalError as error:
        raise ApiError(503, "PGRST000", "Database connection error.", str(error)) from error


def _run(
    connection: Connection, project: Project, call: Call, claims: Mapping[str, Any]
) -> Response:
    columns = rest_schema.known_columns(connection, project, call.schema, call.table)
    statement = _statement(connection, call, columns)
    connection.rollback()
    # PostgREST itself begins a write READ WRITE, which would defeat default_transaction_read_only;
    # Supabase documents that every write fails while it is on, and so it does here.
    connection.read_only = True if call.method in READS else None
    _take_role(connection, call.schema, call.method, f"/{call.table}", claims)
    row = connection.execute(statement).fetchone()
    assert row is not None  # an aggregate always has one row
    total = _total(connection, call, row[0])
    if call.single and row[0] != 1:
        connection.rollback()
        message = "Cannot coerce the result to a single JSON object"
        raise ApiError(406, "PGRST116", message, f"The result contains {row[0]} rows")
    if call.method == "PATCH" and call.prefer.at_most is not None and row[0] > call.prefer.at_most:
        connection.rollback()
        message = "Query result exceeds max-affected preference constraint"
        raise ApiError(400, "PGRST124", message, f"The query affects {row[0]} rows")
    connection.commit()
    return _answer(call, affected=row[0], body=row[1], total=total)


def _statement(connection: Connection, call: Call, columns: frozenset[str]) -> sql.Composed:
    if call.method in READS:
        return rest_statement.read(call.qualified, call.query, call.limit, call.offset)
    payload = rest_statement.read_payload(call.body)
    unknown = sorted((call.query.columns or payload.keys) - columns)
    if unknown:
        message = f"Could not find the '{unknown[0]}' column of '{call.table}' in the schema cache"
        raise ApiError(400, "PGRST204", message)
    types = rest_schema.column_types(connection, call.schema, call.table)
    if call.method == "POST":
        return rest_statement.insert(
            call.qualified, call.query, payload, types, returning=call.prefer.full
        )
    if call.query.where is None and payload.keys:
        # The extension safeupdate says it at Supabase, before anything runs.
        raise ApiError(400, "21000", "UPDATE requires a WHERE clause")
    return rest_statement.update(
        call.qualified, call.query, payload, types, returning=call.prefer.full
    )


def _take_role(
    connection: Connection, schema: str, method: str, path: str, claims: Mapping[str, Any]
) -> None:
    """Set what PostgREST sets for the transaction: role, its own settings, claims, method."""
    role = str(claims.get("role", "anon"))
    row = connection.execute(
        "SELECT rolconfig FROM pg_catalog.pg_roles WHERE rolname = %s", (role,)
    ).fetchone()
    own = dict(setting.split("=", 1) for setting in (row and row[0]) or ())
    settings = {
        "search_path": f'"{schema}", "public", "extensions"',
        **own,
        "request.jwt.claims": json.dumps(claims),
        "request.method": method,
        "request.path": path,
        "role": role,
    }
    for name, value in settings.items():
        connection.execute("SELECT pg_catalog.set_config(%s, %s, true)", (name, value))


def _total(connection: Connection, call: Call, affected: int) -> int | None:
    if call.prefer.counting is None:
        return None
    if call.method not in READS:
        return affected
    row = connection.execute(rest_statement.count(call.qualified, call.query)).fetchone()
    assert row is not None  # an aggregate always has one row
    return int(row[0])


def _answer(call: Call, *, affected: int, body: str, total: int | None) -> Response:
    reading = call.method in READS
    if reading and total is not None and call.offset > total:
        details = f"An offset of {call.offset} was requested, but there are only {total} rows."
        raise ApiError(416, "PGRST103", "Requested range not satisfiable", details)
    text = body.removeprefix("[").removesuffix("]") if call.single else body
    shown = text if reading or call.prefer.full else None
    answer = Response(shown, _status(call, affected, total))
    if shown is not None:
        answer.content_type = f"{ONE_OBJECT}+json; charset=utf-8" if call.single else JSON
    else:
        del answer.headers["Content-Type"]
    answer.headers["Content-Range"] = _content_range(call, affected, total)
    if call.prefer.applied(call.method):
        answer.headers["Preference-Applied"] = call.prefer.applied(call.method)
    return answer


def _status(call: Call, affected: int, total: int | None) -> int:
    if call.method == "POST":
        return 201
    if call.method == "PATCH":
        return 200 if call.prefer.full else 204
    return 206 if total is not None and affected < total else 200


def _content_range(call: Call, affected: int, total: int | None) -> str:
    counted = "*" if total is None else str(total)
    if call.method == "POST" or affected == 0:
        return f"*/{counted}"
    return f"{call.offset}-{call.offset + affected - 1}/{counted}"


def _advice(refusal: ApiError, call: Call, role: str) -> str | None:
    """Return the hint that Supabase's extension supautils adds to a missing grant."""
    denied = re.fullmatch(r"permission denied for table (\S+)", refusal.message)
    if denied is None:
        return None
    needed = (
        f"SELECT, {NEEDED['POST']}"
        if call.prefer.full and call.method == "POST"
        else NEEDED[call.method]
    )
    grant = f"GRANT {needed} ON {call.schema}.{denied[1]} TO {role};"
    return f"Grant the required privileges to the current role with: {grant}"


def _log(project: Project, refusal: ApiError) -> None:
    attributes = {"parsed.error_severity": "ERROR", "parsed.sql_state_code": refusal.code}
    project.logs.append(LogRecord("postgres_logs", refusal.message, attributes, "ERROR"))
