"""What every request must pass before its handler, and what every answer carries.

The order is GitHub's: User-Agent, API version, credentials, rate limits, then the address.
"""

import hashlib
from http import HTTPStatus
from secrets import token_hex

from flask import Flask, Response, g, jsonify, request

from backup_doctor.demo.github.policy import DEFAULT_VERSION, SUPPORTED_VERSIONS
from backup_doctor.demo.github.service import DOCS, Refusal, caller, not_found, service
from backup_doctor.demo.github.state import Token

ENTERPRISE_VERSION = "3.19.0"
INSTALLATION_ID = 41898282
USER_ID = 583231
NO_USER_AGENT = (
    "\r\nRequest forbidden by administrative rules. Please make sure your request has a "
    "User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api"
    "#user-agent-required). Check https://developer.github.com for other possible causes.\r\n"
)
RATE_LIMIT_DOCS = "overview/rate-limits-for-the-rest-api"
SECONDARY_LIMIT_DOCS = f"{RATE_LIMIT_DOCS}#about-secondary-rate-limits"


def install(app: Flask) -> None:
    """Put the gate before every handler of `app`."""
    app.before_request(admit)
    app.after_request(finish)
    app.register_error_handler(Refusal, refuse)
    for code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        app.register_error_handler(code, refuse_unknown)


def admit() -> Response | None:
    """Let the request through, or answer it."""
    g.caller = None
    g.version = DEFAULT_VERSION
    if not request.headers.get("User-Agent"):
        return Response(NO_USER_AGENT, 403, mimetype="text/html")
    g.version = requested_version()
    g.caller = authenticate()
    check_rate_limits()
    return None


def requested_version() -> str:
    """Read `X-GitHub-Api-Version`; absent means the oldest supported one.

    Raises:
        Refusal: 400 for an unknown version, 410 for a retired one.
    """
    version = request.headers.get("X-GitHub-Api-Version", DEFAULT_VERSION)
    if version in service().policy.retired_versions:
        raise Refusal(410, f'The version "{version}" of the REST API is no longer supported.')
    if version in SUPPORTED_VERSIONS:
        return version
    supported = ", ".join(f'"{each}"' for each in SUPPORTED_VERSIONS)
    raise Refusal(
        400,
        f'The version you specified in the "X-GitHub-API-Version" request header, "{version}", '
        f"is not a supported version. The following versions are currently supported: {supported}.",
    )


def authenticate() -> Token | None:
    """Find whose token came along; None without one.

    Raises:
        Refusal: 401 for a token that is unknown.
    """
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return None
    for token in service().tokens:
        if scheme.lower() in {"bearer", "token"} and token.value == value:
            return token
    raise Refusal(401, "Bad credentials", docs="")


def check_rate_limits() -> None:
    """Stop a caller who has used up the hour's quota, or whom the secondary limit holds.

    Raises:
        Refusal: 403, as GitHub answers either; 429 is its other choice.
    """
    policy = service().policy
    if policy.secondary_rate_limit:
        headers = {} if policy.retry_after is None else {"Retry-After": str(policy.retry_after)}
        raise Refusal(
            403,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try "
            "again.",
            docs=SECONDARY_LIMIT_DOCS,
            headers=headers,
        )
    if free_of_charge() or policy.quota(caller()).remaining:
        return
    raise Refusal(403, f"API rate limit exceeded for {rate_limited()}.", docs=RATE_LIMIT_DOCS)


def free_of_charge() -> bool:
    """Tell whether this request counts towards no limit."""
    return service().enterprise or request.path.endswith("/rate_limit")


def rate_limited() -> str:
    """Name the caller as the message about the limit does."""
    token = caller()
    if token is None:
        return str(request.remote_addr)
    kinds = {"installation": f"installation ID {INSTALLATION_ID}", "pat": f"user ID {USER_ID}"}
    return kinds[token.kind]


def refuse(refusal: Refusal) -> Response:
    """Word a refusal as JSON, with the manual's page of the endpoint."""
    docs = g.get("docs", "") if refusal.docs is None else refusal.docs
    response = jsonify(
        message=refusal.message,
        documentation_url=f"{DOCS}/{docs}".rstrip("/"),
        status=str(refusal.status),
    )
    response.status_code = refusal.status
    response.headers.update(refusal.headers)
    return response


def refuse_unknown(_: Exception) -> Response:
    """Answer an address or a method that the API does not have: both are 404."""
    return refuse(not_found())


def finish(response: Response) -> Response:
    """Add the headers of every answer, answer 304 where nothing changed, and count the request."""
    response.headers["X-GitHub-Request-Id"] = token_hex(8).upper()
    response.headers["X-GitHub-Api-Version-Selected"] = g.version
    response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
    if service().enterprise:
        response.headers["X-GitHub-Enterprise-Version"] = ENTERPRISE_VERSION
    if "accepted" in g:
        response.headers["X-Accepted-GitHub-Permissions"] = g.accepted
    if response.mimetype == "application/json":
        response.content_type = "application/json; charset=utf-8"
    if response.status_code == HTTPStatus.OK:
        tag(response)
    count(response)
    return response


def tag(response: Response) -> None:
    """Set the weak ETag, which differs from token to token, and honour `If-None-Match`."""
    token = caller()
    owner = token.value if token else ""
    digest = hashlib.sha256(owner.encode() + b"\0" + response.get_data()).hexdigest()
    response.set_etag(digest, weak=True)
    response.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
    response.make_conditional(request.environ)
    del response.headers["Date"]  # the server adds it


def count(response: Response) -> None:
    """Charge the caller and show the quota; a 304 costs an authenticated caller nothing."""
    if service().enterprise:
        return
    quota = service().policy.quota(caller())
    unchanged = response.status_code == HTTPStatus.NOT_MODIFIED and caller() is not None
    if not (free_of_charge() or unchanged or quota.remaining == 0):
        quota.used += 1
    for name, value in quota.overview().items():
        response.headers[f"X-RateLimit-{name.title()}"] = str(value)
    response.headers["X-RateLimit-Resource"] = "core"
