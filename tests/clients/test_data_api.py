"""The Data API client against the gateway and PostgREST of the demo world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from backup_doctor.collect.clients.data_api import DataApi
from backup_doctor.collect.clients.postgrest_answer import OTHER_WAY, SET_KEY, refusal
from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.row.collector import look
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.keys import legacy_key
from backup_doctor.demo.supabase.management import AccessToken, Management
from backup_doctor.demo.supabase.postgres import PostgresServer
from backup_doctor.demo.supabase.state import Project
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.row import ApiAnswer, Route, Table
from backup_doctor.settings.model import Secret, Settings
from tests.database.lab import DISPATCH, ROW_ID, Lab, lab_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "sbp_" + "0" * 40


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer.start() as server:
        yield server


@pytest.fixture
def lab(postgres: PostgresServer) -> Iterator[Lab]:
    with lab_on(postgres) as made:
        yield made.migrate()


@pytest.fixture
def project(lab: Lab) -> Project:
    return Project(lab.uri("supabase_admin"))


@pytest.fixture
def gateway(project: Project) -> Iterator[Gateway]:
    with Gateway(project) as running:
        yield running


def client(gateway: Gateway, key: str, names: Names | None = None) -> DataApi:
    settings = Settings(names=names or Names(), supabase_url=gateway.url, service_key=Secret(key))
    return DataApi(settings, Deadline(30))


def answer(
    gateway: Gateway, key: str, column: str = "dispatch_id", value: str = DISPATCH
) -> ApiAnswer:
    found = client(gateway, key).look_up(column, value)
    assert isinstance(found, ApiAnswer)
    return found


def test_a_legacy_key_goes_into_both_headers(gateway: Gateway) -> None:
    assert answer(gateway, gateway.project.keys.service_role).rows == 1

    headers = {name.lower(): value for name, value in gateway.requests[-1].headers.items()}
    assert headers["authorization"] == f"Bearer {headers['apikey']}"
    assert "accept-profile" not in headers


def test_a_secret_key_goes_into_apikey_alone(gateway: Gateway) -> None:
    assert answer(gateway, gateway.project.keys.secret).rows == 1

    assert "authorization" not in {name.lower() for name in gateway.requests[-1].headers}


def test_a_key_with_a_newline_at_its_end_is_sent_without(gateway: Gateway) -> None:
    assert answer(gateway, f"{gateway.project.keys.secret}\n").rows == 1


def test_the_look_up_asks_for_the_id_alone_and_never_at_the_root(gateway: Gateway) -> None:
    answer(gateway, gateway.project.keys.secret)

    asked = gateway.requests[-1]
    assert (asked.method, asked.path) == ("GET", "/rest/v1/backup_history")
    assert "select=id" in asked.query


@pytest.mark.parametrize("odd", ["a,b", "a.b:c", "(x)", '"quoted"', "50% & more", "ü=∞", "a b+c"])
def test_reserved_characters_of_a_value_reach_postgresql_as_they_are(
    lab: Lab, gateway: Gateway, odd: str
) -> None:
    with psycopg.connect(lab.uri()) as connection:
        connection.execute("UPDATE backup_history SET dispatch_id = %s", (odd,))

    assert answer(gateway, gateway.project.keys.secret, value=odd).rows == 1


def test_a_value_that_the_column_cannot_have_hides_no_row_of_another(gateway: Gateway) -> None:
    api = client(gateway, gateway.project.keys.secret)

    both, one = api.rows("id", "no uuid", ROW_ID), api.rows("id", "no uuid")

    assert isinstance(both, list)
    assert [row["id"] for row in both] == [ROW_ID]
    assert one == []


def test_no_row_is_zero_rows(gateway: Gateway) -> None:
    found = answer(gateway, gateway.project.keys.secret, value="none")

    assert (found.status, found.rows, found.gateway) == (200, 0, False)


def test_a_missing_grant_is_postgrests_own_403_with_its_hint(lab: Lab, gateway: Gateway) -> None:
    lab.sql("REVOKE ALL ON backup_history FROM service_role")

    found = answer(gateway, gateway.project.keys.service_role)

    assert (found.status, found.code, found.gateway) == (403, "42501", False)
    assert found.message == "permission denied for table backup_history"
    assert "GRANT SELECT" in found.hint
    assert found.rows is None


@pytest.mark.parametrize(
    ("refused", "remedy"),
    [
        (
            ApiAnswer(status=401, code="42501", hint="With: GRANT SELECT ON public.t TO anon;"),
            f"{SET_KEY}: the key that was given is a public one.",
        ),
        (
            ApiAnswer(status=401, hint="Double check your key.", gateway=True),
            f"{SET_KEY}.",
        ),
        (
            ApiAnswer(status=403, code="42501", hint="GRANT SELECT ON public.t TO service_role;"),
            "GRANT SELECT ON public.t TO service_role;",
        ),
        (
            ApiAnswer(status=401, code="42501", message="permission denied for table t"),
            f"{SET_KEY}: the key that was given is a public one.",
        ),
        (ApiAnswer(status=403, code="42501", message="permission denied for table t"), OTHER_WAY),
        (ApiAnswer(status=404), None),
    ],
)
def test_who_shows_a_wrong_key_is_asked_for_the_right_one_and_for_no_grant(
    refused: ApiAnswer, remedy: str | None
) -> None:
    assert refusal(refused).remedy == remedy


def test_an_unknown_key_is_the_gateways_401(gateway: Gateway) -> None:
    found = answer(gateway, "sb_secret_" + "x" * 31)

    assert (found.status, found.gateway) == (401, True)
    assert found.message == "Invalid API key"


def test_disabled_legacy_keys_are_said_in_the_gateways_words(gateway: Gateway) -> None:
    gateway.project.legacy_keys_enabled = False

    found = answer(gateway, gateway.project.keys.service_role)

    assert (found.status, found.gateway, found.message) == (
        401,
        True,
        "Legacy API keys are disabled",
    )


def test_an_expired_key_is_refused(gateway: Gateway) -> None:
    keys = gateway.project.keys
    old = datetime.now(UTC) - timedelta(days=4000)

    found = answer(gateway, legacy_key(gateway.project.ref, "service_role", keys.jwt_secret, old))

    assert found.status == 401
    assert found.rows is None


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("pool_exhausted", 504, "PGRST003"), ("schema_cache_lost", 503, "PGRST002")],
)
def test_an_overloaded_api_gives_its_code(
    gateway: Gateway, fault: str, status: int, code: str
) -> None:
    setattr(gateway.project.faults, fault, True)

    found = answer(gateway, gateway.project.keys.secret)

    assert (found.status, found.code, found.gateway) == (status, code, False)


def test_a_paused_project_is_not_postgrests_answer(gateway: Gateway) -> None:
    gateway.project.faults.paused = 540

    found = answer(gateway, gateway.project.keys.secret)

    assert (found.status, found.gateway, found.rows) == (540, True, None)


def test_a_table_of_another_schema_is_asked_by_its_profile(lab: Lab, gateway: Gateway) -> None:
    lab.sql("CREATE SCHEMA app; ALTER TABLE backup_history SET SCHEMA app")
    lab.sql("GRANT USAGE ON SCHEMA app TO service_role, authenticator")
    gateway.project.exposed_schemas.append("app")
    api = client(gateway, gateway.project.keys.secret, Names(table="app.backup_history"))

    found = api.look_up("dispatch_id", DISPATCH)

    assert isinstance(found, ApiAnswer)
    assert found.rows == 1


@pytest.mark.parametrize(
    ("key", "role"),
    [
        ("sb_secret_x", "service_role"),
        ("sb_publishable_x", "anon"),
        (legacy_key("ref", "authenticated", "s", datetime.now(UTC)), "authenticated"),
        ("a.b.c", None),
        ("garbage", None),
    ],
)
def test_the_role_is_what_the_key_stands_for(key: str, role: str | None) -> None:
    settings = Settings(supabase_url="http://127.0.0.1:1", service_key=Secret(key))

    assert DataApi(settings, Deadline(5)).role == role


def test_a_key_that_no_header_can_carry_is_bad_and_not_shown() -> None:
    settings = Settings(supabase_url="http://127.0.0.1:1", service_key=Secret("sb_secret_a\nb"))

    found = DataApi(settings, Deadline(5)).look_up("dispatch_id", "x")

    assert isinstance(found, Unseen)
    assert found.why is Why.BAD_CREDENTIALS
    assert "sb_secret" not in str(found)


def test_without_url_or_key_the_setting_is_named() -> None:
    no_url = DataApi(Settings(), Deadline(5)).look_up(None)
    no_key = DataApi(Settings(supabase_url="http://127.0.0.1:1"), Deadline(5)).look_up(None)

    assert isinstance(no_url, Unseen)
    assert isinstance(no_key, Unseen)
    assert "SUPABASE_URL" in (no_url.remedy or "")
    assert "SUPABASE_SERVICE_ROLE_KEY" in (no_key.remedy or "")


def rest_settings(gateway: Gateway, key: str | None = None, **more: object) -> Settings:
    return Settings(
        supabase_url=gateway.url,
        service_key=Secret(key or gateway.project.keys.secret),
        **more,  # type: ignore[arg-type]  # a test names what it sets
    )


def test_with_the_service_key_alone_the_row_is_seen_and_the_catalogue_said_to_be_unseen(
    lab: Lab, gateway: Gateway
) -> None:
    evidence = look(lab.ask(rest_settings(gateway)), lab.case())

    assert evidence.route is Route.REST
    assert evidence.newest is not None
    assert (evidence.newest.id, evidence.newest.status) == (ROW_ID, "in_progress")
    assert isinstance(evidence.table, Unseen)
    assert "SUPABASE_DB_URL" in (evidence.table.remedy or "")


@pytest.mark.parametrize(("asked", "rows"), [(ROW_ID, 1), ("none", 0)])
def test_over_rest_an_id_is_looked_up_in_both_columns(
    lab: Lab, gateway: Gateway, asked: str, rows: int
) -> None:
    evidence = look(lab.ask(rest_settings(gateway)), lab.case(dispatch_id=asked))

    assert isinstance(evidence.rows, tuple)
    assert len(evidence.rows) == rows


def test_a_low_key_that_sees_no_row_proves_nothing(lab: Lab, gateway: Gateway) -> None:
    lab.sql("GRANT SELECT ON backup_history TO anon")
    settings = rest_settings(gateway, gateway.project.keys.publishable)

    evidence = look(lab.ask(settings), lab.case())

    assert isinstance(evidence.rows, Unseen)
    assert evidence.rows.why is Why.DENIED
    assert isinstance(evidence.api, ApiAnswer)
    assert (evidence.api.status, evidence.api.rows) == (200, 0)


def test_a_refused_key_is_named_as_the_reason(lab: Lab, gateway: Gateway) -> None:
    settings = rest_settings(gateway, "sb_secret_" + "x" * 31)

    evidence = look(lab.ask(settings), lab.case())

    assert isinstance(evidence.rows, Unseen)
    assert evidence.rows.why is Why.BAD_CREDENTIALS
    assert [failure.route for failure in evidence.failures] == [Route.REST]


def test_a_database_that_refuses_is_followed_by_the_next_way(lab: Lab, gateway: Gateway) -> None:
    wrong = lab.uri("backup_doctor").replace(lab.server.password, "sw0rdfish")
    settings = rest_settings(gateway, database_url=Secret(wrong))

    evidence = look(lab.ask(settings), lab.case())

    assert evidence.route is Route.REST
    assert evidence.newest is not None
    assert [(one.route, one.reason.why) for one in evidence.failures] == [
        (Route.DIRECT, Why.BAD_CREDENTIALS)
    ]
    assert "sw0rdfish" not in str(evidence)


def test_a_row_hidden_from_the_database_user_is_found_with_the_service_key(
    lab: Lab, gateway: Gateway
) -> None:
    lab.sql("GRANT SELECT ON backup_history TO authenticator")
    settings = rest_settings(gateway, database_url=Secret(lab.uri("authenticator")))

    evidence = look(lab.ask(settings), lab.case())
    missing = look(lab.ask(settings), lab.case(dispatch_id="none"))

    assert evidence.route is Route.REST
    assert evidence.newest is not None
    assert isinstance(evidence.table, Table)
    assert missing.rows == ()


@pytest.fixture
def management(project: Project, tmp_path: Path) -> Iterator[Management]:
    with Management(project, [AccessToken(TOKEN)], tmp_path) as running:
        yield running


def test_the_management_api_shows_row_and_catalogue(
    lab: Lab, gateway: Gateway, management: Management
) -> None:
    settings = rest_settings(
        gateway,
        access_token=Secret(TOKEN),
        management_url=management.url,
        project_ref=gateway.project.ref,
    )

    evidence = look(lab.ask(settings), lab.case())

    assert evidence.route is Route.MANAGEMENT
    assert evidence.newest is not None
    assert evidence.newest.id == ROW_ID
    assert isinstance(evidence.table, Table)
    assert [policy.name for policy in evidence.table.policies] == []
    assert evidence.failures == ()


def test_over_the_management_api_another_type_of_id_and_a_missing_table_are_no_errors(
    lab: Lab, gateway: Gateway, management: Management
) -> None:
    settings = rest_settings(
        gateway,
        access_token=Secret(TOKEN),
        management_url=management.url,
        project_ref=gateway.project.ref,
    )
    lab.sql(
        "DROP TABLE backup_history;"
        "CREATE TABLE backup_history (id bigint, dispatch_id uuid, status text)"
    )

    assert look(lab.ask(settings), lab.case()).rows == ()

    lab.sql("DROP TABLE backup_history")
    evidence = look(lab.ask(settings), lab.case())
    assert isinstance(evidence.rows, Unseen)
    assert (evidence.rows.code, evidence.table) == ("42P01", None)
