"""Executes the steps of action.yml in a shell, as the runner does a composite action's.

Source: GitHub, "Metadata syntax", `runs.steps`; "Variables reference".
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from backup_doctor.demo.runner.expressions import interpolate
from tests.programs import bare

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
OUTPUT = re.compile(r"^([\w-]+)<<(\S+)\n(.*?)\n\2\n", re.DOTALL | re.MULTILINE)


class Machine(msgspec.Struct, frozen=True):
    """What the runner provides: a temporary folder, the environment files, the job's variables."""

    folder: Path
    event: Path
    output: Path
    summary: Path
    env: dict[str, str]

    @classmethod
    def prepare(cls, folder: Path, event: object, **env: str) -> Machine:
        """A machine whose run was started by that event."""
        (folder / "temp").mkdir()
        (folder / "work").mkdir()
        told, output, summary = (folder / name for name in ("event.json", "output", "summary.md"))
        told.write_text(json.dumps(event))
        output.touch()
        summary.touch()
        return cls(folder, told, output, summary, env)

    def variables(self) -> dict[str, str]:
        """The environment of a step, before its own `env`."""
        return bare() | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
            "HOME": str(self.folder),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_EVENT_PATH": str(self.event),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "RUNNER_NAME": "GitHub Actions 2",
            **self.env,
        }


class Done(msgspec.Struct, frozen=True):
    """What came of the action: the last step's exit code and text, and the action's outputs."""

    exit_code: int
    stdout: str
    stderr: str
    outputs: dict[str, str]
    summary: str


def use(machine: Machine, inputs: Mapping[str, str], *, install: bool = False) -> Done:
    """Run the action's steps until one fails.

    Unless `install`, its first step is spared: this very environment stands in for what it makes.
    """
    if not install:
        (machine.folder / "temp/backup-doctor").symlink_to(Path(sys.prefix))
    given = {name: _default(spec) for name, spec in ACTION["inputs"].items()} | dict(inputs)
    assert given.keys() == ACTION["inputs"].keys(), "an input that the action does not have"
    done = subprocess.CompletedProcess([], 0, "", "")
    for step in ACTION["runs"]["steps"][0 if install else 1 :]:
        done = _run(step, machine, given)
        if done.returncode:
            break
    told = {name: value for name, _, value in OUTPUT.findall(machine.output.read_text())}
    return Done(
        done.returncode,
        done.stdout,
        done.stderr,
        {
            name: interpolate(spec["value"], {"steps": {"diagnose": {"outputs": told}}})
            for name, spec in ACTION["outputs"].items()
        },
        machine.summary.read_text(),
    )


def _default(spec: Mapping[str, str]) -> str:
    return interpolate(spec.get("default", ""), {"github": {"token": ""}})


def _run(
    step: Mapping[str, Any], machine: Machine, inputs: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    env = machine.variables()
    contexts = {"inputs": inputs, "env": env}
    own = {name: interpolate(value, contexts) for name, value in step.get("env", {}).items()}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=machine.folder / "work",
        env=env | own,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
