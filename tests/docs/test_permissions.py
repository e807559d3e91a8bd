"""The credentials of docs/permissions.md, taken from the page as they stand, are enough."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest
import yaml
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends

from backup_doctor.collect.clients.github_refusals import Permission
from backup_doctor.collect.clients.management import SCOPES
from backup_doctor.demo.faults import FAULTS, SINGLE, compose
from backup_doctor.demo.github.server import GitHub
from backup_doctor.demo.github.state import Token
from backup_doctor.demo.shapes import SHAPES
from backup_doctor.demo.storage import POLICY_NAME, READ_ACTIONS
from backup_doctor.demo.supabase.management import AccessToken
from backup_doctor.demo.world import Servers, World
from backup_doctor.evidence.case import Asked
from backup_doctor.settings.first_steps import FIRST_SETTINGS
from backup_doctor.settings.table import BY_NAME
from tests.docs.pages import blocks, first_cells, page, section
from tests.e2e.doctoring import AWS, diagnose, diagnose_world, psql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.evidence.findings import CheckResult, Report

PAGE = page("permissions.md")
S3, POSTGRES, GITHUB, SUPABASE = (
    section(PAGE, title) for title in ("S3", "PostgreSQL", "GitHub", "Supabase")
)
BUCKET, ROLE, PASSWORD = "acme-backups", "backup_reader", "a-long-random-password"
STUCK = FAULTS["stuck"]


@dataclass(frozen=True)
class Backup:
    """A backup of a world, and the folder in which the doctor runs."""

    world: World
    dispatch_id: str
    folder: Path

    def report(self, **changed: str) -> Report:
        """The report with the world's environment, but for what is changed; "" is not set."""
        environment = self.world.environment() | changed
        return diagnose(environment, Asked(dispatch_id=self.dispatch_id), self.folder)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with Servers.start() as running:
        yield running


@pytest.fixture(scope="module")
def stuck(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backup]:
    """A stuck backup. Its report with full access is as the demo's tests have it."""
    with World(servers) as world:
        yield backup(world, tmp_path_factory.mktemp("doctor"))


def backup(world: World, folder: Path) -> Backup:
    dispatch_id = world.insert_row()
    STUCK.before(world)
    world.run_pipeline(dispatch_id)
    return Backup(world, dispatch_id, folder)


def broken(world: World, faults: str, folder: Path) -> Backup:
    """A backup with these faults, joined by +."""
    fault = compose(*(SINGLE[name] for name in faults.split("+")))
    dispatch_id = world.insert_row()
    fault.before(world)
    world.run_pipeline(dispatch_id)
    fault.after(world)
    return Backup(world, dispatch_id, folder)


@contextmanager
def policy(world: World, *, without: str = "") -> Iterator[None]:
    """Give the doctor's S3 user the policy of the page, perhaps short of an action."""
    document = json.loads(blocks(S3, "json")[0].replace(BUCKET, world.bucket.name))
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != without]
    users = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    users.put_user_policy(world.bucket.doctor.user, POLICY_NAME, json.dumps(document))
    yield


@contextmanager
def role(world: World, *, without: str = "") -> Iterator[str]:
    """Make the role of the page as its reader would, perhaps without a line; its database URL."""
    lines = blocks(POSTGRES, "sql")[0].splitlines()
    psql(world, "\n".join(line for line in lines if not without or without not in line))
    try:
        server = world.reader_uri.rpartition("@")[2]
        yield f"postgresql://{ROLE}:{PASSWORD}@{server}"
    finally:
        world.sql_as_superuser(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE};")


@contextmanager
def github(world: World, *permissions: str, kind: str = "pat") -> Iterator[str]:
    """GitHub for a token with these permissions to read; its base URL."""
    assert kind in {"pat", "installation"}
    token = Token(
        world.github_token.value,
        frozenset(f"{name}:read" for name in permissions),
        "pat" if kind == "pat" else "installation",
    )
    with GitHub(world.repository, [token]) as api:
        yield api.url


@contextmanager
def access_token(world: World, *permissions: str) -> Iterator[None]:
    """Scope the Supabase access token to these permissions."""
    whole = list(world.management.tokens)
    world.management.tokens[:] = [AccessToken(world.access_token.value, frozenset(permissions))]
    try:
        yield
    finally:
        world.management.tokens[:] = whole


def token_permissions() -> list[str]:
    """The names in the table of the fine-grained token."""
    return [name for name in first_cells(GITHUB) if ": " not in name]


def workflow_permissions() -> list[str]:
    """The names in the `permissions:` of a workflow."""
    return list(yaml.safe_load(blocks(GITHUB, "yaml")[0])["permissions"])


