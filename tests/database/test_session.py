"""Sessions with PostgreSQL: what they forbid, and how failures to connect are told apart."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from backup_doctor.collect.database.address import parameters
from backup_doctor.collect.database.answers import Refusal
from backup_doctor.collect.database.connecting import connect_failure
from backup_doctor.collect.database.direct import Direct
from backup_doctor.collect.database.session import Posed, Session
from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from tests.database.lab import Lab

SECRET = "hunter2-hunter2"


def test_rows_come_back_as_dictionaries(lab: Lab) -> None:
    assert Direct(lab.uri(), Deadline(30)).run("SELECT 1 AS one, 'a' AS a") == [
        {"one": 1, "a": "a"}
    ]


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_text_is_text_whatever_encoding_the_database_gives(lab: Lab, encoding: str) -> None:
    """It came as bytes, and was not known as the answer."""
    lab.sql(f"ALTER DATABASE {lab.name} SET client_encoding = '{encoding}'")

    answer = Direct(lab.uri("backup_doctor"), Deadline(30)).run("SELECT 'nächtlich' AS id")

    assert answer == [{"id": "nächtlich"}]


def test_bytes_that_are_no_text_are_refused_and_cost_nobody_else_an_answer(lab: Lab) -> None:
    with psycopg.connect(lab.uri("supabase_admin"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE of_bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    try:
        direct = Direct(lab.server.uri("of_bytes"), Deadline(30))
        answer = direct.run("SELECT convert_from('\\xff', 'SQL_ASCII') AS id")

        assert isinstance(answer, Refusal)
        assert (answer.sqlstate, direct.run("SELECT 1 AS one")) == ("22021", [{"one": 1}])
        direct.close()
    finally:
        with psycopg.connect(lab.uri("supabase_admin"), autocommit=True) as admin:
            admin.execute("DROP DATABASE of_bytes WITH (FORCE)")


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE public.x ()", "SELECT nextval('public.s')", "DELETE FROM public.t"]
)
def test_nothing_can_be_written(lab: Lab, statement: str) -> None:
    lab.sql("CREATE TABLE public.t (); CREATE SEQUENCE public.s")

    answer = Direct(lab.uri(), Deadline(30)).run(statement)

    assert isinstance(answer, Refusal)
    assert answer.sqlstate == "25006"


def test_a_session_is_used_again_and_forgets_the_role(lab: Lab) -> None:
    direct = Direct(lab.uri(), Deadline(30))
    asked = "SELECT current_user::text AS who, pg_backend_pid() AS pid"

    first, second = direct.run(asked, role="service_role"), direct.run(asked)

    assert isinstance(first, list)
    assert isinstance(second, list)
    assert (first[0]["who"], second[0]["who"]) == ("service_role", "postgres")
    assert first[0]["pid"] == second[0]["pid"]


def test_a_role_is_taken_on_with_the_claims_that_policies_read(lab: Lab) -> None:
    rows = Direct(lab.uri(), Deadline(30)).run("SELECT auth.role() AS role", role="service_role")

    assert rows == [{"role": "service_role"}]


def test_a_session_that_the_server_ended_is_opened_again(lab: Lab) -> None:
    direct = Direct(lab.uri("backup_doctor"), Deadline(30))
    rows = direct.run("SELECT pg_backend_pid() AS pid")
    assert isinstance(rows, list)
    lab.sql(f"SELECT pg_terminate_backend({rows[0]['pid']})", "supabase_admin")

    again = direct.run("SELECT 1 AS one")

    assert again == [{"one": 1}]


def test_no_transaction_is_left_open_after_a_refusal(lab: Lab) -> None:
    direct = Direct(lab.uri("backup_doctor"), Deadline(30))

    direct.run("SELECT 1 / 0")
    direct.run("SELECT 1")

    left = "SELECT FROM pg_stat_activity WHERE usename = 'backup_doctor' AND state <> 'idle'"
    patience = time.monotonic() + 5
    while lab.sql(left) and time.monotonic() < patience:
        time.sleep(0.02)  # the server notices the end of a session a moment later
    assert lab.sql(left) == []


def test_who_asks_at_once_shares_two_sessions_and_no_refusal(lab: Lab) -> None:
    lab.sql("CREATE TABLE public.secret (); REVOKE ALL ON public.secret FROM service_role")
    direct = Direct(lab.uri(), Deadline(30))
    asked: list[tuple[str, str | None]] = [
        ("SELECT 1 / 0 AS one", None),
        ("SELECT nonsense FROM", None),
        ("EXPLAIN SELECT FROM public.secret", "service_role"),
        ("SELECT pg_backend_pid() AS pid, current_user::text AS who", None),
        ("SELECT pg_backend_pid() AS pid, current_user::text AS who", "service_role"),
    ] * 4
    answers: list[object] = [None] * len(asked)

    def ask(place: int) -> None:
        statement, role = asked[place]
        answers[place] = direct.run(statement, role=role)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    refused = [one.sqlstate for one in answers if isinstance(one, Refusal)]
    rows = [one[0] for one in answers if isinstance(one, list)]
    assert sorted(refused) == sorted(["22012", "42601", "42501"] * 4)
    assert [row["who"] for row in rows] == ["postgres", "service_role"] * 4
    assert len({row["pid"] for row in rows}) <= 2


def test_what_is_asked_while_a_session_is_opened_is_one_transaction(lab: Lab) -> None:
    direct = Direct(lab.uri(), Deadline(30))
    asked = "SELECT pg_backend_pid() AS pid, transaction_timestamp()::text AS begun"

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(direct.run, [asked] * 3))

    begun = {str(answer) for answer in answers}
    assert len(begun) <= 2


def test_no_lock_of_one_question_is_held_while_the_next_is_answered(lab: Lab) -> None:
    lab.sql("CREATE TABLE public.t (a int)")
    session = Session(psycopg.connect(lab.uri(), autocommit=True))
    held = Posed("SELECT count(*) AS n FROM pg_locks WHERE relation = 'public.t'::regclass", None)

    session.ask([Posed("EXPLAIN UPDATE public.t SET a = 1", None), held], 4, 4)

    assert held.reply == [{"n": 0}]
    session.close()


def test_what_was_asked_ahead_is_answered_once_without_being_asked_again(lab: Lab) -> None:
    direct = Direct(lab.uri("backup_doctor"), Deadline(30))
    asked = "SELECT clock_timestamp()::text AS at"

    ahead = direct.ahead().run(asked)
    other_role = direct.run(asked, role="backup_doctor")
    first, second = direct.run(asked), direct.run(asked)

    assert first == ahead
    assert second != ahead
    assert other_role != ahead


def test_a_session_that_was_opened_before_is_the_one_that_is_asked(lab: Lab) -> None:
    direct = Direct(lab.uri("backup_doctor"), Deadline(30))
    direct.open()
    patience = time.monotonic() + 5
    while not direct._idle and time.monotonic() < patience:
        time.sleep(0.02)
    (opened,) = direct._idle

    direct.run("SELECT 1")

    assert direct._idle == [opened]


def test_an_answer_larger_than_any_buffer_arrives(lab: Lab) -> None:
    direct = Direct(lab.uri(), Deadline(30))

    rows = direct.run(f"SELECT repeat('x', 3000000) AS x, '{'y' * 3_000_000}' AS y")

    assert isinstance(rows, list)
    assert [len(value) for value in rows[0].values()] == [3_000_000, 3_000_000]


def test_a_slow_statement_is_cancelled_by_the_server(lab: Lab) -> None:
    answer = Direct(lab.uri(), Deadline(3)).run("SELECT pg_sleep(30)")

    assert isinstance(answer, Refusal)
    assert answer.sqlstate == "57014"


def test_after_the_deadline_nothing_is_asked(lab: Lab) -> None:
    answer = Direct(lab.uri(), Deadline(0)).run("SELECT 1")

    assert isinstance(answer, Unseen)
    assert answer.why is Why.TIMED_OUT


def failure(url: str, budget_s: float = 30) -> Unseen:
    answer = Direct(url, Deadline(budget_s)).run("SELECT 1")
    assert isinstance(answer, Unseen)
    assert SECRET not in str(answer)
    return answer


def test_a_wrong_password_is_said_without_showing_it(lab: Lab) -> None:
    found = failure(lab.uri().replace(lab.server.password, SECRET))

    assert (found.why, found.what) == (
        Why.BAD_CREDENTIALS,
        "PostgreSQL (127.0.0.1) refused the password.",
    )


def test_a_database_that_is_not_there_is_said(lab: Lab) -> None:
    assert failure(lab.uri().replace(lab.name, "nothing")).why is Why.NOT_FOUND


def test_tls_that_the_server_lacks_is_said(lab: Lab) -> None:
    assert "TLS" in failure(f"{lab.uri()}?sslmode=require").what


def test_a_port_that_nobody_listens_on_refuses() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    found = failure(f"postgresql://u:{SECRET}@127.0.0.1:{port}/postgres")

    assert (found.why, found.what) == (
        Why.UNREACHABLE,
        "PostgreSQL (127.0.0.1) refused the connection.",
    )


def test_a_name_that_cannot_be_resolved_is_said_with_the_poolers_remedy() -> None:
    found = failure(f"postgresql://u:{SECRET}@db.nothing.invalid/postgres")

    assert found.why is Why.UNREACHABLE
    assert "pooler" in (found.remedy or "")


def test_a_server_that_never_answers_costs_no_more_than_the_limit() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        started = time.monotonic()

        found = failure(f"postgresql://u:{SECRET}@127.0.0.1:{silent.getsockname()[1]}/p", 3)

    assert found.why is Why.TIMED_OUT
    assert time.monotonic() - started < 10


def test_a_web_server_on_the_port_is_not_taken_for_postgresql() -> None:
    with socket.socket() as web:
        web.bind(("127.0.0.1", 0))
        web.listen()
        answering = threading.Thread(target=_answer_http, args=(web,), daemon=True)
        answering.start()

        found = failure(
            f"postgresql://u:{SECRET}@127.0.0.1:{web.getsockname()[1]}/p?sslmode=disable"
        )
        answering.join(5)

    assert found.why is Why.GARBLED


def _answer_http(web: socket.socket) -> None:
    client, _ = web.accept()
    with client:
        client.recv(1024)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("FATAL:  Tenant or user not found", Why.BAD_CREDENTIALS),
        ("FATAL:  (ENOTFOUND) tenant/user postgres.abc not found", Why.BAD_CREDENTIALS),
        ("FATAL:  sorry, too many clients already", Why.REFUSED),
        ("FATAL:  remaining connection slots are reserved for roles", Why.REFUSED),
        ("FATAL:  Address not in tenant allow_list: {1, 2, 3, 4}", Why.DENIED),
        ("FATAL:  the database system is starting up", Why.UNREACHABLE),
        ("connection is bad: Network is unreachable", Why.UNREACHABLE),
        ("FATAL:  SSL connection is required", Why.UNREACHABLE),
        ("fe_sendauth: no password supplied", Why.BAD_CREDENTIALS),
        ("something that nobody has said before", Why.UNREACHABLE),
    ],
)
def test_each_wording_has_its_reason(said: str, why: Why) -> None:
    found = connect_failure(said, "db.example")

    assert found.why is why
    assert found.what.startswith("PostgreSQL (db.example) ")


def test_an_ipv6_only_host_leads_to_the_pooler() -> None:
    assert "pooler" in (connect_failure("Network is unreachable", "db.x.supabase.co").remedy or "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@h:6543/d?pgbouncer=true&connection_limit=1", {"port": "6543"}),
        ("postgres://u:p@h/d?sslmode=no-verify", {"sslmode": "require"}),
        ("postgres://u:p@h/d?sslmode=verify-full&schema=public", {"sslmode": "verify-full"}),
        ("postgresql+asyncpg://u:p@h/d", {"host": "h"}),
        ("  postgresql://u:p%40ss@h/d\n", {"password": "p@ss"}),
        ("host=h user=u dbname=d", {"dbname": "d"}),
        ("postgresql://u@h/d?options=-c%20search_path%3Da", {"options": "-c search_path=a"}),
    ],
)
def test_urls_made_for_other_tools_are_understood(url: str, expected: dict[str, str]) -> None:
    found = parameters(url)

    assert isinstance(found, dict)
    assert expected.items() <= found.items()
    assert "pgbouncer" not in found


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{SECRET}/x@host/db",
        f"postgresql://u:{SECRET}@{SECRET}@host/db",
        f"mysql://u:{SECRET}@host/db",
        SECRET,
        "",
    ],
)
def test_a_url_that_cannot_be_read_is_never_shown(url: str) -> None:
    found = parameters(url)

    assert isinstance(found, Unseen)
    assert SECRET not in str(found)
    assert "percent-encoded" in (found.remedy or "")


@pytest.mark.slow
def test_a_run_with_much_time_waits_longer_for_an_answer(lab: Lab) -> None:
    """A table of millions of rows without an index takes seconds to look through."""
    slow = "SELECT pg_sleep(3.5)"

    patient = Direct(lab.uri(), Deadline(600)).run(slow)
    hasty = Direct(lab.uri(), Deadline(30)).run(slow)

    assert isinstance(patient, list)
    assert isinstance(hasty, Refusal)
    assert hasty.sqlstate == "57014"
