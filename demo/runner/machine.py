"""The machine that a job runs on: its folders, its environment, and the contexts it offers."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.demo.runner.expressions import Value

RUNNER_NAME = "GitHub Actions 1"
PUBLIC_API = "https://api.github.com"


def path() -> str:
    """PATH: first the interpreter's own folder, where a virtual environment has `aws`."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


@dataclass(frozen=True, slots=True)
class Request:
    """What a run was asked for.

    `variables` are the repository's, `vars` in expressions. `env` is the machine's own
    environment, such as AWS_ENDPOINT_URL_S3: no part of the workflow, and not in its log. `needs`
    are the outputs of the jobs before, by their keys, and `matrix` the values of this leg.
    """

    checkout: Path
    path: str
    inputs: Mapping[str, str]
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    env: Mapping[str, str]
    run_id: int
    attempt: int
    repository: str
    event: str
    head_sha: str
    head_branch: str
    needs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    matrix: Mapping[str, str] = field(default_factory=dict)

    def github(self) -> dict[str, Value]:
        """Return the context `github`, but for what only a job knows."""
        return {
            "repository": self.repository,
            "repository_owner": self.repository.partition("/")[0],
            "run_id": str(self.run_id),
            "run_number": str(self.run_id),
            "run_attempt": str(self.attempt),
            "event_name": self.event,
            "event": {"inputs": self.inputs},
            "sha": self.head_sha,
            "ref": f"refs/heads/{self.head_branch}",
            "ref_name": self.head_branch,
            "actor": self.repository.partition("/")[0],
            "token": self.secrets["GITHUB_TOKEN"],
            "api_url": self.env.get("GITHUB_API_URL", PUBLIC_API),
            "server_url": self.env.get("GITHUB_SERVER_URL", "https://github.com"),
        }


@dataclass(frozen=True, slots=True)
class Machine:
    """The folders of one job, all inside `root`, and the environment of its processes."""

    root: Path
    request: Request

    @property
    def workspace(self) -> Path:
        """The folder that checkout fills and steps start in."""
        return self.root / "work" / self.request.repository.rpartition("/")[2]

    @property
    def temp(self) -> Path:
        """RUNNER_TEMP."""
        return self.root / "temp"

    def create_folders(self) -> None:
        """Make the folders, empty."""
        for folder in (self.workspace, self.temp, self.root / "home"):
            folder.mkdir(parents=True)

    def environment(self, job: str) -> dict[str, str]:
        """Return what every process sees: nothing of the caller's environment but PATH."""
        context = self.request.github()
        names = ("repository", "run_id", "run_number", "run_attempt", "event_name", "sha", "ref")
        return {
            "PATH": path(),
            "HOME": str(self.root / "home"),
            "LANG": "C.UTF-8",
            "CI": "true",
            "AWS_EC2_METADATA_DISABLED": "true",  # there is no role to find on this machine
            "RUNNER_OS": "Linux",
            "RUNNER_NAME": RUNNER_NAME,
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTIONS": "true",
            "GITHUB_JOB": job,
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_API_URL": str(context["api_url"]),
            "GITHUB_SERVER_URL": str(context["server_url"]),
            **{f"GITHUB_{name.upper()}": str(context[name]) for name in names},
            **self.request.env,
        }
