"""The workflow that makes the backup: which it is, its update step, and what it is handed."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import yaml

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.untyped import Json, mapping, sequence
from backup_doctor.collect.script import StepScript
from backup_doctor.collect.script import read_workflow as read_scripts
from backup_doctor.collect.script.model import CallKind
from backup_doctor.collect.workflow.file import HostileError, load_yaml, read_workflow
from backup_doctor.services.update_step import GUIDES_TABLE
from backup_doctor.services.writers import STATUS_FUNCTION
from backup_doctor.settings.table import BY_NAME, STEP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.collect.repository.checkout import Checkout
    from backup_doctor.collect.script.model import ScriptCall
    from backup_doctor.evidence.workflow import WorkflowFile

FOLDER = ".github/workflows"
FILES = 100
CALLED = "workflow_call"
# Words that a step writes which begins a backup, or gives it up.
_EARLY = re.compile(
    r"in[_ -]?progress|running|started|pending|queued|processing|fail\w*|error\w*|cancell?ed",
    re.IGNORECASE,
)
WRITES = frozenset({CallKind.FUNCTION, CallKind.TABLE_UPDATE, CallKind.RPC, CallKind.UPSERT})


class Workflow(Immutable, frozen=True, dict=True):
    """A workflow file of the checkout."""

    checkout: Checkout
    path: str

    @property
    def name(self) -> str:
        """The file's own name, as the setting has it."""
        return self.path.rpartition("/")[2]

    @cached_property
    def text(self) -> str:
        """The file's text."""
        return self.checkout.text(self.path) or ""

    @cached_property
    def document(self) -> dict[str, Json]:
        """The file as YAML; empty if it is none, or not worth reading."""
        try:
            document = load_yaml(self.text.encode("utf-8", "replace"))
        except (HostileError, yaml.YAMLError, RecursionError, ValueError):
            return {}
        return mapping(document)

    @cached_property
    def jobs(self) -> dict[str, dict[str, Json]]:
        """The jobs by key."""
        jobs = self.document.get("jobs")
        found = jobs.items() if isinstance(jobs, dict) else ()
        return {str(key): job for key, job in found if isinstance(job, dict)}

    @cached_property
    def scripts(self) -> tuple[StepScript, ...]:
        """Its steps with their scripts, those of the workflows that it calls as well."""
        return read_scripts(self.text, self.checkout.text, path=self.path)

    def read(self, function: str, table: str) -> WorkflowFile:
        """The file as the diagnosis reads it, once the function and the table are known."""
        content = self.text.encode("utf-8", "replace")
        return read_workflow(self.path, content, step=STEP, function=function, table=table)

    @cached_property
    def shown(self) -> WorkflowFile:
        """The file as the diagnosis reads it with the guide's names: what starts it, what it calls."""
        return self.read(BY_NAME["function"].default or "", GUIDES_TABLE)

    @property
    def is_only_called(self) -> bool:
        """Whether only other workflows start it."""
        return self.shown.events == (CALLED,)

    @cached_property
    def updates(self) -> tuple[StepScript, ...]:
        """The steps whose script finishes a row: not in a handler, and with no status of failure."""
        return tuple(one for one in self.scripts if any(finishing(one)))

    def variables(self) -> Iterator[tuple[str, str, str]]:
        """Every variable of an `env:` and every input of an action, as written, with its step's name.

        The doctor's own jobs are left out.
        """
        yield from _texts("", self.document.get("env"))
        for key, job in self.jobs.items():
            if key in self.doctor_jobs:
                continue
            yield from _texts("", job.get("env"))
            for step in _steps(job):
                yield from _texts(_name(step), step.get("env"))
                yield from _texts(_name(step), step.get("with"))

    def commands(self) -> Iterator[tuple[str, str]]:
        """Every script that stands in the file, with its step's name; the doctor's own are left out."""
        for key, job in self.jobs.items():
            for step in _steps(job) if key not in self.doctor_jobs else ():
                if isinstance(step.get("run"), str):
                    yield _name(step), step["run"]

    @cached_property
    def doctor_jobs(self) -> frozenset[str]:
        """The keys of the jobs that are there to run the doctor."""
        told = self.shown.doctor_jobs
        return frozenset(key for key in self.jobs if key in told)

    def job_of(self, step: str) -> str | None:
        """The key of the first job that has a step of this name."""
        has = (key for key, job in self.jobs.items() if step in map(_name, _steps(job)))
        return next(has, None)

    def inputs(self) -> tuple[str, ...]:
        """What it is started with by hand or through the API."""
        on = self.document.get("on")
        event = on.get("workflow_dispatch") if isinstance(on, dict) else None
        given = event.get("inputs") if isinstance(event, dict) else None
        return tuple(map(str, given)) if isinstance(given, dict) else ()

    def environment_of(self, step: str | None) -> str | None:
        """The deployment environment of the job that has this step."""
        key = self.job_of(step) if step else None
        told = self.jobs[key].get("environment") if key else None
        name = told.get("name") if isinstance(told, dict) else told
        return name if isinstance(name, str) else None


def workflows(checkout: Checkout) -> tuple[Workflow, ...]:
    """The workflow files that are there."""
    found = (Workflow(checkout, path) for path in checkout.under(FOLDER, ".yml", ".yaml"))
    found = (one for _, one in zip(range(FILES), found, strict=False))
    return tuple(one for one in found if "/" not in one.path.removeprefix(f"{FOLDER}/"))


def finishing(step: StepScript) -> Iterator[ScriptCall]:
    """The calls of a step that finish a row of a backup that went well."""
    functions = set(STATUS_FUNCTION.findall(step.condition))
    only_failed = functions and functions <= {("", "failure"), ("", "cancelled")}
    if step.script is None or only_failed or is_doctors_step(step):
        return
    for call in step.script.calls:
        early = any(_EARLY.fullmatch(one.value or "") for one in call.writes)
        if call.kind in WRITES and not call.handler and call.target and not early:
            yield call


def is_doctors_step(step: StepScript) -> bool:
    """Whether the step runs the doctor."""
    return any("backup-doctor" in one for one in (step.step, step.name, step.uses))


def _steps(job: Mapping[str, Json]) -> tuple[dict[str, Json], ...]:
    steps = job.get("steps")
    return tuple(one for one in sequence(steps) if isinstance(one, dict))


def _name(step: Mapping[str, Json]) -> str:
    """What GitHub calls a step."""
    told = str(step.get("uses") or step.get("run") or "").strip().partition("\n")[0]
    return str(step.get("name") or f"Run {told}")


def _texts(step: str, value: Json) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, dict):
        for name, text in value.items():
            if isinstance(text, str | int | float) and not isinstance(text, bool):
                yield step, str(name), str(text)
