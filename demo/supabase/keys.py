"""The keys of a project: legacy JWTs signed with its secret, and the newer `sb_` keys.

Source: https://supabase.com/docs/guides/api/api-keys and its page on JWT signing keys.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

LEGACY_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True)
class Keys:
    """What the dashboard shows under API keys, with the secret that signs the legacy ones."""

    jwt_secret: str
    anon: str
    service_role: str
    publishable: str
    secret: str

    @classmethod
    def create(cls, ref: str, issued_at: datetime | None = None) -> "Keys":
        """Return fresh keys for project `ref`; the legacy ones live for ten years from issue."""
        jwt_secret = secrets.token_urlsafe(48)
        issued = issued_at or datetime.now(UTC)
        return cls(
            jwt_secret=jwt_secret,
            anon=legacy_key(ref, "anon", jwt_secret, issued),
            service_role=legacy_key(ref, "service_role", jwt_secret, issued),
            publishable=_opaque("publishable"),
            secret=_opaque("secret"),
        )


def legacy_key(ref: str, role: str, jwt_secret: str, issued: datetime) -> str:
    """Return the HS256 JWT that a project of `ref` gives to `role`."""
    return sign(
        {
            "iss": "supabase",
            "ref": ref,
            "role": role,
            "iat": int(issued.timestamp()),
            "exp": int((issued + LEGACY_LIFETIME).timestamp()),
        },
        jwt_secret,
    )


def sign(claims: Mapping[str, Any], jwt_secret: str) -> str:
    """Return `claims` as a JWT signed with HMAC SHA-256."""
    unsigned = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
    return f"{unsigned}.{_signature(unsigned, jwt_secret)}"


def signed_with(token: str, jwt_secret: str) -> bool:
    """Tell whether the HS256 `token` carries the signature of `jwt_secret`."""
    unsigned, _, signature = token.rpartition(".")
    return hmac.compare_digest(signature.encode(), _signature(unsigned, jwt_secret).encode())


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return header and claims of a JWT, unverified; None for anything that is no JWT."""
    pieces = token.split(".")
    if len(pieces) != 3:  # noqa: PLR2004 -- header, claims and signature: what makes a JWT (RFC 7519)
        return None
    try:
        header, claims = (json.loads(_decode(piece)) for piece in pieces[:2])
    except ValueError:
        return None
    if not (isinstance(header, dict) and isinstance(claims, dict)):
        return None
    return header, claims


def _opaque(kind: str) -> str:
    # 22 characters of base64url, then eight whose meaning Supabase has not published.
    return f"sb_{kind}_{secrets.token_urlsafe(16)}_{secrets.token_urlsafe(6)}"


def _encode(value: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _signature(unsigned: str, jwt_secret: str) -> str:
    return _base64url(hmac.digest(jwt_secret.encode(), unsigned.encode(), hashlib.sha256))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(piece: str) -> bytes:
    return base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))
