"""What the Data API says when it refuses: PostgREST's errors and the status of each SQLSTATE.

Source: PostgREST 14, src/library/PostgREST/Error.hs; docs/references/errors.rst.
"""

import json
from dataclasses import dataclass

import psycopg
from werkzeug import Response

JSON = "application/json; charset=utf-8"


@dataclass
class ApiError(Exception):
    """An answer that is an error: HTTP status and PostgREST's four fields."""

    status: int
    code: str
    message: str
    details: str | None = None
    hint: str | None = None
    authenticate: str | None = None

    def response(self) -> Response:
        """Return the answer as PostgREST sends it."""
        body = {
            "code": self.code,
            "details": self.details,
            "hint": self.hint,
            "message": self.message,
        }
        answer = Response(json.dumps(body, ensure_ascii=False), self.status, content_type=JSON)
        answer.headers["Proxy-Status"] = f"PostgREST; error={self.code}"
        if self.authenticate is not None:
            answer.headers["WWW-Authenticate"] = self.authenticate
        return answer


def invalid_token(code: str, message: str, details: str | None = None) -> ApiError:
    """Return the refusal of a token: PGRST301 cannot be verified, PGRST303 claims do not hold."""
    challenge = f'Bearer error="invalid_token", error_description="{message}"'
    return ApiError(401, code, message, details, authenticate=challenge)


def unsupported(feature: str) -> ApiError:
    """Return a plain refusal of what PostgREST can and this stand-in cannot."""
    return ApiError(501, "STAND-IN", f"This stand-in for PostgREST does not do {feature}")


def from_postgres(error: psycopg.Error, *, anonymous: bool) -> ApiError:
    """Return what PostgREST makes of an error of the database."""
    code = error.sqlstate or "PGRST001"
    message = error.diag.message_primary or str(error)
    status = _status(code, message, anonymous=anonymous)
    return ApiError(
        status,
        code,
        message,
        error.diag.message_detail,
        error.diag.message_hint,
        "Bearer" if status == 401 else None,  # noqa: PLR2004 -- HTTP's Unauthorized
    )


STATUS_OF_STATE = {
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "53400": 500,
    "57P01": 503,
    "P0001": 400,
    "PGRST001": 503,
}

STATUS_OF_CLASS = {
    "08": 503,
    "09": 500,
    "0L": 403,
    "0P": 403,
    "25": 500,
    "28": 403,
    "2D": 500,
    "38": 500,
    "39": 500,
    "3B": 500,
    "40": 500,
    "53": 503,
    "54": 500,
    "55": 500,
    "57": 500,
    "58": 500,
    "F0": 500,
    "HV": 500,
    "P0": 500,
    "XX": 500,
}


def _status(code: str, message: str, *, anonymous: bool) -> int:
    if code == "42501":
        return 401 if anonymous else 403
    if code == "21000":  # the extension safeupdate is the client's fault, any other a view's
        return 400 if message.endswith("requires a WHERE clause") else 500
    if code == "22023" and message.startswith("role") and message.endswith("does not exist"):
        return 401
    return STATUS_OF_STATE.get(code) or STATUS_OF_CLASS.get(code[:2], 400)
