"""PostgreSQL starts with Supabase's roles, and is gone when its owner is."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from backup_doctor.demo.supabase import postgres
from backup_doctor.demo.supabase.postgres import READER, PostgresServer, programs
from tests.demo.processes import processes_with, until

TABLE = """
CREATE TABLE public.backup_history (id int PRIMARY KEY, status text);
ALTER TABLE public.backup_history ENABLE ROW LEVEL SECURITY;
INSERT INTO public.backup_history VALUES (1, 'in_progress');
"""
OWNER_PROGRAM = """
import time
from backup_doctor.demo.supabase.postgres import PostgresServer
server = PostgresServer.start()
print(server.port, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer.start() as running:
        yield running


@pytest.fixture
def database(server: PostgresServer) -> Iterator[str]:
    server.create_database("world")
    with psycopg.connect(server.uri("world")) as owner:
        owner.execute(TABLE.encode())
    yield "world"
    server.drop_database("world")


def test_the_owner_is_no_superuser(server: PostgresServer, database: str) -> None:
    with psycopg.connect(server.uri(database)) as owner:
        row = owner.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    assert row == (False, True)


def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    uri = server.uri("postgres").replace(server.password, "wrong")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(uri)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_a_new_table_has_no_grants_for_the_api(
    server: PostgresServer, database: str, role: str
) -> None:
    with psycopg.connect(server.uri(database)) as owner:
        row = owner.execute(
            "SELECT has_table_privilege(%s, 'backup_history', 'SELECT')", (role,)
        ).fetchone()

    assert row == (False,)


def test_the_reader_sees_rows_that_policies_hide_and_changes_none(
    server: PostgresServer, database: str
) -> None:
    with psycopg.connect(server.uri(database, READER), autocommit=True) as reader:
        seen = reader.execute("SELECT status FROM backup_history").fetchall()
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("UPDATE backup_history SET status = 'x'")
        reader.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("UPDATE backup_history SET status = 'x'")

    assert seen == [("in_progress",)]


def test_the_reader_can_ask_what_the_writing_role_may_do(
    server: PostgresServer, database: str
) -> None:
    update = b"EXPLAIN UPDATE backup_history SET status = 'x' WHERE id = 1"
    with psycopg.connect(server.uri(database, READER)) as reader:
        reader.execute("SET LOCAL ROLE service_role")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(update)
        reader.rollback()
        with psycopg.connect(server.uri(database)) as owner:
            owner.execute("GRANT SELECT, UPDATE ON backup_history TO service_role")
        reader.execute("SET LOCAL ROLE service_role")
        plan = reader.execute(update).fetchall()

    assert "Update on backup_history" in plan[0][0]


def test_databases_of_one_server_are_apart(server: PostgresServer, database: str) -> None:
    other = server.create_database("other")
    try:
        with psycopg.connect(other) as admin:
            row = admin.execute("SELECT to_regclass('public.backup_history')").fetchone()
    finally:
        server.drop_database("other")

    assert row == (None,)


def test_a_copy_has_what_the_database_had_and_goes_its_own_way(
    server: PostgresServer, database: str
) -> None:
    with psycopg.connect(server.uri(database), autocommit=True) as connected:
        connected.execute("CREATE TABLE t AS SELECT 1 AS n")
        copy = server.copy_database(database, f"{database}_copy")  # and ends this session

    with psycopg.connect(copy, autocommit=True) as copied:
        copied.execute("UPDATE t SET n = n + 1")
        in_copy = copied.execute("TABLE t").fetchall()
    with psycopg.connect(server.uri(database)) as connected:
        in_original = connected.execute("TABLE t").fetchall()
    server.drop_database(f"{database}_copy")

    assert (in_copy, in_original) == ([(2,)], [(1,)])


def test_psql_comes_with_it(server: PostgresServer) -> None:
    told = subprocess.run(
        [programs() / "psql", server.uri("postgres"), "-Atc", "SELECT 1"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "1\n"


def test_closing_leaves_no_process_and_no_directory() -> None:
    with reachable_directory() as temporary, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        server = PostgresServer.start()
        assert list(temporary.iterdir())

        server.close()
        server.close()

        assert not list(temporary.iterdir())
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(server.uri("postgres"))


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("after_s", [None, 0.15, 0.3])
def test_it_ends_with_its_owner_however_that_ends(
    end: signal.Signals, after_s: float | None
) -> None:
    with reachable_directory() as temporary:
        environment = {**os.environ, "TMPDIR": str(temporary)}
        with subprocess.Popen(
            [sys.executable, "-c", OWNER_PROGRAM],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        ) as owner:
            assert owner.stdout is not None
            if after_s is None:
                assert owner.stdout.readline().strip().isdigit()
            else:
                time.sleep(after_s)  # in the middle of the start
            owner.send_signal(end)

        until(lambda: not list(temporary.iterdir()))
        until(lambda: not processes_with(str(temporary)))


def test_the_programs_are_copied_where_the_unprivileged_user_cannot_reach_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "_everyone_reaches", lambda _: False)

    with PostgresServer.start() as server, psycopg.connect(server.uri("postgres")) as owner:
        assert owner.execute("SELECT 1").fetchone() == (1,)


@contextmanager
def reachable_directory() -> Iterator[Path]:
    """Give a directory for temporary files that the server's own user may enter."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)
