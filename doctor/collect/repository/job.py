"""What the doctor's job needs to know of the workflow: its step, what it is handed, its runner."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.repository import handed
from backup_doctor.collect.repository.model import JobPlan
from backup_doctor.collect.repository.names import short
from backup_doctor.collect.repository.seen import paths_of
from backup_doctor.services.secret_uses import Use
from backup_doctor.services.update_step import GUIDES_TABLE
from backup_doctor.settings.table import BY_NAME
from backup_doctor.settings.values import is_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.repository.migrations import DeclaredTable
    from backup_doctor.collect.repository.seen import RepositoryReading
    from backup_doctor.collect.repository.workflows import Workflow
    from backup_doctor.collect.script import StepScript

_BUCKET = re.compile(r"s3://([A-Za-z0-9][A-Za-z0-9.-]{1,61}[A-Za-z0-9])(?=[/\"'\s])")
_PREFIX = re.compile(
    r"(?:\b(?:\w*_)?(?:S3|OBJECT|BACKUP|STORAGE)?_?KEY\s*[=:]\s*[\"']?|s3://[^/\s\"']+/)"
    r"((?:[A-Za-z0-9][\w.-]*/)+)",
    re.IGNORECASE,
)
_PAYLOAD = re.compile(r"client_payload\.([A-Za-z_]\w*)")
_INPUT = re.compile(
    r"(?:dispatch|correlation|request|trigger|backup).*(?:id|key|ref|uuid)", re.IGNORECASE
)
_RUNNER = re.compile(r"ubuntu[\w.-]*")
_LABEL = re.compile(r"[\w.-]{1,64}")
_JOB_KEY = re.compile(r"[A-Za-z_][\w-]*")
DISPATCH = "dispatch_id"


def find_job(
    seen: RepositoryReading,
    workflow: Workflow,
    steps: Sequence[StepScript],
    found: DeclaredTable | None,
) -> JobPlan | None:
    """What the doctor's job is made of; what it lacks is noted. None if it has no job to wait for."""
    step = _step(seen, workflow, steps, found)
    called = [
        one for one in seen.workflows if one.path in workflow.shown.called and one is not workflow
    ]
    files = (workflow, *called)
    told = handed.handed(files, step)
    _told(seen, workflow, files, told)
    _in_scripts(seen, files)
    _facts(seen, workflow)
    inputs = {name: told[name][0] for name in handed.HANDED if len(told.get(name, ())) == 1}
    for name in handed.HANDED:
        if len(told.get(name, ())) > 1:
            seen.unknown[f"job: {name}"] = f"the workflow takes it from {' and '.join(told[name])}"
    dispatch = _dispatch(seen, workflow)
    if dispatch:
        inputs["dispatch_id"] = dispatch
    needs = tuple(
        key for key in workflow.jobs if key not in workflow.doctor_jobs and _JOB_KEY.fullmatch(key)
    )
    if not needs:
        return None
    if not handed.upload_keys(told):
        seen.unknown["job: AWS credentials"] = "put the step that signs in before the doctor's"
    environment = next(filter(None, (one.environment_of(step) for one in files)), None)
    if environment:
        seen.unknown["job: environment"] = (
            f"the pipeline's job has {environment}; the doctor's needs it for secrets kept there"
        )
    return JobPlan(
        workflow=workflow.path,
        needs=needs,
        inputs=inputs,
        runs_on=_runner(seen, workflow, step),
        replaces=next(iter(sorted(workflow.doctor_jobs)), None),
        own_keys=handed.upload_keys(told),
    )


