"""What an answer means in its place: of the function, the direct update, the look-up, or a probe.

What each service says stands in its table (`backup_doctor.services.answers`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.log import Call, Outcome
from backup_doctor.services import log_wording as wording
from backup_doctor.services.answers import (
    UNKNOWN,
    KnownAnswer,
    Sender,
    Service,
    by_code,
    by_status,
    by_text,
    codes_of,
    first_known,
    table,
)
from backup_doctor.services.success_bodies import SUCCESS, refuses_caller, says_not_found

if TYPE_CHECKING:
    from backup_doctor.evidence.row import ApiAnswer

# Where nothing answers, the address may be at fault, or what is behind it.
_NOBODY_THERE = (
    "function/unreachable",
    "function/project-paused",
    "secrets/bad-url",
    "secrets/missing",
    "secrets/empty",
    "secrets/whitespace",
)
_ADDRESS = ("secrets/bad-url",)
UNAUTHORIZED = 401
NOT_FOUND = 404
NOT_ALLOWED = 405
CLIENT_ERRORS = range(400, 500)
SERVER_ERRORS = range(500, 600)
# Data that does not fit its type, and constraints (PostgreSQL, "Error Codes").
VALUE_CLASSES = ("22", "23")


class Meaning(Immutable, frozen=True, kw_only=True):
    """What an answer can mean: `codes`, the likeliest first. `own_words`: the function itself spoke.

    One code is proof; several must be told apart by what else is known.
    """

    codes: tuple[str, ...] = ()
    own_words: bool | None = None

    @property
    def proved(self) -> str | None:
        """The code, where the answer alone decides."""
        return self.codes[0] if len(self.codes) == 1 else None


def at_function() -> tuple[KnownAnswer, ...]:
    """What may come where a function is called, but for its own words."""
    return table(Service.GATEWAY, Service.FUNCTION)


def at_data_api() -> tuple[KnownAnswer, ...]:
    """What may come where the Data API is asked, or of a database in anybody's words."""
    return table(Service.GATEWAY, Service.DATA_API, Service.POSTGRES)


@lru_cache(maxsize=64)  # many rules ask about the same answer
def database_answer(text: str) -> KnownAnswer:
    """The known answer of the Data API, its gateway or PostgreSQL that stands in the text."""
    return by_text(at_data_api(), text)


def database_meaning(text: str) -> tuple[str, ...]:
    """The codes that it stands for."""
    return database_answer(text).means


def coded_answer(code: str | None) -> KnownAnswer:
    """The known answer with a SQLSTATE, or with a code of PostgREST's or the gateway's."""
    return by_code(at_data_api(), code)


def seen_answer(api: ApiAnswer) -> KnownAnswer:
    """What the Data API answered the doctor."""
    bare = UNKNOWN if api.code else data_api_status(api.status)
    return first_known(database_answer(f"{api.message} {api.hint}"), coded_answer(api.code), bare)


def data_api_status(status: int | None) -> KnownAnswer:
    """What a bare status can be where the Data API is asked."""
    return by_status(table(Service.GATEWAY, Service.DATA_API), status)


def refuses_values(sqlstate: str | None) -> bool:
    """Whether PostgreSQL refuses the values that were sent, and would take others."""
    return (sqlstate or "").startswith(VALUE_CLASSES)


def gateway_answer(status: int | None, body: str, code: str | None = None) -> KnownAnswer:
    """The refusal that is the platform's own, not the function's; by its code, if it has one."""
    return first_known(by_text(_of_platform(), body, status), by_code(_of_platform(), code))


@cache
def _of_platform() -> tuple[KnownAnswer, ...]:
    return tuple(row for row in at_function() if row.whose is Sender.PLATFORM)


def gateway_meaning(status: int | None, body: str, code: str | None = None) -> tuple[str, ...]:
    """The codes that it stands for."""
    return gateway_answer(status, body, code).means


def platform_answer(status: int, body: str, code: str | None = None) -> KnownAnswer:
    """The same for an answer that came to the doctor, whose headers show that no function gave it."""
    bare = by_status(at_function(), status) if is_platforms(status) else UNKNOWN
    return first_known(by_text(at_function(), body, status), by_code(at_function(), code), bare)


