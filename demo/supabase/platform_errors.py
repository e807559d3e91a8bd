"""The platform's own answers: what stands in front of functions, Data API and Auth says itself.

Source: https://supabase.com/docs/guides/functions/error-codes and
https://supabase.com/docs/guides/platform/http-status-codes.
"""

import json
from dataclasses import dataclass

from werkzeug import Response


@dataclass(frozen=True)
class PlatformError:
    """A refusal in JSON. `code` goes into the body and, as `error_code`, into `sb-error-code`.

    The gateway in front of the Data API has no `code` in its bodies, and at times a `hint`.
    """

    status: int
    message: str
    code: str | None = None
    error_code: str | None = None
    hint: str | None = None

    def response(self) -> Response:
        """Return the answer as the platform sends it."""
        body = {"code": self.code, "message": self.message, "hint": self.hint}
        told = {name: value for name, value in body.items() if value is not None}
        answer = Response(json.dumps(told), self.status, content_type="application/json")
        error_code = self.error_code or self.code
        if error_code is not None:
            answer.headers["sb-error-code"] = error_code
        return answer


def _function_error(status: int, code: str, message: str) -> PlatformError:
    return PlatformError(status, message, code=code)


NOT_FOUND = _function_error(404, "NOT_FOUND", "Requested function was not found")
BUNDLE_GONE = _function_error(404, "NOT_FOUND_FUNCTION_BLOB", "Requested function was not found")
NO_AUTH_HEADER = _function_error(401, "UNAUTHORIZED_NO_AUTH_HEADER", "Missing authorization header")
NOT_BEARER = _function_error(
    401, "UNAUTHORIZED_INVALID_JWT_FORMAT", "Auth header is not 'Bearer {token}'"
)
NOT_A_JWT = _function_error(401, "UNAUTHORIZED_INVALID_JWT_FORMAT", "Invalid JWT")
BAD_LEGACY_JWT = _function_error(401, "UNAUTHORIZED_LEGACY_JWT", "Invalid JWT")
BAD_ASYMMETRIC_JWT = _function_error(401, "UNAUTHORIZED_ASYMMETRIC_JWT", "Invalid JWT")
BOOT_ERROR = _function_error(503, "BOOT_ERROR", "Function failed to start (please check logs)")
WORKER_ERROR = _function_error(
    500, "WORKER_ERROR", "Function exited due to an error (please check logs)"
)
RESOURCE_LIMIT = _function_error(
    546,
    "WORKER_RESOURCE_LIMIT",
    "Function failed due to not having enough compute resources (please check logs)",
)
# The code is documented, the status and the message are not.
RATE_LIMIT = _function_error(429, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded")
IDLE_TIMEOUT = _function_error(504, "IDLE_TIMEOUT", "Request idle timeout limit (150s) reached")

NO_API_KEY = PlatformError(
    401,
    "No API key found in request",
    hint="No `apikey` request header or url param was found.",
)
INVALID_API_KEY = PlatformError(
    401,
    "Invalid API key",
    error_code="UNAUTHORIZED_INVALID_API_KEY",
    hint="Double check your Supabase `anon` or `service_role` API key.",
)
INVALID_API_KEY_AT_FUNCTION = PlatformError(
    401, "Invalid API key", error_code="UNAUTHORIZED_INVALID_API_KEY"
)
ROOT_NEEDS_SERVICE_ROLE = PlatformError(
    401,
    "Invalid API key",
    error_code="UNAUTHORIZED_INVALID_API_KEY_TYPE",
    hint="Only the `service_role` API key can be used for this endpoint.",
)
SECRET_KEY_IN_BROWSER = PlatformError(
    401,
    "Forbidden use of secret API key in browser",
    error_code="UNAUTHORIZED_INVALID_API_KEY_TYPE",
    hint="Secret API keys can only be used in a protected environment and should never be used "
    "in a browser. Delete this secret API key immediately!",
)


def unsupported_algorithm(algorithm: object) -> PlatformError:
    """Return the refusal of a JWT whose `alg` the platform does not take."""
    code = "UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM"
    return _function_error(401, code, f"Unsupported JWT algorithm {algorithm}")


def legacy_keys_disabled(disabled_at: str) -> PlatformError:
    """Return the refusal of a legacy key; `disabled_at` is RFC 3339."""
    return PlatformError(
        401,
        "Legacy API keys are disabled",
        hint=f"Your legacy API keys (anon, service_role) were disabled on {disabled_at}. "
        "Re-enable them in the Supabase dashboard, or use the new publishable and secret API keys.",
    )


RESTRICTED = PlatformError(
    402,
    "Service for this project is restricted due to the following violations: "
    "exceed_storage_size_quota.",
)

# Measured just after pausing: Cloudflare's page for a name that is gone, sent as plain text.
ORIGIN_DNS_ERROR = (
    "<!DOCTYPE html>\n<title>Origin DNS error | Cloudflare</title>\nerror code: 1016\n"
)


def paused(status: int) -> Response:
    """Return the answer of a paused project: 540 as documented, or 530 as measured."""
    body = ORIGIN_DNS_ERROR if status == 530 else ""  # noqa: PLR2004 -- Cloudflare's own status
    return Response(body, status, content_type="text/plain; charset=UTF-8")