def _step(
    seen: RepositoryReading,
    workflow: Workflow,
    steps: Sequence[StepScript],
    found: DeclaredTable | None,
) -> str | None:
    """The update step's name: the only one whose script finishes a row, else by the names."""
    named = seen.value("function")
    function = named if named and not is_none(named) else BY_NAME["function"].default or ""
    by_name = workflow.read(function, found.bare if found else GUIDES_TABLE).update_step
    names = list(dict.fromkeys(one.step for one in steps if "${{" not in one.step))
    if by_name and (by_name.name in names or not names):
        names = [by_name.name]
    if not names:
        seen.unknown["step"] = f"no step of {workflow.name} was seen to update the row"
        return None
    paths = [workflow.path, *workflow.shown.called]
    clues = []
    for name in names:
        needle = short(name)
        path = next((one for one in paths if needle in (seen.checkout.text(one) or "")), paths[0])
        clues.append(seen.clue("step", name, path, needle))
    return seen.take("step", clues)


def _told(
    seen: RepositoryReading,
    workflow: Workflow,
    files: Sequence[Workflow],
    told: dict[str, tuple[str, ...]],
) -> None:
    for setting, value in handed.literals(told):
        path = next((one.path for one in files if value in one.text), workflow.path)
        seen.take(setting, [seen.clue(setting, value, path)])
    for use in Use:
        names = [name for one in told.get(use, ()) if (name := handed.secret_in(one))]
        clues = [seen.clue(f"secrets.{use}", name, workflow.path) for name in names]
        seen.take(f"secrets.{use}", clues)


def _in_scripts(seen: RepositoryReading, files: Sequence[Workflow]) -> None:
    """The bucket and the prefix, as far as a script says them in so many words."""
    paths = dict.fromkeys(one.path for one in files)
    for step in (step for file in files for step in file.scripts):
        paths |= dict.fromkeys(paths_of(step))
    texts = [(path, seen.checkout.text(path) or "") for path in paths]
    for setting, pattern in (("bucket", _BUCKET), ("prefix", _PREFIX)):
        if not any(one.setting == setting for one in seen.clues):
            seen.take(
                setting,
                [
                    seen.clue(setting, found[1], path)
                    for path, text in texts
                    for found in pattern.finditer(text)
                ],
            )


def _facts(seen: RepositoryReading, workflow: Workflow) -> None:
    read = workflow.shown
    for event in read.events:
        seen.fact("started by", event, workflow.path, event)
    if read.run_name:
        seen.fact("run-name", read.run_name, workflow.path, "run-name")


def _dispatch(seen: RepositoryReading, workflow: Workflow) -> str | None:
    """The expression of the dispatch id, where it is not called so; None where `ci` finds it."""
    given = workflow.inputs()
    payload = set(_PAYLOAD.findall(workflow.text))
    if DISPATCH in given or DISPATCH in payload:
        seen.fact("dispatch input", DISPATCH, workflow.path, DISPATCH)
        return None
    named = [f"inputs.{one}" for one in given if _INPUT.fullmatch(one)]
    named += [
        f"github.event.client_payload.{one}" for one in sorted(payload) if _INPUT.fullmatch(one)
    ]
    if len(named) == 1 and re.fullmatch(r"[\w.-]+", named[0]):
        name = named[0].rpartition(".")[2]
        seen.fact("dispatch input", name, workflow.path, name)
        return f"${{{{ {named[0]} }}}}"
    if given or payload:
        seen.unknown["dispatch input"] = f"no input of {workflow.name} is called like an id"
    return None


def _runner(seen: RepositoryReading, workflow: Workflow, step: str | None) -> str | tuple[str, ...]:
    """The pipeline's own runner, where it is Linux of GitHub's or has labels of its own."""
    key = workflow.job_of(step) if step else None
    told = workflow.jobs[key].get("runs-on") if key else None
    if isinstance(told, str) and (_RUNNER.fullmatch(told) or told == "self-hosted"):
        seen.fact("runner", told, workflow.path, "runs-on")
        return told
    if (
        isinstance(told, list)
        and told
        and all(isinstance(one, str) and _LABEL.fullmatch(one) for one in told)
    ):
        seen.fact("runner", ", ".join(told), workflow.path, "runs-on")
        return tuple(told)
    return "ubuntu-latest"
