"""How PostgREST verifies a token: the refusals PGRST301 and PGRST303.

Source: PostgREST 14, src/library/PostgREST/Auth/Jwt.hs and Error.hs.
"""

import time
from collections.abc import Mapping
from typing import Any

from backup_doctor.demo.supabase import keys
from backup_doctor.demo.supabase.rest_errors import invalid_token
from backup_doctor.demo.supabase.state import Project

CLOCK_SKEW_S = 30


def verified_claims(project: Project, token: str | None) -> Mapping[str, Any]:
    """Return the verified claims of a token; without one the role is `anon`.

    Raises:
        ApiError: PGRST301, it cannot be verified; PGRST303, it is too old or too new.
    """
    if token is None:
        return {"role": "anon"}
    if not token:
        raise invalid_token("PGRST301", "Empty JWT is sent in Authorization header")
    pieces = len(token.split("."))
    if pieces != 3:  # noqa: PLR2004 -- header, claims, signature
        raise invalid_token("PGRST301", f"Expected 3 parts in JWT; got {pieces}")
    parts = keys.parts(token)
    if parts is None:
        raise invalid_token("PGRST301", "JWT couldn't be decoded")
    header, claims = parts
    unusable = "No suitable key or wrong key type"
    if header.get("alg") != "HS256":
        details = "No suitable key was found to decode the JWT"
        raise invalid_token("PGRST301", unusable, details)
    if not keys.signed_with(token, project.keys.jwt_secret):
        details = "None of the keys was able to decode the JWT"
        raise invalid_token("PGRST301", unusable, details)
    now = time.time()
    if claims.get("exp", now) < now - CLOCK_SKEW_S:
        raise invalid_token("PGRST303", "JWT expired")
    if claims.get("iat", now) > now + CLOCK_SKEW_S:
        raise invalid_token("PGRST303", "JWT issued at future")
    return claims
