"""Which key a request brings, and whether the platform lets it through.

An unknown key in `apikey` is refused everywhere; a function with `verify_jwt` also wants a valid
token. Source: https://supabase.com/docs/guides/api/api-keys and /guides/functions/auth.
"""

import time

from werkzeug import Request

from backup_doctor.demo.supabase import keys
from backup_doctor.demo.supabase import platform_errors as errors
from backup_doctor.demo.supabase.platform_errors import PlatformError
from backup_doctor.demo.supabase.state import Project


def api_key(request: Request) -> str | None:
    """Return the key in the header or parameter `apikey`; an empty one counts as none."""
    return request.headers.get("apikey") or request.args.get("apikey") or None


def bearer(request: Request) -> str | None:
    """Return the token after `Bearer`; None where the header is absent or of another scheme."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def role_of(project: Project, key: str) -> str | None:
    """Return the role that an API key of the project stands for; None for an unknown key."""
    known = project.keys
    roles = {
        known.anon: "anon",
        known.publishable: "anon",
        known.service_role: "service_role",
        known.secret: "service_role",
    }
    return roles.get(key)


def refuse_key(project: Project, request: Request, key: str) -> PlatformError | None:
    """Return why the platform refuses the `key` in `apikey`, if it does."""
    if role_of(project, key) is None:
        return errors.INVALID_API_KEY
    legacy = key in (project.keys.anon, project.keys.service_role)
    if legacy and not project.legacy_keys_enabled:
        return errors.legacy_keys_disabled(project.legacy_disabled_at.isoformat())
    if key == project.keys.secret and "Mozilla" in request.headers.get("User-Agent", ""):
        return errors.SECRET_KEY_IN_BROWSER
    return None


def data_api_token(project: Project, request: Request, key: str) -> str | None:
    """Return the JWT that PostgREST sees: the one in Authorization, else one for the `apikey`.

    The platform swaps an `sb_` key for a short-lived JWT; in Authorization only where it is the
    same as in `apikey`. None means that the role is `anon`.
    """
    token = bearer(request)
    if token is not None and token != key:
        return token
    role = role_of(project, key)
    if key in (project.keys.anon, project.keys.service_role) or role is None:
        return key
    now = int(time.time())
    claims = {"iss": "supabase", "ref": project.ref, "role": role, "iat": now, "exp": now + 60}
    return keys.sign(claims, project.keys.jwt_secret)


def refuse_token(project: Project, request: Request) -> PlatformError | None:
    """Return why a function with `verify_jwt` is not even started, if so."""
    header = request.headers.get("Authorization")
    if not header:
        return None if api_key(request) else errors.NO_AUTH_HEADER
    token = bearer(request)
    if token is None:
        return errors.NOT_BEARER
    if token in (project.keys.publishable, project.keys.secret):
        return errors.NOT_A_JWT if project.faults.refuse_sb_bearer else None
    return _refuse_jwt(project, token)


def _refuse_jwt(project: Project, token: str) -> PlatformError | None:
    parts = keys.parts(token)
    if parts is None:
        return errors.NOT_A_JWT
    header, claims = parts
    if header.get("alg") in ("ES256", "RS256"):
        return errors.BAD_ASYMMETRIC_JWT  # this project has no asymmetric signing key
    if header.get("alg") != "HS256":
        return errors.unsupported_algorithm(header.get("alg"))
    expired = claims.get("exp", time.time()) < time.time()
    if expired or not keys.signed_with(token, project.keys.jwt_secret):
        return errors.BAD_LEGACY_JWT
    return None
