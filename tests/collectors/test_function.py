"""What the function collector sees of the real edge function behind the stand-in gateway."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from msgspec.structs import replace

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.function.collector import look
from backup_doctor.collect.sources import Sources
from backup_doctor.demo.github.server import GitHub
from backup_doctor.demo.github.state import Repository, Token
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.management import AccessToken, Management
from backup_doctor.demo.supabase.state import Function, LogRecord, Project, SecretValue
from backup_doctor.evidence.base import Evidence, Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.function import FunctionEvidence, FunctionRecord, HttpAnswer
from backup_doctor.evidence.function import Project as ProjectRecord
from backup_doctor.evidence.log import Attempt, Call, EnvShown, LogReading, Outcome, Variable
from backup_doctor.evidence.row import BackupRow, RowEvidence
from backup_doctor.evidence.workflow import Run, WorkflowEvidence
from backup_doctor.judge.history.probing import NO_KEY, why_not_posted
from backup_doctor.settings.model import Secret, Settings

TOKEN = "sbp_" + "0" * 40
KEY = "canary0123456789"
NAME = "update-backup"
SOURCE = Path(str(files("backup_doctor.demo"))) / "pipeline/supabase/functions" / NAME / "index.ts"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NOT_LOOKED = Unseen(why=Why.NOT_ASKED, what="Not part of this test.")


def done(evidence: Evidence) -> Future[Evidence]:
    """What another check has seen already."""
    future: Future[Evidence] = Future()
    future.set_result(evidence)
    return future


def logged(answer: Call) -> WorkflowEvidence:
    """A run whose update step got this answer of the function."""
    key = Variable(name="BACKUP_API_KEY", shown=EnvShown.MASKED)
    reading = LogReading(source="log", update_seen=True, variables=(key,), function_call=answer)
    return WorkflowEvidence(run=Run(id=1, status="completed"), log=reading)


OPEN = logged(Call(outcome=Outcome.REFUSED, status=401))


class World:
    """A deployed function, a row in progress, and the doctor's settings."""

    def __init__(self, project: Project, gateway: Gateway, api: Management) -> None:
        self.project = project
        self.gateway = gateway
        self.api = api
        self.workflow = OPEN
        self.names = Names()
        self.row = BackupRow(id="1", status="in_progress", created_at=NOW - timedelta(hours=3))
        self.settings: dict[str, object] = {
            "supabase_url": gateway.url,
            "function_key": Secret(KEY),
            "access_token": Secret(TOKEN),
            "management_url": api.url,
            "project_ref": project.ref,
        }

    def look(self) -> FunctionEvidence:
        row = RowEvidence(
            route=None, rows=(self.row,), table=NOT_LOOKED, server=NOT_LOOKED, api=NOT_LOOKED
        )
        earlier: dict[type[Evidence], Future[Evidence]] = {
            type(one): done(one) for one in (row, self.workflow)
        }
        settings = Settings(**self.settings)  # type: ignore[arg-type]  # a test may set anything
        ask = Sources(settings, Deadline(30), earlier, why_not_posted=why_not_posted)
        return look(ask, Case(asked=Asked(dispatch_id="d"), names=self.names, now=NOW))

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
    assert seen.posted_at
    assert seen.test_call is None


@pytest.mark.parametrize(
    "answer",
    [
        Call(outcome=Outcome.OK, status=200),
        Call(outcome=Outcome.REFUSED, status=401, body='{"error":"Invalid API key"}'),
        Call(outcome=Outcome.REFUSED, status=404, body='{"code":"NOT_FOUND"}'),
        Call(outcome=Outcome.REFUSED, status=500, body='{"error":"TypeError"}'),
        Call(outcome=Outcome.TIMED_OUT),
        Call(outcome=Outcome.NOT_MADE, lines=("BACKUP_API_KEY is not set",)),
    ],
)
def test_where_the_log_leaves_nothing_open_the_function_is_not_called(
    world: World, answer: Call
) -> None:
    world.workflow = logged(answer)

    seen = world.look()

    assert world.posted() == []
    assert isinstance(seen.empty_post, Unseen)
    assert seen.empty_post.why is Why.NOT_ASKED
    assert isinstance(seen.options, HttpAnswer)
    assert seen.gaps() == ()


def test_where_the_user_forbids_it_the_function_is_not_called(world: World) -> None:
    world.settings["no_probe"] = True

    seen = world.look()

    assert world.posted() == []
    assert isinstance(seen.empty_post, Unseen)
    assert "--no-probe" in seen.empty_post.what


