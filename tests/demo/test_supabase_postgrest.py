"""The Data API answers as PostgREST does, with the database's own verdicts."""

import json
import threading
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from backup_doctor.demo.supabase import rest_schema
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.keys import Keys, sign
from backup_doctor.demo.supabase.postgres import PostgresServer
from backup_doctor.demo.supabase.state import Project
from tests.demo.supabase_project import data_api, running_project, sql

ROW = "/backup_history?dispatch_id=eq.d-1"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer.start() as running:
        yield running


@pytest.fixture
def project(server: PostgresServer) -> Iterator[Project]:
    with running_project(server) as running:
        yield running


@pytest.fixture
def gateway(project: Project) -> Iterator[Gateway]:
    with Gateway(project) as running:
        yield running


@pytest.fixture
def api(gateway: Gateway, project: Project) -> Iterator[httpx.Client]:
    with data_api(gateway, project.keys.service_role) as client:
        yield client


@pytest.fixture
def anonymous(gateway: Gateway, project: Project) -> Iterator[httpx.Client]:
    with data_api(gateway, project.keys.anon) as client:
        yield client


def test_rows_come_as_json_with_the_columns_that_were_asked_for(api: httpx.Client) -> None:
    answer = api.get("/backup_history?select=dispatch_id,state:status&order=dispatch_id.desc")

    assert answer.status_code == 200
    assert answer.json() == [
        {"dispatch_id": "d-2", "state": "in_progress"},
        {"dispatch_id": "d-1", "state": "in_progress"},
    ]
    assert answer.headers["content-range"] == "0-1/*"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("dispatch_id=eq.d-1", ["d-1"]),
        ("dispatch_id=neq.d-1", ["d-2"]),
        ("dispatch_id=not.eq.d-1", ["d-2"]),
        ("dispatch_id=gt.d-1", ["d-2"]),
        ("dispatch_id=lte.d-1", ["d-1"]),
        ("dispatch_id=like.*-2", ["d-2"]),
        ('dispatch_id=in.("d-1",d-2)', ["d-1", "d-2"]),
        ("dispatch_id=in.()", []),
        ("s3_key=is.null", ["d-1", "d-2"]),
        ("s3_key=not.is.null", []),
        ("status=eq.in_progress&dispatch_id=eq.d-2", ["d-2"]),
        ("created_at=gt.2024-01-01T00:00:00Z&limit=1", ["d-1"]),
        ("offset=1", ["d-2"]),
    ],
)
def test_filters_select_rows(api: httpx.Client, filters: str, found: list[str]) -> None:
    answer = api.get(f"/backup_history?select=dispatch_id&order=dispatch_id&{filters}")

    assert [row["dispatch_id"] for row in answer.json()] == found


@pytest.mark.parametrize("value", ["o'brien", 'a"b', "back\\slash", "$(id)", "é✓", "a,b", "%"])
def test_a_value_is_only_ever_a_value(api: httpx.Client, project: Project, value: str) -> None:
    created = api.post("/backup_history", json={"dispatch_id": value})
    found = api.get("/backup_history", params={"dispatch_id": f"eq.{value}"})

    assert created.status_code == 201
    assert [row["dispatch_id"] for row in found.json()] == [value]
    assert len(sql(project, "SELECT 1 FROM backup_history")) == 3


def test_a_count_makes_a_page_partial_content(api: httpx.Client) -> None:
    page = api.get("/backup_history?limit=1", headers={"Prefer": "count=exact"})
    ranged = api.get("/backup_history", headers={"Prefer": "count=exact", "Range": "1-5"})
    beyond = api.get("/backup_history?offset=7", headers={"Prefer": "count=exact"})
    none = api.get("/backup_history?dispatch_id=eq.x", headers={"Prefer": "count=exact"})

    assert (page.status_code, page.headers["content-range"]) == (206, "0-0/2")
    assert (ranged.status_code, ranged.headers["content-range"]) == (206, "1-1/2")
    assert (beyond.status_code, beyond.json()["code"]) == (416, "PGRST103")
    assert (none.status_code, none.headers["content-range"]) == (200, "*/0")


