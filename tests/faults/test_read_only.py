"""The doctor changes nothing: proved by the services' own logs, with credentials that could write."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from backup_doctor.demo.supabase.postgres import OWNER
from backup_doctor.demo.supabase.state import Function
from backup_doctor.demo.world import FUNCTION, World
from tests.faults.scene import diagnose, play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import Servers
    from tests.faults.scene import Scene

MANAGEMENT = "supabase_read_only_user"
# An entry of PostgreSQL's log: its time and process, then the statement, continued after tabs.
LOGGED = re.compile(r"^\S+ \S+ \w+ \[\d+\] LOG:  (.*(?:\n\t.*)*)", re.MULTILINE)
DURATION = re.compile(r"duration: ([\d.]+) ms")
READS = re.compile(
    r"(?:BEGIN READ ONLY|(?:ROLLBACK TO )?SAVEPOINT|ROLLBACK|SET LOCAL|SELECT|WITH)\b|EXPLAIN \((?!.*ANALYZE)[^)]*\) "
)
COMMENT = re.compile(r"^--.*\n", re.MULTILINE)
WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CREATE|ALTER|DROP|GRANT|COPY)\b")
GENTLE = {"AccessShareLock", "RowExclusiveLock"}
# Both are milliseconds on a machine that has nothing else to do.
LONGEST_LOCK_S = 0.5
LONGEST_WAIT_S = 1.5


@pytest.fixture(params=["stuck", "healthy", "wrong-key"])
def scene(servers: Servers, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    with World(servers) as world:
        yield play(world, request.param, tmp_path)


@pytest.fixture
def stuck(servers: Servers, tmp_path: Path) -> Iterator[Scene]:
    with World(servers) as world:
        yield play(world, "stuck", tmp_path)


@pytest.fixture(params=["main job", "preflight"])
def asked(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def as_owner(scene: Scene) -> dict[str, str]:
    """The scene's settings with a database role that may write everything."""
    return scene.world.environment() | {"SUPABASE_DB_URL": scene.world.owner_uri}


def run(scene: Scene, asked: str, directory: Path) -> None:
    dispatch_id = scene.dispatch_id if asked == "main job" else None
    report = diagnose(as_owner(scene), dispatch_id, directory)
    assert report.errors == ()


def table(world: World) -> str:
    """The table as bytes: every row with its place and the transactions that touched it."""
    with psycopg.connect(world.owner_uri) as connection:
        found = connection.execute("SELECT ctid, xmin, xmax, * FROM public.backup_history")
        return repr(sorted(map(str, found.fetchall())))


def bare(sql: str) -> str:
    """SQL without its comments."""
    return COMMENT.sub("", sql)


class StatementLog:
    """What PostgreSQL logs of some roles in one database, from now on."""

    def __init__(self, world: World) -> None:
        self._log = world.servers.postgres._log
        database = world.owner_uri.rpartition("/")[2]
        for role in (OWNER, MANAGEMENT):
            for setting in (
                "log_statement = 'all'",
                "log_min_messages = 'log'",
                "log_duration = on",
            ):
                world.sql_as_superuser(f"ALTER ROLE {role} IN DATABASE {database} SET {setting}")
        self._start = self._size()

    def _size(self) -> int:
        self._log.seek(0, 2)
        return self._log.tell()

    def entries(self) -> list[str]:
        """The entries since then, tabs of continued lines taken away."""
        self._log.seek(self._start)
        text = self._log.read().decode()
        self._log.seek(0, 2)
        return [entry.replace("\n\t", "\n") for entry in LOGGED.findall(text)]

    def statements(self) -> list[str]:
        """The statements, one by one."""
        batches = [
            entry.partition(": ")[2]
            for entry in self.entries()
            if entry.startswith(("statement", "execute"))
        ]
        return [one.strip() for batch in batches for one in bare(batch).split(";\n") if one.strip()]

    def durations_s(self) -> list[float]:
        """How long each flight, hence each transaction and each lock of it, took at most.

        Of two that overlap, the later one is given what both took from then on.
        """
        flights = [0.0]
        for entry in self.entries():
            if "BEGIN READ ONLY" in entry:
                flights.append(0.0)
            flights[-1] += sum(float(ms) / 1000 for ms in DURATION.findall(entry))
        return flights


