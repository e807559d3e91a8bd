"""What the function collector sees of the real edge function behind the stand-in gateway."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from doctor.case import Asked, Case, Names
from doctor.collectors.function import look
from doctor.deadline import Deadline
from doctor.demo.supabase.gateway import Gateway
from doctor.demo.supabase.management import AccessToken, Management
from doctor.demo.supabase.state import Function, LogRecord, Project, SecretValue
from doctor.evidence.base import Evidence, Unseen, Why
from doctor.evidence.function import FunctionEvidence, FunctionRecord, HttpAnswer
from doctor.evidence.row import BackupRow, RowEvidence
from doctor.settings.model import Secret, Settings
from doctor.sources import Sources

TOKEN = "sbp_" + "0" * 40
KEY = "canary0123456789"
NAME = "update-backup"
SOURCE = Path(str(files("doctor.demo"))) / "pipeline/supabase/functions" / NAME / "index.ts"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NOT_LOOKED = Unseen(why=Why.NOT_ASKED, what="Not part of this test.")


class World:
    """A deployed function, a row in progress, and the doctor's settings."""

    def __init__(self, project: Project, gateway: Gateway, api: Management) -> None:
        self.project = project
        self.gateway = gateway
        self.api = api
        self.row = BackupRow(id="1", status="in_progress", created_at=NOW - timedelta(hours=3))
        self.settings: dict[str, object] = {
            "supabase_url": gateway.url,
            "function_key": Secret(KEY),
            "access_token": Secret(TOKEN),
            "management_url": api.url,
            "project_ref": project.ref,
        }

    def look(self) -> FunctionEvidence:
        row: Future[RowEvidence] = Future()
        row.set_result(
            RowEvidence(
                route=None, rows=(self.row,), table=NOT_LOOKED, server=NOT_LOOKED, api=NOT_LOOKED
            )
        )
        earlier: dict[type[Evidence], Future[RowEvidence]] = {RowEvidence: row}
        settings = Settings(**self.settings)  # type: ignore[arg-type]  # a test may set anything
        ask = Sources(settings, Deadline(30), earlier)
        return look(ask, Case(asked=Asked(dispatch_id="d"), names=Names(), now=NOW))

    def posted(self) -> list[dict[str, object]]:
        return [json.loads(seen.body) for seen in self.gateway.requests if seen.method == "POST"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    project = Project(
        database_uri="postgresql://supabase_admin@127.0.0.1:1/none",
        functions={NAME: Function(NAME, SOURCE, verify_jwt=False)},
        function_secrets={"BACKUP_API_KEY": SecretValue(KEY)},
    )
    with (
        Gateway(project) as gateway,
        Management(project, [AccessToken(TOKEN)], tmp_path) as api,
    ):
        yield World(project, gateway, api)


def test_a_healthy_function_is_seen_from_both_sides(world: World) -> None:
    seen = world.look()

    assert isinstance(seen.record, FunctionRecord)
    assert (seen.record.status, seen.record.verify_jwt) == ("ACTIVE", False)
    assert isinstance(seen.empty_post, HttpAnswer)
    assert (seen.empty_post.status, seen.empty_post.from_function) == (400, True)
    assert isinstance(seen.options, HttpAnswer)
    assert seen.options.from_function is True
    assert seen.key_sent
    assert seen.gaps() == ()


def test_the_default_probe_sends_nothing_that_could_name_a_row(world: World) -> None:
    seen = world.look()

    assert world.posted() == [{}]
    assert seen.test_call is None


def test_the_guides_body_is_sent_only_on_request_and_with_a_random_id(world: World) -> None:
    world.settings["probe_function"] = True

    assert isinstance(world.look().test_call, HttpAnswer)
    assert isinstance(world.look().test_call, HttpAnswer)

    ids = [str(body["backup_id"]) for body in world.posted() if body]
    assert len(set(ids)) == 2
    assert all(re.fullmatch(r"[0-9a-f-]{36}", backup_id) for backup_id in ids)


def test_without_a_key_the_function_is_asked_all_the_same(world: World) -> None:
    world.settings["function_key"] = None

    seen = world.look()

    assert not seen.key_sent
    assert isinstance(seen.empty_post, HttpAnswer)
    assert seen.empty_post.status == 401


def test_a_function_that_is_not_deployed_has_no_record(world: World) -> None:
    world.project.functions.clear()

    seen = world.look()

    assert seen.record is None
    assert isinstance(seen.empty_post, HttpAnswer)
    assert (seen.empty_post.status, seen.empty_post.error_code) == (404, "NOT_FOUND")


def test_a_wrong_ref_does_not_make_the_function_missing(world: World) -> None:
    world.settings["project_ref"] = "zzzzzzzzzzzzzzzzzzzz"

    seen = world.look()

    assert isinstance(seen.record, Unseen)
    assert seen.record.status == 404


def test_a_paused_project_says_so(world: World) -> None:
    world.project.status = "INACTIVE"
    world.project.faults.paused = 540

    seen = world.look()

    assert not isinstance(seen.project, Unseen)
    assert seen.project.status == "INACTIVE"
    assert isinstance(seen.empty_post, HttpAnswer)
    assert seen.empty_post.status == 540


def test_the_functions_log_since_the_rows_creation_is_read(world: World) -> None:
    attributes = {"function_id": world.project.functions[NAME].id, "level": "error"}
    for hours, message in ((4, "long before"), (2, "Database update failed")):
        at = NOW - timedelta(hours=hours)
        world.project.logs.append(LogRecord("function_logs", message, attributes, timestamp=at))

    seen = world.look()

    assert not isinstance(seen.logs, Unseen)
    assert [line.message for line in seen.logs] == ["Database update failed"]


def test_the_log_is_not_asked_for_where_the_row_is_right(world: World) -> None:
    world.row = BackupRow(id="1", status="success", created_at=NOW)

    assert world.look().logs == ()
    assert not any("analytics" in request.path for request in world.api.requests)


def test_with_nothing_configured_every_part_says_how_to_enable_it() -> None:
    seen = look(Sources(Settings(), Deadline(5)), Case(asked=Asked(), names=Names(), now=NOW))

    assert isinstance(seen.record, Unseen)
    assert isinstance(seen.empty_post, Unseen)
    assert {gap.remedy for gap in seen.gaps()} == {
        "Set SUPABASE_ACCESS_TOKEN.",
        "Set SUPABASE_URL or VITE_SUPABASE_URL.",
    }


def test_services_that_refuse_are_unreachable_within_the_budget(world: World) -> None:
    world.settings |= {
        "supabase_url": "http://127.0.0.1:1",
        "management_url": "http://127.0.0.1:1",
    }

    seen = world.look()

    for part in (seen.record, seen.project, seen.options, seen.empty_post):
        assert isinstance(part, Unseen)
        assert part.why is Why.UNREACHABLE


def test_no_value_of_a_secret_enters_the_evidence(world: World) -> None:
    evidence = repr(world.look())

    assert KEY not in evidence
    assert TOKEN not in evidence


def test_the_platforms_record_of_calls_tells_each_ones_status(world: World) -> None:
    function = world.project.functions[NAME]
    for minute, status in ((30, "200"), (10, "500")):
        attributes = {
            "function_id": function.id,
            "request.method": "POST",
            "response.status_code": status,
        }
        at = NOW - timedelta(minutes=minute)
        world.project.logs.append(LogRecord("function_edge_logs", "POST", attributes, timestamp=at))

    seen = world.look()

    assert not isinstance(seen.invocations, Unseen)
    assert [(one.method, one.status) for one in seen.invocations] == [("POST", 200), ("POST", 500)]
    assert seen.invocations[0].at == NOW - timedelta(minutes=30)
