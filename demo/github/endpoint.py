"""Declares the endpoints of a repository, and decides who may use them.

Sources: the permissions that GitHub's manual names for each endpoint; what callers without them
are told is collected from public issue threads.
"""

from collections.abc import Callable
from enum import Enum
from functools import wraps

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from backup_doctor.demo.github.repositories import REPOSITORY_ID
from backup_doctor.demo.github.service import Refusal, caller, not_found, service

View = Callable[..., ResponseReturnValue]

repository_endpoints = Blueprint("repository", __name__)
"""Below `/repos/{owner}/{repo}`, and below `/repositories/{id}`, where Link headers point."""


class Audience(Enum):
    """Who may read from a public repository without the permission; private ones always need it."""

    ANYONE = "anyone"
    ANY_TOKEN = "anyone with a token"  # noqa: S105 - no password
    PERMITTED = "only who has the permission"


def endpoint(
    rule: str,
    *,
    needs: str,
    docs: str,
    audience: Audience = Audience.ANYONE,
    method: str = "GET",
) -> Callable[[View], View]:
    """Serve `rule` with the decorated view, to callers whose token has the permission `needs`.

    `needs` is `name:level`; `docs` is the endpoint's place in the REST manual.
    """

    def register(view: View) -> View:
        @wraps(view)
        def guarded(
            owner: str = "", name: str = "", repository_id: int = 0, **arguments: str | int
        ) -> ResponseReturnValue:
            g.docs = docs
            g.accepted = needs.replace(":", "=")
            repository = service().repository
            asked = f"{owner}/{name}".lower()
            if asked in map(str.lower, repository.former_names):
                return moved(f"/repos/{owner}/{name}")
            g.elsewhere = (
                repository.other_files.get(asked) if rule.startswith("/contents/") else None
            )
            own = asked == repository.full_name.lower() or repository_id == REPOSITORY_ID
            if not own and g.elsewhere is None:
                raise not_found()
            authorize(needs, audience)
            return view(**arguments)

        repository_endpoints.add_url_rule(rule, view_func=guarded, methods=[method])
        return view

    return register


def authorize(needs: str, audience: Audience) -> None:
    """Let the caller in, or refuse as GitHub does.

    Raises:
        Refusal: 404 where not even the repository may be seen, else 401 or 403.
    """
    token = caller()
    private = service().repository.private
    if private and (token is None or not token.permissions):
        raise not_found()
    if not private and audience is Audience.ANYONE:
        return
    if token is None:
        raise anonymous(audience)
    if token.allows(needs) or (not private and audience is Audience.ANY_TOKEN):
        return
    holder = {"installation": "integration", "pat": "personal access token"}[token.kind]
    raise Refusal(403, f"Resource not accessible by {holder}")


def anonymous(audience: Audience) -> Refusal:
    """Refuse a caller without a token; for logs GitHub's message misleads."""
    if audience is Audience.ANY_TOKEN:
        return Refusal(403, "Must have admin rights to Repository.")
    return Refusal(401, "Requires authentication")


def moved(old: str) -> ResponseReturnValue:
    """Send whoever uses a former name to the repository's id, as the REST manual's redirects do."""
    url = request.url.replace(old, f"/repositories/{REPOSITORY_ID}", 1)
    body = {"message": "Moved Permanently", "url": url, "documentation_url": g.docs}
    return body, 301, {"Location": url}


def redirect(url: str) -> Response:
    """Send the caller elsewhere, with no body."""
    return Response(status=302, headers={"Location": url}, mimetype="text/html")
