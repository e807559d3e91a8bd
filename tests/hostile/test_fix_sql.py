"""The printed SQL, run as it stands in a real PostgreSQL, changes exactly its row, once."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backup_doctor.base import quoting
from backup_doctor.demo.world import World
from backup_doctor.evidence import sql
from tests.e2e.doctoring import psql
from tests.faults.scene import diagnose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import Servers

# What the columns can hold: any text without NUL and without halves of surrogate pairs.
STORABLE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
NASTY = st.sampled_from(
    [
        "'; DROP TABLE public.backup_history; --", "\\'; DROP TABLE x; --", "' OR '1'='1", "%", "%s",
        "$$", "$1", "E'\\''", "/* x", "--", "\\", "\\.", "\\q", "\\! touch /tmp/executed", ":name",
        ":'name'", "a\nb", "a\r\nb", "\u202e", "\u200b", "\ufeff", "\x1b[2J", "\u2028", "NULL", "",
        " ", "é", "e\u0301", "🐤", "{{ 7*7 }}", "${HOME}", "`id`", "$(id)", "COMMIT;", "\\echo",
    ]
)  # fmt: skip
ANYTHING = STORABLE | NASTY | st.tuples(NASTY, STORABLE).map("".join)
IDS = ANYTHING.filter(lambda text: 0 < len(text) <= 1000)


@pytest.fixture(scope="module")
def table(servers: Servers) -> Iterator[World]:
    with World(servers) as world:
        yield world


def rows(world: World) -> dict[str, str]:
    """Every row as text, by its id."""
    with psycopg.connect(world.owner_uri) as connection:
        found = connection.execute("SELECT id::text, b::text FROM public.backup_history AS b")
        return dict(found.fetchall())


def insert(world: World, dispatch_id: str, s3_key: str | None, error: str | None) -> str:
    """A row that has been in progress for a day."""
    with psycopg.connect(world.owner_uri, autocommit=True) as connection:
        made = connection.execute(
            "INSERT INTO public.backup_history (dispatch_id, s3_key, error_text, created_at)"
            " VALUES (%s, %s, %s, now() - interval '1 day') RETURNING id::text",
            [dispatch_id, s3_key, error],
        ).fetchone()
    assert made
    return str(made[0])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(dispatch_id=IDS, other=IDS, s3_key=st.none() | ANYTHING, error=st.none() | ANYTHING)
def test_the_fix_of_a_hostile_row_changes_that_row_alone_and_once(
    table: World,
    tmp_path: Path,
    dispatch_id: str,
    other: str,
    s3_key: str | None,
    error: str | None,
) -> None:
    table.sql("TRUNCATE public.backup_history")
    target = insert(table, dispatch_id, s3_key, error)
    if other != dispatch_id:
        insert(table, other, s3_key, error)
    insert(table, f"{dispatch_id} ", s3_key, error)
    before = rows(table)

    report = diagnose(table.environment(), dispatch_id, tmp_path)

    assert report.errors == ()
    assert report.subject.backup_id == target
    if report.fix_sql is None:  # S3 has no such key, and nobody can look
        assert report.fix_notes
        return
    psql(table, report.fix_sql)
    once = rows(table)
    psql(table, report.fix_sql)
    assert {key for key in before if before[key] != once[key]} == {target}
    assert set(once) == set(before)
    assert rows(table) == once


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ANYTHING)
def test_a_literal_and_a_name_mean_what_they_quote(table: World, text: str) -> None:
    with psycopg.connect(table.owner_uri) as connection:
        name = text[:15] or "x"
        query = f"SELECT {sql.literal(text)} AS {sql.identifier(name)}"
        cursor = connection.execute(query.encode())

        assert cursor.fetchone() == (text,)
        assert cursor.description
        assert cursor.description[0].name == name


@given(st.datetimes(timezones=st.just(UTC)) | st.integers(-(2**63), 2**63) | st.booleans())
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_value_that_is_no_text_means_itself_too(
    table: World, value: datetime | int | bool
) -> None:
    kind = {datetime: "timestamptz", int: "numeric", bool: "bool"}[type(value)]
    with psycopg.connect(table.owner_uri) as connection:
        same = connection.execute(
            f"SELECT {sql.literal(value)}::{kind} = %s::{kind}".encode(), [value]
        ).fetchone()

    assert same == (True,)


@settings(max_examples=50, deadline=None)
@given(STORABLE.filter(lambda text: "\ufffd" not in text) | NASTY)
def test_a_word_of_a_shell_command_is_one_word(text: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"printf %s {quoting.for_shell(text)}"],
        capture_output=True,
        check=True,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
    )

    assert done.stdout.decode() == text


def test_a_literal_gives_a_ci_runner_no_command() -> None:
    assert sql.literal("##[error]x") == r"E'##\u005berror]x'"


@pytest.mark.parametrize(
    "char", ["\u3164", "\u2800", "\ufe0f", "\U000e0041", "\U000e0100", "\u202e"]
)
def test_what_is_not_seen_is_an_escape_in_a_literal_and_in_a_name(table: World, char: str) -> None:
    text = f"a{char}b"
    query = f"SELECT {sql.literal(text)} AS {sql.identifier(text)}"

    assert query.isascii()
    with psycopg.connect(table.owner_uri) as connection:
        cursor = connection.execute(query.encode())
        assert cursor.fetchone() == (text,)
        assert cursor.description
        assert cursor.description[0].name == text
