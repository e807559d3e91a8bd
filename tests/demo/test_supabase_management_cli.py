"""The Management API stand-in, held against the real Supabase command line."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.management import AccessToken, Management
from backup_doctor.demo.supabase.postgres import PostgresServer
from backup_doctor.demo.supabase.state import LogRecord, Project, SecretValue

SUPABASE = Path(__file__).parents[1] / "real_clients/node_modules/.bin/supabase"
TOKEN = "sbp_" + "0" * 40

pytestmark = pytest.mark.skipif(
    not SUPABASE.exists(), reason="the Supabase CLI is not installed: npm ci in tests/real_clients"
)

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def database_uri() -> Iterator[str]:
    with PostgresServer.start() as server:
        yield server.create_database("cli")


@pytest.fixture
def project(database_uri: str) -> Project:
    return Project(database_uri=database_uri)


@pytest.fixture
def gateway(project: Project) -> Iterator[Gateway]:
    served = Gateway(project)
    yield served
    served.close()


@pytest.fixture
def api(project: Project, tmp_path: Path) -> Iterator[Management]:
    with Management(project, [AccessToken(TOKEN)], tmp_path / "bundles") as management:
        yield management


@pytest.fixture
def supabase(api: Management, project: Project, tmp_path: Path) -> Cli:
    """The command line in a checkout of the reference pipeline, with the stand-in as its API."""
    checkout = tmp_path / "checkout"
    shutil.copytree(str(files("backup_doctor.demo") / "pipeline"), checkout)
    profile = tmp_path / "profile.yaml"
    profile.write_text(
        f"name: demo\napi_url: {api.url}\ndashboard_url: {api.url}\ndocs_url: {api.url}\n"
        "project_host: supabase.co\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SUPABASE_ACCESS_TOKEN": TOKEN,
        "SUPABASE_TELEMETRY_DISABLED": "1",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(SUPABASE), "--profile", str(profile), *arguments, f"--remote={project.ref}"]
        ended = subprocess.run(
            command,
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        return ended

    return run


def test_secrets_list_shows_the_digest(supabase: Cli, project: Project) -> None:
    project.function_secrets["BACKUP_API_KEY"] = SecretValue("s3cret")

    listed = supabase("secrets", "list").stdout

    assert "BACKUP_API_KEY" in listed
    assert hashlib.sha256(b"s3cret").hexdigest() in listed


def test_secrets_set_reaches_the_project(supabase: Cli, project: Project) -> None:
    supabase("secrets", "set", "BACKUP_API_KEY=n3w", "--yes")

    assert project.function_secrets["BACKUP_API_KEY"].value == "n3w"


def test_a_deployed_function_is_listed_and_runs_what_was_sent(
    supabase: Cli, project: Project, gateway: Gateway
) -> None:
    supabase("functions", "deploy", "update-backup", "--use-api", "--yes")

    listed = supabase("functions", "list").stdout
    answer = httpx.post(
        f"{gateway.url}/functions/v1/update-backup",
        json={},
        headers={"Authorization": "Bearer any"},
        timeout=30,
    )

    assert "update-backup" in listed
    assert project.functions["update-backup"].verify_jwt is False
    assert answer.status_code == 500
    assert answer.json()["error"] == "BACKUP_API_KEY is not set in the function's secrets"


def test_a_query_prints_its_rows(supabase: Cli) -> None:
    read = supabase("db", "query", "--read-only", "select 40 + 2 as answer")
    written = supabase("db", "query", "--yes", "select current_user as who")

    assert "42" in read.stdout
    assert "postgres" in written.stdout


def test_logs_are_printed(supabase: Cli, project: Project) -> None:
    project.logs += [
        LogRecord("function_logs", "the function said this", {"level": "error"}),
        LogRecord(
            "function_edge_logs", "POST | 500 | /update-backup", {"response.status_code": "500"}
        ),
    ]

    printed = supabase("logs", "--service", "functions", "--service", "function-edge").stdout

    assert "the function said this" in printed
    assert "POST | 500 | /update-backup" in printed
