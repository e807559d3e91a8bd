"""The table by both ways: the same rows and days, and what is said where one of them fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from werkzeug import Request, Response

from backup_doctor.collect.clients.management import Management
from backup_doctor.collect.deadline import Deadline
from backup_doctor.demo.serving import LoopbackServer
from backup_doctor.evidence.base import Why
from backup_doctor.evidence.case import Names
from backup_doctor.run.audit.table import AuditTable, BrokeOffError
from backup_doctor.run.audit.table_direct import DirectTable
from backup_doctor.run.audit.table_pages import PAUSES_S, PagedTable
from backup_doctor.settings.model import Secret, Settings
from tests.audit.scene import FOLDER, Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.run.audit.model import Row

ABOUT = [
    {
        "read_at": "2026-01-15T12:00:00+00:00",
        "may_hide": False,
        "columns": ["id"],
        "times": [],
        "tables": None,
    }
]
ROW = {"key": "backups/a.zip", "backup_id": "1", "state": "success", "size": "5", "day": None}


def all_of(table: AuditTable) -> list[Row]:
    return [row for batch in table.rows() for row in batch]


def test_both_ways_tell_the_same_rows_and_days(scene: Scene) -> None:
    for at in range(5):
        scene.row(f"{FOLDER}/{at}.zip", age=f"{at} days", size=at)
    scene.row(f"{FOLDER}/twice.zip")
    scene.row(f"{FOLDER}/twice.zip")
    scene.row(None, "in_progress", None)
    direct = DirectTable(scene.world.reader_uri, Names(), Deadline(60))
    paged = PagedTable(Management(scene.settings(), Deadline(60)), Names(), Deadline(60), 2)

    abouts = [way.about().may_hide for way in (direct, paged)]
    rows, days = all_of(direct), direct.by_day()
    direct.close()

    assert abouts == [False, False]
    assert len(rows) == 8
    assert sorted(all_of(paged)) == sorted(rows)
    assert paged.by_day() == days
    assert sum(day.bytes for day in days) == 10 + 5 + 5


def paged_at(
    handle: Callable[[str], Response], slept: list[float] | None = None
) -> tuple[AuditTable, LoopbackServer]:
    """The table behind a Management API that answers each statement so."""
    server = LoopbackServer(
        Request.application(lambda request: handle(request.get_json()["query"]))
    )
    settings = Settings(
        access_token=Secret("sbp_" + "01" * 20), project_ref="a" * 20, management_url=server.url
    )
    pauses: list[float] = [] if slept is None else slept
    management = Management(settings, Deadline(60))
    return PagedTable(management, Names(), Deadline(60), sleep=pauses.append), server


def answer(rows: Any, status: int = 201) -> Response:
    return Response(json.dumps(rows), status, content_type="application/json")


def is_about(statement: str) -> bool:
    return "may_hide" in statement


@pytest.mark.parametrize("about", [[{}], [{"read_at": "soon", "may_hide": False}], [{"one": 1}]])
def test_an_answer_without_a_time_is_garbled(about: Any) -> None:
    table, server = paged_at(lambda _: answer(about))

    with server, pytest.raises(BrokeOffError, match="another shape than was asked for"):
        table.about()


@pytest.mark.parametrize("row", [{"key": "a"}, ROW | {"key": None}, ROW | {"state": 7}])
def test_rows_of_another_shape_are_garbled(row: dict[str, Any]) -> None:
    table, server = paged_at(lambda said: answer(ABOUT if is_about(said) else [row]))

    with server:
        table.about()
        with pytest.raises(BrokeOffError, match="another shape than was asked for"):
            all_of(table)
        with pytest.raises(BrokeOffError, match="another shape than was asked for"):
            table.by_day()


def test_a_used_up_rate_limit_is_waited_for_and_the_table_read_on() -> None:
    slept: list[float] = []

    def handle(said: str) -> Response:
        if is_about(said):
            return answer(ABOUT)
        return answer([ROW]) if slept else answer({"message": "Too many requests"}, 429)

    table, server = paged_at(handle, slept)

    with server:
        table.about()
        rows = all_of(table)

    assert rows == [tuple(ROW.values())]
    assert slept == [PAUSES_S[0]]


def test_a_rate_limit_that_does_not_end_is_told_after_the_last_pause() -> None:
    slept: list[float] = []
    table, server = paged_at(lambda _: answer({"message": "Too many requests"}, 429), slept)

    with server, pytest.raises(BrokeOffError) as told:
        table.about()

    assert told.value.gap.why is Why.RATE_LIMITED
    assert slept == [*PAUSES_S]


def test_a_database_that_nobody_serves_is_told_with_its_host() -> None:
    table = DirectTable("postgresql://me:secret@127.0.0.1:1/none", Names(), Deadline(5))

    with pytest.raises(BrokeOffError, match=r"127\.0\.0\.1") as told:
        table.about()

    assert told.value.gap.why is Why.UNREACHABLE
    table.close()


def test_an_address_that_is_none_is_refused_without_showing_it() -> None:
    table = DirectTable("postgresql://me:secret@[::1/none", Names(), Deadline(5))

    with pytest.raises(BrokeOffError) as told:
        table.about()

    assert "secret" not in str(told.value.gap)


def test_text_in_no_encoding_is_told_as_such(scene: Scene) -> None:
    postgres, name = scene.world.servers.postgres, "audit_in_no_encoding"
    with psycopg.connect(postgres.uri("postgres", "supabase_admin"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'").format(
                sql.Identifier(name)
            )
        )
    try:
        uri = postgres.uri(name, "supabase_admin")
        with psycopg.connect(uri, autocommit=True) as owner:
            owner.execute(
                "CREATE TABLE public.backup_history (id text, dispatch_id text, s3_key text,"
                " status text, size_bytes text, created_at timestamptz, finished_at timestamptz)"
            )
            owner.execute(
                "INSERT INTO public.backup_history VALUES"
                " ('1', '1', convert_from('\\xff2e7a6970', 'SQL_ASCII'), 'success')"
            )
        table = DirectTable(uri, Names(), Deadline(60))
        table.about()

        with pytest.raises(
            BrokeOffError,
            match=r"no encoding that could be read|conversion between UTF8 and SQL_ASCII",
        ):
            all_of(table)
        table.close()
    finally:
        postgres.drop_database(name)
