"""The gateway answers as Supabase's does, and runs edge functions on Deno."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.keys import Keys, sign
from backup_doctor.demo.supabase.state import Function, LogRecord, Project, SecretValue

NOWHERE = "postgresql://supabase_admin:x@127.0.0.1:1/none"
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ECHO = """
Deno.serve(async (request) => {
  console.log("called by", request.headers.get("authorization"));
  const url = new URL(request.url);
  return Response.json(
    { method: request.method, path: url.pathname + url.search, body: await request.text() },
    { status: Number(url.searchParams.get("status") ?? 200), headers: { "x-own": "1" } },
  );
});
"""

Deploy = Callable[..., str]


@pytest.fixture
def project() -> Project:
    return Project(NOWHERE)


@pytest.fixture
def gateway(project: Project) -> Iterator[Gateway]:
    with Gateway(project) as running:
        yield running


@pytest.fixture
def deploy(project: Project, gateway: Gateway, tmp_path: Path) -> Deploy:
    """Deploys a source and returns the URL of the function."""

    def run(source: str = ECHO, *, verify_jwt: bool = False) -> str:
        entrypoint = tmp_path / "index.ts"
        entrypoint.write_text(source)
        before = project.functions.get("f")
        version = before.version + 1 if before else 1
        project.functions["f"] = Function("f", entrypoint, verify_jwt=verify_jwt, version=version)
        return f"{gateway.url}/functions/v1/f"

    return run


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refusal(answer: httpx.Response) -> tuple[int, str | None, str]:
    """Status, code and message of the platform's own answer."""
    assert "x-deno-execution-id" not in answer.headers
    return answer.status_code, answer.headers.get("sb-error-code"), answer.json()["message"]


def test_every_answer_names_the_gateway_and_the_project(gateway: Gateway, project: Project) -> None:
    answer = httpx.get(f"{gateway.url}/functions/v1/f")

    assert answer.headers["sb-gateway-version"] == "1"
    assert answer.headers["sb-project-ref"] == project.ref
    assert UUID7.fullmatch(answer.headers["sb-request-id"])
    assert "cf-ray" in answer.headers


@pytest.mark.parametrize("path", ["/functions/v1", "/functions/v1/", "/functions/v1/other"])
def test_a_function_that_is_not_deployed_is_404(gateway: Gateway, path: str) -> None:
    answer = httpx.post(gateway.url + path)

    assert refusal(answer) == (404, "NOT_FOUND", "Requested function was not found")
    assert answer.json()["code"] == "NOT_FOUND"


def test_a_function_whose_bundle_is_gone_is_404_too(deploy: Deploy, project: Project) -> None:
    url = deploy()
    project.functions["f"].entrypoint.unlink()

    assert refusal(httpx.post(url))[:2] == (404, "NOT_FOUND_FUNCTION_BLOB")


def test_the_functions_own_answer_carries_its_execution_id(deploy: Deploy) -> None:
    answer = httpx.post(f"{deploy()}/more?a=1", content="hello")

    assert answer.json() == {"method": "POST", "path": "/f/more?a=1", "body": "hello"}
    assert answer.headers["x-own"] == "1"
    assert answer.headers["x-served-by"] == "supabase-edge-runtime"
    assert answer.headers["x-deno-execution-id"]
    assert "sb-error-code" not in answer.headers


def test_a_refusal_by_the_function_itself_has_no_error_code(deploy: Deploy) -> None:
    answer = httpx.post(f"{deploy()}?status=401")

    assert answer.status_code == 401
    assert "sb-error-code" not in answer.headers
    assert "x-deno-execution-id" in answer.headers


def test_a_server_error_of_the_function_is_marked(deploy: Deploy) -> None:
    answer = httpx.post(f"{deploy()}?status=503")

    assert (answer.status_code, answer.json()["method"]) == (503, "POST")
    assert answer.headers["sb-error-code"] == "EDGE_FUNCTION_ERROR"


def test_a_handler_that_throws_is_a_bare_500(deploy: Deploy, project: Project) -> None:
    answer = httpx.post(deploy("Deno.serve(() => { throw new Error('boom') })"))

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert answer.headers["sb-error-code"] == "EDGE_FUNCTION_ERROR"
    assert "Error: boom" in logged(project, "boom").event_message


def test_a_default_export_is_served_as_well(deploy: Deploy) -> None:
    answer = httpx.get(deploy("export default { fetch: () => new Response('hello') };"))

    assert (answer.status_code, answer.text) == (200, "hello")