@pytest.mark.parametrize(
    "script",
    [
        'curl "$URL/functions/v1/update-backup" -H "x-backup-key: $BACKUP_API_KEY"',
        'curl "$URL/functions/v1/update-backup" -H "x-signature: $(sign)"',
        'curl "$URL/functions/v1/update-backup" -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY"',
        "await supabase.functions.invoke('update-backup', { body })",
    ],
)
def test_a_function_that_the_pipeline_shows_its_key_otherwise_is_not_tried_with_a_bearer(
    world: World, script: str
) -> None:
    log = world.workflow.reading
    assert log
    world.workflow = replace(world.workflow, log=replace(log, update_script=(script,)))

    seen = world.look()

    assert world.posted() == []
    assert isinstance(seen.empty_post, Unseen)
    assert "in another way" in seen.empty_post.what


def test_a_pipeline_that_calls_no_function_is_asked_for_none(world: World) -> None:
    world.names = Names(calls_function=False)

    seen = world.look()

    assert world.gateway.requests == []
    assert {type(part) for part in (seen.record, seen.options, seen.empty_post)} == {Unseen}
    assert isinstance(seen.project, ProjectRecord)


def test_the_variables_that_the_functions_source_reads_are_told(world: World) -> None:
    token = Token("ghp_reads")
    with GitHub(Repository("acme/app"), [token]) as github:
        path = f"supabase/functions/{NAME}/index.ts"
        github.repository.files[path] = SOURCE.read_bytes()
        world.settings |= {
            "repository": "acme/app",
            "github_url": github.url,
            "github_token": Secret(token.value),
        }

        seen = world.look()

    assert isinstance(seen.reads, tuple)
    assert "BACKUP_API_KEY" in seen.reads
    assert "SUPABASE_URL" in seen.reads


def test_the_guides_body_is_sent_only_on_request_and_with_a_random_id(world: World) -> None:
    world.settings["probe_function"] = True

    assert isinstance(world.look().test_call, HttpAnswer)
    assert isinstance(world.look().test_call, HttpAnswer)

    ids = [str(body["backup_id"]) for body in world.posted() if body]
    assert len(set(ids)) == 2
    assert all(re.fullmatch(r"[0-9a-f-]{36}", backup_id) for backup_id in ids)


def test_without_a_key_there_is_nothing_to_try(world: World) -> None:
    world.settings["function_key"] = None

    seen = world.look()

    assert not seen.key_sent
    assert seen.empty_post == NO_KEY
    assert world.posted() == []


def test_a_function_that_is_not_deployed_has_no_record(world: World) -> None:
    world.project.functions.clear()

    seen = world.look()

    assert seen.record is None
    assert isinstance(seen.options, HttpAnswer)
    assert (seen.options.status, seen.options.error_code) == (404, "NOT_FOUND")
    assert world.posted() == []


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


def calling(*names: str) -> WorkflowEvidence:
    """A run whose script calls these functions to say that the backup is done."""
    refused = Call(outcome=Outcome.REFUSED, status=404)
    ways = tuple(
        Attempt(kind="function", name="x", target=one, place="run", updates=True, call=refused)
        for one in names
    )
    reading = LogReading(source="log", update_seen=True, function_call=refused, attempts=ways)
    return WorkflowEvidence(run=Run(id=1, status="completed"), log=reading)


def test_the_function_that_the_script_calls_is_looked_at_and_never_posted_to(world: World) -> None:
    world.workflow = calling("finish-backup")

    seen = world.look()

    assert (seen.name, seen.record, seen.instead_of) == ("finish-backup", None, NAME)
    assert isinstance(seen.empty_post, Unseen)
    assert world.posted() == []


@pytest.mark.parametrize(
    ("names", "given"),
    [((NAME,), ()), (("a", "b"), ()), (("",), ()), ((), ()), (("finish-backup",), ("function",))],
)
def test_the_function_stays_the_one_that_is_named_where_the_script_tells_no_other(
    world: World, names: tuple[str, ...], given: tuple[str, ...]
) -> None:
    world.workflow, world.names = calling(*names), Names(given=given)

    seen = world.look()

    assert (seen.name, seen.instead_of) == (NAME, None)
    assert isinstance(seen.record, FunctionRecord)


def test_where_neither_is_deployed_none_is_offered_in_its_place(world: World) -> None:
    world.workflow = calling("finish-backup")
    world.project.functions.clear()

    assert world.look().instead_of is None
