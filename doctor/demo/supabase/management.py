"""The Supabase Management API (https://api.supabase.com) for one project.

Answers as the hosted API does: paths, statuses, bodies and headers from its OpenAPI description
and from recorded answers, both in github.com/supabase/cli (`packages/api`, `apps/cli-e2e`).
"""

import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any, Self, TypeAlias

from flask import Flask, Request, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from doctor.demo.serving import LoopbackServer
from doctor.demo.supabase import management_logs, management_sql
from doctor.demo.supabase.management_views import (
    api_keys_view,
    function_view,
    health_view,
    pooler_view,
    project_view,
    secrets_view,
)
from doctor.demo.supabase.state import Function, Project, SecretValue

Answer: TypeAlias = tuple[Any, int]

PROJECT = "/v1/projects/<ref>"
RATE_LIMIT = 120
LOG_WINDOW_MAX = timedelta(hours=24)
NO_PRIVILEGES = (
    "Your account does not have the necessary privileges to access this endpoint. For more details,"
    " refer to our documentation https://supabase.com/docs/guides/platform/access-control"
)
SECRET_NAME = re.compile(r"^(?!SUPABASE_).*")


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


class ApiError(Exception):
    """An answer other than success: its status and its `message`."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


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
        for method, path, permission, view in self._routes():
            guarded = self._guarded(permission, view)
            app.add_url_rule(PROJECT + path, f"{method} {path}", guarded, methods=[method])
        return app

    def _routes(self) -> list[tuple[str, str, str, Callable[..., Answer]]]:
        project = self.project
        return [
            ("GET", "", "project_admin_read", lambda: (project_view(project), 200)),
            ("GET", "/health", "project_admin_read", self._health),
            ("GET", "/functions", "edge_functions_read", self._functions),
            ("POST", "/functions/deploy", "edge_functions_write", self._deploy),
            ("GET", "/functions/<slug>", "edge_functions_read", self._function),
            ("PATCH", "/functions/<slug>", "edge_functions_write", self._update_function),
            ("GET", "/secrets", "edge_functions_secrets_read", self._secrets),
            ("POST", "/secrets", "edge_functions_secrets_write", self._set_secrets),
            ("GET", "/api-keys", "api_gateway_keys_read", self._api_keys),
            ("GET", "/api-keys/legacy", "api_gateway_keys_read", self._legacy_keys),
            ("POST", "/database/query", "", self._query),
            ("POST", "/database/query/read-only", "database_read", self._query_read_only),
            ("GET", "/analytics/endpoints/logs", "analytics_logs_read", self._logs),
            (
                "GET",
                "/config/database/pooler",
                "database_pooling_config_read",
                lambda: (pooler_view(project), 200),
            ),
        ]

    def _guarded(self, permission: str, view: Callable[..., Answer]) -> Callable[..., Response]:
        def guarded(ref: str, **arguments: str) -> Response:
            self._authorize(request, permission)
            self._require_project(ref)
            body, status = view(**arguments)
            answer = jsonify(body) if body is not None else Response()
            answer.status_code = status
            return answer

        return guarded

    def _authorize(self, incoming: Request, permission: str) -> None:
        header = incoming.headers.get("Authorization")
        if header is None:
            raise ApiError(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        token = self._token(header)
        if token is None:
            raise ApiError(HTTPStatus.UNAUTHORIZED, "JWT could not be decoded")
        if permission and not token.allows(permission):
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

    def _health(self) -> Answer:
        services = request.args.getlist("services")
        if not services:
            raise ApiError(HTTPStatus.BAD_REQUEST, "services: Required")
        return health_view(self.project, services), 200

    def _functions(self) -> Answer:
        return [function_view(function) for function in self.project.functions.values()], 200

    def _function(self, slug: str) -> Answer:
        return function_view(self._deployed(slug)), 200

    def _deployed(self, slug: str) -> Function:
        function = self.project.functions.get(slug)
        if function is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "Function not found")
        return function

    def _update_function(self, slug: str) -> Answer:
        function = self._deployed(slug)
        changes = _json_object()
        function.verify_jwt = bool(changes.get("verify_jwt", function.verify_jwt))
        function.name = str(changes.get("name", function.name))
        function.updated_at = datetime.now(UTC)
        return function_view(function), 200

    def _deploy(self) -> Answer:
        slug = request.args.get("slug", "")
        metadata = _metadata()
        previous = self.project.functions.get(slug)
        version = previous.version + 1 if previous else 1
        root = self._bundles / slug / str(version)
        for part in request.files.getlist("file"):
            target = root / _inside(part.filename or "")
            target.parent.mkdir(parents=True, exist_ok=True)
            part.save(target)
        now = datetime.now(UTC)
        function = Function(
            slug=slug,
            name=metadata.get("name", slug),
            entrypoint=root / _inside(metadata["entrypoint_path"]),
            verify_jwt=metadata.get("verify_jwt", True),
            version=version,
            created_at=now,
            updated_at=now,
        )
        if previous:
            function.id, function.created_at = previous.id, previous.created_at
        self.project.functions[slug] = function
        return function_view(function), 201

    def _secrets(self) -> Answer:
        return secrets_view(self.project), 200

    def _set_secrets(self) -> Answer:
        wanted = request.get_json(silent=True)
        if not isinstance(wanted, list):
            raise ApiError(HTTPStatus.BAD_REQUEST, "Expected array, received object")
        for secret in wanted:
            if not SECRET_NAME.match(secret["name"]):
                raise ApiError(HTTPStatus.BAD_REQUEST, f"{secret['name']}: Invalid")
        now = datetime.now(UTC)
        for secret in wanted:
            self.project.function_secrets[secret["name"]] = SecretValue(secret["value"], now)
        return None, 201

    def _api_keys(self) -> Answer:
        reveal = request.args.get("reveal") == "true"
        return api_keys_view(self.project, reveal=reveal), 200

    def _legacy_keys(self) -> Answer:
        return {"enabled": self.project.legacy_keys_enabled}, 200

    def _query(self) -> Answer:
        read_only = bool(_json_object().get("read_only"))
        self._authorize(request, "database_read" if read_only else "database_write")
        return self._run(read_only=read_only)

    def _query_read_only(self) -> Answer:
        return self._run(read_only=True)

    def _run(self, *, read_only: bool) -> Answer:
        body = _json_object()
        if not isinstance(body.get("query"), str):
            raise ApiError(HTTPStatus.BAD_REQUEST, "query: Required")
        if self.project.status == "INACTIVE":
            message = "Failed to run sql query: Connection terminated due to connection timeout"
            raise ApiError(HTTPStatus.BAD_REQUEST, message)
        query = management_sql.Query(body["query"], body.get("parameters") or (), read_only)
        try:
            return management_sql.run(self.project.database_uri, query), 201
        except management_sql.QueryError as error:
            raise ApiError(HTTPStatus.BAD_REQUEST, str(error)) from error

    def _logs(self) -> Answer:
        start, end = _window(request.args)
        if end - start > LOG_WINDOW_MAX:
            message = "The timestamp range must be 24 hours or less"
            raise ApiError(HTTPStatus.BAD_REQUEST, message)
        records = [record for record in self.project.logs if start <= record.timestamp <= end]
        try:
            rows = management_logs.run(records, request.args.get("sql", ""))
        except management_logs.LogQueryError as error:
            raise ApiError(HTTPStatus.BAD_REQUEST, str(error)) from error
        return {"result": rows, "error": None}, 200


def _json_object() -> Mapping[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ApiError(HTTPStatus.BAD_REQUEST, "Expected object")
    return body


def _metadata() -> Mapping[str, Any]:
    """The JSON part `metadata` of a deployment: `entrypoint_path`, `verify_jwt`, `name`."""
    try:
        metadata = json.loads(request.form["metadata"])
    except (KeyError, ValueError) as error:
        raise ApiError(HTTPStatus.BAD_REQUEST, "metadata: Required") from error
    if not isinstance(metadata, dict) or "entrypoint_path" not in metadata:
        raise ApiError(HTTPStatus.BAD_REQUEST, "metadata.entrypoint_path: Required")
    return metadata


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ApiError(HTTPStatus.BAD_REQUEST, f"{name}: a path inside the project is required")
    return path


def _window(arguments: Mapping[str, str]) -> tuple[datetime, datetime]:
    """The time that a log query covers; with no bounds the last minute."""
    try:
        end = _time(arguments.get("iso_timestamp_end")) or datetime.now(UTC)
        start = _time(arguments.get("iso_timestamp_start")) or end - timedelta(minutes=1)
    except ValueError as error:
        raise ApiError(HTTPStatus.BAD_REQUEST, f"Invalid timestamp: {error}") from error
    return start, end


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _api_error(error: ApiError) -> tuple[Response, int]:
    return jsonify({"message": error.message}), error.status


def _http_error(error: HTTPException) -> tuple[Response, int]:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    message = error.name
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        status, message = HTTPStatus.NOT_FOUND, f"Cannot {request.method} {request.path}"
    return jsonify({"message": message}), status