@pytest.mark.parametrize(
    "source",
    [
        "throw new Error('no start')",
        "Deno.serve((",
        "import 'https://127.0.0.1/x.ts'",
        "const a = 1",
    ],
)
def test_a_function_that_does_not_start_is_503(deploy: Deploy, source: str) -> None:
    answer = httpx.post(deploy(source))

    assert refusal(answer) == (
        503,
        "BOOT_ERROR",
        "Function failed to start (please check logs)",
    )


def test_an_error_outside_the_handler_ends_the_worker_and_the_next_call_starts_another(
    deploy: Deploy,
) -> None:
    url = deploy(
        """Deno.serve((request) => {
             if (request.method === "GET") return new Response("fine");
             setTimeout(() => { throw new Error("late") });
             return new Promise(() => {});
           })"""
    )

    dead, alive = httpx.post(url), httpx.get(url)

    assert refusal(dead)[:2] == (500, "WORKER_ERROR")
    assert alive.text == "fine"


def test_the_platforms_variables_and_secrets_reach_the_function(
    deploy: Deploy, project: Project
) -> None:
    project.function_secrets["BACKUP_API_KEY"] = SecretValue("s3cret")
    project.legacy_keys_enabled = False

    seen = httpx.get(deploy("Deno.serve(() => Response.json(Deno.env.toObject()))")).json()

    assert seen["SUPABASE_URL"] == project.url
    assert seen["SUPABASE_SERVICE_ROLE_KEY"] == project.keys.service_role
    assert seen["SUPABASE_ANON_KEY"] == project.keys.anon
    assert json.loads(seen["SUPABASE_SECRET_KEYS"]) == {"default": project.keys.secret}
    assert seen["SUPABASE_DB_URL"].startswith("postgresql://postgres:")
    assert seen["BACKUP_API_KEY"] == "s3cret"
    assert "VIRTUAL_ENV" not in seen


def test_a_new_secret_needs_no_redeploy(deploy: Deploy, project: Project) -> None:
    url = deploy("Deno.serve(() => new Response(Deno.env.get('KEY') ?? 'none'))")

    before = httpx.get(url).text
    project.function_secrets["KEY"] = SecretValue("set")
    after = httpx.get(url).text

    assert (before, after) == ("none", "set")


def test_a_deploy_replaces_the_running_version(deploy: Deploy) -> None:
    first = httpx.get(deploy("Deno.serve(() => new Response('1'))")).text
    second = httpx.get(deploy("Deno.serve(() => new Response('2'))")).text

    assert (first, second) == ("1", "2")


def test_a_function_reaches_nothing_but_loopback(deploy: Deploy) -> None:
    answer = httpx.get(
        deploy(
            """Deno.serve(async () => {
                 const told = await fetch("http://192.0.2.1/").catch((error) => error.name);
                 return new Response(String(told));
               })"""
        )
    )

    assert answer.text == "NotCapable"


def test_what_a_function_writes_is_in_the_logs(deploy: Deploy, project: Project) -> None:
    answer = httpx.post(deploy(), headers=bearer("k"))

    record = logged(project, "called by")
    assert record.event_message == "called by Bearer k"
    assert record.source == "function_logs"
    assert record.attributes["level"] == "info"
    assert record.attributes["execution_id"] == answer.headers["x-deno-execution-id"]


def test_the_edge_log_has_status_and_execution(deploy: Deploy, project: Project) -> None:
    good = httpx.post(deploy())
    httpx.post(f"{project.url}/functions/v1/none")

    edge = [record for record in project.logs if record.source == "function_edge_logs"]
    assert [record.attributes["response.status_code"] for record in edge] == ["200", "404"]
    assert edge[0].attributes["execution_id"] == good.headers["x-deno-execution-id"]
    assert edge[0].attributes["function_id"] == project.functions["f"].id
    assert edge[1].attributes["execution_id"] == ""


