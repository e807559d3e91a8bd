"""A repository on the GitHub stand-in, and the doctor's client for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backup_doctor.collect.clients.github import GitHub
from backup_doctor.collect.deadline import Deadline
from backup_doctor.demo.github.server import GitHub as StandIn
from backup_doctor.demo.github.state import Job, Repository, Run, Step, Token, Workflow
from backup_doctor.settings.model import Secret, Settings

NOW = datetime(2026, 1, 15, 2, 3, 4, tzinfo=UTC)
PATH = ".github/workflows/backup.yml"
TOKEN = "github_pat_reader"
MAY_READ = frozenset(
    {"actions:read", "contents:read", "checks:read", "secrets:read", "environments:read"}
)


def job(identity: int = 71, log: str | None = "hello\n", **changes: object) -> Job:
    """A finished job of one step."""
    made = Job(
        id=identity,
        name="backup",
        created_at=NOW,
        started_at=NOW,
        completed_at=NOW + timedelta(minutes=1),
        steps=[Step("Back up", 1, started_at=NOW, completed_at=NOW)],
        log=log,
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def run(identity: int = 7, *jobs: Job, title: str = "Backup", **changes: object) -> Run:
    """A finished run of the backup's workflow."""
    made = Run(
        id=identity,
        workflow_id=1,
        path=PATH,
        name="Backup",
        title=title,
        created_at=NOW,
        run_started_at=NOW,
        updated_at=NOW + timedelta(minutes=1),
        jobs=list(jobs),
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def repository(*runs: Run, **changes: object) -> Repository:
    """A private repository with one workflow."""
    made = Repository("acme/app", workflows=[Workflow(1, "Backup", PATH)], runs=list(runs))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def stand_in(known: Repository, *permissions: str, base_path: str = "") -> StandIn:
    """GitHub, with a token that may read all, or what is named."""
    allowed = frozenset(permissions) or MAY_READ
    return StandIn(known, [Token(TOKEN, allowed, "pat")], base_path=base_path)


def settings(url: str, token: str | None = TOKEN, **changes: object) -> Settings:
    """The doctor's settings for it."""
    given = {"repository": "acme/app", "github_token": Secret(token) if token else None}
    return Settings(github_url=url, **{**given, **changes})  # type: ignore[arg-type]


def client(url: str, token: str | None = TOKEN) -> GitHub:
    """The doctor's client."""
    return GitHub(settings(url, token), Deadline(30))
