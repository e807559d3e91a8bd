"""What the secrets collector sees of a project, and of a GitHub that is told what to say."""

from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.secrets.collector import look
from backup_doctor.collect.sources import Sources
from backup_doctor.demo.supabase.management import AccessToken, Management
from backup_doctor.demo.supabase.state import Project, SecretValue
from backup_doctor.evidence.base import Evidence, Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.secrets import (
    FunctionKey,
    KeyMatch,
    Level,
    ProjectKeys,
    SecretsEvidence,
    ServiceKey,
    StoredSecret,
    SupabaseUrl,
)
from backup_doctor.evidence.workflow import WorkflowEvidence, WorkflowFile
from backup_doctor.settings.model import Origin, Secret, Settings

TOKEN = "sbp_" + "0" * 40
KEY = "canary0123456789"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
DENIED = Unseen(why=Why.DENIED, what="The token may not list secrets.", status=403)


class FakeGitHub:
    """GitHub's secrets by level; what is not there is denied."""

    def __init__(self, levels: dict[tuple[Level, str | None], tuple[str, ...]]) -> None:
        self.levels = levels

    def secrets_of(
        self, level: Level, environment: str | None = None
    ) -> tuple[StoredSecret, ...] | Unseen:
        names = self.levels.get((level, environment))
        if names is None:
            return DENIED
        return tuple(StoredSecret(name=name, level=level, updated_at=NOW) for name in names)


class World:
    """A project, its Management API, and the settings of the doctor that looks at it."""

    def __init__(self, project: Project, api: Management) -> None:
        self.project = project
        self.api = api
        self.settings: dict[str, object] = {
            "supabase_url": project.url,
            "supabase_url_given": project.url,
            "service_key": Secret(project.keys.service_role),
            "function_key": Secret(KEY),
            "access_token": Secret(TOKEN),
            "management_url": api.url,
            "project_ref": project.ref,
            "repository": "acme/app",
            "github_token": Secret("ghs_canary"),
            "origins": {
                name: Origin(name=name, place="the environment")
                for name in ("repository", "github_token")
            },
        }
        self.github = FakeGitHub({(Level.REPOSITORY, None): (), (Level.ORGANIZATION, None): ()})
        self.file: WorkflowFile | Unseen | None = WorkflowFile(path="backup.yml", job="backup")

    def look(self) -> SecretsEvidence:
        workflow: Future[WorkflowEvidence] = Future()
        workflow.set_result(WorkflowEvidence(run=None, file=self.file))
        earlier: dict[type[Evidence], Future[WorkflowEvidence]] = {WorkflowEvidence: workflow}
        settings = Settings(**self.settings)  # type: ignore[arg-type]  # a test may set anything
        ask = Sources(settings, Deadline(20), earlier)
        ask.__dict__["github"] = self.github
        return look(ask, Case(asked=Asked(dispatch_id="d"), names=Names(), now=NOW))

    def function_key(self) -> FunctionKey:
        key = self.look().function_key
        assert isinstance(key, FunctionKey)
        return key

    def project_keys(self) -> ProjectKeys:
        keys = self.look().project_keys
        assert isinstance(keys, ProjectKeys)
        return keys


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    project = Project(
        database_uri="postgresql://supabase_admin@127.0.0.1:1/none",
        url="http://127.0.0.1:54321",
        function_secrets={"BACKUP_API_KEY": SecretValue(KEY, NOW)},
    )
    with Management(project, [AccessToken(TOKEN)], tmp_path) as api:
        yield World(project, api)


def test_equal_keys_are_seen_to_be_equal(world: World) -> None:
    key = world.function_key()

    assert (key.match, key.setting) == (KeyMatch.EQUAL, "BACKUP_API_KEY")
    assert not key.surrounding_whitespace


@pytest.mark.parametrize("suffix", ["\n", "\r\n", " "])
def test_whitespace_on_the_functions_side_is_told_apart(world: World, suffix: str) -> None:
    world.project.function_secrets["BACKUP_API_KEY"] = SecretValue(KEY + suffix)

    key = world.function_key()

    assert (key.match, key.function_side_whitespace) == (KeyMatch.EQUAL_BUT_FOR_WHITESPACE, True)


def test_whitespace_on_the_callers_side_is_told_apart(world: World) -> None:
    world.settings["function_key"] = Secret(f"{KEY}\n")

    key = world.function_key()

    assert (key.match, key.function_side_whitespace) == (KeyMatch.EQUAL_BUT_FOR_WHITESPACE, False)
    assert key.surrounding_whitespace


def test_different_keys_are_told_once_a_known_secret_calibrates_the_digests(world: World) -> None:
    world.project.function_secrets["BACKUP_API_KEY"] = SecretValue("another")

    assert world.function_key().match is KeyMatch.DIFFERENT


def test_the_service_key_calibrates_where_the_url_does_not(world: World) -> None:
    world.project.function_secrets["BACKUP_API_KEY"] = SecretValue("another")
    world.settings["supabase_url"] = "https://backups.example.com"

    assert world.function_key().match is KeyMatch.DIFFERENT


