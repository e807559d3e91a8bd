"""The Supabase Management API (https://api.supabase.com) for one project.

Answers as the hosted API does: paths, statuses, bodies and headers from its OpenAPI description
and from recorded answers, both in github.com/supabase/cli (`packages/api`, `apps/cli-e2e`).
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from backup_doctor.demo.serving import LoopbackServer
from backup_doctor.demo.supabase.management_handlers import ApiError, Handlers, Route
from backup_doctor.demo.supabase.state import Project

PROJECT = "/v1/projects/<ref>"
RATE_LIMIT = 120
NO_PRIVILEGES = (
    "Your account does not have the necessary privileges to access this endpoint. For more details,"
    " refer to our documentation https://supabase.com/docs/guides/platform/access-control"
)


@dataclass(frozen=True)
class AccessToken:
    """A personal access token. `permissions` are those of a scoped one; None is the whole account.

    The names are the API's own (`fga_permissions`), such as `edge_functions_secrets_read`.
    """

    value: str
    permissions: frozenset[str] | None = None

    def allows(self, permission: str) -> bool:
        """Tell whether the token may do this."""
        return self.permissions is None or permission in self.permissions


@dataclass(frozen=True)
class ApiRequest:
    """A request as it came in. `body` is its JSON; None for none, or for an upload."""

    method: str
    path: str
    body: Any = None


class Management:
    """The API, serving `project` to those who hold one of `tokens`.

    `bundles` is where the source of deployed functions is kept. `foreign_refs` are projects that
    exist in an organization to which the tokens do not belong: 403 instead of 404.
    """

    def __init__(self, project: Project, tokens: list[AccessToken], bundles: Path) -> None:
        self.project = project
        self.tokens = tokens
        self.requests: list[ApiRequest] = []
        self.foreign_refs: set[str] = set()
        self._bundles = bundles
        self._minute = (0, 0)
        self._server = LoopbackServer(self._application())
        self.url = self._server.url

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _application(self) -> Flask:
        app = Flask(__name__)
        app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
        app.before_request(self._record)
        app.after_request(self._add_headers)
        app.register_error_handler(ApiError, _api_error)
        app.register_error_handler(HTTPException, _http_error)
        for route in Handlers(self.project, self._bundles).routes():
            app.add_url_rule(
                PROJECT + route.path,
                f"{route.method} {route.path}",
                self._guarded(route),
                methods=[route.method],
            )
        return app

    def _guarded(self, route: Route) -> Callable[..., Response]:
        def guarded(ref: str, **arguments: str) -> Response:
            self._authorize(_permission(route))
            self._require_project(ref)
            body, status = route.answer(**arguments)
            answer = jsonify(body) if body is not None else Response()
            answer.status_code = status
            return answer

        return guarded

    def _authorize(self, permission: str) -> None:
        header = request.headers.get("Authorization")
        if header is None:
            raise ApiError(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        token = self._token(header)
        if token is None:
            raise ApiError(HTTPStatus.UNAUTHORIZED, "JWT could not be decoded")
        if not token.allows(permission):
            raise ApiError(HTTPStatus.FORBIDDEN, NO_PRIVILEGES)

    def _token(self, header: str) -> AccessToken | None:
        value = header.removeprefix("Bearer ")
        return next((token for token in self.tokens if token.value == value), None)

    def _require_project(self, ref: str) -> None:
        if ref in self.foreign_refs:
            raise ApiError(HTTPStatus.FORBIDDEN, NO_PRIVILEGES)
        if ref != self.project.ref:
            raise ApiError(HTTPStatus.NOT_FOUND, "Project not found")

    def _record(self) -> None:
        time.sleep(self.project.faults.latency_s)
        body = request.get_json(silent=True) if request.is_json else None
        self.requests.append(ApiRequest(request.method, request.path, body))

    def _add_headers(self, answer: Response) -> Response:
        minute, second = divmod(int(time.time()), 60)
        used = self._minute[1] + 1 if self._minute[0] == minute else 1
        self._minute = (minute, used)
        answer.headers["x-ratelimit-limit"] = str(RATE_LIMIT)
        answer.headers["x-ratelimit-remaining"] = str(max(RATE_LIMIT - used, 0))
        answer.headers["x-ratelimit-reset"] = str(60 - second)
        answer.headers["x-gotrue-id"] = str(uuid.uuid5(uuid.NAMESPACE_DNS, self.project.ref))
        return answer


def _permission(route: Route) -> str:
    # The SQL endpoint alone asks for more than its route: a query that may write does.
    writes = route.path == "/database/query" and not (
        isinstance(body := request.get_json(silent=True), dict) and body.get("read_only")
    )
    return "database_write" if writes else route.permission


def _api_error(error: ApiError) -> tuple[Response, int]:
    return jsonify({"message": error.message}), error.status


def _http_error(error: HTTPException) -> tuple[Response, int]:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    message = error.name
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        status, message = HTTPStatus.NOT_FOUND, f"Cannot {request.method} {request.path}"
    return jsonify({"message": message}), status