def test_one_object_is_an_object_or_406(api: httpx.Client) -> None:
    one = {"Accept": "application/vnd.pgrst.object+json"}

    found = api.get(f"{ROW}&select=dispatch_id", headers=one)
    missing = api.get("/backup_history?dispatch_id=eq.x", headers=one)

    assert found.json() == {"dispatch_id": "d-1"}
    assert missing.status_code == 406
    assert missing.json() == {
        "code": "PGRST116",
        "details": "The result contains 0 rows",
        "hint": None,
        "message": "Cannot coerce the result to a single JSON object",
    }


def test_a_patch_updates_the_row_and_says_nothing(api: httpx.Client, project: Project) -> None:
    answer = api.patch(ROW, json={"status": "success", "size_bytes": 1048576})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["content-range"] == "0-0/*"
    assert "content-type" not in answer.headers
    assert sql(project, "SELECT status, size_bytes FROM backup_history ORDER BY dispatch_id") == [
        ("success", 1048576),
        ("in_progress", None),
    ]


def test_a_patch_returns_the_row_where_asked(api: httpx.Client) -> None:
    answer = api.patch(
        f"{ROW}&select=status",
        json={"status": "failed"},
        headers={"Prefer": "return=representation"},
    )

    assert (answer.status_code, answer.json()) == (200, [{"status": "failed"}])
    assert answer.headers["preference-applied"] == "return=representation"


@pytest.mark.parametrize(
    ("prefer", "status", "body", "content_range"),
    [
        ("return=minimal", 204, b"", "*/*"),
        ("return=representation", 200, b"[]", "*/*"),
        ("return=representation, count=exact", 200, b"[]", "*/0"),
    ],
)
def test_a_patch_of_no_row_is_a_success(
    api: httpx.Client, prefer: str, status: int, body: bytes, content_range: str
) -> None:
    answer = api.patch(
        "/backup_history?dispatch_id=eq.x", json={"status": "success"}, headers={"Prefer": prefer}
    )

    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers["content-range"] == content_range


STRICT = "return=representation, handling=strict, max-affected=1"


def test_a_strict_patch_changes_no_more_rows_than_it_allows(
    api: httpx.Client, project: Project
) -> None:
    one = api.patch(ROW, json={"status": "failed"}, headers={"Prefer": STRICT})
    all_of_them = api.patch(
        "/backup_history?status=in.(failed,in_progress)",
        json={"status": "success"},
        headers={"Prefer": STRICT},
    )

    assert (one.status_code, one.headers["preference-applied"]) == (200, STRICT)
    assert all_of_them.status_code == 400
    assert all_of_them.json() == {
        "code": "PGRST124",
        "details": "The query affects 2 rows",
        "hint": None,
        "message": "Query result exceeds max-affected preference constraint",
    }
    assert sql(project, "SELECT status FROM backup_history ORDER BY dispatch_id") == [
        ("failed",),
        ("in_progress",),
    ]


def test_a_lenient_patch_is_not_limited(api: httpx.Client) -> None:
    answer = api.patch(
        "/backup_history?status=eq.in_progress",
        json={"status": "failed"},
        headers={"Prefer": "max-affected=1"},
    )

    assert (answer.status_code, answer.headers["content-range"]) == (204, "0-1/*")


def test_a_preference_that_is_not_known_is_refused_only_where_that_was_asked(
    api: httpx.Client, project: Project
) -> None:
    lenient = api.patch(ROW, json={"status": "failed"}, headers={"Prefer": "anything"})
    strict = api.get(ROW, headers={"Prefer": "handling=strict, anything, other=1"})
    project.rest_limits_changes = False
    old = api.patch(ROW, json={"status": "success"}, headers={"Prefer": STRICT})

    assert lenient.status_code == 204
    for answer, unknown in ((strict, "anything, other=1"), (old, "max-affected=1")):
        assert answer.status_code == 400
        assert answer.json() == {
            "code": "PGRST122",
            "details": f"Invalid preferences: {unknown}",
            "hint": None,
            "message": "Invalid preferences given with handling=strict",
        }