@pytest.mark.parametrize(
    ("headers", "code", "message"),
    [
        ({}, "UNAUTHORIZED_NO_AUTH_HEADER", "Missing authorization header"),
        (bearer("a-backup-key"), "UNAUTHORIZED_INVALID_JWT_FORMAT", "Invalid JWT"),
        (
            {"Authorization": "Basic abc"},
            "UNAUTHORIZED_INVALID_JWT_FORMAT",
            "Auth header is not 'Bearer {token}'",
        ),
        (bearer(Keys.create("b" * 20).anon), "UNAUTHORIZED_LEGACY_JWT", "Invalid JWT"),
        (bearer("eyJhbGciOiJFUzI1NiJ9.e30.x"), "UNAUTHORIZED_ASYMMETRIC_JWT", "Invalid JWT"),
        (
            bearer("eyJhbGciOiJQUzI1NiJ9.e30.x"),
            "UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM",
            "Unsupported JWT algorithm PS256",
        ),
    ],
)
def test_verify_jwt_stops_the_call_before_the_function(
    deploy: Deploy, headers: dict[str, str], code: str, message: str
) -> None:
    answer = httpx.post(deploy(verify_jwt=True), headers=headers)

    assert refusal(answer) == (401, code, message)


def test_verify_jwt_lets_valid_keys_pass(deploy: Deploy, project: Project) -> None:
    url = deploy(verify_jwt=True)

    assert httpx.post(url, headers=bearer(project.keys.anon)).status_code == 200
    assert httpx.post(url, headers={"apikey": project.keys.secret}).status_code == 200
    assert httpx.post(url, headers=bearer(project.keys.secret)).status_code == 200


def test_the_older_gateway_takes_no_sb_key_for_a_jwt(deploy: Deploy, project: Project) -> None:
    project.faults.refuse_sb_bearer = True

    answer = httpx.post(deploy(verify_jwt=True), headers=bearer(project.keys.secret))

    assert refusal(answer)[1] == "UNAUTHORIZED_INVALID_JWT_FORMAT"


def test_an_expired_token_is_refused(deploy: Deploy, project: Project) -> None:
    expired = sign({"role": "anon", "exp": int(time.time()) - 1}, project.keys.jwt_secret)

    answer = httpx.post(deploy(verify_jwt=True), headers=bearer(expired))

    assert refusal(answer)[1] == "UNAUTHORIZED_LEGACY_JWT"


def test_a_preflight_is_never_checked(deploy: Deploy) -> None:
    answer = httpx.options(deploy(verify_jwt=True), headers={"apikey": "wrong"})

    assert answer.json()["method"] == "OPTIONS"


def test_an_unknown_apikey_is_refused_even_without_verify_jwt(deploy: Deploy) -> None:
    answer = httpx.post(deploy(), headers={"apikey": "wrong"})

    assert refusal(answer) == (401, "UNAUTHORIZED_INVALID_API_KEY", "Invalid API key")
    assert answer.json() == {"message": "Invalid API key"}


@pytest.mark.parametrize("path", ["/rest/v1/t", "/auth/v1/settings"])
def test_the_apis_want_a_known_key(gateway: Gateway, path: str) -> None:
    none = httpx.get(gateway.url + path, headers=bearer("x"))
    unknown = httpx.get(gateway.url + path, headers={"apikey": "x"})

    assert none.status_code == 401
    assert none.json() == {
        "message": "No API key found in request",
        "hint": "No `apikey` request header or url param was found.",
    }
    assert refusal(unknown) == (401, "UNAUTHORIZED_INVALID_API_KEY", "Invalid API key")


def test_auth_settings_take_any_key(gateway: Gateway, project: Project) -> None:
    for key in (project.keys.anon, project.keys.secret, project.keys.publishable):
        assert "external" in httpx.get(f"{gateway.url}/auth/v1/settings?apikey={key}").json()


def test_the_root_of_the_data_api_is_for_the_service_role(
    gateway: Gateway, project: Project
) -> None:
    answer = httpx.get(f"{gateway.url}/rest/v1/", headers={"apikey": project.keys.anon})

    assert refusal(answer) == (401, "UNAUTHORIZED_INVALID_API_KEY_TYPE", "Invalid API key")
    assert answer.json()["hint"].startswith("Only the `service_role` API key")


def test_disabled_legacy_keys_say_since_when(gateway: Gateway, project: Project) -> None:
    project.legacy_keys_enabled = False
    project.legacy_disabled_at = datetime(2025, 10, 11, 22, 43, 34, 125651, tzinfo=UTC)

    answer = httpx.get(f"{gateway.url}/rest/v1/t", headers={"apikey": project.keys.service_role})

    assert answer.status_code == 401
    assert answer.json() == {
        "message": "Legacy API keys are disabled",
        "hint": "Your legacy API keys (anon, service_role) were disabled on "
        "2025-10-11T22:43:34.125651+00:00. Re-enable them in the Supabase dashboard, or use the "
        "new publishable and secret API keys.",
    }


