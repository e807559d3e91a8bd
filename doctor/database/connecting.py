"""Why a session with PostgreSQL could not be opened, in a sentence.

Failures to connect differ by their text alone (psycopg's `sqlstate` is None). The wordings are
PostgreSQL's, Supavisor's, libpq's and the resolver's.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from doctor.evidence.base import Unseen, Why

POOLER = (
    "Use the pooler's URL (Supabase Dashboard → Connect → Session pooler): it answers over IPv4."
)


class _Sign(NamedTuple):
    pattern: str
    why: Why
    what: str
    remedy: str | None = None


_TIMED_OUT = _Sign(
    r"timeout|timed out",
    Why.TIMED_OUT,
    "did not answer in time",
    "Check host and port in the database URL.",
)
_OTHER = _Sign("", Why.UNREACHABLE, "could not be connected to")

# First match wins.
_SIGNS = (
    _Sign(
        r"password authentication failed|no password supplied|SASL authentication failed"
        r"|wrong password",
        Why.BAD_CREDENTIALS,
        "refused the password",
        "Correct the user and password in the database URL.",
    ),
    _Sign(
        r"tenant or user not found|tenant/user .* not found|ENOTFOUND",
        Why.BAD_CREDENTIALS,
        "knows no such tenant or user: the pooler's host or the user `postgres.<ref>` is wrong, or "
        "the project was just resumed",
        "Copy the pooler's URL again from Supabase Dashboard → Connect.",
    ),
    _Sign(
        r'database ".*" does not exist',
        Why.NOT_FOUND,
        "has no database of that name",
        "Correct the database's name at the end of the database URL.",
    ),
    _Sign(
        r'role ".*" does not exist|is not permitted to log in',
        Why.BAD_CREDENTIALS,
        "has no such user that may log in",
        "Correct the user in the database URL.",
    ),
    _Sign(
        r"allow_list|no pg_hba.conf entry",
        Why.DENIED,
        "does not let this address in",
        "Allow this machine's address (Supabase Dashboard → Database → Settings → Network).",
    ),
    _Sign(
        r"too many (clients|connections)|remaining connection slots|max client connections"
        r"|connection limit exceeded|MaxClientsInSessionMode",
        Why.REFUSED,
        "has no connection left",
        "End idle sessions, or use the pooler's URL.",
    ),
    _Sign(
        r"starting up|shutting down|in recovery mode",
        Why.UNREACHABLE,
        "is starting up or shutting down",
        "Ask again in a minute.",
    ),
    _Sign(
        r"network is unreachable|no route to host|cannot assign requested address"
        r"|address family not supported",
        Why.UNREACHABLE,
        "cannot be reached from this network; the host may have an IPv6 address only",
        POOLER,
    ),
    _Sign(
        r"resolve host|translate host name|name or service not known|no address associated"
        r"|nodename nor servname",
        Why.UNREACHABLE,
        "has no DNS name that can be resolved here; the project may be paused, or the host may "
        "have an IPv6 address only",
        POOLER,
    ),
    _Sign(
        r"connection refused",
        Why.UNREACHABLE,
        "refused the connection",
        "Check host and port in the database URL.",
    ),
    _Sign(
        r"certificate|root\.crt|does not support SSL|SSL connection is required|SSL error|sslmode"
        r"|TLS",
        Why.UNREACHABLE,
        "and the doctor did not agree on TLS",
        "Check sslmode and sslrootcert in the database URL.",
    ),
    _TIMED_OUT,
    _Sign(
        r"expected authentication request|invalid response|server sent an error response"
        r"|received invalid",
        Why.GARBLED,
        "did not answer like PostgreSQL",
        "Check host and port in the database URL.",
    ),
    _Sign(
        r"closed the connection unexpectedly|connection reset|broken pipe",
        Why.GARBLED,
        "closed the connection while the doctor was connecting",
    ),
)


def connect_failure(text: str, host: str) -> Unseen:
    """The failure to connect to `host` that psycopg worded as `text`, which is never passed on."""
    matching = (sign for sign in _SIGNS if re.search(sign.pattern, text, re.IGNORECASE))
    found = next(matching, _OTHER)
    return Unseen(
        why=found.why,
        what=f"PostgreSQL ({host}) {found.what}.",
        remedy=found.remedy,
        dependency="PostgreSQL",
    )
