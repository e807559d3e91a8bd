"""Keys described and compared without being shown. Pure functions; no garbage makes them raise.

Source of the shapes: https://supabase.com/docs/guides/api/api-keys.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from backup_doctor.evidence.secrets import KeyKind, KeyMatch, ServiceKey

if TYPE_CHECKING:
    from collections.abc import Iterable

SURROUNDING = " \t\r\n\v\f\u00a0\u200b\ufeff"
CLAIM_LENGTH = 100
PIECES_OF_A_JWT = 3
QUOTES, BEARER, JWT = ('"', "'", "`"), "bearer ", "eyJ"
# The characters of a signature.
SIGNATURES = {"HS256": 43, "ES256": 86, "RS256": 342}
_ASSIGNED = re.compile(r"[A-Za-z_]\w{2,60}\s*=")
PREFIXES = {
    "sb_secret_": KeyKind.SECRET,
    "sb_publishable_": KeyKind.PUBLISHABLE,
    "sbp_": KeyKind.MANAGEMENT_TOKEN,
}
# What editors, `echo` and web forms add to a value.
ADDED = ("\n", "\r\n", " ", "\t", "\n\n")


def bare(key: str) -> str:
    """The key without surrounding blanks, newlines or invisible marks, as clients send it."""
    return key.strip(SURROUNDING)


def fits_header(key: str) -> bool:
    """Whether an HTTP header can carry the key: printable ASCII only."""
    return key.isascii() and key.isprintable()


def describe_service_key(key: str, *, setting: str) -> ServiceKey:
    """What a service key looks like; a JWT's claims are read, never verified."""
    value = bare(key)
    surrounded = value != key
    claims = jwt_claims(value)
    if claims is None:
        kind = next(
            (kind for prefix, kind in PREFIXES.items() if value.startswith(prefix)),
            KeyKind.UNRECOGNIZED,
        )
        flaw = _flaw(value) if kind is KeyKind.UNRECOGNIZED else ""
        return ServiceKey(setting=setting, kind=kind, flaw=flaw, surrounding_whitespace=surrounded)
    return ServiceKey(
        setting=setting,
        kind=KeyKind.LEGACY_JWT,
        flaw=_flaw_of_jwt(value),
        role=_text(claims.get("role")),
        ref=_text(claims.get("ref")),
        issued_at=_time(claims.get("iat")),
        expires_at=_time(claims.get("exp")),
        surrounding_whitespace=surrounded,
    )


def _flaw(value: str) -> str:
    """What was copied beside the key, or in its place."""
    if value.startswith(QUOTES) or value.endswith(QUOTES):
        return "has quotation marks around it"
    if value[: len(BEARER)].lower() == BEARER:
        return "begins with 'Bearer', which the workflow puts there itself"
    if _ASSIGNED.match(value):
        return "begins with a variable's name and '='"
    return "was not copied whole" if value.startswith(JWT) else "is not a Supabase key"


def _flaw_of_jwt(value: str) -> str:
    """Whether its signature is as long as it has to be, where that is known."""
    head, _, signature = value.rpartition(".")
    header = _json_object(head.partition(".")[0]) or {}
    whole = SIGNATURES.get(str(header.get("alg")), len(signature))
    return "" if len(signature) == whole else "was not copied whole: its signature is cut off"


def jwt_claims(token: str) -> dict[str, Any] | None:
    """The claims of a JWT, unverified; None for anything that is no JWT (RFC 7519)."""
    pieces = token.split(".")
    if len(pieces) != PIECES_OF_A_JWT:
        return None
    header, claims = (_json_object(piece) for piece in pieces[:2])
    return claims if header is not None else None


def _json_object(piece: str) -> dict[str, Any] | None:
    try:
        padded = piece + "=" * (-len(piece) % 4)
        value = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(claim: object) -> str | None:
    return claim[:CLAIM_LENGTH] if isinstance(claim, str) else None


def _time(claim: object) -> datetime | None:
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return None
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def digest(value: str) -> str:
    """SHA-256 in lower-case hex, which Supabase most likely lists for a function's secret."""
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def is_digest_of(listed: str, values: Iterable[str]) -> bool:
    """Whether a listed digest is that of one of the values."""
    return listed.lower() in {digest(value) for value in values}


def compare(key: str, listed: str) -> tuple[KeyMatch, bool]:
    """Hold a key against the digest of the function's secret.

    Returns the match, and whether whitespace surrounds the function's value. A match is certain
    whatever is known of the digests; `DIFFERENT` holds only if they are known to be SHA-256.
    """
    value = bare(key)
    surrounded = is_digest_of(listed, _with_whitespace(value))
    if is_digest_of(listed, (key,)):
        return KeyMatch.EQUAL, surrounded
    if surrounded or is_digest_of(listed, (value,)):
        return KeyMatch.EQUAL_BUT_FOR_WHITESPACE, surrounded
    return KeyMatch.DIFFERENT, False


def _with_whitespace(value: str) -> tuple[str, ...]:
    behind = (value + added for added in ADDED)
    before = (added + value for added in (*ADDED, "\ufeff"))
    around = (f" {value} ", f"\n{value}\n")
    return (*behind, *before, *around)