def test_a_secret_key_from_a_browser_is_refused(gateway: Gateway, project: Project) -> None:
    browser = {"apikey": project.keys.secret, "User-Agent": "Mozilla/5.0 (Windows NT 10.0)"}

    answer = httpx.get(f"{gateway.url}/rest/v1/t", headers=browser)

    assert refusal(answer)[2] == "Forbidden use of secret API key in browser"


def test_an_sb_key_in_authorization_alone_is_no_jwt(gateway: Gateway, project: Project) -> None:
    keys = {"apikey": project.keys.anon, **bearer(project.keys.secret)}

    answer = httpx.get(f"{gateway.url}/rest/v1/t", headers=keys)

    assert (answer.status_code, answer.json()["code"]) == (401, "PGRST301")
    assert answer.json()["message"] == "Expected 3 parts in JWT; got 1"


def test_rotated_keys_are_unknown(gateway: Gateway, project: Project) -> None:
    old = project.keys.service_role
    project.keys = replace(Keys.create(project.ref), anon=project.keys.anon)

    answer = httpx.get(f"{gateway.url}/rest/v1/t", headers={"apikey": old})

    assert refusal(answer)[1] == "UNAUTHORIZED_INVALID_API_KEY"


@pytest.mark.parametrize("path", ["/functions/v1/f", "/rest/v1/t", "/auth/v1/settings"])
def test_a_paused_project_serves_nothing(gateway: Gateway, project: Project, path: str) -> None:
    project.faults.paused = 540
    documented = httpx.get(gateway.url + path)
    project.faults.paused = 530
    measured = httpx.get(gateway.url + path)

    assert documented.status_code == 540
    assert measured.status_code == 530
    assert "1016" in measured.text
    assert measured.headers["content-type"].startswith("text/plain")
    assert "sb-request-id" in measured.headers


def test_a_restricted_project_asks_for_payment(gateway: Gateway, project: Project) -> None:
    project.faults.restricted = True

    assert httpx.get(f"{gateway.url}/rest/v1/t").status_code == 402


def test_a_platform_that_is_down_says_only_a_status(gateway: Gateway, project: Project) -> None:
    project.faults.unavailable = 521

    assert httpx.get(f"{gateway.url}/rest/v1/t").status_code == 521


def test_limits_of_a_function_have_their_own_status(deploy: Deploy, project: Project) -> None:
    url = deploy()
    project.faults.function_limit = True
    limit = httpx.post(url)
    project.faults.function_limit = False
    project.faults.function_idle = True
    idle = httpx.post(url)

    assert refusal(limit)[:2] == (546, "WORKER_RESOURCE_LIMIT")
    assert refusal(idle) == (504, "IDLE_TIMEOUT", "Request idle timeout limit (150s) reached")


def test_too_many_calls_of_a_function_are_refused(deploy: Deploy, project: Project) -> None:
    url = deploy()
    project.faults.function_rate_limit = True

    assert refusal(httpx.post(url))[:2] == (429, "RATE_LIMIT_EXCEEDED")


def test_a_throttled_function_is_refused_in_the_same_way(deploy: Deploy, project: Project) -> None:
    url = deploy()
    next(iter(project.functions.values())).status = "THROTTLED"

    assert refusal(httpx.post(url))[:2] == (429, "RATE_LIMIT_EXCEEDED")


def test_latency_delays_every_answer(gateway: Gateway, project: Project) -> None:
    project.faults.latency_s = 0.2

    assert httpx.get(f"{gateway.url}/rest/v1/t").elapsed.total_seconds() >= 0.2


def test_every_request_is_recorded(gateway: Gateway) -> None:
    httpx.post(f"{gateway.url}/functions/v1/f?a=1", content="x")

    (seen,) = gateway.requests
    assert (seen.method, seen.path, seen.query, seen.body) == (
        "POST",
        "/functions/v1/f",
        "a=1",
        b"x",
    )
    assert seen.status == 404


def logged(project: Project, text: str) -> LogRecord:
    """Return the record that holds `text`; the function's output arrives beside its answer."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for record in list(project.logs):
            if text in record.event_message:
                return record
        time.sleep(0.01)
    raise AssertionError(f"{text} is not in {[r.event_message for r in project.logs]}")
