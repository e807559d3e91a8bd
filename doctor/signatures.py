"""What an answer means: the messages of PostgreSQL, PostgREST and the gateways, by finding code.

The pipeline's log shows answers in many wordings, but the services' own messages stand in all of
them. Sources: PostgREST's error reference, PostgreSQL's SQLSTATEs, Supabase's edge-function codes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from doctor.evidence.log import Call, Outcome

# One answer, several possible codes: where a message alone does not decide, what is known of the
# catalogue does. The first of a tuple is the one to assume when nothing else is known.
_DATABASE: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"legacy api keys are disabled", ("secrets/revoked",)),
    (r"no api key found in request", ("secrets/missing", "secrets/empty")),
    (r"\bPGRST303\b|jwt expired|token is expired", ("secrets/expired",)),
    (
        (
            r"\bPGRST301\b|JWSError|jwt cryptographic operation failed|no suitable key or wrong key type"
            r"|expected 3 parts in jwt"
        ),
        ("secrets/revoked",),
    ),
    (r"double check your supabase|invalid api key.{0,60}hint", ("secrets/revoked",)),
    (r"violates row-level security policy", ("rls/update-blocked",)),
    (
        r"permission denied for (table|relation|schema|view|column|function|sequence)",
        ("rls/no-grant",),
    ),
    (r"\bPGRST205\b|could not find the table", ("row/table-missing", "row/schema-cache-stale")),
    (
        r"\bPGRST204\b|could not find the '[^']*' column",
        ("row/column-missing", "row/schema-cache-stale"),
    ),
    (r"has no field", ("row/trigger-interferes", "row/column-missing")),
    (
        r"\b42703\b|column \S+ does not exist|column \S+ of relation \S+ does not exist",
        ("row/column-missing", "row/trigger-interferes"),
    ),
    (r"\b42P01\b|relation \S+ does not exist", ("row/table-missing",)),
    (
        r"\b22003\b|out of range for type|(integer|smallint|bigint|numeric field) (out of range|overflow)",
        ("row/size-overflow",),
    ),
    (
        (
            r"\b23(514|502|505|503|P01)\b|violates (check|not-null|unique|foreign key|exclusion) constraint"
            r"|violates check constraint|duplicate key value"
        ),
        ("row/constraint-rejects",),
    ),
    (r"\b22001\b|value too long for type", ("row/constraint-rejects",)),
    (r"\b22P02\b|invalid input value for enum", ("row/constraint-rejects",)),
    (r"\b25006\b|read-only transaction", ("row/database-read-only",)),
    (r"\b55P03\b|lock timeout|could not obtain lock|\b40P01\b|deadlock detected", ("row/locked",)),
    (r"\b57014\b|statement timeout", ("row/locked", "row/api-overloaded")),
    (
        (
            r"\bPGRST00[0-3]\b|\b53300\b|too many (connections|clients)|remaining connection slots"
            r"|timed out acquiring connection|could not query the database for the schema cache"
        ),
        ("row/api-overloaded",),
    ),
    (r"\bP0001\b|raise_exception", ("row/trigger-interferes",)),
    (r"\b42501\b", ("rls/no-grant", "rls/update-blocked")),
)

_GATEWAY: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"NOT_FOUND_FUNCTION_BLOB|requested function was not found", ("function/not-deployed",)),
    (
        (
            r"UNAUTHORIZED_(NO_AUTH_HEADER|INVALID_JWT_FORMAT|LEGACY_JWT|ASYMMETRIC_JWT"
            r"|UNSUPPORTED_TOKEN_ALGORITHM)|missing authorization header"
            r"|auth header is not 'bearer|\"(code|msg|message)\"\s*:\s*(401\s*,\s*\"message\"\s*:\s*)?\"invalid jwt\""
        ),
        ("function/jwt-gate",),
    ),
    (r"UNAUTHORIZED_INVALID_API_KEY", ("secrets/revoked",)),
    (r"\bBOOT_ERROR\b|function failed to start", ("function/boot-error",)),
    (r"WORKER_(RESOURCE_)?LIMIT|not having enough compute resources", ("function/resource-limit",)),
    (r"\bWORKER_ERROR\b|function exited due to an error", ("function/server-error",)),
    (r"\bIDLE_TIMEOUT\b|request idle timeout", ("function/timeout",)),
    (r"RATE_LIMIT_EXCEEDED", ("function/rate-limited",)),
    (r"error 1016|origin dns error", ("function/project-paused",)),
)

_FUNCTION_STATUS: dict[int, tuple[str, ...]] = {
    400: ("function/rejected",),
    401: ("function/key-rejected", "function/jwt-gate"),
    402: ("function/project-restricted",),
    403: ("function/rejected",),
    404: ("function/not-deployed", "function/rejected"),
    405: ("function/rejected",),
    409: ("function/rejected",),
    413: ("function/rejected",),
    415: ("function/rejected",),
    422: ("function/rejected",),
    429: ("function/rate-limited",),
    503: ("function/boot-error", "function/server-error"),
    504: ("function/timeout",),
    521: ("function/unreachable",),
    522: ("function/unreachable",),
    523: ("function/unreachable",),
    530: ("function/project-paused",),
    540: ("function/project-paused",),
    544: ("function/timeout",),
    546: ("function/resource-limit",),
}
# Where nothing answers, the address may be at fault, or what is behind it.
_NOBODY_THERE = (
    "function/unreachable",
    "function/project-paused",
    "secrets/bad-url",
    "secrets/missing",
    "secrets/empty",
    "secrets/whitespace",
)
NOT_FOUND = 404
NOT_ALLOWED = 405
CLIENT_ERRORS = range(400, 500)
SERVER_ERRORS = range(500, 600)


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What an answer can mean: `codes`, the likeliest first. `own_words`: the function itself spoke.

    One code is proof; several must be told apart by what else is known.
    """

    codes: tuple[str, ...] = ()
    own_words: bool | None = None

    @property
    def proved(self) -> str | None:
        """The code, where the answer alone decides."""
        return self.codes[0] if len(self.codes) == 1 else None


