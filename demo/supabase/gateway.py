"""A project's public address: edge functions, Data API and Auth behind one loopback port.

It answers as `https://<ref>.supabase.co` does: what the platform refuses by itself carries
`sb-error-code` and no `x-deno-execution-id`; what a function answers carries the latter.
"""

import json
import secrets
import time
from dataclasses import dataclass
from typing import Self

from werkzeug import Request, Response

from backup_doctor.demo.serving import LoopbackServer
from backup_doctor.demo.supabase import platform_errors as errors
from backup_doctor.demo.supabase import postgrest
from backup_doctor.demo.supabase.functions import Functions
from backup_doctor.demo.supabase.gateway_auth import (
    api_key,
    data_api_token,
    refuse_key,
    refuse_token,
    role_of,
)
from backup_doctor.demo.supabase.state import Function, LogRecord, Project
from backup_doctor.demo.supabase.worker import BootError, IdleTimeout, Reply, Worker, WorkerError

FUNCTIONS = "/functions/v1"
DATA_API = "/rest/v1"
HOP_BY_HOP = frozenset({"connection", "host", "keep-alive", "transfer-encoding", "content-length"})
SERVER_ERROR = 500

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, apikey, content-type, prefer, x-client-info",
}

AUTH_SETTINGS = {
    "external": {"anonymous_users": False, "email": True, "phone": False},
    "disable_signup": False,
    "mailer_autoconfirm": False,
    "phone_autoconfirm": False,
    "sms_provider": "",
    "saml_enabled": False,
}