def test_the_database_sees_reading_statements_alone(
    scene: Scene, asked: str, tmp_path: Path
) -> None:
    before = table(scene.world)
    log = StatementLog(scene.world)

    run(scene, asked, tmp_path)

    statements = log.statements()
    assert sum(statement.startswith("BEGIN READ ONLY") for statement in statements) > 1
    assert [one for one in statements if not READS.match(one)] == []
    # UPDATE and INSERT are only ever explained.
    assert [one for one in statements if WRITES.match(one)] == []
    assert "BEGIN" not in {one.split(";")[0] for one in statements}
    assert max(log.durations_s()) < LONGEST_LOCK_S
    assert table(scene.world) == before


def test_no_lock_is_stronger_than_that_of_an_update(
    scene: Scene, asked: str, tmp_path: Path
) -> None:
    with watching_locks(scene.world) as seen:
        for times in range(1, 20):
            run(scene, asked, tmp_path)
            # Locks of milliseconds are seen by chance, on a busy machine the less.
            if times >= 3 and seen:
                break

    assert "AccessShareLock" in seen
    assert seen <= GENTLE


class watching_locks:  # noqa: N801 -- reads as a context
    """The modes of the locks on tables that the doctor's sessions hold, as often as one can look."""

    def __init__(self, world: World) -> None:
        self._uri = world.database_uri
        self._over = threading.Event()
        self.seen: set[str] = set()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        look = (
            "SELECT DISTINCT mode FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE application_name = 'backup-doctor' AND locktype IN ('relation', 'tuple')"
        )
        with psycopg.connect(self._uri, autocommit=True) as admin:
            while not self._over.is_set():
                self.seen.update(mode for (mode,) in admin.execute(look.encode()).fetchall())

    def __enter__(self) -> set[str]:
        self._thread.start()
        return self.seen

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def test_ddl_of_others_is_neither_delayed_nor_refused(
    stuck: Scene, asked: str, tmp_path: Path
) -> None:
    waits: list[float] = []
    over = threading.Event()

    def migrate() -> None:
        with psycopg.connect(stuck.world.owner_uri, autocommit=True) as owner:
            owner.execute("SET lock_timeout = '5s'")
            while not over.is_set():
                started = time.monotonic()
                owner.execute("ALTER TABLE public.backup_history ALTER s3_key DROP NOT NULL")
                waits.append(time.monotonic() - started)
                time.sleep(0.01)

    thread = threading.Thread(target=migrate, daemon=True)
    thread.start()
    for _ in range(3):
        run(stuck, asked, tmp_path)
    over.set()
    thread.join()

    assert len(waits) > 10
    assert max(waits) < LONGEST_WAIT_S


