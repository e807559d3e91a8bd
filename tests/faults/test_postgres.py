"""PostgreSQL × its faults: on the wire, in the URL, and in the server itself."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from backup_doctor.demo.supabase.postgres import READER
from backup_doctor.evidence.findings import Verdict
from tests.faults.expecting import assert_named, assert_safe, passed, statuses
from tests.faults.pg_wire import WIRE_FAULTS
from tests.faults.scene import Outcome, diagnose, faulty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.catalogue import Fault
    from tests.faults.scene import Scene

URL = "SUPABASE_DB_URL"
NO_OTHER_WAY = ("SUPABASE_ACCESS_TOKEN", "SUPABASE_SERVICE_ROLE_KEY")
READS_SQL = {"row", "rls"}
SAMPLE = {"refused", "silence", "web-page"}
WIRE = [
    pytest.param(
        fault, id=fault.name, marks=() if fault.name in SAMPLE else (pytest.mark.exhaustive,)
    )
    for fault in WIRE_FAULTS
]


def ask_at(
    url: str, scene: Scene, directory: Path, *, alone: bool = False, budget_s: float = 20.0
) -> Outcome:
    """Diagnose the scene with this database URL; `alone` with no other way to the row."""
    environ = scene.world.environment() | {URL: url}
    for name in NO_OTHER_WAY if alone else ():
        del environ[name]
    started = time.monotonic()
    report = diagnose(environ, scene.dispatch_id, directory, budget_s)
    seconds = time.monotonic() - started
    return Outcome(report=report, seconds=seconds, struck=1, budget_s=budget_s)


@contextmanager
def struck(scene: Scene, fault: Fault) -> Iterator[str]:
    """The database URL at which the wire fault strikes."""
    parts = urlsplit(scene.world.environment()[URL])
    plain = f"http://{parts.hostname}:{parts.port}{parts.path}"
    with faulty(plain, lambda _request: True, fault) as (address, _):
        yield f"postgresql://{parts.username}:{parts.password}@{address.partition('://')[2]}"


@pytest.mark.parametrize("fault", WIRE)
@pytest.mark.parametrize("story", ["stuck", "healthy"])
def test_without_the_database_the_row_is_seen_another_way(
    scenes: dict[str, Scene], story: str, fault: Fault, tmp_path: Path
) -> None:
    scene = scenes[story]

    with struck(scene, fault) as url:
        outcome = ask_at(url, scene, tmp_path)

    assert_safe(outcome, scene.truth)
    assert outcome.report.verdict is scene.truth.verdict
    assert_named(outcome.report, "PostgreSQL")
    assert_named(outcome.report, fault.says)
    assert statuses(outcome.report, without=READS_SQL) == statuses(scene.truth, without=READS_SQL)


@pytest.mark.parametrize("fault", WIRE)
def test_without_the_database_and_any_other_way_nobody_can_tell(
    scenes: dict[str, Scene], fault: Fault, tmp_path: Path
) -> None:
    scene = scenes["healthy"]

    with struck(scene, fault) as url:
        outcome = ask_at(url, scene, tmp_path, alone=True)

    assert_safe(outcome, scene.truth)
    assert outcome.report.verdict is Verdict.UNKNOWN
    assert_named(outcome.report, fault.says)
    assert not passed(outcome.report) & READS_SQL


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.replace(":", ":wrong-", 2).replace(":wrong-//", "://"), "password"),
        (lambda url: f"{url}-nowhere", "no database of that name"),
        (lambda url: url.replace(READER, "nobody"), "password|no such user"),
        (lambda url: f"{url}?sslmode=require", "TLS"),
        (lambda url: f"{url}?sslmode=verify-full", "TLS"),
        (lambda url: f"{url}?sslmode=nonsense", "TLS|cannot be parsed"),
    ],
    ids=["wrong password", "no such database", "no such user", "no TLS", "no CA", "no sslmode"],
)
def test_a_wrong_url_is_named_and_another_way_taken(
    scenes: dict[str, Scene], change: object, says: str, tmp_path: Path
) -> None:
    scene = scenes["stuck"]
    assert callable(change)

    outcome = ask_at(change(scene.world.environment()[URL]), scene, tmp_path)

    assert_safe(outcome, scene.truth)
    assert outcome.report.verdict is scene.truth.verdict
    assert_named(outcome.report, "PostgreSQL")
    assert_named(outcome.report, says)


@pytest.mark.parametrize(
    "parameters",
    ["pgbouncer=true", "pgbouncer=true&connection_limit=1", "schema=public", "sslmode=no-verify",
     "supa=base-pooler.x&sslmode=prefer", "application_name=app&statement_cache_size=0"],
)  # fmt: skip
def test_parameters_that_other_tools_write_into_the_url_do_no_harm(
    scenes: dict[str, Scene], parameters: str, tmp_path: Path
) -> None:
    scene = scenes["stuck"]

    outcome = ask_at(f"{scene.world.environment()[URL]}?{parameters}", scene, tmp_path)

    assert_safe(outcome, scene.truth)
    if parameters != "sslmode=no-verify":  # which asks for TLS, and this server has none
        assert statuses(outcome.report, without=set()) == statuses(scene.truth, without=set())


@pytest.mark.parametrize("story", ["stuck", "healthy"])
@pytest.mark.parametrize(
    ("make", "mend", "says"),
    [
        (
            f"ALTER ROLE {READER} CONNECTION LIMIT 0",
            f"ALTER ROLE {READER} CONNECTION LIMIT -1",
            "no connection left",
        ),
        (f"ALTER ROLE {READER} NOLOGIN", f"ALTER ROLE {READER} LOGIN", "no such user"),
        (
            f"REVOKE SELECT ON public.backup_history FROM {READER}",
            f"GRANT SELECT ON public.backup_history TO {READER}",
            "permission denied",
        ),
    ],
    ids=["too many connections", "no login", "no grant"],
)
def test_a_server_that_refuses_the_doctor_is_named_and_another_way_taken(
    scenes: dict[str, Scene], story: str, make: str, mend: str, says: str, tmp_path: Path
) -> None:
    scene = scenes[story]
    scene.world.sql_as_superuser(make)
    try:
        outcome = ask_at(scene.world.environment()[URL], scene, tmp_path)
    finally:
        scene.world.sql_as_superuser(mend)

    assert_safe(outcome, scene.truth)
    assert_named(outcome.report, says)


@pytest.mark.parametrize("story", ["stuck", "healthy"])
def test_a_table_that_is_locked_exclusively_costs_time_and_no_truth(
    scenes: dict[str, Scene], story: str, tmp_path: Path
) -> None:
    scene = scenes[story]
    with psycopg.connect(scene.world.owner_uri) as migration:
        migration.execute("LOCK TABLE public.backup_history IN ACCESS EXCLUSIVE MODE")

        outcome = ask_at(scene.world.environment()[URL], scene, tmp_path)

    assert_safe(outcome, scene.truth)
    assert_named(outcome.report, "lock")


def test_sessions_that_are_killed_again_and_again_cost_no_truth(
    scenes: dict[str, Scene], tmp_path: Path
) -> None:
    scene = scenes["stuck"]
    with killing(scene):
        outcome = ask_at(scene.world.environment()[URL], scene, tmp_path)

    assert_safe(outcome, scene.truth)


@contextmanager
def killing(scene: Scene) -> Iterator[None]:
    """End every session of the doctor as soon as there is one."""
    over = threading.Event()
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{READER}'"

    def reap() -> None:
        with psycopg.connect(scene.world.database_uri, autocommit=True) as admin:
            while not over.wait(0.005):
                admin.execute(kill.encode())

    thread = threading.Thread(target=reap, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
