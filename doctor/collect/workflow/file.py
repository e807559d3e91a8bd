"""The workflow's file, read into what the diagnosis uses of it. Hostile YAML is a `problem`.

Source: GitHub, "Workflow syntax for GitHub Actions".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import yaml

from backup_doctor.base.untyped import Json, mapping, sequence
from backup_doctor.collect.workflow.inputs import with_inputs
from backup_doctor.collect.workflow.jobs import find_update, makes_backup, writing_jobs
from backup_doctor.evidence.workflow import WorkflowFile, WorkflowStep
from backup_doctor.services.update_step import GUIDES_TABLE
from backup_doctor.services.workflow_secrets import optional_in, secret_of, secrets_in
from backup_doctor.services.writers import DOCTOR, STATUS_FUNCTION, is_doctors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

SIZE_LIMIT = 512 * 1024
NODE_LIMIT = 50_000
DEPTH_LIMIT = 60
SCRIPT_LIMIT = 16 * 1024


class HostileError(ValueError):
    """YAML that is not worth reading: its text says why."""


def read_workflow(
    path: str,
    content: bytes,
    *,
    step: str,
    function: str,
    table: str = GUIDES_TABLE,
    given: Mapping[str, str] | None = None,
) -> WorkflowFile:
    """The file at `path`. `step`, `function` and `table` tell which job holds the update step.

    `given` is what a caller hands on to its inputs; None for a workflow that nobody calls.
    """
    try:
        document = load_yaml(content)
    except (HostileError, yaml.YAMLError, RecursionError, ValueError) as error:
        return WorkflowFile(path=path, problem=_problem(error))
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), dict):
        return WorkflowFile(path=path, problem="It has no jobs.")
    document = document if given is None else with_inputs(document, given)
    jobs = {str(key): job for key, job in document["jobs"].items() if isinstance(job, dict)}
    place = _directory(document)
    steps = {key: _steps(job, _directory(job) or place) for key, job in jobs.items()}
    key, update = find_update(steps, step, function, table)
    common = secrets_in(document.get("env"))
    doctors = _doctor_jobs(jobs, steps, key if update else None)
    events, types = _triggers(document.get("on"))
    shown = WorkflowFile(
        path=path,
        run_name=_text(document.get("run-name")),
        env_secrets=common,
        env=_env(document.get("env")),
        passed=dict(_passed(jobs)),
        given=dict(_given(jobs)),
        doctor_jobs=tuple(_called_so(jobs, doctors)),
        only_doctor=bool(jobs) and len(doctors) == len(jobs),
        called=tuple(_called(jobs)),
        after_failure=tuple(_after_failure(jobs, steps, doctors)),
        writing_jobs=tuple(_called_so(jobs, writing_jobs(steps, {*doctors, key}, function, table))),
        events=events,
        dispatch_types=types,
        follows=_follows(document.get("on")),
    )
    if key is None:
        return shown
    return _with_job(shown, key, jobs[key], steps[key], update)


def _triggers(on: Json) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The events that start the workflow, and the types of repository_dispatch that do."""
    if isinstance(on, str):
        return (on,), ()
    if isinstance(on, list):
        return tuple(one for one in on if isinstance(one, str)), ()
    if not isinstance(on, dict):
        return (), ()
    event = on.get("repository_dispatch")
    types = event.get("types") if isinstance(event, dict) else None
    named = [types] if isinstance(types, str) else types
    told = tuple(filter(None, map(_text, sequence(named))))
    return tuple(str(name) for name in on), told


def _follows(on: Json) -> tuple[str, ...]:
    """The workflows whose runs start this one."""
    event = on.get("workflow_run") if isinstance(on, dict) else None
    named = event.get("workflows") if isinstance(event, dict) else None
    told = [named] if isinstance(named, str) else named
    return tuple(filter(None, map(_text, sequence(told))))


def _with_job(
    shown: WorkflowFile,
    key: str,
    job: Mapping[str, Json],
    steps: tuple[WorkflowStep, ...],
    update: WorkflowStep | None,
) -> WorkflowFile:
    environment = job.get("environment")
    name = environment.get("name") if isinstance(environment, dict) else environment
    return msgspec.structs.replace(
        shown,
        job=key,
        job_name=_text(job.get("name")),
        job_timeout_minutes=_number(job.get("timeout-minutes")),
        environment=(_text(name) or "").strip() or None,
        secrets=tuple(dict.fromkeys((*shown.env_secrets, *secrets_in(job)))),
        optional=optional_in([shown.env, job]),
        job_env=_env(job.get("env")),
        steps=steps,
        update_step=update,
    )


def load_yaml(content: bytes) -> Json:
    """A document with the types of GitHub's YAML.

    Raises:
        HostileError: it is too large, too deep, or has too many nodes.
        yaml.YAMLError: it is no YAML.
    """
    if len(content) > SIZE_LIMIT:
        raise HostileError(f"It is larger than {SIZE_LIMIT // 1024} KiB.")
    text = content.decode("utf-8-sig", "replace")
    _refuse_bombs(text)
    return yaml.load(text, Loader=_Loader)  # noqa: S506 -- a SafeLoader, see there