@dataclass(frozen=True)
class Exchange:
    """One recorded request, with the status of its answer."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int


class Gateway:
    """Serves `project` at `url`, records every request in `requests`, until `close()`."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.requests: list[Exchange] = []
        self._functions = Functions(project)
        self._server = LoopbackServer(Request.application(self._answer))
        self.url = self._server.url
        project.url = self.url

    def close(self) -> None:
        """Stop listening, and end every function. A second call does nothing."""
        self._server.close()
        self._functions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, request: Request) -> Response:
        started = time.monotonic()
        body = request.get_data()
        time.sleep(self.project.faults.latency_s)
        answer = self._platform(request) or self._route(request)
        self._stamp(answer)
        self._log(request, answer, started)
        self.requests.append(
            Exchange(
                request.method,
                request.path,
                request.query_string.decode(),
                dict(request.headers),
                body,
                answer.status_code,
            )
        )
        return answer

    def _platform(self, request: Request) -> Response | None:
        """Return the answer of a project that serves nothing at all."""
        faults = self.project.faults
        if faults.unavailable is not None:
            return Response("", faults.unavailable, content_type="text/plain")
        if faults.paused is not None:
            return errors.paused(faults.paused)
        if faults.restricted and request.method != "OPTIONS":
            return errors.RESTRICTED.response()
        return None

    def _route(self, request: Request) -> Response:
        path = request.path
        if path == FUNCTIONS or path.startswith(f"{FUNCTIONS}/"):
            return self._call_function(request, path.removeprefix(FUNCTIONS))
        if path == DATA_API or path.startswith(f"{DATA_API}/"):
            return self._call_data_api(request, path.removeprefix(DATA_API).strip("/"))
        if path == "/auth/v1/settings":
            return self._auth_settings(request)
        return Response(
            json.dumps({"error": "requested path is invalid"}), 404, content_type="application/json"
        )

    def _auth_settings(self, request: Request) -> Response:
        key = api_key(request)
        refusal = errors.NO_API_KEY if key is None else refuse_key(self.project, request, key)
        if refusal is not None:
            return refusal.response()
        return Response(json.dumps(AUTH_SETTINGS), content_type="application/json")

    def _call_data_api(self, request: Request, path: str) -> Response:
        if request.method == "OPTIONS":
            return Response(headers=CORS)
        key = api_key(request)
        if key is None:
            return errors.NO_API_KEY.response()
        refusal = refuse_key(self.project, request, key)
        if refusal is None and not path and role_of(self.project, key) != "service_role":
            refusal = errors.ROOT_NEEDS_SERVICE_ROLE
        if refusal is not None:
            return refusal.response()
        token = data_api_token(self.project, request, key)
        answer = postgrest.respond(self.project, request, path, token)
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    def _call_function(self, request: Request, target: str) -> Response:
        refusal = self._refuse_function_call(request, target)
        if refusal is not None:
            return refusal.response()
        try:
            return self._run(request, self._functions.worker(self._named(target)), target)
        except BootError:
            return errors.BOOT_ERROR.response()
        except WorkerError:
            return errors.WORKER_ERROR.response()
        except IdleTimeout:
            return errors.IDLE_TIMEOUT.response()

    def _refuse_function_call(self, request: Request, target: str) -> errors.PlatformError | None:
        """Return what the platform says before, or instead of, the function."""
        project = self.project
        key = api_key(request)
        checked = request.method != "OPTIONS"
        refusal = refuse_key(project, request, key) if checked and key is not None else None
        if refusal is not None:
            unknown = refusal is errors.INVALID_API_KEY
            return errors.INVALID_API_KEY_AT_FUNCTION if unknown else refusal
        function = project.functions.get(_slug(target))
        if function is None or function.status == "REMOVED":
            return errors.NOT_FOUND
        refusal = refuse_token(project, request) if checked and function.verify_jwt else None
        if refusal is not None:
            return refusal
        return self._refuse_to_run(function)

    def _refuse_to_run(self, function: Function) -> errors.PlatformError | None:
        """Return why a call that was let in does not reach the function's code."""
        faults = self.project.faults
        if not function.entrypoint.is_file():
            return errors.BUNDLE_GONE
        if faults.function_rate_limit or function.status == "THROTTLED":
            return errors.RATE_LIMIT
        if faults.function_limit:
            return errors.RESOURCE_LIMIT
        return errors.IDLE_TIMEOUT if faults.function_idle else None

    def _named(self, target: str) -> Function:
        return self.project.functions[_slug(target)]

    def _run(self, request: Request, worker: Worker, target: str) -> Response:
        query = request.query_string.decode()
        headers = {k: v for k, v in request.headers if k.lower() not in HOP_BY_HOP}
        address = f"{target}?{query}" if query else target
        reply = worker.call(request.method, address, headers, request.get_data())
        return _relayed(reply, self.project.region)

    def _stamp(self, answer: Response) -> None:
        answer.headers["Server"] = "cloudflare"
        answer.headers["cf-ray"] = f"{secrets.token_hex(8)}-FRA"
        answer.headers["sb-gateway-version"] = "1"
        answer.headers["sb-project-ref"] = self.project.ref
        answer.headers["sb-request-id"] = _uuid7()

    def _log(self, request: Request, answer: Response, started: float) -> None:
        function = self.project.functions.get(_slug(request.path.removeprefix(FUNCTIONS)))
        to_function = request.path.startswith(FUNCTIONS)
        attributes = {
            "request.method": request.method,
            "request.pathname": request.path,
            "response.status_code": str(answer.status_code),
            "execution_time_ms": str(round((time.monotonic() - started) * 1000)),
        }
        if to_function:
            attributes["function_id"] = function.id if function else ""
            attributes["execution_id"] = answer.headers.get("x-deno-execution-id", "")
        source = "function_edge_logs" if to_function else "edge_logs"
        message = f"{request.method} | {answer.status_code} | {request.url}"
        self.project.logs.append(LogRecord(source, message, attributes))


def _relayed(reply: Reply, region: str) -> Response:
    """Return a function's own answer, with what the edge runtime adds to it."""
    answer = Response(reply.body, reply.status)
    answer.headers.clear()
    for name, value in reply.headers:
        if name.lower() not in HOP_BY_HOP:
            answer.headers.add(name, value)
    answer.headers["x-served-by"] = "supabase-edge-runtime"
    answer.headers["x-sb-edge-region"] = region
    answer.headers["x-deno-execution-id"] = reply.execution_id
    if reply.status >= SERVER_ERROR:
        answer.headers["sb-error-code"] = "EDGE_FUNCTION_ERROR"
    return answer


def _slug(target: str) -> str:
    return target.lstrip("/").split("/", 1)[0]


def _uuid7() -> str:
    """Return a UUID that begins with the time (RFC 9562); Python has its own from 3.14."""
    bits = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    bits = bits & ~(0xF << 76) | 0x7 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