_UNANSWERED = {
    Outcome.TIMED_OUT: Meaning(codes=("function/timeout", "row/locked", "row/api-overloaded")),
    Outcome.UNREACHABLE: Meaning(codes=("function/unreachable",)),
}


@lru_cache(maxsize=64)  # many rules ask about the same answer
def database_meaning(text: str) -> tuple[str, ...]:
    """The codes that a message of PostgreSQL, PostgREST or the Data API's gateway stands for."""
    return _first(_DATABASE, text)


def function_meaning(call: Call) -> Meaning:
    """What the log's answer of the edge function can mean."""
    if call.outcome is not Outcome.REFUSED:
        return _UNANSWERED.get(call.outcome, Meaning())
    if _RAN.search("\n".join(call.lines)):
        return _own_answer(call.status, call.body or " ")
    # A client's own exception has the platform's words in it, and no answer is shown.
    by_gateway = gateway_meaning(call.status, call.body or "\n".join(call.lines))
    if by_gateway:
        return Meaning(codes=by_gateway, own_words=False)
    if _is_anothers_page(call):
        return Meaning(codes=("secrets/bad-url",))
    return _own_answer(call.status, call.body)


def gateway_meaning(status: int | None, body: str) -> tuple[str, ...]:
    """The code of a refusal that is the platform's own, not the function's."""
    if status == NOT_FOUND and re.search(
        r'"code"\s*:\s*"NOT_FOUND"|^(?:< )?sb-error-code: ?NOT_FOUND\b', body, re.MULTILINE
    ):
        return ("function/not-deployed",)
    if re.fullmatch(
        r'\s*\{\s*"message"\s*:\s*"Invalid API key"\s*(,\s*"hint".*)?\}\s*', body, re.DOTALL
    ):
        return ("secrets/revoked",)
    if re.fullmatch(r"\s*invalid jwt\.?\s*", body, re.IGNORECASE):
        # What a client kept of the gateway's answer.
        return ("function/jwt-gate",)
    return _first(_GATEWAY, body)