def test_without_calibration_nothing_is_said_to_differ(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is salted: no digest in it is the SHA-256 of anything."""
    monkeypatch.setattr(
        "backup_doctor.demo.supabase.management_views._digest", lambda value: f"salted-{len(value)}"
    )

    seen = world.look()

    assert isinstance(seen.function_key, FunctionKey)
    assert isinstance(seen.function_key.match, Unseen)
    assert "could not be compared" in seen.function_key.match.what
    assert not isinstance(seen.function_secrets, Unseen)
    assert {secret.empty for secret in seen.function_secrets} == {None}


def test_a_function_without_the_secret_has_nothing_to_compare(world: World) -> None:
    world.project.function_secrets.clear()

    match = world.function_key().match

    assert isinstance(match, Unseen)
    assert match.why is Why.NOT_FOUND


def test_an_empty_secret_of_the_function_is_known_by_its_digest(world: World) -> None:
    world.project.function_secrets["BACKUP_API_KEY"] = SecretValue("")

    seen = world.look()

    assert not isinstance(seen.function_secrets, Unseen)
    assert {secret.name for secret in seen.function_secrets if secret.empty} == {"BACKUP_API_KEY"}


def test_the_service_key_is_described_and_found_among_the_projects(world: World) -> None:
    seen = world.look()

    assert isinstance(seen.service_key, ServiceKey)
    assert (seen.service_key.role, seen.service_key.ref) == ("service_role", world.project.ref)
    assert seen.project_keys == ProjectKeys(legacy_enabled=True, service_key_listed=True)


def test_a_rotated_legacy_key_is_not_among_the_projects(world: World) -> None:
    world.settings["service_key"] = Secret(Project(database_uri="").keys.service_role)

    assert world.project_keys().service_key_listed is False


def test_a_masked_secret_key_is_known_by_its_head(world: World) -> None:
    world.settings["service_key"] = Secret(world.project.keys.secret)
    assert world.project_keys().service_key_listed is True

    world.settings["service_key"] = Secret("sb_secret_~another~key~altogether~")
    assert world.project_keys().service_key_listed is False


def test_a_key_of_no_known_kind_is_neither_listed_nor_missing(world: World) -> None:
    world.settings["service_key"] = Secret("hunter2hunter2")

    assert world.project_keys().service_key_listed is None


def test_disabled_legacy_keys_are_reported(world: World) -> None:
    world.project.legacy_keys_enabled = False

    assert world.project_keys().legacy_enabled is False


def test_secrets_are_listed_by_level_and_the_environment_wins(world: World) -> None:
    world.github.levels = {
        (Level.REPOSITORY, None): ("BACKUP_API_KEY",),
        (Level.ORGANIZATION, None): ("VITE_SUPABASE_URL",),
        (Level.ENVIRONMENT, "production"): ("BACKUP_API_KEY",),
    }
    world.file = WorkflowFile(path="backup.yml", job="backup", environment="production")

    seen = world.look()

    stored = seen.stored("backup_api_key")
    assert stored is not None
    assert stored.level is Level.ENVIRONMENT
    assert seen.all_levels_read()


def test_a_job_without_an_environment_has_two_levels(world: World) -> None:
    seen = world.look()

    assert not isinstance(seen.levels, Unseen)
    assert [level.level for level in seen.levels] == [Level.REPOSITORY, Level.ORGANIZATION]
    assert seen.all_levels_read()


@pytest.mark.parametrize(
    "file",
    [
        None,
        Unseen(why=Why.DENIED, what="The token may not read contents."),
        WorkflowFile(path="backup.yml"),
        WorkflowFile(path="backup.yml", job="backup", environment="${{ inputs.target }}"),
    ],
)
def test_an_unknown_environment_keeps_absent_names_from_being_called_missing(
    world: World, file: WorkflowFile | Unseen | None
) -> None:
    world.file = file

    assert not world.look().all_levels_read()


def test_a_token_that_may_not_list_leaves_the_level_unseen(world: World) -> None:
    world.github.levels = {}

    seen = world.look()

    assert not isinstance(seen.levels, Unseen)
    assert all(level.secrets == DENIED for level in seen.levels)


def test_without_github_the_levels_say_what_to_set(world: World) -> None:
    world.settings["origins"] = {}

    levels = world.look().levels

    assert isinstance(levels, Unseen)
    assert levels.remedy == "Set GITHUB_REPOSITORY."


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://abcdefghijklmnopqrst.supabase.co", None),
        ("https://backups.example.com", None),
        ("http://127.0.0.1:54321", None),
        ("https://abcdefghijklmnopqrst.supabase.co/rest/v1", "appends itself"),
        ("https://supabase.com/dashboard/project/abcdefghijklmnopqrst", "own site"),
        ("https://db.abcdefghijklmnopqrst.supabase.co", "not a project's address"),
        ("https://abcdefghijklmnopqrst.supabase.com", "not a project's address"),
    ],
)
def test_a_url_that_is_no_projects_base_is_reported(
    world: World, url: str, problem: str | None
) -> None:
    world.settings |= {"supabase_url": url, "supabase_url_given": f"{url}\n"}

    seen = world.look().url

    assert isinstance(seen, SupabaseUrl)
    assert seen.surrounding_whitespace
    assert seen.problem is None if problem is None else problem in (seen.problem or "")


def test_with_nothing_configured_everything_says_how_to_enable_it() -> None:
    seen = look(Sources(Settings(), Deadline(5)), Case(asked=Asked(), names=Names(), now=NOW))

    for part in (
        seen.levels,
        seen.function_secrets,
        seen.service_key,
        seen.function_key,
        seen.url,
        seen.project_keys,
    ):
        assert isinstance(part, Unseen)
        assert part.why is Why.NOT_CONFIGURED
        assert part.remedy is not None


def test_no_value_of_a_secret_enters_the_evidence(world: World) -> None:
    evidence = repr(world.look())

    for canary in (KEY, TOKEN, world.project.keys.service_role, world.project.keys.secret):
        assert canary not in evidence