def is_platforms(status: int | None) -> bool:
    """Whether only Supabase's platform answers with this status, in whatever form."""
    return by_status(at_function(), status).whose is Sender.PLATFORM


def is_on_the_way(status: int | None) -> bool:
    """Whether a proxy says so, where the marks of Supabase are missing."""
    return by_status(at_function(), status).whose is Sender.PROXY


@cache
def _platforms_code() -> str:
    return codes_of(table(Service.FUNCTION), Sender.PLATFORM)


@cache
def gateway_body() -> re.Pattern[str]:
    """A body that tells by its code that it is the platform's, in the place of a function's."""
    word = r"NOT_FOUND[\"'][^}]*\bfunction\b"
    code = rf"(?!NOT_FOUND[\"'])(?:{_platforms_code()})[\"']"
    return re.compile(rf"\bcode[\"']?\s*:\s*[\"'](?:{word}|{code})")


@cache
def functions_header() -> re.Pattern[str]:
    """A header (`curl -i`) that only an answer of the function's gateway or of the function has."""
    return re.compile(
        r"^(?:< )?(?:x-deno-execution-id:|x-served-by: ?supabase-edge-runtime"
        rf"|sb-error-code: ?(?:{_platforms_code()})\b)",
        re.IGNORECASE,
    )


def function_meaning(call: Call) -> Meaning:
    """What the log's answer of the edge function can mean."""
    if call.outcome is Outcome.REFUSED:
        return _refused_by_function(call)
    if call.outcome is Outcome.UNREACHABLE:
        return Meaning(codes=unsent(call) or ("function/unreachable",))
    late = ("function/timeout", "row/locked", "row/api-overloaded")
    return Meaning(codes=late if call.outcome is Outcome.TIMED_OUT else ())


def _refused_by_function(call: Call) -> Meaning:
    if _RAN.search("\n".join(call.lines)):
        return _own_answer(call.status, call.body or " ")
    # A client's own exception has the platform's words in it, and no answer is shown.
    by_gateway = gateway_answer(call.status, call.body or "\n".join(call.lines))
    if by_gateway is not UNKNOWN:
        return Meaning(codes=by_gateway.means, own_words=False)
    page = _of_page(call)
    return Meaning(codes=page, own_words=False) if page else _own_answer(call.status, call.body)


def _own_answer(status: int | None, body: str) -> Meaning:
    spoke = bool(body.strip()) and not _PAGE.search(body)
    below = database_meaning(body) if spoke else ()
    # An address that it passes on is that of its own request.
    if below and below[:1] != _ADDRESS:
        # The platform gives a function its key: who misses one is the Data API, asked in its place.
        return Meaning(codes=below, own_words=None if "secrets/missing" in below else True)
    if status is None and not refuses_caller(body):
        return Meaning()
    if status in SERVER_ERRORS and REFUSES_KEY.search(body):
        # Whom it refuses itself it answers with a 401: this is what the Data API told it.
        return Meaning(codes=("secrets/revoked",), own_words=True)
    if (status is None or status in SUCCESS) and refuses_caller(body):
        # Of an answer whose status is not shown, its words tell.
        status = UNAUTHORIZED
    elif status in SUCCESS and says_not_found(body):
        status = NOT_FOUND
    known = by_status(at_function(), status)
    # Its own words: not the gateway, which would have shown one of its codes. What it calls a failure
    # with a 200 is one of its own.
    codes = (known.spoken if spoke else ()) or known.means or ("function/server-error",)
    return Meaning(codes=codes, own_words=True if spoke else None)


def fallback_meaning(call: Call) -> Meaning:
    """What the log's answer to the direct update can mean."""
    codes = database_meaning(call.body)
    if codes:
        return Meaning(codes=codes)
    if call.outcome is Outcome.TIMED_OUT:
        return Meaning(codes=("row/locked", "row/api-overloaded"))
    if call.outcome is Outcome.UNREACHABLE:
        return Meaning(codes=unsent(call))
    return Meaning(codes=_refused_by_data_api(call))


