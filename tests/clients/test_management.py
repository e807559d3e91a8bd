"""The Management API client against the stand-in, and against servers that misbehave."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from werkzeug import Request, Response

from backup_doctor.collect.clients.management import Management
from backup_doctor.collect.deadline import Deadline
from backup_doctor.demo.serving import LoopbackServer
from backup_doctor.demo.supabase import management as stand_in
from backup_doctor.demo.supabase.postgres import PostgresServer
from backup_doctor.demo.supabase.state import Function, LogRecord, Project, SecretValue
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.settings.model import Secret, Settings

TOKEN = "sbp_" + "0123456789abcdef" * 2 + "01234567"
SCOPED = "sbp_fc" + "0" * 38
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def database_uri() -> Iterator[str]:
    with PostgresServer.start() as server:
        uri = server.create_database("management_client")
        with psycopg.connect(server.uri("management_client")) as connection:
            connection.execute("CREATE TABLE public.backup_history (id int8)")
            connection.execute("INSERT INTO backup_history VALUES (7)")
        yield uri


@pytest.fixture
def project(database_uri: str) -> Project:
    return Project(database_uri=database_uri, url="http://127.0.0.1:54321")


@pytest.fixture
def api(project: Project, tmp_path: Path) -> Iterator[stand_in.Management]:
    tokens = [
        stand_in.AccessToken(TOKEN),
        stand_in.AccessToken(SCOPED, frozenset({"project_admin_read"})),
    ]
    with stand_in.Management(project, tokens, tmp_path) as management:
        yield management


def client(api: stand_in.Management, token: str = TOKEN, ref: str | None = None) -> Management:
    settings = Settings(
        access_token=Secret(token),
        project_ref=ref or api.project.ref,
        management_url=api.url,
        function_key=Secret("canary-key"),
    )
    return Management(settings, Deadline(20))


def refusal(answer: object) -> Unseen:
    assert isinstance(answer, Unseen)
    return answer


def test_a_project_and_its_function_are_read(
    api: stand_in.Management, project: Project, tmp_path: Path
) -> None:
    project.functions["update-backup"] = Function(
        "update-backup", tmp_path / "index.ts", verify_jwt=False, version=3, updated_at=NOW
    )

    seen, record = client(api).project(), client(api).function("update-backup")

    assert not isinstance(seen, Unseen)
    assert (seen.ref, seen.status, seen.region) == (project.ref, "ACTIVE_HEALTHY", "eu-central-1")
    assert record is not None
    assert not isinstance(record, Unseen)
    assert (record.status, record.version, record.verify_jwt) == ("ACTIVE", 3, False)
    assert record.updated_at == NOW
    assert record.id


def test_a_function_that_is_not_deployed_is_none(api: stand_in.Management) -> None:
    assert client(api).function("update-backup") is None


def test_a_function_is_missing_beside_others(
    api: stand_in.Management, project: Project, tmp_path: Path
) -> None:
    project.functions["send-mail"] = Function("send-mail", tmp_path / "index.ts", verify_jwt=True)

    assert client(api).function("update-backup") is None


def test_a_function_of_an_unknown_project_is_not_said_to_be_missing(
    api: stand_in.Management,
) -> None:
    answer = refusal(client(api, ref="zzzzzzzzzzzzzzzzzzzz").function("update-backup"))

    assert (answer.why, answer.status) == (Why.NOT_FOUND, 404)


def test_secrets_and_keys_are_listed(api: stand_in.Management, project: Project) -> None:
    project.function_secrets["BACKUP_API_KEY"] = SecretValue("canary-key", NOW)

    secrets, keys = client(api).function_secrets(), client(api).api_keys()

    assert not isinstance(secrets, Unseen)
    own = next(secret for secret in secrets if secret.name == "BACKUP_API_KEY")
    assert own.updated_at == NOW
    assert own.digest != "canary-key"
    assert not isinstance(keys, Unseen)
    assert {key.kind for key in keys} == {"legacy", "publishable", "secret"}
    assert project.keys.secret not in {key.shown for key in keys}


def test_the_switch_of_the_legacy_keys_is_read(api: stand_in.Management, project: Project) -> None:
    project.legacy_keys_enabled = False

    assert client(api).legacy_enabled() is False


def test_a_query_returns_rows(api: stand_in.Management) -> None:
    assert client(api).query("SELECT id FROM public.backup_history") == [{"id": 7}]


def test_a_query_writes_nothing(api: stand_in.Management) -> None:
    answer = refusal(client(api).query("DELETE FROM public.backup_history"))

    assert answer.why is Why.REFUSED
    assert client(api).query("SELECT id FROM public.backup_history") == [{"id": 7}]


def test_a_refused_query_carries_postgresqls_message_and_code(api: stand_in.Management) -> None:
    answer = refusal(client(api).query("SELECT nope FROM public.backup_history"))

    assert (answer.why, answer.status, answer.code) == (Why.REFUSED, 400, "42703")
    assert 'column "nope" does not exist' in answer.what


def test_a_functions_log_is_read_oldest_first_and_without_keys(
    api: stand_in.Management, project: Project
) -> None:
    for minute, message in enumerate(["booted", "got canary-key"]):
        attributes = {"function_id": "f-1", "level": "error"}
        at = NOW + timedelta(minutes=minute)
        project.logs.append(LogRecord("function_logs", message, attributes, timestamp=at))
    project.logs.append(LogRecord("function_logs", "another's", {"function_id": "f-2"}))

    lines = client(api).function_logs("f-1", NOW - timedelta(hours=1), NOW + timedelta(hours=1))

    assert not isinstance(lines, Unseen)
    assert [(line.message, line.level) for line in lines] == [
        ("booted", "error"),
        ("got ***", "error"),
    ]
    assert lines[0].at == NOW


def test_a_log_is_not_asked_for_by_an_id_that_is_none(api: stand_in.Management) -> None:
    answer = refusal(client(api).function_logs("f' OR '1'='1", NOW, NOW))

    assert answer.why is Why.NOT_FOUND
    assert api.requests == []


def test_a_bad_token_is_named_by_its_setting(api: stand_in.Management) -> None:
    answer = refusal(client(api, token="sbp_wrong").project())

    assert (answer.why, answer.status) == (Why.BAD_CREDENTIALS, 401)
    assert "SUPABASE_ACCESS_TOKEN" in answer.what
    assert "sbp_wrong" not in repr(answer)


@pytest.mark.parametrize(
    ("call", "scope"),
    [
        (lambda api: api.function("update-backup"), "edge_functions_read"),
        (lambda api: api.function_secrets(), "edge_functions_secrets_read"),
        (lambda api: api.api_keys(), "api_gateway_keys_read"),
        (lambda api: api.query("SELECT 1"), "database_read"),
        (lambda api: api.function_logs("f-1", NOW, NOW), "analytics_logs_read"),
    ],
)
def test_a_token_without_the_permission_is_told_its_name(
    api: stand_in.Management, call: Callable[[Management], object], scope: str
) -> None:
    answer = refusal(call(client(api, token=SCOPED)))

    assert (answer.why, answer.status) == (Why.DENIED, 403)
    assert answer.remedy is not None
    assert scope in answer.remedy


def test_a_token_with_a_trailing_newline_is_sent_without_it(api: stand_in.Management) -> None:
    assert not isinstance(client(api, token=f"{TOKEN}\n").project(), Unseen)


def test_a_token_that_no_header_can_carry_is_not_sent(api: stand_in.Management) -> None:
    answer = refusal(client(api, token="sbp_two\nlines").project())

    assert answer.why is Why.BAD_CREDENTIALS
    assert api.requests == []


def test_what_is_missing_is_named() -> None:
    without_token = Management(Settings(project_ref="a" * 20), Deadline(5)).project()
    without_ref = Management(Settings(access_token=Secret(TOKEN)), Deadline(5)).query("SELECT 1")

    assert refusal(without_token).remedy == "Set SUPABASE_ACCESS_TOKEN."
    assert refusal(without_ref).remedy == "Set SUPABASE_PROJECT_REF."


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (
            lambda: Response("<html>Welcome to the hotel</html>", content_type="text/html"),
            "garbled",
        ),
        (lambda: Response("", 200), "garbled"),
        (lambda: Response("[1, 2]", content_type="application/json"), "garbled"),
        (lambda: Response('{"ref": 7, "status": null}'), "garbled"),
        (lambda: Response("[" * 100_000), "garbled"),
        (lambda: Response("<html>502</html>", 502), "garbled"),
        (lambda: Response("", 302, {"Location": "https://portal.example"}), "garbled"),
        (lambda: Response('{"message": "Too many"}', 429), "rate-limited"),
        (lambda: Response('{"message": "Over quota"}', 402), "refused"),
    ],
)
def test_whatever_else_answers_is_unseen_and_never_raises(
    response: Callable[[], Response], why: str
) -> None:
    with LoopbackServer(Request.application(lambda _request: response())) as server:
        settings = Settings(
            access_token=Secret(TOKEN), project_ref="a" * 20, management_url=server.url
        )
        api = Management(settings, Deadline(20))
        answers = [
            api.project(),
            api.function("f"),
            api.function_secrets(),
            api.api_keys(),
            api.legacy_enabled(),
            api.function_logs("f-1", NOW, NOW),
        ]

    for answer in answers:
        if answer != ():
            assert refusal(answer).why in {why, Why.GARBLED}
    assert refusal(answers[0]).why == why


def test_the_older_sql_endpoint_is_asked_where_the_read_only_one_is_unknown() -> None:
    asked: list[tuple[str, object]] = []

    def answer(request: Request) -> Response:
        asked.append((request.path.rpartition("/v1/projects/")[2], request.json))
        if request.path.endswith("/read-only"):
            return Response('{"message": "Cannot POST"}', 404)
        return Response('[{"one": 1}]', 201)

    with LoopbackServer(Request.application(answer)) as server:
        settings = Settings(
            access_token=Secret(TOKEN), project_ref="a" * 20, management_url=server.url
        )
        rows = Management(settings, Deadline(10)).query("SELECT 1 AS one")

    assert rows == [{"one": 1}]
    assert asked[-1] == (
        f"{'a' * 20}/database/query",
        {"query": "SELECT 1 AS one", "read_only": True},
    )
