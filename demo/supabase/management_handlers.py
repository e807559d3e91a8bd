"""What the Management API answers, endpoint by endpoint, to a caller who may ask."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from flask import request

from backup_doctor.demo.supabase import management_logs, management_sql
from backup_doctor.demo.supabase.management_views import (
    api_keys_view,
    function_view,
    health_view,
    pooler_view,
    project_view,
    secrets_view,
)
from backup_doctor.demo.supabase.state import Function, Project, SecretValue

Answer: TypeAlias = tuple[Any, int]

LOG_WINDOW_MAX = timedelta(hours=24)
SECRET_NAME = re.compile(r"^(?!SUPABASE_).*")


class ApiError(Exception):
    """An answer other than success: its status and its `message`."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Route:
    """One endpoint below `/v1/projects/{ref}`, and the permission that it needs of a token."""

    method: str
    path: str
    permission: str
    answer: Callable[..., Answer]


class Handlers:
    """The endpoints of one project; `bundles` is where the source of functions is kept."""

    def __init__(self, project: Project, bundles: Path) -> None:
        self.project = project
        self._bundles = bundles

    def routes(self) -> list[Route]:
        """Every endpoint."""
        return [
            Route("GET", "", "project_admin_read", self._project),
            Route("GET", "/health", "project_admin_read", self._health),
            Route("GET", "/functions", "edge_functions_read", self._functions),
            Route("POST", "/functions/deploy", "edge_functions_write", self._deploy),
            Route("GET", "/functions/<slug>", "edge_functions_read", self._function),
            Route("PATCH", "/functions/<slug>", "edge_functions_write", self._update_function),
            Route("GET", "/secrets", "edge_functions_secrets_read", self._secrets),
            Route("POST", "/secrets", "edge_functions_secrets_write", self._set_secrets),
            Route("GET", "/api-keys", "api_gateway_keys_read", self._api_keys),
            Route("GET", "/api-keys/legacy", "api_gateway_keys_read", self._legacy_keys),
            Route("POST", "/database/query", "database_read", self._query),
            Route("POST", "/database/query/read-only", "database_read", self._query_read_only),
            Route("GET", "/analytics/endpoints/logs", "analytics_logs_read", self._logs),
            Route("GET", "/config/database/pooler", "database_pooling_config_read", self._pooler),
        ]

    def _project(self) -> Answer:
        return project_view(self.project), 200

    def _pooler(self) -> Answer:
        return pooler_view(self.project), 200

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
        return self._run(read_only=bool(_json_object().get("read_only")))

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
