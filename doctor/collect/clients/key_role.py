"""The database role that a Supabase key stands for, by the key itself."""

from __future__ import annotations

import base64

import msgspec

SERVICE_ROLE = "service_role"
ANON = "anon"


def role_of(key: str) -> str | None:
    """The role of a new key by its kind, of an old one (a JWT) by its claim; None where neither tells."""
    if key.startswith("sb_"):
        return SERVICE_ROLE if key.startswith("sb_secret_") else ANON
    return _claimed_role(key)


def _claimed_role(key: str) -> str | None:
    """The role that a JWT claims, unverified."""
    parts = key.split(".")
    if len(parts) != 3:  # noqa: PLR2004 -- header, claims and signature make a JWT (RFC 7519)
        return None
    try:
        claims = msgspec.json.decode(
            base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        )
    except (ValueError, msgspec.DecodeError):
        return None
    role = claims.get("role") if isinstance(claims, dict) else None
    return role if isinstance(role, str) else None