def seen(report: Report) -> dict[str, object]:
    """What a report says, but for its own time."""
    checks = {result.check: (result.status, codes(result)) for result in report.results}
    return {
        "verdict": report.verdict,
        "causes": report.causes,
        "fix": report.fix_sql,
        "unseen": [note for result in report.results for note in result.notes],
        **checks,
    }


def codes(result: CheckResult) -> list[str]:
    return [finding.code for finding in result.findings]


def result_of(report: Report, check: str) -> CheckResult:
    return next(result for result in report.results if result.check == check)


def test_with_just_these_credentials_everything_is_seen(stuck: Backup) -> None:
    world = stuck.world

    with (
        policy(world),
        role(world) as database,
        github(world, *token_permissions()) as api,
        access_token(world, *first_cells(SUPABASE)),
    ):
        report = stuck.report(SUPABASE_DB_URL=database, GITHUB_API_URL=api)

    assert report.root_cause == STUCK.root_cause
    assert seen(report) == seen(diagnose_world(world, stuck.dispatch_id, stuck.folder))
    assert seen(report)["unseen"] == []


def test_a_workflows_own_token_finds_the_cause_as_well(stuck: Backup) -> None:
    with github(stuck.world, *workflow_permissions(), kind="installation") as api:
        report = stuck.report(GITHUB_API_URL=api)

    assert report.causes == ("function/not-deployed", "rls/no-grant")


def test_five_settings_find_the_cause_of_a_stuck_backup(stuck: Backup) -> None:
    five = {BY_NAME[name].env[0] for name in FIRST_SETTINGS}
    needless = set(stuck.world.environment()) - five - {*AWS, "GITHUB_API_URL"}

    report = stuck.report(**dict.fromkeys(needless, ""))

    assert len(five) == 5
    assert report.causes == ("function/not-deployed", "rls/no-grant")
    assert report.fix_sql is not None


def test_the_page_names_the_permissions_that_the_clients_ask_for() -> None:
    named = {name.capitalize() for name in {*token_permissions(), *workflow_permissions()}}

    assert named == {permission.value[0].removesuffix(": read") for permission in Permission}
    assert set(first_cells(SUPABASE)) == set(SCOPES.values())


def test_the_page_tells_what_is_lost_without_each_action() -> None:
    statements = json.loads(blocks(S3, "json")[0])["Statement"]

    allowed = {action for statement in statements for action in statement["Action"]}

    assert set(first_cells(S3)) == allowed == set(READ_ACTIONS)


@pytest.fixture(scope="module")
def emptied(stuck: Backup, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backup]:
    """A stuck backup whose file is gone without a trace."""
    with World(stuck.world.servers) as world:
        gone = backup(world, tmp_path_factory.mktemp("doctor"))
        s3 = world.servers.storage.s3
        for found in s3.list_objects_v2(Bucket=world.bucket.name)["Contents"]:
            s3.delete_object(Bucket=world.bucket.name, Key=found["Key"])
        yield gone


@pytest.mark.parametrize(
    ("without", "status"),
    [
        ("s3:ListBucket", "unknown"),
        ("s3:ListBucketVersions", "skip"),
        ("s3:ListBucketMultipartUploads", "skip"),
    ],
)
def test_a_missing_action_is_named_where_a_file_is_looked_for(
    emptied: Backup, without: str, status: str
) -> None:
    with policy(emptied.world, without=without):
        report = emptied.report()

    assert result_of(report, "object").status == status
    assert without in " ".join(result_of(report, "object").notes)


def test_without_get_object_the_file_is_unknown(stuck: Backup) -> None:
    with policy(stuck.world, without="s3:GetObject"):
        report = stuck.report()

    assert result_of(report, "object").status == "unknown"
    assert "s3:GetObject" in result_of(report, "object").notes[0]
    assert report.causes == ("function/not-deployed", "rls/no-grant")


@pytest.mark.parametrize(
    ("without", "check", "told"),
    [
        ("actions", "workflow", "`Actions: read`"),
        ("contents", "workflow", "`Contents: read`"),
        ("secrets", "secrets", "`Secrets: read`"),
    ],
)
def test_a_missing_permission_of_github_is_named(
    stuck: Backup, without: str, check: str, told: str
) -> None:
    others = [name for name in token_permissions() if name != without]

    with github(stuck.world, *others) as api:
        report = stuck.report(GITHUB_API_URL=api)

    assert told in " ".join(result_of(report, check).notes)
    assert report.root_cause in {None, STUCK.root_cause}