def test_a_migration_that_takes_long_does_not_delay_the_doctor(
    stuck: Scene, tmp_path: Path
) -> None:
    undisturbed = stuck.truth.duration_s
    with psycopg.connect(stuck.world.owner_uri) as migration:
        migration.execute("LOCK TABLE public.backup_history IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()

        report = diagnose(as_owner(stuck), stuck.dispatch_id, tmp_path)

        took = time.monotonic() - started
    assert report.errors == ()
    assert report.root_cause in (None, stuck.truth.root_cause)
    assert took < undisturbed + 15, "the stand-in for PostgREST waits 8 s for a lock"


def test_s3_is_asked_to_read_alone(scene: Scene, asked: str, tmp_path: Path) -> None:
    requests = scene.world.servers.storage.requests
    start = len(requests)

    run(scene, asked, tmp_path)

    methods = {request.method for request in requests[start:]}
    assert methods
    assert methods <= {"GET", "HEAD"}


def test_the_apis_are_asked_to_read_alone(scene: Scene, asked: str, tmp_path: Path) -> None:
    world = scene.world
    services = (world.github.requests, world.management.requests, world.gateway.requests)
    starts = [len(requests) for requests in services]

    run(scene, asked, tmp_path)

    github = world.github.requests[starts[0] :]
    management = world.management.requests[starts[1] :]
    gateway = world.gateway.requests[starts[2] :]
    assert {request.method for request in github} == {"GET"}
    posts = [request for request in management if request.method != "GET"]
    assert {request.path.rpartition("/")[2] for request in posts} <= {"read-only"}
    probes = [request for request in gateway if request.path.startswith("/functions/")]
    sent = {(request.method, request.body) for request in probes}
    # The log of this backup leaves nothing open; the key of the next one nobody else has tried.
    assert sent <= {("OPTIONS", b""), ("POST", b"{}")}
    assert asked == "preflight" or sent == {("OPTIONS", b"")}
    assert {request.method for request in gateway if request not in probes} == {"GET"}


def test_without_a_database_url_the_management_api_is_sent_reading_sql(
    stuck: Scene, asked: str, tmp_path: Path
) -> None:
    environ = stuck.world.environment()
    del environ["SUPABASE_DB_URL"]
    start = len(stuck.world.management.requests)
    before = table(stuck.world)

    diagnose(environ, stuck.dispatch_id if asked == "main job" else None, tmp_path)

    sent = [
        request for request in stuck.world.management.requests[start:] if request.method == "POST"
    ]
    assert sent
    queries = [str(request.body["query"]) for request in sent]
    assert [query for query in queries if not READS.match(bare(query).lstrip())] == []
    assert table(stuck.world) == before


def test_nothing_is_asked_of_github_twice(stuck: Scene, tmp_path: Path) -> None:
    requests = stuck.world.github.requests
    start = len(requests)

    run(stuck, "main job", tmp_path)

    paths = [request.path for request in requests[start:]]
    assert sorted(paths) == sorted(set(paths)), "an ETag could save nothing: each is asked once"


UPSERTS = {
    "what it is sent": "{ ...body, status: 'success' }",
    "what it is sent, by its id": "{ id: body.backup_id, s3_key: body.s3_key, status: 'success' }",
    "a list of what it is sent": "[body]",
}
SOURCE = """
Deno.serve(async (request) => {
  const body = await request.json().catch(() => ({}));
  const key = Deno.env.get("SUPABASE_SERVICE_ROLE_KEY");
  const answer = await fetch(`${Deno.env.get("SUPABASE_URL")}/rest/v1/backup_history`, {
    method: "POST",
    headers: {
      apikey: key, Authorization: `Bearer ${key}`, "Content-Type": "application/json",
      Prefer: "resolution=merge-duplicates",
    },
    body: JSON.stringify(ROW),
  });
  return new Response(await answer.text(), { status: 200 });
});
"""


@pytest.mark.parametrize("row", UPSERTS)
def test_the_probe_leaves_the_table_as_it_was_even_with_a_function_that_upserts(
    servers: Servers, tmp_path: Path, row: str
) -> None:
    with World(servers) as world:
        play(world, "healthy", tmp_path)
        source = tmp_path / "index.ts"
        source.write_text(SOURCE.replace("ROW", UPSERTS[row]))
        world.project.functions[FUNCTION] = Function(FUNCTION, source, verify_jwt=False)
        before = table(world)
        start = len(world.gateway.requests)

        report = diagnose(world.environment(), None, tmp_path)

        asked = world.gateway.requests[start:]
        assert ("POST", "/rest/v1/backup_history") in {(one.method, one.path) for one in asked}
        assert table(world) == before
        assert report.errors == ()
