"""A workflow file, read into what the runner needs of it.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

CHECKOUT = "actions/checkout@"
GITHUB_SCRIPT = "actions/github-script@"
# They install what this machine has already.
SET_UP = ("actions/setup-node@", "actions/setup-python@")
ACTIONS = (CHECKOUT, GITHUB_SCRIPT, *SET_UP, "./")
DEFAULT_JOB_TIMEOUT_MINUTES = 360.0
DEFAULT_PERMISSIONS = {"contents": "read", "packages": "read"}

# What each `shell:` stands for; None is a step without one.
SHELLS: Mapping[str | None, tuple[str, ...]] = {
    None: ("bash", "-e"),
    "bash": ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail"),
    "sh": ("sh", "-e"),
    "python": ("python3",),
}
JOB_KEYS = frozenset(
    {"name", "runs-on", "timeout-minutes", "env", "steps", "needs", "if", "permissions"}
    | {"environment"}  # whose secrets are among those that the run is given
    | {"outputs", "strategy"}
)
STEP_KEYS = frozenset(
    {"name", "id", "if", "uses", "with", "run", "shell", "env", "working-directory"}
    | {"continue-on-error", "timeout-minutes"}
)


class WorkflowError(ValueError):
    """A workflow file that is wrong, or that asks for what this runner cannot do."""


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step. Values may still hold expressions; `if_` is None where the file has no `if`."""

    name: str
    id: str | None = None
    if_: str | None = None
    run: str | None = None
    uses: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    shell: str | None = None
    working_directory: str = "."
    env: Mapping[str, str] = field(default_factory=dict)
    continue_on_error: bool = False
    timeout_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """A composite action: what its inputs are by default, and its steps."""

    defaults: Mapping[str, str]
    steps: tuple[StepSpec, ...]


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One job of the file."""

    key: str
    name: str
    steps: tuple[StepSpec, ...]
    env: Mapping[str, str]
    permissions: Mapping[str, str]
    labels: tuple[str, ...]
    needs: tuple[str, ...]
    timeout_minutes: float
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WorkflowSpec:
    """The head of the file, and the job that is to run."""

    name: str
    run_name: str | None
    env: Mapping[str, str]
    job: JobSpec


def load(file: Path, path: str, job: str) -> WorkflowSpec:
    """Read one job of the workflow in `file`, which the repository knows as `path`.

    Raises:
        WorkflowError: naming what is wrong or not supported.
    """
    try:
        document = yaml.safe_load(file.read_text())
    except yaml.YAMLError as error:
        raise WorkflowError(f"{path}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), dict):
        raise WorkflowError(f"{path}: not a workflow: it has no jobs")
    if job not in document["jobs"]:
        raise WorkflowError(f"{path}: no job {job!r}; it has {', '.join(document['jobs'])}")
    return WorkflowSpec(
        name=document.get("name", path),
        run_name=document.get("run-name"),
        env=_texts(document.get("env")),
        job=_job(job, document["jobs"][job], document.get("permissions", DEFAULT_PERMISSIONS)),
    )


def _job(key: str, raw: Mapping[str, Any], permissions: object) -> JobSpec:
    _refuse_unknown(f"job {key}", raw, JOB_KEYS)
    return JobSpec(
        key=key,
        name=raw.get("name", key),
        steps=tuple(_step(step) for step in raw.get("steps", ())),
        env=_texts(raw.get("env")),
        permissions=_texts(raw.get("permissions", permissions)),
        labels=_names(raw.get("runs-on")),
        needs=_names(raw.get("needs")),
        timeout_minutes=float(raw.get("timeout-minutes", DEFAULT_JOB_TIMEOUT_MINUTES)),
        outputs=_texts(raw.get("outputs")),
    )


def load_action(file: Path, path: str) -> ActionSpec:
    """Read a composite action of the repository.

    Raises:
        WorkflowError: naming what is wrong or not supported.
    """
    document = yaml.safe_load(file.read_text())
    if document["runs"]["using"] != "composite":
        raise WorkflowError(f"{path}: this runner has only composite actions")
    declared = document.get("inputs") or {}
    return ActionSpec(
        defaults=_texts({name: about.get("default") for name, about in declared.items()}),
        steps=tuple(_step(step) for step in document["runs"]["steps"]),
    )


def _step(raw: Mapping[str, Any]) -> StepSpec:
    uses, run = raw.get("uses"), raw.get("run")
    name = raw.get("name") or f"Run {uses or str(run).lstrip().partition(chr(10))[0]}"
    _refuse_unknown(f"step {name!r}", raw, STEP_KEYS)
    if (uses is None) is (run is None):
        raise WorkflowError(f"step {name!r}: needs either `run` or `uses`")
    if uses is not None and not uses.startswith(ACTIONS):
        known = ", ".join(ACTIONS)
        raise WorkflowError(f"step {name!r}: this runner has only {known}…, not {uses}")
    if raw.get("shell") not in SHELLS:
        known = ", ".join(shell for shell in SHELLS if shell)
        raise WorkflowError(f"step {name!r}: this runner has only {known}, not {raw['shell']}")
    timeout = raw.get("timeout-minutes")
    return StepSpec(
        name=name,
        id=raw.get("id"),
        if_=None if "if" not in raw else _text(raw["if"]),
        run=run,
        uses=uses,
        inputs=_texts(raw.get("with")),
        shell=raw.get("shell"),
        working_directory=raw.get("working-directory", "."),
        env=_texts(raw.get("env")),
        continue_on_error=raw.get("continue-on-error") is True,
        timeout_minutes=None if timeout is None else float(timeout),
    )


def _refuse_unknown(owner: str, raw: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(raw.keys() - known):
        raise WorkflowError(f"{owner}: this runner does not support {', '.join(unknown)}")


def _names(raw: object) -> tuple[str, ...]:
    match raw:
        case None:
            return ()
        case str():
            return (raw,)
        case list() | dict():
            return tuple(str(name) for name in raw)
        case _:
            raise WorkflowError(f"expected a name or a list of names, not {raw!r}")


def _texts(raw: object) -> dict[str, str]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise WorkflowError(f"expected names with values, not {raw!r}")
    return {str(name): _text(value) for name, value in raw.items()}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case _:
            return str(value)