def _own_answer(status: int | None, body: str) -> Meaning:
    spoke = bool(body.strip())
    by_database = database_meaning(body) if spoke else ()
    if by_database:
        # The platform gives a function its key: who misses one is the Data API, asked in its place.
        return Meaning(
            codes=by_database, own_words=None if "secrets/missing" in by_database else True
        )
    if status is None:
        return Meaning()
    if status in SERVER_ERRORS and _REFUSES_KEY.search(body):
        # Whom it refuses itself it answers with a 401: this is what the Data API told it.
        return Meaning(codes=("secrets/revoked",), own_words=True)
    # A failure that the function reports with a 200 is one of its own.
    codes = _FUNCTION_STATUS.get(status) or _of_class(status) or ("function/server-error",)
    if spoke:
        # Its own words: not the gateway, which would have shown one of its codes.
        codes = {
            404: ("function/rejected",),
            401: ("function/key-rejected",),
            503: ("function/server-error",),
        }.get(status, codes)
    return Meaning(codes=codes, own_words=True if spoke else None)


def _of_class(status: int) -> tuple[str, ...]:
    if status in CLIENT_ERRORS:
        return ("function/rejected",)
    return ("function/server-error",) if status in SERVER_ERRORS else ()


def fallback_meaning(call: Call) -> Meaning:
    """What the log's answer to the direct update can mean."""
    codes = database_meaning(call.body)
    if codes:
        return Meaning(codes=codes)
    if call.outcome is Outcome.TIMED_OUT:
        return Meaning(codes=("row/locked", "row/api-overloaded"))
    if _is_anothers_page(call):
        return Meaning(codes=("secrets/bad-url",))
    by_status = {
        401: (
            "secrets/revoked",
            "secrets/wrong-role",
            "secrets/expired",
            "secrets/empty",
            "secrets/missing",
        ),
        403: ("rls/no-grant", "rls/update-blocked"),
        404: ("row/table-missing", "row/schema-cache-stale"),
        405: ("row/database-read-only",),
        409: ("row/constraint-rejects",),
        503: ("row/api-overloaded", "function/project-paused"),
        504: ("row/api-overloaded", "row/locked"),
        521: ("function/unreachable",),
        522: ("function/unreachable",),
        523: ("function/unreachable",),
        402: ("function/project-restricted",),
        540: ("function/project-paused",),
        530: ("function/project-paused",),
    }
    if _REFUSES_KEY.search(call.body):
        return Meaning(codes=("secrets/revoked",))
    return Meaning(codes=by_status.get(call.status or 0, ()))


# The gateway's words in whatever a client makes of them.
_REFUSES_KEY = re.compile(r"\b(?:invalid|unregistered) api key\b", re.IGNORECASE)
# A header that the runtime sets: the function itself ran.
_RAN = re.compile(r"^(?:< )?x-deno-execution-id:", re.IGNORECASE | re.MULTILINE)
_PAGE = re.compile(r"<(?:!doctype html|html)\b", re.IGNORECASE)


def _is_anothers_page(call: Call) -> bool:
    """Whether a web page says that there is no such thing: Supabase's own answers to a call are JSON."""
    shown = call.body or "\n".join(call.lines)
    return call.status in (NOT_FOUND, NOT_ALLOWED) and _PAGE.search(shown) is not None


def look_up_meaning(call: Call) -> Meaning:
    """What the log's answer to the look-up of the backup's id can mean."""
    if call.outcome is Outcome.UNREACHABLE:
        return Meaning(codes=_NOBODY_THERE)
    if call.outcome is Outcome.TIMED_OUT:
        return Meaning(codes=("row/api-overloaded", "row/locked", *_NOBODY_THERE))
    if call.outcome is not Outcome.REFUSED:
        return Meaning()
    meaning = fallback_meaning(call)
    if call.status == NOT_FOUND and not database_meaning(call.body):
        # PostgREST says what it did not find; whoever is at a wrong address does not.
        return Meaning(codes=(*meaning.codes, "secrets/bad-url"))
    return meaning


def _first(table: tuple[tuple[str, tuple[str, ...]], ...], text: str) -> tuple[str, ...]:
    return next((codes for pattern, codes in table if re.search(pattern, text, re.IGNORECASE)), ())
