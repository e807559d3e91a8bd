"""A request of the Data API, read as PostgREST reads it: path, query string, headers, body.

Source: PostgREST 14, src/library/PostgREST/ApiRequest.hs and ApiRequest/Preferences.hs.
"""

import re
from dataclasses import dataclass

from psycopg import sql
from werkzeug import Request

from backup_doctor.demo.supabase import rest_query
from backup_doctor.demo.supabase.rest_errors import ApiError, unsupported
from backup_doctor.demo.supabase.state import Project

MAX_ROWS = 1000
"""Supabase's default for `db-max-rows`."""

ONE_OBJECT = "application/vnd.pgrst.object"
READS = ("GET", "HEAD")
METHODS = (*READS, "POST", "PATCH")
INVERTED = (
    "The lower boundary must be lower than or equal to the upper boundary in the Range header."
)


# What PostgREST knows; the values of `timezone` and `max-affected` are open.
KNOWN_PREFERENCES = frozenset(
    [
        *(f"resolution={how}" for how in ("merge-duplicates", "ignore-duplicates")),
        *(f"return={what}" for what in ("representation", "minimal", "headers-only")),
        *(f"count={how}" for how in ("exact", "planned", "estimated")),
        *(f"missing={what}" for what in ("default", "null")),
        *(f"handling={how}" for how in ("strict", "lenient")),
        *(f"tx={how}" for how in ("commit", "rollback")),
    ]
)


@dataclass(frozen=True)
class Preferences:
    """The header `Prefer`, as far as it matters here.

    at_most: how many rows a strict request may change; None where it names no number.
    """

    returning: str | None
    counting: str | None
    resolution: str | None
    handling: str | None = None
    at_most: int | None = None

    @property
    def full(self) -> bool:
        """Tell whether the rows themselves are wanted back."""
        return self.returning == "representation"

    def applied(self, method: str) -> str:
        """Return the value of `Preference-Applied`."""
        returning = None if method in READS else self.returning
        named = {
            "return": returning,
            "count": self.counting,
            "handling": self.handling,
            "max-affected": self.at_most,
        }
        return ", ".join(f"{name}={value}" for name, value in named.items() if value is not None)


@dataclass(frozen=True)
class Call:
    """One request of one table, read but not yet run."""

    method: str
    schema: str
    table: str
    query: rest_query.Query
    prefer: Preferences
    single: bool
    body: bytes
    limit: int | None
    offset: int

    @property
    def qualified(self) -> sql.Identifier:
        """Return the table's name as SQL."""
        return sql.Identifier(self.schema, self.table)


def read_call(project: Project, request: Request, path: str) -> Call:
    """Read a request of `path` below `/rest/v1/`.

    Raises:
        ApiError: PGRST1xx for what PostgREST refuses, 501 for what this stand-in cannot.
    """
    if request.method not in METHODS:
        raise unsupported(request.method)
    if not path or "/" in path:
        raise unsupported("the root, functions or deeper paths")
    schema = _schema(project, request)
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name != "apikey"]
    query = rest_query.parse(pairs, sql.Identifier(schema, path))
    limit, offset = _page(request, query)
    prefer = _preferences(request, known_limit=project.rest_limits_changes)
    if prefer.resolution or "on_conflict" in request.args:
        raise unsupported("upserts")
    return Call(
        method=request.method,
        schema=schema,
        table=path,
        query=query,
        prefer=prefer,
        single=_wants_one(request),
        body=request.get_data(),
        limit=limit,
        offset=offset,
    )


def _schema(project: Project, request: Request) -> str:
    profile = "Accept-Profile" if request.method in READS else "Content-Profile"
    schema = request.headers.get(profile, project.exposed_schemas[0])
    if schema not in project.exposed_schemas:
        exposed = ", ".join(project.exposed_schemas)
        hint = f"Only the following schemas are exposed: {exposed}"
        raise ApiError(406, "PGRST106", f"Invalid schema: {schema}", hint=hint)
    return schema


def _wants_one(request: Request) -> bool:
    accept = request.headers.get("Accept", "*/*")
    if ONE_OBJECT in accept:
        return True
    if not any(kind in accept for kind in ("*/*", "application/*", "application/json")):
        raise ApiError(406, "PGRST107", f"None of these media types are available: {accept}")
    return False


def _preferences(request: Request, *, known_limit: bool) -> Preferences:
    given = ",".join(request.headers.getlist("Prefer")).split(",")
    words = [word.strip() for word in given if word.strip()]
    # Of a preference that is given twice, the first counts.
    named = dict(word.split("=", 1) for word in reversed(words) if "=" in word)
    strict = named.get("handling") == "strict"
    unknown = [word for word in words if not _is_known(word, known_limit=known_limit)]
    if strict and unknown:
        message = "Invalid preferences given with handling=strict"
        details = f"Invalid preferences: {', '.join(unknown)}"
        raise ApiError(400, "PGRST122", message, details)
    limit = named.get("max-affected", "")
    return Preferences(
        returning=named.get("return"),
        counting=named.get("count"),
        resolution=named.get("resolution"),
        handling=named.get("handling"),
        at_most=int(limit) if strict and known_limit and limit.isdecimal() else None,
    )


def _is_known(word: str, *, known_limit: bool) -> bool:
    limit = known_limit and word.startswith("max-affected=")
    return limit or word in KNOWN_PREFERENCES or word.startswith("timezone=")


def _page(request: Request, query: rest_query.Query) -> tuple[int | None, int]:
    """Return limit and offset: the narrower of the query's, the header's and the server's."""
    if request.method not in READS:
        return None, 0
    limits = [limit for limit in (query.limit, MAX_ROWS) if limit is not None]
    offset = query.offset
    header = re.fullmatch(r"(\d+)-(\d*)", request.headers.get("Range", ""))
    if header:
        offset = max(offset, int(header[1]))
        if header[2]:
            limits.append(int(header[2]) - offset + 1)
    if min(limits) < 0:
        raise ApiError(416, "PGRST103", "Requested range not satisfiable", INVERTED)
    return min(limits), offset