def _refuse_bombs(text: str) -> None:
    """Look at the events, which cost nothing, before anything is built of them."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_SafeLoader)):
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_LIMIT:
            raise HostileError("It is nested too deeply.")
        if count > NODE_LIMIT:
            raise HostileError("It has too many nodes.")


# libyaml's takes a tenth of the time; where PyYAML was built without it, its own.
_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[valid-type, misc]
    """Safe, with the types of GitHub's YAML.

    No dates, no `yes` and `on` as true, and no merge keys, which could grow without bound.
    """


_PLAIN = ("timestamp", "bool", "merge")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(_PLAIN)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def _problem(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "It is nested too deeply."
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        at = error.problem_mark
        return f"Line {at.line + 1}, column {at.column + 1}: {error.problem or 'no valid YAML'}."
    return (
        str(error).splitlines()[0] if isinstance(error, HostileError) else "It is not valid YAML."
    )


def _directory(holder: Mapping[str, Json]) -> str:
    """Where the scripts of a workflow or a job run, if it says so."""
    defaults = holder.get("defaults")
    run = defaults.get("run") if isinstance(defaults, dict) else None
    return (_text(run.get("working-directory")) if isinstance(run, dict) else None) or ""


def _steps(job: Mapping[str, Json], directory: str) -> tuple[WorkflowStep, ...]:
    raw = job.get("steps")
    steps = sequence(raw)
    return tuple(_step(one, directory) for one in steps if isinstance(one, dict))


def _step(raw: Mapping[str, Json], directory: str) -> WorkflowStep:
    uses, run = _text(raw.get("uses")), _text(raw.get("run"))
    given = raw.get("with")
    script = run or (_text(given.get("script")) if isinstance(given, dict) else None) or ""
    return WorkflowStep(
        name=_text(raw.get("name")) or f"Run {uses or script.strip().partition(chr(10))[0]}",
        uses=uses,
        condition=_text(raw.get("if")),
        continue_on_error=raw.get("continue-on-error") is True,
        timeout_minutes=_number(raw.get("timeout-minutes")),
        secrets=secrets_in(raw),
        env=_env(raw.get("env")),
        script=script[:SCRIPT_LIMIT],
        directory=_text(raw.get("working-directory")) or directory,
    )


def _doctor_jobs(
    jobs: Mapping[str, Mapping[str, Json]],
    steps: Mapping[str, tuple[WorkflowStep, ...]],
    update: str | None,
) -> tuple[str, ...]:
    """The keys of the jobs that are there to run the doctor; one that makes the backup is not."""
    return tuple(
        key
        for key, job in jobs.items()
        if key != update
        and (DOCTOR in (_text(job.get("uses")) or "") or any(map(is_doctors, steps[key])))
        and not makes_backup(steps[key])
    )


def _called_so(jobs: Mapping[str, Mapping[str, Json]], keys: Collection[str]) -> Iterator[str]:
    """What these jobs are called in GitHub's lists: their keys, and their names."""
    for key in keys:
        yield key
        name = _literal(jobs[key].get("name"))
        if name and name != key:
            yield name


def _after_failure(
    jobs: Mapping[str, Mapping[str, Json]],
    steps: Mapping[str, tuple[WorkflowStep, ...]],
    doctors: Collection[str],
) -> Iterator[str]:
    """What runs although something before it failed: GitHub's status functions say so."""
    for key, job in jobs.items():
        if key in doctors:
            continue
        if _runs_on(_text(job.get("if"))):
            yield key
        yield from (one.name for one in steps[key] if _runs_on(one.condition))


def _runs_on(condition: str | None) -> bool:
    return any(name != "success" for _, name in STATUS_FUNCTION.findall(condition or ""))


def _calls(
    jobs: Mapping[str, Mapping[str, Json]],
) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """The workflows that jobs call: of this repository by their paths, of others as they are written."""
    for job in jobs.values():
        uses = _text(job.get("uses"))
        if uses and (uses.startswith("./") or "/.github/workflows/" in uses):
            yield uses.removeprefix("./"), job


def _called(jobs: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    return (uses for uses, _ in _calls(jobs))


def _passed(jobs: Mapping[str, Mapping[str, Json]]) -> Iterator[tuple[str, dict[str, str] | None]]:
    """What each called workflow is handed: see `WorkflowFile.handed`."""
    for uses, job in _calls(jobs):
        secrets = job.get("secrets")
        yield uses, None if secrets == "inherit" else _handed(secrets)


def _given(jobs: Mapping[str, Mapping[str, Json]]) -> Iterator[tuple[str, dict[str, str]]]:
    """What each called workflow is given for its inputs, as written."""
    for uses, job in _calls(jobs):
        yield uses, _env(job.get("with"))


def _handed(secrets: Json) -> dict[str, str]:
    if not isinstance(secrets, dict):
        return {}
    return {str(name): secret_of(_text(value) or "") or "" for name, value in secrets.items()}


def _env(value: Json) -> dict[str, str]:
    """An `env:` by variable, its values as written."""
    return {str(k): _text(v) or "" for k, v in mapping(value).items()}


def _text(value: Json) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _literal(value: Json) -> str | None:
    """A text without expressions: with one, only GitHub knows what it was."""
    text = _text(value)
    return None if text is None or "${{" in text or not text.strip() else text


def _number(value: Json) -> float | None:
    """A positive number; NaN and what is no number count as absent."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < float("inf") else None
