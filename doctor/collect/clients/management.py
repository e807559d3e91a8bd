"""Supabase's Management API, as far as it only reads.

Its answers are described in supabase/cli, packages/api/src/generated/openapi.json. Every method
returns what the API said, typed, or `Unseen`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from backup_doctor.collect.clients import management_answers as answers
from backup_doctor.collect.clients.answer import Answer
from backup_doctor.collect.clients.http import Http
from backup_doctor.collect.clients.management_answers import NAME, ListedKey, ListedSecret
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.function import FunctionLogLine, FunctionRecord, Invocation, Project
from backup_doctor.evidence.keys import bare, fits_header
from backup_doctor.services.answers import Service, by_status, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.settings.model import Settings

T = TypeVar("T")

QUERY_LIMIT_S = 20.0
LOG_LINES = 100
MESSAGE_LENGTH = 1000
SQLSTATE = re.compile(r"\b(?:ERROR|FATAL|PANIC):\s+([0-9A-Z]{5}):")
# What each scoped token needs; `supabase <command> --help` ends with these names.
SCOPES = {
    "": "project_admin_read",
    "functions": "edge_functions_read",
    "secrets": "edge_functions_secrets_read",
    "api-keys": "api_gateway_keys_read",
    "database": "database_read",
    "analytics": "analytics_logs_read",
}
FORBIDDEN, NOT_FOUND, NOT_ALLOWED = 403, 404, 405
INVOCATIONS_SQL = """\
SELECT timestamp, log_attributes['request.method'] AS method,
  log_attributes['response.status_code'] AS status
