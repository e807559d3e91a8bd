"""Preflight writes nowhere: told by the logs of all that it talks to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from backup_doctor.demo.faults import SINGLE
from tests.preflight.foresight import foresee

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World

MESSAGE = re.compile(r"LOG:  (?:statement|execute [^:]*):(.*(?:\n\t.*)*)")
COMMENT_OR_LITERAL = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
READS = {
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "EXPLAIN",
    "SELECT",
    "SET",
    "SHOW",
    "TABLE",
    "WITH",
}
EXECUTED_ALL_THE_SAME = re.compile(r"EXPLAIN\s+(?:\([^)]*)?ANALYZE", re.IGNORECASE)
LOG_ALL = """
ALTER DATABASE {0} SET log_min_messages = 'log';
ALTER DATABASE {0} SET log_statement = 'all';
"""


@pytest.mark.parametrize("name", [None, "no-update-grant", "not-deployed", "trigger-raises"])
def test_preflight_only_reads(world: World, name: str | None, tmp_path: Path) -> None:
    if name:
        SINGLE[name].before(world)
    database = world.database_uri.rpartition("/")[2]
    world.sql_as_superuser(LOG_ALL.format(database))
    logged = len(world.servers.postgres.log())
    stored = len(world.servers.storage.requests)
    before = rows(world)

    foresee(world, tmp_path)

    log = world.servers.postgres.log()[logged:]
    assert {"EXPLAIN", "SELECT"} <= verbs(log) <= READS
    assert not EXECUTED_ALL_THE_SAME.search(log)
    assert rows(world) == before
    s3 = world.servers.storage.requests[stored:]
    assert {request.method for request in s3} <= {"GET", "HEAD"}
    assert {request.method for request in world.github.requests} == {"GET"}
    assert managed(world) <= {"GET", "POST database/query/read-only"}
    assert sent(world) <= {
        "GET rest",
        "HEAD rest",
        "GET auth",
        "OPTIONS functions",
        "POST functions {}",
    }


def verbs(log: str) -> set[str]:
    """The first word of each statement that the log has; one message may hold several."""
    plain = (COMMENT_OR_LITERAL.sub("", message) for message in MESSAGE.findall(log))
    statements = (piece for message in plain for piece in message.split(";"))
    return {words.split()[0].upper() for words in statements if words.strip()}


def rows(world: World) -> list[tuple[object, ...]]:
    with psycopg.connect(world.reader_uri) as connection:
        return connection.execute("TABLE public.backup_history").fetchall()


def managed(world: World) -> set[str]:
    """What the Management API was asked, a POST with its path."""
    return {
        "GET"
        if one.method == "GET"
        else f"{one.method} {one.path.partition(world.project.ref)[2][1:]}"
        for one in world.management.requests
    }


def sent(world: World) -> set[str]:
    """What came to the project's gateway: the method, the service, and the body of a POST."""
    return {
        f"{one.method} {one.path.split('/')[1]} {one.body.decode()}".strip()
        for one in world.gateway.requests
    }