@pytest.mark.parametrize(
    ("without", "check"),
    [
        ("edge_functions_read", "function"),
        ("edge_functions_secrets_read", "secrets"),
        ("api_gateway_keys_read", "secrets"),
        ("database_read", "row"),
        ("project_admin_read", "function"),
    ],
)
def test_a_missing_permission_of_supabase_is_named(stuck: Backup, without: str, check: str) -> None:
    others = [name for name in first_cells(SUPABASE) if name != without]

    with access_token(stuck.world, *others):
        report = stuck.report(SUPABASE_DB_URL="")

    assert without in " ".join(result_of(report, check).notes)
    assert report.causes == ("function/not-deployed", "rls/no-grant")


def test_without_the_environments_its_secrets_are_not_known(
    servers: Servers, tmp_path: Path
) -> None:
    shape = SHAPES["environment-secrets"]
    others = [name for name in token_permissions() if name != "environments"]

    with World(servers) as world:
        dispatch_id = shape.make(world)
        with github(world, *others) as api:
            report = Backup(world, dispatch_id, tmp_path).report(GITHUB_API_URL=api)

    assert "`Environments: read`" in " ".join(result_of(report, "secrets").notes)
    assert report.causes == ()


def test_without_the_checks_a_time_limit_is_told_by_the_clock(
    servers: Servers, tmp_path: Path
) -> None:
    with World(servers) as world, github(world, *token_permissions()) as api:
        report = broken(world, "job-timed-out", tmp_path).report(GITHUB_API_URL=api)

    assert "`Checks: read`" in " ".join(result_of(report, "workflow").notes)
    assert report.causes == ("workflow/timed-out",)


def test_without_the_logs_what_the_function_wrote_is_not_known(
    servers: Servers, tmp_path: Path
) -> None:
    others = [name for name in first_cells(SUPABASE) if name != "analytics_logs_read"]

    with World(servers) as world, access_token(world, *others):
        report = broken(world, "throws+no-update-grant", tmp_path).report()

    assert "analytics_logs_read" in " ".join(result_of(report, "function").notes)
    assert "rls/no-grant" in report.causes


def test_without_its_parts_an_unfinished_upload_is_still_one(
    servers: Servers, tmp_path: Path
) -> None:
    with World(servers) as world:
        begun = broken(world, "upload-unfinished", tmp_path)
        with policy(world):
            whole = begun.report()
        with policy(world, without="s3:ListMultipartUploadParts"):
            report = begun.report()

    assert "(1 part arrived)" in whole.summary
    assert "arrived" not in report.summary
    assert report.causes == whole.causes == ("object/unfinished-upload",)


def test_without_bypassrls_a_hidden_row_is_unknown_and_not_missing(stuck: Backup) -> None:
    world = stuck.world

    with role(world) as database:
        psql(world, f"ALTER ROLE {ROLE} NOBYPASSRLS")
        report = stuck.report(
            SUPABASE_DB_URL=database, SUPABASE_ACCESS_TOKEN="", SUPABASE_SERVICE_ROLE_KEY=""
        )

    row = result_of(report, "row")
    assert row.status == "unknown"
    assert "BYPASSRLS" in " ".join(row.notes)
    assert report.verdict == "unknown"


def test_without_the_pipelines_role_the_catalogue_is_the_proof(stuck: Backup) -> None:
    with role(stuck.world, without="GRANT service_role") as database:
        report = stuck.report(SUPABASE_DB_URL=database)

    assert report.causes == ("function/not-deployed", "rls/no-grant")
    sources = [one.source for one in result_of(report, "rls").findings[0].evidence]
    assert "database, EXPLAIN as that role" not in sources


def test_with_the_statistics_who_holds_a_lock_is_seen(stuck: Backup) -> None:
    (grant,) = re.findall(r"`(GRANT pg_read_all_stats [^`]+)`", POSTGRES)
    others = "SELECT query FROM pg_stat_activity WHERE usename <> current_user AND query <> ''"

    with role(stuck.world) as database, psycopg.connect(stuck.world.owner_uri) as somebody:
        somebody.execute("SELECT 'of somebody else'")
        hidden = asked(database, others)
        stuck.world.sql_as_superuser(grant)
        seen_now = asked(database, others)

    assert "SELECT 'of somebody else'" not in hidden
    assert "SELECT 'of somebody else'" in seen_now


def asked(database: str, query: str) -> list[str]:
    with psycopg.connect(database) as reader:
        return [str(row[0]) for row in reader.execute(query).fetchall()]


def test_without_select_the_row_is_read_another_way(stuck: Backup) -> None:
    with role(stuck.world, without="GRANT SELECT") as database:
        report = stuck.report(SUPABASE_DB_URL=database)

    assert codes(result_of(report, "row")) == ["row/stuck", "row/s3-key-null"]
    assert "permission denied" in " ".join(result_of(report, "row").notes)
