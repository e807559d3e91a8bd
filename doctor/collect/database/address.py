"""The database URL as libpq takes it, whatever tool it was written for.

Left to itself, libpq does without TLS where the server has none, and gives the password in clear text
to whoever asks for it. Here neither happens beyond this machine, unless the URL says so.
Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.settings.values import is_loopback

# node-postgres' word for what libpq calls `require`: encrypted, and nobody's certificate checked.
_SSLMODE_ALIASES = {"no-verify": "require"}
ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
NO_CLEAR_TEXT = "!password"
# Else a role, a database, the URL or PGCLIENTENCODING may have text come as bytes, or in another encoding.
_AS_TEXT = {"client_encoding": "UTF8"}
_KNOWN = frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())
_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")
_URL = re.compile(r"^postgres(?:ql)?://")


def parameters(url: str) -> dict[str, str] | Unseen:
    """Return libpq's parameters of a URL or `key=value` string, without those of other tools.

    libpq refuses `pgbouncer=true`, `connection_limit=…` and the like, which are meant for Prisma. What
    the URL leaves open about TLS and the password is filled in. The text of a parse error is never
    passed on: it may hold a piece of the password.
    """
    try:
        parsed = conninfo_to_dict(_for_libpq(url.strip()))
    except (psycopg.Error, ValueError):
        return _unusable("cannot be parsed")
    found = {name: str(value) for name, value in parsed.items() if value is not None}
    # An "@" in the host is the rest of a password that was not percent-encoded.
    if "@" in found.get("host", "") or "@" in found.get("dbname", ""):
        return _unusable("cannot be parsed")
    return {**_precautions(found), **found, **_AS_TEXT}


def _precautions(found: dict[str, str]) -> dict[str, str]:
    """TLS, and no password in clear text, unless it is asked for or the host is this machine."""
    # What a service of pg_service.conf says is the user's own, and not known here.
    if "service" in found or _is_this_machine(found):
        return {}
    mode = os.environ.get("PGSSLMODE", "")
    wanted = {"sslmode": mode if mode in ENCRYPTED else "require"}
    # libpq knows it since version 16.
    if "require_auth" in _KNOWN and not os.environ.get("PGREQUIREAUTH"):
        wanted["require_auth"] = NO_CLEAR_TEXT
    return wanted


def _is_this_machine(found: dict[str, str]) -> bool:
    """Whether all hosts are loopback or sockets: the parameters', else those of libpq's environment."""
    environ = os.environ.get
    named = found.get("hostaddr") or found.get("host")
    hosts = named or environ("PGHOSTADDR") or environ("PGHOST") or ""
    return all(host[:1] in ("", "/", "@") or is_loopback(host) for host in hosts.split(","))


def place(found: dict[str, str]) -> str:
    """Host and port that libpq connects to with these parameters, its own defaults included."""
    defaults = {
        option.keyword.decode(): option.val.decode()
        for option in pq.Conninfo.get_defaults()
        if option.val
    }
    taken = {**defaults, **found}
    named = taken.get("host") or taken.get("service") or "a local socket"
    # Where both are given, the name is only what the certificate is held against.
    address = f" ({taken['hostaddr']})" if taken.get("hostaddr") else ""
    port = f":{taken['port']}" if taken.get("port") else ""
    return f"{named}{port}{address}"


def _for_libpq(url: str) -> str:
    url = _DRIVER.sub(r"\1://", url)
    if not _URL.match(url):
        if "://" in url or "=" not in url:
            raise ValueError("no PostgreSQL URL")
        return url
    head, mark, query = url.partition("?")
    if not mark:
        return url
    kept = [
        (name, _SSLMODE_ALIASES.get(value, value) if name == "sslmode" else value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name in _KNOWN
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
