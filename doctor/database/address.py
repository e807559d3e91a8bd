"""The database URL as libpq takes it, whatever tool it was written for."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from doctor.evidence.base import Unseen, Why

# node-postgres' word for what libpq calls `require`: encrypted, and nobody's certificate checked.
_SSLMODE_ALIASES = {"no-verify": "require"}
_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")
_URL = re.compile(r"^postgres(?:ql)?://")


def parameters(url: str) -> dict[str, str] | Unseen:
    """Return libpq's parameters of a URL or `key=value` string, without those of other tools.

    libpq refuses `pgbouncer=true`, `connection_limit=…` and the like, which are meant for Prisma.
    The text of a parse error is never passed on: it may hold a piece of the password.
    """
    try:
        parsed = conninfo_to_dict(_for_libpq(url.strip()))
    except (psycopg.Error, ValueError):
        return _unusable("cannot be parsed")
    found = {name: str(value) for name, value in parsed.items() if value is not None}
    # An "@" in the host is the rest of a password that was not percent-encoded.
    if "@" in found.get("host", "") or "@" in found.get("dbname", ""):
        return _unusable("cannot be parsed")
    return found


def _for_libpq(url: str) -> str:
    url = _DRIVER.sub(r"\1://", url)
    if not _URL.match(url):
        if "://" in url or "=" not in url:
            raise ValueError("no PostgreSQL URL")
        return url
    head, mark, query = url.partition("?")
    if not mark:
        return url
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    kept = [
        (name, _SSLMODE_ALIASES.get(value, value) if name == "sslmode" else value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name in known
    ]
    return f"{head}?{urlencode(kept, quote_via=quote)}" if kept else head


def _unusable(what: str) -> Unseen:
    return Unseen(
        why=Why.UNREACHABLE,
        what=f"The database URL {what}.",
        remedy="Write it as postgresql://user:password@host:port/database, with special "
        "characters of the password percent-encoded.",
        dependency="PostgreSQL",
    )
