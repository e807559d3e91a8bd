"""Carries out a documented workflow: its scripts in a shell, its actions as GitHub's do.

Only what docs/schedules.md uses: a checkout of this repository, an installation (this very environment
stands in for what it makes), and the cache. Source: GitHub, actions/cache, "Inputs", "Cache scopes".
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from backup_doctor.demo.runner.expressions import condition, interpolate
from tests.action.steps import ROOT
from tests.programs import bare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backup_doctor.demo.runner.expressions import StatusFunctions

INSTALL = 'python3 -m venv .doctor && .doctor/bin/pip install "./backup-doctor[notify]"'


@dataclass
class OnGitHub:
    """A job that runs again and again. `cache` outlives its runs; `env` is the runner's own."""

    workflow: str
    job: str
    env: Mapping[str, str]
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    cache: dict[str, bytes] = field(default_factory=dict)

    def run(self, folder: Path, number: int) -> Ran:
        """Run it once, in a machine of its own."""
        job = yaml.safe_load(self.workflow)["jobs"][self.job]
        ran = Ran(folder / "summary.md", folder / "work")
        ran.work.mkdir(parents=True)
        ran.summary.touch()
        contexts: dict[str, Any] = {
            "secrets": dict(self.secrets),
            "vars": dict(self.variables),
            "github": {"token": self.secrets["GITHUB_TOKEN"], "run_id": number, "run_attempt": 1},
        }
        for step in job["steps"]:
            if condition(step.get("if"), contexts, ran.status()):
                self._step(step, contexts, ran)
        return ran

    def _step(self, step: Mapping[str, Any], contexts: Mapping[str, Any], ran: Ran) -> None:
        given = {
            name: interpolate(str(text), contexts) for name, text in step.get("with", {}).items()
        }
        action = step.get("uses", "").partition("@")[0]
        if action == "actions/checkout":
            (ran.work / given["path"]).symlink_to(ROOT)
        elif action == "actions/cache/restore":
            self._restore(given, ran.work)
        elif action == "actions/cache/save":
            file = ran.work / given["path"]
            if file.exists():  # else the action warns, and is green
                self.cache.setdefault(given["key"], file.read_bytes())
        else:
            assert not action, f"an action that nobody stands in for: {action}"
            ran.take(self._script(step, contexts, ran))

    def _restore(self, given: Mapping[str, str], work: Path) -> None:
        """The newest of those whose key begins so; a key is written once and never again."""
        prefixes = (given["key"], *given["restore-keys"].split())
        found = [key for key in self.cache if key.startswith(prefixes)]
        if found:
            (work / given["path"]).write_bytes(self.cache[found[-1]])

    def _script(
        self, step: Mapping[str, Any], contexts: Mapping[str, Any], ran: Ran
    ) -> subprocess.CompletedProcess[str]:
        if step["run"] == INSTALL:
            assert (ran.work / "backup-doctor" / "pyproject.toml").is_file()
            (ran.work / ".doctor").symlink_to(sys.prefix)
            return subprocess.CompletedProcess([], 0, "", "")
        own = {name: interpolate(str(text), contexts) for name, text in step.get("env", {}).items()}
        return subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=ran.work,
            env=bare(**self.env) | {"GITHUB_STEP_SUMMARY": str(ran.summary)} | own,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@dataclass
class Ran:
    """What came of a run: the exit codes of its scripts, and what they said."""

    summary: Path
    work: Path
    codes: list[int] = field(default_factory=list)
    stderr: str = ""

    def status(self) -> StatusFunctions:
        """What the status functions of an `if` say by now."""
        return {
            "success": lambda: not any(self.codes),
            "failure": lambda: any(self.codes),
            "always": lambda: True,
            "cancelled": lambda: False,
        }

    def take(self, done: subprocess.CompletedProcess[str]) -> None:
        """A script has ended."""
        self.codes.append(done.returncode)
        self.stderr += done.stderr