def _refused_by_data_api(call: Call) -> tuple[str, ...]:
    page = _of_page(call)
    if page:
        return page
    if REFUSES_KEY.search(call.body):
        return ("secrets/revoked",)
    if wording.DATA_API_BODY.search(call.body):
        # Its own code says what it is: the status is that of many others.
        return ()
    return data_api_status(call.status).means


def look_up_meaning(call: Call) -> Meaning:
    """What the log's answer to the look-up of the backup's id can mean."""
    if call.outcome is Outcome.UNREACHABLE:
        return Meaning(codes=unsent(call) or _NOBODY_THERE)
    if call.outcome is Outcome.TIMED_OUT:
        return Meaning(codes=("row/api-overloaded", "row/locked", *_NOBODY_THERE))
    if call.outcome is not Outcome.REFUSED:
        return Meaning()
    meaning = fallback_meaning(call)
    if call.status == NOT_FOUND and not database_meaning(call.body):
        # PostgREST says what it did not find; whoever is at a wrong address does not.
        return Meaning(codes=(*meaning.codes, "secrets/bad-url"))
    return meaning


# The gateway's words in whatever a client makes of them.
REFUSES_KEY = re.compile(r"\b(?:invalid|unregistered) api key\b", re.IGNORECASE)
# Headers of an answer that the function itself gave.
_RAN = re.compile(
    r"^(?:< )?(?:x-deno-execution-id:|sb-error-code: ?EDGE_FUNCTION_ERROR\b)",
    re.IGNORECASE | re.MULTILINE,
)
# Cloudflare has a line for a program in the place of its page.
_PAGE = re.compile(rf"{wording.PAGE.pattern}|\berror code: (?:1\d{{3}}|5[23]\d)\b", re.IGNORECASE)


def unsent(call: Call) -> tuple[str, ...]:
    """What can have kept the client from sending anything: it was given no URL."""
    codes = database_meaning("\n".join(call.lines)) if call.status is None else ()
    return codes if codes[:1] == _ADDRESS else ()


def _of_page(call: Call) -> tuple[str, ...]:
    """What a web page means that refuses the request: Supabase's own answers to a call are JSON.

    Of what is not there it tells the address, else a firewall on the way let nothing through.
    """
    shown = call.body or "\n".join(call.lines)
    if call.status not in CLIENT_ERRORS or not _PAGE.search(shown):
        return ()
    elsewhere = call.status in (NOT_FOUND, NOT_ALLOWED)
    return ("secrets/bad-url",) if elsewhere else ("function/unreachable",)


_DENIED = re.compile(
    r"permission denied for (table|relation|view|schema|function|sequence|column)\s+"
    r"\\?\"?([\w$.]+)\\?\"?",
    re.IGNORECASE,
)


def denied_object(text: str) -> tuple[str, str] | None:
    """The kind and the name of what PostgreSQL denies (42501); None where it denies nothing by name."""
    found = _DENIED.search(text)
    return (found[1].lower(), found[2]) if found else None


# Supabase's hint beside a 42501 names the table with its schema.
_GRANT_HINT = re.compile(r"with: GRANT [A-Z, ]+ ON ([\w$.\\\"]+) TO ")


def table_to_grant(text: str) -> str | None:
    """The table, with its schema, that a hint says lacks a grant; without quotes."""
    found = _GRANT_HINT.search(text)
    return re.sub(r"[\\\"]", "", found[1]) if found else None


_RELATION = re.compile(
    r"""(?:relation|(?:update|delete)\s on\s table)\s \\?"?([\w$.]+)
    |the\s table\s '([^']+)'
    |column\s of\s '([^']+)'
    |column\s \\?"?((?:[\w$]+\.)?[\w$]+)\.[\w$]+\\?"?\s does\s not\s exist""",
    re.IGNORECASE | re.VERBOSE,
)


def named_relation(text: str) -> str | None:
    """The table that a message of PostgreSQL or PostgREST names; None where it names none."""
    found = _RELATION.search(text)
    return next(filter(None, found.groups()), None) if found else None


_NO_SCHEMA = re.compile(r"schema \\?\"([\w$.-]+)\\?\" does not exist")


def missing_schema(text: str) -> str | None:
    """The schema of which PostgreSQL says that it is not there; None where it says so of none."""
    found = _NO_SCHEMA.search(text)
    return found[1] if found else None