FROM logs
WHERE source = 'function_edge_logs' AND log_attributes['function_id'] = '{id}'
ORDER BY timestamp DESC
LIMIT {limit}"""
LOGS_SQL = """\
SELECT timestamp, severity_text, event_message, log_attributes['level'] AS level
FROM logs
WHERE source = 'function_logs' AND log_attributes['function_id'] = '{id}'
ORDER BY timestamp DESC
LIMIT {limit}"""


class Management:
    """The Management API for the configured project. Safe to use from several threads."""

    def __init__(self, settings: Settings, deadline: Deadline) -> None:
        self._settings = settings
        token = settings.access_token
        self._token = bare(token.reveal()) if token else ""
        headers = {"Authorization": f"Bearer {self._token}"} if fits_header(self._token) else {}
        self._http = Http(NAME, settings.management_url, deadline, headers)

    def project(self) -> Project | Unseen:
        """The project and its status."""
        return self._read("", answers.project)

    def function(self, slug: str) -> FunctionRecord | Unseen | None:
        """The record of an edge function; None where the API says that there is none."""
        answer = self._get(f"functions/{slug}")
        if isinstance(answer, Answer):
            return answers.understood(answer, answers.function)
        if answer.status != NOT_FOUND:
            return answer
        # A 404 may also mean the project: only the list tells that the function alone is missing.
        listed = self._read("functions", answers.functions)
        if isinstance(listed, Unseen):
            return listed
        return next((record for record in listed if record.slug == slug), None)

    def function_secrets(self) -> tuple[ListedSecret, ...] | Unseen:
        """The secrets that the project's functions have, by name and digest."""
        return self._read("secrets", answers.secrets)

    def api_keys(self) -> tuple[ListedKey, ...] | Unseen:
        """The project's own API keys, secret ones masked."""
        return self._read("api-keys", answers.api_keys)

    def legacy_enabled(self) -> bool | Unseen:
        """Whether the legacy keys (anon, service_role) are accepted."""
        return self._read("api-keys/legacy", lambda body: answers.typed(body["enabled"], bool))

    def query(self, sql: str) -> list[dict[str, Any]] | Unseen:
        """The rows of a read-only query; names must be schema-qualified.

        A refusal of PostgreSQL's is `REFUSED` with its message, and its SQLSTATE in `code`.
        """
        answer = self._post("database/query/read-only", {"query": sql})
        if isinstance(answer, Unseen) and answer.status in (NOT_FOUND, NOT_ALLOWED):
            answer = self._post("database/query", {"query": sql, "read_only": True})
        return answer if isinstance(answer, Unseen) else answers.understood(answer, answers.rows)

    def function_logs(
        self, function_id: str, since: datetime, until: datetime
    ) -> tuple[FunctionLogLine, ...] | Unseen:
        """What a function wrote, oldest first: the last 100 lines of a window of at most 24 h."""
        return self._logs(LOGS_SQL, function_id, since, until, self._log_lines)

    def invocations(
        self, function_id: str, since: datetime, until: datetime
    ) -> tuple[Invocation, ...] | Unseen:
        """The calls of a function, oldest first: the last 100 of a window of at most 24 h."""
        return self._logs(INVOCATIONS_SQL, function_id, since, until, _invocations)

    def _logs(
        self,
        query: str,
        function_id: str,
        since: datetime,
        until: datetime,
        parse: Callable[[Any], tuple[T, ...]],
    ) -> tuple[T, ...] | Unseen:
        if not re.fullmatch(r"[\w-]+", function_id):
            return Unseen(
                why=Why.NOT_FOUND, what="The platform gave the function no id.", dependency=NAME
            )
        window = {
            "sql": query.format(id=function_id, limit=LOG_LINES),
            "iso_timestamp_start": _rfc3339(since),
            "iso_timestamp_end": _rfc3339(until),
        }
        answer = self._get("analytics/endpoints/logs", window)
        return answer if isinstance(answer, Unseen) else answers.understood(answer, parse)

    def _log_lines(self, body: Any) -> tuple[FunctionLogLine, ...]:  # noqa: ANN401 -- JSON
        lines = [
            FunctionLogLine(
                at=answers.log_time(line["timestamp"]),
                level=str(line.get("level") or line.get("severity_text") or ""),
                message=self._settings.mask(str(line["event_message"]))[:MESSAGE_LENGTH],
            )
            for line in body["result"]
        ]
        return tuple(reversed(lines))

    def _read(self, path: str, parse: Callable[[Any], T]) -> T | Unseen:
        answer = self._get(path)
        return answer if isinstance(answer, Unseen) else answers.understood(answer, parse)

    def _get(self, path: str, params: dict[str, str] | None = None) -> Answer | Unseen:
        missing = self._not_ready()
        if missing:
            return missing
        return self._classified(path, self._http.get(self._path(path), params=params))

    def _post(self, path: str, body: dict[str, Any]) -> Answer | Unseen:
        missing = self._not_ready()
        if missing:
            return missing
        url = self._path(path)
        return self._classified(
            path, self._http.call("POST", url, json=body, limit_s=QUERY_LIMIT_S)
        )

    def _path(self, path: str) -> str:
        return f"v1/projects/{self._settings.project_ref}/{path}".rstrip("/")

    def _not_ready(self) -> Unseen | None:
        if not self._settings.access_token:
            return self._settings.absent("access_token")
        if not self._settings.project_ref:
            return self._settings.absent("project_ref")
        if not fits_header(self._token):
            return self._unseen(
                Why.BAD_CREDENTIALS,
                f"{self._origin} holds characters that no HTTP header can carry.",
                remedy=f"Set {self._origin} again, without line breaks.",
            )
        return None

    @property
    def _origin(self) -> str:
        return self._settings.origin("access_token")

    def _classified(self, path: str, answer: Answer | Unseen) -> Answer | Unseen:
        if isinstance(answer, Unseen) or answer.status in range(200, 300):
            return answer
        known = by_status(table(Service.MANAGEMENT), answer.status)
        is_its_own = known.why is Why.RATE_LIMITED or answers.message(answer) is not None
        if not (known.what and is_its_own):
            return self._refused(path, answer, known.why or Why.REFUSED)
        names = {
            "token": self._origin,
            "ref": self._settings.project_ref,
            "scope": SCOPES[path.partition("/")[0]],
        }
        return self._unseen(
            known.why or Why.REFUSED,
            f"{NAME} {known.what.format(**names)}.",
            remedy=known.remedy and known.remedy.format(**names),
            status=answer.status,
        )

    def _refused(self, path: str, answer: Answer, why: Why) -> Unseen:
        message = answers.message(answer)
        if message is None:
            return self._unseen(
                Why.GARBLED,
                f"{self._http.base_url} answered HTTP {answer.status} as {NAME} never does.",
                remedy=f"Check {self._settings.origin('management_url')}.",
                status=answer.status,
            )
        said = self._settings.mask(message)[:MESSAGE_LENGTH]
        sqlstate = SQLSTATE.search(said)
        return self._unseen(
            why,
            f"{NAME} refused /{path} (HTTP {answer.status}): {said}",
            status=answer.status,
            code=sqlstate[1] if sqlstate else None,
        )

    def _unseen(
        self,
        why: Why,
        what: str,
        *,
        remedy: str | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> Unseen:
        return Unseen(why=why, what=what, remedy=remedy, dependency=NAME, status=status, code=code)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _invocations(body: Any) -> tuple[Invocation, ...]:  # noqa: ANN401 -- JSON
    found = (
        Invocation(at=at, method=str(line["method"]), status=int(line["status"]))
        for line in body["result"]
        if (at := answers.log_time(line["timestamp"])) is not None
    )
    return tuple(found)[::-1]
