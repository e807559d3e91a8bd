"""The workflow's file, read into what the diagnosis uses of it. Hostile YAML is a `problem`.

Source: GitHub, "Workflow syntax for GitHub Actions".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from doctor.evidence.workflow import WorkflowFile, WorkflowStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SIZE_LIMIT = 512 * 1024
NODE_LIMIT = 50_000
DEPTH_LIMIT = 60
SCRIPT_LIMIT = 16 * 1024
DOCTOR = "backup-doctor"

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_SECRET = re.compile(r"\bsecrets\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*['\"]([A-Za-z_]\w*)['\"]\s*\])")
_STATUS_FUNCTION = re.compile(r"\b(?:always|failure|cancelled)\s*\(")

Json = Any


class _HostileError(ValueError):
    """YAML that is not worth reading: its text says why."""


def read_workflow(path: str, content: bytes, *, step: str, function: str) -> WorkflowFile:
    """The file at `path`. `step` and `function` tell which job holds the update step."""
    try:
        document = _load(content)
    except (_HostileError, yaml.YAMLError, RecursionError, ValueError) as error:
        return WorkflowFile(path=path, problem=_problem(error))
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), dict):
        return WorkflowFile(path=path, problem="It has no jobs.")
    jobs = {str(key): job for key, job in document["jobs"].items() if isinstance(job, dict)}
    steps = {key: _steps(job) for key, job in jobs.items()}
    key, update = _find_update(steps, step, function)
    common = tuple(dict.fromkeys(_secrets_in(document.get("env"))))
    shown = WorkflowFile(
        path=path,
        run_name=_text(document.get("run-name")),
        env_secrets=common,
        doctor_jobs=tuple(_doctor_jobs(jobs, steps)),
        called=tuple(_called(jobs)),
        after_failure=tuple(_after_failure(jobs, steps)),
    )
    if key is None:
        return shown
    return _with_job(shown, key, jobs[key], steps[key], update)


def _with_job(
    shown: WorkflowFile,
    key: str,
    job: Mapping[str, Json],
    steps: tuple[WorkflowStep, ...],
    update: WorkflowStep | None,
) -> WorkflowFile:
    environment = job.get("environment")
    name = environment.get("name") if isinstance(environment, dict) else environment
    return WorkflowFile(
        path=shown.path,
        run_name=shown.run_name,
        env_secrets=shown.env_secrets,
        doctor_jobs=shown.doctor_jobs,
        called=shown.called,
        after_failure=shown.after_failure,
        job=key,
        job_name=_text(job.get("name")),
        job_timeout_minutes=_number(job.get("timeout-minutes")),
        environment=_literal(name),
        secrets=tuple(dict.fromkeys((*shown.env_secrets, *_secrets_in(job)))),
        steps=steps,
        update_step=update,
    )


def _load(content: bytes) -> Json:
    if len(content) > SIZE_LIMIT:
        raise _HostileError(f"It is larger than {SIZE_LIMIT // 1024} KiB.")
    text = content.decode("utf-8-sig", "replace")
    _refuse_bombs(text)
    return yaml.load(text, Loader=_Loader)  # noqa: S506 -- a SafeLoader, see there


def _refuse_bombs(text: str) -> None:
    """Look at the events, which cost nothing, before anything is built of them."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_LIMIT:
            raise _HostileError("It is nested too deeply.")
        if count > NODE_LIMIT:
            raise _HostileError("It has too many nodes.")


class _Loader(yaml.SafeLoader):
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
        str(error).splitlines()[0] if isinstance(error, _HostileError) else "It is no valid YAML."
    )


def _steps(job: Mapping[str, Json]) -> tuple[WorkflowStep, ...]:
    raw = job.get("steps")
    return (
        tuple(_step(one) for one in raw if isinstance(one, dict)) if isinstance(raw, list) else ()
    )


def _step(raw: Mapping[str, Json]) -> WorkflowStep:
    uses, run = _text(raw.get("uses")), _text(raw.get("run"))
    given = raw.get("with")
    script = run or (_text(given.get("script")) if isinstance(given, dict) else None) or ""
    env = raw.get("env")
    return WorkflowStep(
        name=_text(raw.get("name")) or f"Run {uses or script.strip().partition(chr(10))[0]}",
        uses=uses,
        condition=_text(raw.get("if")),
        continue_on_error=raw.get("continue-on-error") is True,
        timeout_minutes=_number(raw.get("timeout-minutes")),
        secrets=tuple(dict.fromkeys(_secrets_in(raw))),
        env={str(k): _text(v) or "" for k, v in env.items()} if isinstance(env, dict) else {},
        script=script[:SCRIPT_LIMIT],
    )


def _find_update(
    steps: Mapping[str, tuple[WorkflowStep, ...]], name: str, function: str
) -> tuple[str | None, WorkflowStep | None]:
    """The job and the step that update the row; without one, the only job there is."""
    every = [(key, step) for key, of_job in steps.items() for step in of_job]
    tests = (
        lambda step: step.name == name,
        lambda step: step.name.casefold() == name.casefold(),
        lambda step: "backup_history" in step.name or function in step.name,
        lambda step: f"functions/v1/{function}" in step.script,
    )
    for test in tests:
        for key, step in every:
            if test(step):
                return key, step
    return (next(iter(steps)), None) if len(steps) == 1 else (None, None)


def _doctor_jobs(
    jobs: Mapping[str, Mapping[str, Json]], steps: Mapping[str, tuple[WorkflowStep, ...]]
) -> Iterator[str]:
    """Keys and names of the jobs that run the doctor."""
    for key, job in jobs.items():
        if any(DOCTOR in f"{step.script} {step.uses or ''}" for step in steps[key]):
            yield key
            name = _literal(job.get("name"))
            if name and name != key:
                yield name


def _after_failure(
    jobs: Mapping[str, Mapping[str, Json]], steps: Mapping[str, tuple[WorkflowStep, ...]]
) -> Iterator[str]:
    """What runs although something before it failed: GitHub's status functions say so."""
    own = set(_doctor_jobs(jobs, steps))
    for key, job in jobs.items():
        if key in own:
            continue
        if _STATUS_FUNCTION.search(_text(job.get("if")) or ""):
            yield key
        yield from (one.name for one in steps[key] if _STATUS_FUNCTION.search(one.condition or ""))


def _called(jobs: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    """The workflows of this repository that jobs call."""
    for job in jobs.values():
        uses = _text(job.get("uses"))
        if uses and uses.startswith("./"):
            yield uses.removeprefix("./")


def _secrets_in(value: Json) -> Iterator[str]:
    """The names X of every `secrets.X` in the expressions of a tree's strings."""
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            for expression in _EXPRESSION.finditer(item):
                yield from (one[1] or one[2] for one in _SECRET.finditer(expression[1]))
        elif isinstance(item, dict | list) and id(item) not in seen:
            # Anchors make one node stand in many places, even in itself: once is enough.
            seen.add(id(item))
            waiting.extend(reversed(list(item.values()) if isinstance(item, dict) else item))


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
