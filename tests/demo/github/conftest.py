"""One private repository with a night's worth of backups, and callers of every kind."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx
import pytest

from backup_doctor.demo.github.server import GitHub
from backup_doctor.demo.github.state import (
    Job,
    PendingDeployment,
    Repository,
    Run,
    SecretRecord,
    Step,
    Token,
    Workflow,
)

NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PATH = ".github/workflows/backup.yml"
WORKFLOW_FILE = b"""\
name: Backup
run-name: backup ${{ inputs.dispatch_id }}
on:
  workflow_dispatch:
    inputs:
      dispatch_id: {required: true}
"""
JOB_LOG = """\
\ufeff2026-11-24T02:00:01.1234567Z Current runner version: '2.330.0'
2026-11-24T02:00:01.2234567Z ##[group]GITHUB_TOKEN Permissions
2026-11-24T02:00:01.3234567Z ##[endgroup]
2026-11-24T02:00:02.1234567Z ##[group]Run ./upload.sh
2026-11-24T02:00:02.2234567Z ##[endgroup]
2026-11-24T02:00:03.1234567Z S3_KEY=backups/2026/11/24/backup-d1.zip
2026-11-24T02:00:04.1234567Z ##[group]Run ./update.sh
2026-11-24T02:00:04.2234567Z env:
2026-11-24T02:00:04.2234568Z   BACKUP_API_KEY: ***
2026-11-24T02:00:04.3234567Z ##[endgroup]
2026-11-24T02:00:05.1234567Z Edge function call failed (HTTP 404)
2026-11-24T02:00:05.2234567Z ##[error]Process completed with exit code 1.
2026-11-24T02:00:06.1234567Z Cleaning up orphan processes
"""

ACTIONS = Token("ghs_actions", frozenset({"actions:read", "contents:read"}))
ADMIN = Token(
    "github_pat_admin",
    frozenset(
        {
            "actions:write",
            "actions_variables:read",
            "checks:read",
            "contents:read",
            "environments:write",
            "secrets:write",
        }
    ),
    kind="pat",
)
STRANGER = Token("ghs_stranger", frozenset())


@dataclass
class Clock:
    """A clock that a test winds."""

    now: datetime = field(default=NIGHT + timedelta(hours=1))

    def __call__(self) -> datetime:
        return self.now


def steps() -> list[Step]:
    """The steps of a job whose update failed; cleaning up was skipped."""
    outcomes = [
        (1, "Set up job", "success"),
        (2, "Upload", "success"),
        (3, "Update backup_history via Edge Function", "failure"),
        (4, "Notify", "skipped"),
        (9, "Complete job", "success"),
    ]
    times = [NIGHT + timedelta(seconds=number) for number, _, _ in outcomes]
    return [
        Step(name, number, conclusion=conclusion, started_at=time, completed_at=time)
        for (number, name, conclusion), time in zip(outcomes, times, strict=True)
    ]


def failed_run() -> Run:
    """A run that failed twice, with a job that never got a runner."""
    backup = Job(
        id=101,
        name="backup / zip: nightly",
        conclusion="failure",
        created_at=NIGHT,
        started_at=NIGHT + timedelta(seconds=1),
        completed_at=NIGHT + timedelta(seconds=7),
        steps=steps(),
        log=JOB_LOG,
        annotations=["Process completed with exit code 1."],
    )
    skipped = Job(id=102, name="report", conclusion="skipped", created_at=NIGHT, runner_name=None)
    first_try = Run(
        id=11,
        workflow_id=7,
        path=PATH,
        name="Backup",
        title="backup d1",
        conclusion="failure",
        created_at=NIGHT,
        run_started_at=NIGHT,
        updated_at=NIGHT,
        head_sha="a" * 40,
        jobs=[
            Job(id=100, name="backup", conclusion="failure", created_at=NIGHT, log="first try\n")
        ],
    )
    return Run(
        id=11,
        attempt=2,
        workflow_id=7,
        path=PATH,
        name="Backup",
        title="backup d1",
        conclusion="failure",
        created_at=NIGHT,
        run_started_at=NIGHT,
        updated_at=NIGHT + timedelta(seconds=7),
        head_sha="a" * 40,
        jobs=[backup, skipped],
        previous_attempts=[first_try],
    )


def running_run() -> Run:
    """A later run, by schedule, whose first job has ended and whose second is at work."""
    later = NIGHT + timedelta(minutes=30)
    return Run(
        id=12,
        workflow_id=7,
        path=PATH,
        name="Backup",
        title="Backup",
        event="schedule",
        status="in_progress",
        conclusion=None,
        created_at=later,
        run_started_at=later,
        updated_at=later,
        head_sha="b" * 40,
        pending_deployments=[PendingDeployment("production", ["octocat"], 30, later)],
        jobs=[
            Job(id=103, name="backup", created_at=later, started_at=later, log="done\n"),
            Job(
                id=104,
                name="diagnose",
                status="in_progress",
                conclusion=None,
                created_at=later,
                started_at=later,
                steps=[Step("Set up job", 1, "in_progress", None, later)],
            ),
        ],
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def repository() -> Repository:
    return Repository(
        "acme/shop",
        workflows=[
            Workflow(7, "Backup", PATH),
            Workflow(8, "Old", ".github/workflows/old.yml", "disabled_inactivity"),
        ],
        runs=[failed_run(), running_run()],
        secrets=[SecretRecord("BACKUP_API_KEY", NIGHT, NIGHT)],
        organization_secrets=[SecretRecord("VITE_SUPABASE_URL")],
        environments={"production": [SecretRecord("DEPLOY_KEY")], "eu/west": []},
        variables={"BUCKET": "shop-backups"},
        files={PATH: WORKFLOW_FILE, "README.md": b"# Shop\n"},
    )


@pytest.fixture
def github(repository: Repository, clock: Clock) -> Iterator[GitHub]:
    with GitHub(repository, [ACTIONS, ADMIN, STRANGER], now=clock) as server:
        yield server


def connect(server: GitHub, token: Token | None) -> httpx.Client:
    """Connect as the holder of a token, or as nobody; redirects are not followed."""
    headers = {"Authorization": f"Bearer {token.value}"} if token else {}
    return httpx.Client(
        base_url=f"{server.url}/repos/acme/shop", headers=headers, verify=certificates()
    )


@cache
def certificates() -> ssl.SSLContext:
    """Nobody's are asked for here, and reading them takes longer than a test."""
    return httpx.create_ssl_context()


@pytest.fixture
def client(github: GitHub) -> Iterator[httpx.Client]:
    """Someone with every permission."""
    with connect(github, ADMIN) as connected:
        yield connected


@pytest.fixture
def workflow_token(github: GitHub) -> Iterator[httpx.Client]:
    """A workflow with its `GITHUB_TOKEN`."""
    with connect(github, ACTIONS) as connected:
        yield connected


@pytest.fixture
def stranger(github: GitHub) -> Iterator[httpx.Client]:
    """Someone with a token that has nothing to do with the repository."""
    with connect(github, STRANGER) as connected:
        yield connected


@pytest.fixture
def anonymous(github: GitHub) -> Iterator[httpx.Client]:
    """Someone without a token."""
    with connect(github, None) as connected:
        yield connected
