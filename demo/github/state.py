"""What GitHub knows of one repository: plain data that a demo or a test fills and changes at will.

Times are aware datetimes in UTC. Field names are those of GitHub's REST API where it has them;
the vocabulary of `status`, `conclusion`, `event` and `state` is GitHub's own.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass
class Step:
    """One step of a job. `started_at` is None until it starts."""

    name: str
    number: int
    status: str = "completed"
    conclusion: str | None = "success"
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass
class Job:
    """One job of one attempt of a run, with its log.

    `log` is the text as the storage holds it, time stamps included; None means that there is no
    blob: the job never ran, or has not ended. `annotations` are messages of failure. `outputs` are
    what the job hands to others of its run; the API does not show them.
    """

    id: int
    name: str
    status: str = "completed"
    conclusion: str | None = "success"
    created_at: datetime = EPOCH
    started_at: datetime | None = None
    completed_at: datetime | None = None
    runner_name: str | None = "GitHub Actions 1"
    labels: list[str] = field(default_factory=lambda: ["ubuntu-latest"])
    steps: list[Step] = field(default_factory=list)
    log: str | None = None
    log_expired: bool = False
    annotations: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class PendingDeployment:
    """What a waiting run waits for: people who must approve its environment, or the timer of that."""

    environment: str
    reviewers: list[str] = field(default_factory=list)
    wait_timer: int = 0
    wait_timer_started_at: datetime | None = None


@dataclass
class Run:
    """One run of a workflow: its latest attempt, with the earlier ones in `previous_attempts`.

    `name` is the workflow's name and `title` the evaluated `run-name` (`display_title` in the API).
    `path` is the workflow's file, `.github/workflows/backup.yml`.
    """

    id: int
    workflow_id: int
    path: str
    name: str
    title: str
    attempt: int = 1
    event: str = "workflow_dispatch"
    status: str = "completed"
    conclusion: str | None = "success"
    created_at: datetime = EPOCH
    run_started_at: datetime = EPOCH
    updated_at: datetime = EPOCH
    head_sha: str = "0" * 40
    head_branch: str = "main"
    jobs: list[Job] = field(default_factory=list)
    previous_attempts: list["Run"] = field(default_factory=list)
    pending_deployments: list[PendingDeployment] = field(default_factory=list)

    def attempts(self) -> list["Run"]:
        """Every attempt, the latest first."""
        earlier = sorted(self.previous_attempts, key=lambda run: run.attempt, reverse=True)
        return [self, *earlier]


@dataclass
class Workflow:
    """One workflow file. `state` is `active` or one of the `disabled_…` states."""

    id: int
    name: str
    path: str
    state: str = "active"


@dataclass
class SecretRecord:
    """All that GitHub shows of a secret: never its value."""

    name: str
    created_at: datetime = EPOCH
    updated_at: datetime = EPOCH


@dataclass
class Repository:
    """One repository. `environments` holds each environment's own secrets; `files` its contents.

    The files are the same at every branch and commit that the repository knows. `former_names` are
    those that it had before it was renamed or transferred; GitHub redirects from them.
    `other_files` are those of other public repositories, by `owner/name` in small letters.
    `secret_values` and `environment_values` are what the runner is given of the secrets, and what
    the API never shows.
    """

    full_name: str
    default_branch: str = "main"
    private: bool = True
    workflows: list[Workflow] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    secrets: list[SecretRecord] = field(default_factory=list)
    organization_secrets: list[SecretRecord] = field(default_factory=list)
    environments: dict[str, list[SecretRecord]] = field(default_factory=dict)
    secret_values: dict[str, str] = field(default_factory=dict)
    environment_values: dict[str, dict[str, str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    former_names: list[str] = field(default_factory=list)
    other_files: dict[str, dict[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Token:
    """A credential: an installation's (`GITHUB_TOKEN`) or a fine-grained personal access token.

    `permissions` are `name:level` pairs such as `actions:read` and `contents:read`; `write`
    includes `read`. The names are those of `X-Accepted-GitHub-Permissions`. Every token that has
    any of them may read the repository's metadata; a token with none has no access at all.
    """

    value: str
    permissions: frozenset[str] = frozenset({"actions:read", "contents:read"})
    kind: Literal["installation", "pat"] = "installation"

    def allows(self, permission: str) -> bool:
        """Tell whether the token may do what `permission` (`name:level`) names."""
        if permission == "metadata:read":
            return bool(self.permissions)
        name, _, level = permission.partition(":")
        sufficient = {permission, f"{name}:write"} if level == "read" else {permission}
        return not sufficient.isdisjoint(self.permissions)
