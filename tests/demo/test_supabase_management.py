"""The Management API stand-in over HTTP: what the recorded answers of the real one say."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from backup_doctor.demo.supabase.management import AccessToken, Management
from backup_doctor.demo.supabase.postgres import PostgresServer
from backup_doctor.demo.supabase.state import Function, LogRecord, Project, SecretValue

TOKEN = "sbp_" + "0123456789abcdef" * 2 + "01234567"
READ_ONLY = "sbp_fc" + "0" * 38
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def database_uri() -> Iterator[str]:
    with PostgresServer.start() as server:
        uri = server.create_database("management")
        with psycopg.connect(server.uri("management")) as connection:
            connection.execute("CREATE TABLE public.backup_history (id int8, done timestamptz)")
            connection.execute("INSERT INTO backup_history VALUES (7, '2026-01-15T02:03:04Z')")
        yield uri


@pytest.fixture
def project(database_uri: str) -> Project:
    return Project(database_uri=database_uri, url="http://127.0.0.1:54321")


@pytest.fixture
def api(project: Project, tmp_path: Path) -> Iterator[Management]:
    scoped = AccessToken(READ_ONLY, frozenset({"edge_functions_read", "database_read"}))
    with Management(project, [AccessToken(TOKEN), scoped], tmp_path) as management:
        yield management


@pytest.fixture
def client(api: Management) -> Iterator[httpx.Client]:
    base = f"{api.url}/v1/projects/{api.project.ref}"
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        yield http


def query(client: httpx.Client, text: str, **more: object) -> httpx.Response:
    return client.post("/database/query", json={"query": text, **more})


def test_a_project_tells_its_status_and_database(client: httpx.Client, project: Project) -> None:
    answer = client.get(f"{client.base_url}".rstrip("/"))

    assert answer.status_code == 200
    assert answer.json()["status"] == "ACTIVE_HEALTHY"
    assert answer.json()["database"]["host"] == f"db.{project.ref}.supabase.co"


def test_every_answer_counts_down_the_rate_limit(client: httpx.Client) -> None:
    answer = client.get("/functions")

    assert answer.headers["x-ratelimit-limit"] == "120"
    assert 0 <= int(answer.headers["x-ratelimit-remaining"]) < 120
    assert 0 < int(answer.headers["x-ratelimit-reset"]) <= 60


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"Authorization": "Bearer sb_secret_x"}, "JWT could not be decoded"),
        ({"Authorization": ""}, "JWT could not be decoded"),
        ({}, "Unauthorized"),
    ],
)
def test_a_bad_token_is_401(api: Management, header: dict[str, str], message: str) -> None:
    answer = httpx.get(f"{api.url}/v1/projects/{api.project.ref}", headers=header)

    assert (answer.status_code, answer.json()) == (401, {"message": message})


def test_a_scoped_token_is_refused_what_it_was_not_given(client: httpx.Client) -> None:
    client.headers["Authorization"] = f"Bearer {READ_ONLY}"

    assert client.get("/functions").status_code == 200
    assert query(client, "select 1", read_only=True).status_code == 201
    refused = [client.get("/secrets"), query(client, "select 1")]

    assert [answer.status_code for answer in refused] == [403, 403]
    assert "does not have the necessary privileges" in refused[0].json()["message"]


def test_another_organizations_project_is_403_and_an_unknown_one_404(
    api: Management, client: httpx.Client
) -> None:
    api.foreign_refs.add("z" * 20)

    assert client.get(f"{api.url}/v1/projects/{'z' * 20}").status_code == 403
    assert client.get(f"{api.url}/v1/projects/{'y' * 20}").status_code == 404


def test_an_unknown_path_is_named_in_the_404(client: httpx.Client, project: Project) -> None:
    answer = client.post("/nothing")

    assert answer.status_code == 404
    assert answer.json() == {"message": f"Cannot POST /v1/projects/{project.ref}/nothing"}


def test_secrets_are_shown_as_digests_and_the_urls_can_be_checked(
    client: httpx.Client, project: Project
) -> None:
    project.function_secrets["BACKUP_API_KEY"] = SecretValue("s3cret", NOW)

    digests = {secret["name"]: secret["value"] for secret in client.get("/secrets").json()}

    assert digests["BACKUP_API_KEY"] == hashlib.sha256(b"s3cret").hexdigest()
    assert digests["SUPABASE_URL"] == hashlib.sha256(project.url.encode()).hexdigest()


def test_a_secret_can_be_set_but_not_under_a_name_of_the_platforms(
    client: httpx.Client, project: Project
) -> None:
    made = client.post("/secrets", json=[{"name": "BACKUP_API_KEY", "value": "new"}])
    refused = client.post("/secrets", json=[{"name": "SUPABASE_URL", "value": "x"}])

    assert (made.status_code, made.content) == (201, b"")
    assert project.function_secrets["BACKUP_API_KEY"].value == "new"
    assert refused.status_code == 400


def test_functions_are_listed_with_times_in_milliseconds(
    client: httpx.Client, project: Project, tmp_path: Path
) -> None:
    deployed = datetime(2026, 1, 15, tzinfo=UTC)
    project.functions["update-backup"] = Function(
        "update-backup", tmp_path / "index.ts", verify_jwt=False, updated_at=deployed
    )

    (listed,) = client.get("/functions").json()

    assert listed["slug"] == "update-backup"
    assert listed["status"] == "ACTIVE"
    assert listed["verify_jwt"] is False
    assert listed["updated_at"] == 1768435200000
    assert client.get("/functions/update-backup").json() == listed


def test_a_function_that_was_never_deployed_is_404(client: httpx.Client) -> None:
    answer = client.get("/functions/update-backup")

    assert (answer.status_code, answer.json()) == (404, {"message": "Function not found"})


def test_a_patch_turns_the_jwt_gate_off(
    client: httpx.Client, project: Project, tmp_path: Path
) -> None:
    project.functions["update-backup"] = Function("update-backup", tmp_path / "index.ts")

    answer = client.patch("/functions/update-backup", json={"verify_jwt": False})

    assert answer.status_code == 200
    assert project.functions["update-backup"].verify_jwt is False


def test_a_second_deployment_is_a_new_version_with_the_jwt_gate_on_again(
    client: httpx.Client, project: Project
) -> None:
    def deploy(metadata: str) -> httpx.Response:
        return client.post(
            "/functions/deploy?slug=update-backup",
            files={"file": ("supabase/functions/update-backup/index.ts", b"Deno.serve(f)")},
            data={"metadata": metadata},
        )

    entrypoint = '"entrypoint_path":"supabase/functions/update-backup/index.ts"'

    first = deploy(f'{{{entrypoint},"verify_jwt":false,"name":"update-backup"}}')
    second = deploy(f"{{{entrypoint}}}")

    assert (first.status_code, first.json()["verify_jwt"]) == (201, False)
    assert (second.json()["version"], second.json()["verify_jwt"]) == (2, True)
    assert second.json()["id"] == first.json()["id"]
    assert project.functions["update-backup"].entrypoint.read_bytes() == b"Deno.serve(f)"


def test_a_deployment_cannot_write_outside_its_folder(client: httpx.Client, tmp_path: Path) -> None:
    answer = client.post(
        "/functions/deploy?slug=update-backup",
        files={"file": ("../../escaped.ts", b"")},
        data={"metadata": '{"entrypoint_path":"escaped.ts"}'},
    )

    assert answer.status_code == 400
    assert not list(tmp_path.parent.rglob("escaped.ts"))


def test_only_the_secret_key_is_masked_until_revealed(
    client: httpx.Client, project: Project
) -> None:
    def shown(path: str) -> list[str]:
        return [key["api_key"] for key in client.get(path).json()]

    keys = project.keys
    whole = [keys.anon, keys.service_role, keys.publishable]

    assert shown("/api-keys?reveal=true") == [*whole, keys.secret]
    assert shown("/api-keys")[:3] == whole
    assert shown("/api-keys")[3].startswith("sb_secret_")
    assert keys.secret not in shown("/api-keys")


def test_legacy_keys_tell_whether_they_are_on(client: httpx.Client, project: Project) -> None:
    project.legacy_keys_enabled = False

    assert client.get("/api-keys/legacy").json() == {"enabled": False}


def test_health_answers_for_the_services_asked_for(client: httpx.Client) -> None:
    answer = client.get("/health?services=rest&services=db")

    assert [(entry["name"], entry["status"]) for entry in answer.json()] == [
        ("rest", "ACTIVE_HEALTHY"),
        ("db", "ACTIVE_HEALTHY"),
    ]


def test_a_query_answers_201_with_rows_as_the_javascript_driver_reads_them(
    client: httpx.Client,
) -> None:
    answer = query(
        client, "select id, done, 1.50 as price, '{\"a\":[1]}'::jsonb as j from backup_history"
    )

    assert answer.status_code == 201
    assert answer.json() == [
        {"id": 7, "done": "2026-01-15 02:03:04+00", "price": "1.50", "j": {"a": [1]}}
    ]


def test_a_query_takes_parameters(client: httpx.Client) -> None:
    answer = query(client, "select $1::text || $2::text as joined", parameters=["a", "b"])

    assert answer.json() == [{"joined": "ab"}]


def test_of_several_statements_the_last_with_rows_answers(client: httpx.Client) -> None:
    text = "begin read only; set local lock_timeout='300ms'; select 1 as one; rollback"

    assert query(client, text).json() == [{"one": 1}]


def test_an_sql_error_is_400_with_sqlstate_and_position(client: httpx.Client) -> None:
    answer = query(client, "select * from nothing")

    assert answer.status_code == 400
    assert answer.json()["message"] == (
        'Failed to run sql query: ERROR:  42P01: relation "nothing" does not exist\n'
        "LINE 1: select * from nothing\n"
        "                      ^\n"
    )


@pytest.mark.parametrize("path", ["/database/query", "/database/query/read-only"])
def test_a_read_only_query_can_neither_write_nor_take_on_another_role(
    client: httpx.Client, path: str
) -> None:
    def message(text: str) -> str:
        answer = client.post(path, json={"query": text, "read_only": True})
        assert answer.status_code == 400
        return str(answer.json()["message"])

    assert "25006" in message("update public.backup_history set id = 1")
    assert "42501" in message("set role service_role")
    assert "42501" in message(
        "set default_transaction_read_only=off; commit; delete from backup_history"
    )


def test_an_ordinary_query_runs_as_the_owner_and_not_as_a_superuser(client: httpx.Client) -> None:
    text = "select current_user as who, usesuper from pg_user where usename = current_user"

    assert query(client, text).json() == [{"who": "postgres", "usesuper": False}]


def test_a_paused_projects_database_does_not_answer(client: httpx.Client, project: Project) -> None:
    project.status = "INACTIVE"

    assert query(client, "select 1").status_code == 400
    assert client.get(f"{client.base_url}".rstrip("/")).json()["status"] == "INACTIVE"


@pytest.fixture
def read_logs(client: httpx.Client, project: Project) -> Callable[..., httpx.Response]:
    project.logs += [
        LogRecord("function_logs", "boom", {"level": "error"}, "ERROR", NOW - timedelta(hours=1)),
        LogRecord(
            "function_edge_logs",
            "POST | 500 | /functions/v1/update-backup",
            {"response.status_code": "500", "request.method": "POST"},
            timestamp=NOW - timedelta(minutes=30),
        ),
        LogRecord("function_logs", "booted", {"level": "log"}, timestamp=NOW - timedelta(days=2)),
    ]

    def read(sql: str, since: timedelta = timedelta(hours=2)) -> httpx.Response:
        bounds = {
            "iso_timestamp_start": (NOW - since).isoformat(),
            "iso_timestamp_end": NOW.isoformat(),
        }
        return client.get("/analytics/endpoints/logs", params={"sql": sql, **bounds})

    return read


def test_logs_are_filtered_by_source_time_and_attribute(
    read_logs: Callable[..., httpx.Response],
) -> None:
    answer = read_logs(
        "select event_message, log_attributes from logs where source = 'function_edge_logs' and"
        " toInt32OrZero(log_attributes['response.status_code']) >= 500"
        " order by timestamp desc limit 10"
    )

    (row,) = answer.json()["result"]
    assert row["event_message"] == "POST | 500 | /functions/v1/update-backup"
    assert row["log_attributes"]["request.method"] == "POST"


def test_an_attribute_that_is_not_there_is_empty(
    read_logs: Callable[..., httpx.Response],
) -> None:
    answer = read_logs("select log_attributes['level'] as level from logs order by timestamp desc")

    assert answer.json()["result"] == [{"level": ""}, {"level": "error"}]


@pytest.mark.parametrize(
    "sql",
    ["select * from logs", "select count(*) from logs", "select arrayJoin([1]) from logs", ""],
)
def test_a_log_query_that_is_not_understood_is_refused(
    read_logs: Callable[..., httpx.Response], sql: str
) -> None:
    assert read_logs(sql).status_code == 400


def test_more_than_a_day_of_logs_is_refused(read_logs: Callable[..., httpx.Response]) -> None:
    assert read_logs("select id from logs", timedelta(days=3)).status_code == 400


def test_every_request_is_recorded(api: Management, client: httpx.Client) -> None:
    query(client, "select 1", read_only=True)

    seen = api.requests[-1]

    assert (seen.method, seen.path) == ("POST", f"/v1/projects/{api.project.ref}/database/query")
    assert seen.body == {"query": "select 1", "read_only": True}