def test_a_row_that_policies_hide_is_left_alone_in_silence(
    anonymous: httpx.Client, project: Project
) -> None:
    sql(project, "GRANT SELECT, UPDATE ON backup_history TO anon")

    answer = anonymous.patch(ROW, json={"status": "success"})

    assert (answer.status_code, answer.headers["content-range"]) == (204, "*/*")
    assert sql(project, "SELECT DISTINCT status FROM backup_history") == [("in_progress",)]


def test_policies_see_the_claims_of_the_token(gateway: Gateway, project: Project) -> None:
    sql(
        project,
        """GRANT SELECT ON backup_history TO authenticated;
           CREATE POLICY own ON backup_history TO authenticated
             USING (dispatch_id = auth.jwt() ->> 'dispatch')""",
    )
    token = sign({"role": "authenticated", "dispatch": "d-2"}, project.keys.jwt_secret)

    with data_api(gateway, project.keys.anon) as client:
        answer = client.get(
            "/backup_history?select=dispatch_id", headers={"Authorization": f"Bearer {token}"}
        )

    assert answer.json() == [{"dispatch_id": "d-2"}]


def test_a_missing_grant_is_403_and_401_for_anon(
    api: httpx.Client, anonymous: httpx.Client, project: Project
) -> None:
    sql(project, "REVOKE ALL ON backup_history FROM service_role")

    refused = api.patch(ROW, json={"status": "success"})
    unknown = anonymous.get("/backup_history")

    assert refused.status_code == 403
    assert refused.json() == {
        "code": "42501",
        "details": None,
        "hint": "Grant the required privileges to the current role with: "
        "GRANT SELECT, UPDATE ON public.backup_history TO service_role;",
        "message": "permission denied for table backup_history",
    }
    assert unknown.status_code == 401
    assert unknown.json()["hint"].endswith("GRANT SELECT ON public.backup_history TO anon;")
    assert unknown.headers["www-authenticate"] == "Bearer"
    assert unknown.headers["proxy-status"] == "PostgREST; error=42501"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"status": "done"}, 400, "23514"),
        ({"status": None}, 400, "23502"),
        ({"dispatch_id": "d-2"}, 409, "23505"),
        ({"size_bytes": 3_000_000_000}, 400, "22003"),
        ({"id": "no uuid"}, 400, "22P02"),
        ({"sise": 1}, 400, "PGRST204"),
    ],
)
def test_what_the_table_refuses_has_its_sqlstate(
    api: httpx.Client, body: dict[str, object], status: int, code: str
) -> None:
    answer = api.patch(ROW, json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_unknown_column_is_named(api: httpx.Client) -> None:
    written = api.patch(ROW, json={"sise": 1}).json()
    filtered = api.get("/backup_history?sise=eq.1")

    assert (
        written["message"]
        == "Could not find the 'sise' column of 'backup_history' in the schema cache"
    )
    assert (filtered.status_code, filtered.json()["code"]) == (400, "42703")
    assert filtered.json()["message"] == "column backup_history.sise does not exist"


def test_a_table_that_the_cache_lacks_has_a_near_one_as_hint(api: httpx.Client) -> None:
    near, far = api.get("/backups_history"), api.get("/orders")

    assert near.status_code == 404
    assert near.json() == {
        "code": "PGRST205",
        "details": None,
        "hint": "Perhaps you meant the table 'public.backup_history'",
        "message": "Could not find the table 'public.backups_history' in the schema cache",
    }
    assert far.json()["hint"] is None


def test_a_stale_cache_misses_what_exists_and_keeps_what_is_gone(
    api: httpx.Client, project: Project
) -> None:
    project.schema_cache = rest_schema.snapshot(project)
    sql(project, "CREATE TABLE later (id int); ALTER TABLE backup_history ADD region text")
    sql(project, "ALTER TABLE backup_history DROP s3_key")

    assert api.get("/later").json()["code"] == "PGRST205"
    assert api.patch(ROW, json={"region": "x"}).json()["code"] == "PGRST204"
    assert api.patch(ROW, json={"s3_key": "x"}).json()["code"] == "42703"

    project.schema_cache = None
    assert api.patch(ROW, json={"region": "x"}).status_code == 204


def test_a_stale_cache_lasts_until_somebody_tells_the_data_api(
    api: httpx.Client, project: Project
) -> None:
    rest_schema.go_stale(project, {})

    before = api.get("/backup_history")
    sql(project, "NOTIFY pgrst, 'reload schema'")
    after = api.get("/backup_history")

    assert before.json()["code"] == "PGRST205"
    assert after.status_code == 200


def test_a_stale_cache_that_knows_nothing_is_no_fresh_one(
    api: httpx.Client, project: Project
) -> None:
    project.schema_cache = {}

    answer = api.get("/backup_history")

    project.schema_cache = None
    assert answer.json()["code"] == "PGRST205"


def test_a_data_api_that_lost_its_listener_reads_the_schema_again(
    api: httpx.Client, project: Project
) -> None:
    rest_schema.go_stale(project, {})
    assert project.schema_listener is not None

    with psycopg.connect(project.database_uri) as superuser:
        pid = project.schema_listener.info.backend_pid
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    assert api.get("/backup_history").status_code == 200


@pytest.mark.parametrize(
    ("ddl", "status", "code"),
    [
        ("RAISE EXCEPTION 'not today'", 400, "P0001"),
        ("RAISE SQLSTATE '55000' USING MESSAGE = 'x'", 500, "55000"),
        ("PERFORM 1/0", 400, "22012"),
    ],
)
def test_a_trigger_has_its_say(
    api: httpx.Client, project: Project, ddl: str, status: int, code: str
) -> None:
    sql(
        project,
        f"""CREATE FUNCTION veto() RETURNS trigger LANGUAGE plpgsql
              AS $$BEGIN {ddl}; RETURN NEW; END$$;
            CREATE TRIGGER veto BEFORE UPDATE ON backup_history
              FOR EACH ROW EXECUTE FUNCTION veto()""",
    )

    answer = api.patch(ROW, json={"status": "success"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_read_only_database_is_405(api: httpx.Client, project: Project) -> None:
    sql(project, f'ALTER DATABASE "{project.ref}" SET default_transaction_read_only = on')

    answer = api.patch(ROW, json={"status": "success"})

    assert answer.status_code == 405
    # The UPDATE stands in a WITH clause, so PostgreSQL names the outer statement.
    assert answer.json()["message"] == "cannot execute SELECT in a read-only transaction"
    assert answer.json()["code"] == "25006"


def test_a_locked_row_ends_in_the_statement_timeout(api: httpx.Client, project: Project) -> None:
    sql(project, "ALTER ROLE service_role SET statement_timeout = '200ms'", "supabase_admin")
    try:
        with psycopg.connect(project.database_uri) as holder:
            holder.execute("SELECT 1 FROM backup_history FOR UPDATE")
            answer = api.patch(ROW, json={"status": "success"})
    finally:
        sql(project, "ALTER ROLE service_role RESET statement_timeout", "supabase_admin")

    assert (answer.status_code, answer.json()["code"]) == (500, "57014")


@pytest.mark.parametrize("body", [b"", b"{", b"nope"])
def test_a_body_that_is_no_json_is_refused(api: httpx.Client, body: bytes) -> None:
    answer = api.post("/backup_history", content=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "PGRST102")
    assert answer.json()["message"] == "Empty or invalid json"


def test_an_insert_says_201_and_returns_rows_where_asked(api: httpx.Client) -> None:
    silent = api.post("/backup_history", json={"dispatch_id": "d-3"})
    full = {"Prefer": "return=representation"}
    loud = api.post("/backup_history?select=status", json={"dispatch_id": "d-4"}, headers=full)
    many = api.post("/backup_history", json=[{"dispatch_id": "a"}, {"dispatch_id": "b"}])
    uneven = api.post("/backup_history", json=[{"dispatch_id": "c"}, {"status": "failed"}])
    bare = api.post("/backup_history?select=status", json={}, headers=full)

    assert (silent.status_code, silent.content, silent.headers["content-range"]) == (
        201,
        b"",
        "*/*",
    )
    assert loud.json() == [{"status": "in_progress"}]
    assert many.status_code == 201
    assert uneven.json()["message"] == "All object keys must match"
    assert bare.json() == [{"status": "in_progress"}]


def test_an_update_of_everything_is_refused(api: httpx.Client, project: Project) -> None:
    answer = api.patch("/backup_history", json={"status": "failed"})

    assert (answer.status_code, answer.json()["code"]) == (400, "21000")
    assert answer.json()["message"] == "UPDATE requires a WHERE clause"
    assert sql(project, "SELECT DISTINCT status FROM backup_history") == [("in_progress",)]


def test_an_empty_patch_changes_nothing(api: httpx.Client) -> None:
    answer = api.patch(ROW, json={}, headers={"Prefer": "return=representation"})

    assert (answer.status_code, answer.json()) == (200, [])


def test_a_schema_that_is_not_exposed_is_406(api: httpx.Client) -> None:
    answer = api.get("/users", headers={"Accept-Profile": "auth"})

    assert answer.status_code == 406
    assert answer.json()["hint"] == "Only the following schemas are exposed: public, graphql_public"


def test_an_unreadable_filter_is_quoted(api: httpx.Client) -> None:
    answer = api.get("/backup_history?dispatch_id=d-1")

    assert (answer.status_code, answer.json()["code"]) == (400, "PGRST100")
    assert answer.json()["message"] == '"failed to parse filter (d-1)" (line 1, column 1)'


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /backup_history?or=(a.eq.1,b.eq.2)",
        "GET /backup_history?select=*,runs(*)",
        "DELETE /backup_history?id=eq.1",
        "GET /rpc/f",
        "GET /backup_history?id=cs.{1}",
    ],
)
def test_what_the_stand_in_cannot_do_it_says(api: httpx.Client, request_line: str) -> None:
    method, path = request_line.split(" ")

    answer = api.request(method, path, json={})

    assert (answer.status_code, answer.json()["code"]) == (501, "STAND-IN")


def test_a_read_runs_in_a_read_only_transaction(api: httpx.Client, project: Project) -> None:
    sql(
        project,
        """CREATE FUNCTION touch() RETURNS int LANGUAGE plpgsql AS
             $$BEGIN UPDATE backup_history SET status = 'failed'; RETURN 1; END$$;
           CREATE VIEW touching AS SELECT touch() AS touched;
           GRANT SELECT ON touching TO service_role""",
    )

    answer = api.get("/touching")

    assert (answer.status_code, answer.json()["code"]) == (405, "25006")


@pytest.mark.parametrize(
    ("claims", "code", "message"),
    [
        ({"role": "service_role", "exp": 1_700_000_000}, "PGRST303", "JWT expired"),
        ({"role": "service_role", "iat": 99_999_999_999}, "PGRST303", "JWT issued at future"),
    ],
)
def test_a_token_out_of_its_time_is_refused(
    api: httpx.Client, project: Project, claims: dict[str, object], code: str, message: str
) -> None:
    token = sign(claims, project.keys.jwt_secret)

    answer = api.get("/backup_history", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == (
        f'Bearer error="invalid_token", error_description="{message}"'
    )


def test_a_token_of_another_project_is_refused(api: httpx.Client) -> None:
    token = Keys.create("b" * 20).service_role

    answer = api.get("/backup_history", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401
    assert answer.json() == {
        "code": "PGRST301",
        "details": "None of the keys was able to decode the JWT",
        "hint": None,
        "message": "No suitable key or wrong key type",
    }


def test_a_role_that_does_not_exist_is_401(api: httpx.Client, project: Project) -> None:
    token = sign({"role": "nobody_special"}, project.keys.jwt_secret)

    answer = api.get("/backup_history", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "22023")


def test_a_role_that_the_api_may_not_take_is_403(api: httpx.Client, project: Project) -> None:
    token = sign({"role": "postgres"}, project.keys.jwt_secret)

    answer = api.get("/backup_history", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (403, "42501")


def test_an_overloaded_api_says_which_resource_is_gone(api: httpx.Client, project: Project) -> None:
    project.faults.pool_exhausted = True
    pool = api.get("/backup_history")
    project.faults.pool_exhausted = False
    project.faults.schema_cache_lost = True
    cache = api.get("/backup_history")

    assert (pool.status_code, pool.json()["code"]) == (504, "PGRST003")
    assert (cache.status_code, cache.json()["code"]) == (503, "PGRST002")


def test_a_database_that_is_gone_is_503(api: httpx.Client, project: Project) -> None:
    project.database_uri = project.database_uri.replace(project.ref, "nowhere")

    answer = api.get("/backup_history")

    assert (answer.status_code, answer.json()["code"]) == (503, "PGRST000")
    assert 'database "nowhere" does not exist' in answer.json()["details"]


def test_an_error_of_the_database_is_in_its_log(api: httpx.Client, project: Project) -> None:
    api.patch(ROW, json={"status": "done"})

    record = next(record for record in project.logs if record.source == "postgres_logs")
    assert record.attributes["parsed.sql_state_code"] == "23514"
    assert "violates check constraint" in record.event_message


def test_requests_at_once_do_not_meet(api: httpx.Client, project: Project) -> None:
    def patch(number: int) -> None:
        answers.append(api.patch(ROW, json={"size_bytes": number}).status_code)

    answers: list[int] = []
    threads = [threading.Thread(target=patch, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [204] * 8
    assert json.dumps(sql(project, "SELECT size_bytes FROM backup_history WHERE dispatch_id='d-1'"))


FINISH = """
    CREATE FUNCTION public.finish(dispatch text, bytes bigint) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE public.backup_history SET size_bytes = bytes WHERE dispatch_id = dispatch;
      RETURN FOUND;
    END $$;
    CREATE FUNCTION public.touch(dispatch text) RETURNS void LANGUAGE sql AS
      $$ UPDATE public.backup_history SET size_bytes = 1 WHERE dispatch_id = dispatch $$;
    CREATE FUNCTION public.named(dispatch text) RETURNS SETOF public.backup_history LANGUAGE sql AS
      $$ SELECT * FROM public.backup_history WHERE dispatch_id = dispatch $$;
"""


def test_a_function_of_the_database_is_called_by_its_arguments(
    api: httpx.Client, project: Project
) -> None:
    sql(project, FINISH)

    done = api.post("/rpc/finish", json={"dispatch": "d-1", "bytes": 7})
    none = api.post("/rpc/finish", json={"dispatch": "d-9", "bytes": 7})
    touched = api.post("/rpc/touch", json={"dispatch": "d-2"})
    found = api.post("/rpc/named", json={"dispatch": "d-1"})

    assert (done.status_code, done.json(), none.json()) == (200, True, False)
    assert (touched.status_code, touched.content) == (204, b"")
    assert [row["size_bytes"] for row in found.json()] == [7]


def test_a_function_that_is_not_there_is_not_found(api: httpx.Client) -> None:
    answer = api.post("/rpc/finish_it", json={"dispatch": "d-1"})

    assert answer.status_code == 404
    assert answer.json()["code"] == "PGRST202"


def test_a_function_writes_with_the_rights_of_its_caller(
    anonymous: httpx.Client, project: Project
) -> None:
    sql(project, FINISH)

    answer = anonymous.post("/rpc/finish", json={"dispatch": "d-1", "bytes": 7})

    assert answer.status_code == 401
    assert answer.json()["code"] == "42501"
