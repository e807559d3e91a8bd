"""The functions client against the stand-in gateway, and against what stands in its way."""

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from werkzeug import Request, Response

from backup_doctor.collect.clients.functions import Functions
from backup_doctor.collect.deadline import Deadline
from backup_doctor.demo.serving import LoopbackServer
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.state import Function, Project, SecretValue
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.function import HttpAnswer
from backup_doctor.settings.model import Secret, Settings

KEY = Secret("0123456789abcdef")
NAME = "update-backup"
SOURCE = Path(str(files("backup_doctor.demo"))) / "pipeline/supabase/functions" / NAME / "index.ts"


@pytest.fixture
def project() -> Project:
    return Project(
        database_uri="postgresql://supabase_admin@127.0.0.1:1/none",
        functions={NAME: Function(NAME, SOURCE, verify_jwt=False)},
        function_secrets={"BACKUP_API_KEY": SecretValue(KEY.reveal())},
    )


@pytest.fixture
def gateway(project: Project) -> Iterator[Gateway]:
    with Gateway(project) as gateway:
        yield gateway


@pytest.fixture
def functions(gateway: Gateway) -> Functions:
    return Functions(Settings(supabase_url=gateway.url, function_key=KEY), Deadline(30))


def answered(answer: HttpAnswer | Unseen) -> HttpAnswer:
    assert isinstance(answer, HttpAnswer), answer
    return answer


def test_the_function_itself_complains_of_an_empty_body(functions: Functions) -> None:
    answer = answered(functions.post(NAME, {}, KEY))

    assert (answer.status, answer.from_function, answer.error_code) == (400, True, None)
    assert "Missing required fields" in answer.body


def test_the_function_itself_refuses_a_wrong_key(functions: Functions) -> None:
    answer = answered(functions.post(NAME, {}, Secret("wrong")))

    assert (answer.status, answer.from_function) == (401, True)


def test_the_key_is_sent_as_the_pipeline_sends_it(functions: Functions, gateway: Gateway) -> None:
    functions.post(NAME, {}, Secret(f"{KEY.reveal()}\n"))
    functions.options(NAME)

    post, options = gateway.requests
    assert (post.headers["Authorization"], post.body) == (f"Bearer {KEY.reveal()}", b"{}")
    assert "Authorization" not in options.headers


def test_a_function_that_is_not_deployed_is_the_gateways_answer(
    functions: Functions, project: Project
) -> None:
    project.functions.clear()

    answer = answered(functions.post(NAME, {}, KEY))

    assert (answer.status, answer.from_function, answer.error_code) == (404, False, "NOT_FOUND")


def test_a_key_that_is_no_jwt_is_refused_by_the_gateway(
    functions: Functions, project: Project
) -> None:
    project.functions[NAME].verify_jwt = True

    answer = answered(functions.post(NAME, {}, KEY))

    assert answer.error_code == "UNAUTHORIZED_INVALID_JWT_FORMAT"
    assert (answer.status, answer.from_function) == (401, False)


@pytest.mark.parametrize("status", [540, 530])
def test_a_paused_project_is_an_answer_too(
    functions: Functions, project: Project, status: int
) -> None:
    project.faults.paused = status  # type: ignore[assignment]  # one of the two

    assert answered(functions.options(NAME)).status == status


def test_without_a_url_nothing_is_asked() -> None:
    answer = Functions(Settings(), Deadline(5)).options(NAME)

    assert isinstance(answer, Unseen)
    assert answer.why is Why.NOT_CONFIGURED


def test_a_key_that_no_header_can_carry_is_not_sent(functions: Functions, gateway: Gateway) -> None:
    answer = functions.post(NAME, {}, Secret("two\nlines"))

    assert isinstance(answer, Unseen)
    assert answer.why is Why.BAD_CREDENTIALS
    assert gateway.requests == []


def ask(response: Callable[[], Response]) -> HttpAnswer | Unseen:
    with LoopbackServer(Request.application(lambda _request: response())) as server:
        settings = Settings(supabase_url=server.url, function_key=KEY)
        return Functions(settings, Deadline(10)).post(NAME, {}, KEY)


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (lambda: Response("<html>Log in</html>", content_type="text/html"), Why.GARBLED),
        (lambda: Response("", 302, {"Location": "https://portal.example/in"}), Why.REFUSED),
        (lambda: Response("", 308, {"Location": "/functions/v1/elsewhere"}), Why.REFUSED),
    ],
)
def test_a_portal_or_a_redirect_is_no_answer_of_the_function(
    response: Callable[[], Response], why: Why
) -> None:
    answer = ask(response)

    assert isinstance(answer, Unseen)
    assert answer.why is why


def test_a_function_that_answers_html_itself_is_believed() -> None:
    answer = ask(
        lambda: Response(
            "<p>ok</p>", content_type="text/html", headers={"x-deno-execution-id": "1"}
        )
    )

    assert answered(answer).from_function is True


@pytest.mark.parametrize(
    ("status", "headers", "body", "whose", "code"),
    [
        (500, {"sb-error-code": "EDGE_FUNCTION_ERROR"}, "oops", True, "EDGE_FUNCTION_ERROR"),
        (500, {"x-served-by": "supabase-edge-runtime"}, "oops", True, None),
        (546, {"sb-error-code": "WORKER_RESOURCE_LIMIT", "x-deno-execution-id": "1"}, "", False,
         "WORKER_RESOURCE_LIMIT"),
        (503, {}, '{"code":"BOOT_ERROR","message":"Failed to start"}', False, "BOOT_ERROR"),
        (401, {}, '{"code":401,"message":"Invalid JWT"}', False, "401"),
        (401, {}, '{"msg":"Invalid JWT"}', False, None),
        (404, {}, '{"code":"NOT_FOUND","message":"no such backup","id":7}', None, None),
        (404, {}, '{"error":"backup not found"}', None, None),
        (500, {}, "Internal Server Error", None, None),
    ],
)  # fmt: skip
def test_headers_and_whole_bodies_tell_whose_answer_it_is(
    status: int, headers: dict[str, str], body: str, code: str | None, *, whose: bool | None
) -> None:
    answer = answered(ask(lambda: Response(body, status, headers)))

    assert (answer.from_function, answer.error_code) == (whose, code)


def test_an_answer_that_echoes_the_key_is_kept_without_it_and_short() -> None:
    answer = answered(ask(lambda: Response(f"key {KEY.reveal()} " + "x" * 5000, 401)))

    assert answer.body.startswith("key *** x")
    assert len(answer.body) == 2000
