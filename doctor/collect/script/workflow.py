"""The scripts of a workflow: of its own steps, of local actions, and of workflows that it calls.

What a caller hands on keeps the caller's name: in a called workflow, `secrets.s3_id` stands for the
secret that the caller put there.
Source: GitHub, "Workflow syntax", "Metadata syntax", "Reuse workflows".
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import yaml
from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.untyped import Json, mapping, sequence
from backup_doctor.collect.script.composing import lit
from backup_doctor.collect.script.expressions import EXPRESSION, read_expression
from backup_doctor.collect.script.model import Script
from backup_doctor.collect.script.reading import Surroundings, environment_of, read
from backup_doctor.collect.script.values import Unknown
from backup_doctor.collect.workflow.file import HostileError, load_yaml
from backup_doctor.evidence.base import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from backup_doctor.collect.script.values import Value

DEPTH = 4
STEPS = 300
ACTIONS = 40
GITHUB_SCRIPT = "actions/github-script"


class StepScript(Fact, frozen=True, kw_only=True):
    """A step, and what its script does.

    `step` is the name of the step that stands in the workflow, `name` its own, where it is one of a
    composite action's; `job` is `caller / called` for a called workflow. `script` is None where it
    cannot be read, as for somebody else's action, `uses`.
    """

    job: str
    step: str
    name: str
    condition: str = ""
    uses: str = ""
    path: str = ""
    script: Script | None = None


class _Place(Immutable, frozen=True):
    """Where a step stands: what it is part of, and what it can see."""

    job: str
    path: str
    resolve: Callable[[str], str | None]
    context: Mapping[str, Value]
    environment: Mapping[str, Value]
    interpreter: str = "bash"
    directory: str = ""
    step: str = ""
    depth: int = 0

    def value(self, text: Json) -> Value:
        """What a text of the file stands for."""
        told = _text(text)
        whole = EXPRESSION.fullmatch(told.strip())
        if whole is not None:
            return read_expression(whole[1], self.context)
        return lit(told) if "${{" not in told else Unknown()


def read_workflow(
    text: str, resolve: Callable[[str], str | None], *, path: str = ""
) -> tuple[StepScript, ...]:
    """All steps of a workflow in the order of the file; none if it is no workflow."""
    document = _document(text)
    if document is None:
        return ()
    top = _Place("", path, resolve, {}, {})
    steps = _of_workflow(document, top)
    return tuple(one for _, one in zip(range(STEPS), steps, strict=False))


def read_action(uses: str, resolve: Callable[[str], str | None]) -> Script | None:
    """The script of a JavaScript action of the repository, `./tools/report`; None for any other."""
    step = StepScript(job="", step=uses, name=uses, uses=uses)
    own = next((one for one in _local(step, {}, _Place("", "", resolve, {}, {}))), step)
    return own.script if own.uses == uses else None


def _document(text: str | None) -> dict[str, Json] | None:
    if text is None:
        return None
    try:
        document = load_yaml(text.encode("utf-8", "replace"))
    except (HostileError, yaml.YAMLError, RecursionError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _of_workflow(document: Mapping[str, Json], place: _Place) -> Iterator[StepScript]:
    inner = _with_environment(place, document.get("env"))
    inner = _with_defaults(inner, document)
    for key, job in mapping(document.get("jobs")).items():
        if isinstance(job, dict):
            name = f"{place.job} / {key}" if place.job else str(key)
            yield from _of_job(job, replace(inner, job=name))


def _of_job(job: Mapping[str, Json], place: _Place) -> Iterator[StepScript]:
    uses = _text(job.get("uses"))
    if uses:
        yield from _called(job, uses, place)
        return
    windows = "windows" in _text(job.get("runs-on")).lower()
    inner = replace(
        place, interpreter="pwsh" if windows and place.interpreter == "bash" else place.interpreter
    )
    inner = _with_defaults(_with_environment(inner, job.get("env")), job)
    yield from _of_steps(job.get("steps"), inner)


def _called(job: Mapping[str, Json], uses: str, place: _Place) -> Iterator[StepScript]:
    """A workflow that a job calls, with what it is handed."""
    path = uses.partition("@")[0].removeprefix("./")
    document = _document(place.resolve(path)) if uses.startswith("./") else None
    if document is None or place.depth >= DEPTH:
        yield StepScript(job=place.job, step="", name="", uses=uses, path=place.path)
        return
    declared = mapping(mapping(mapping(document.get("on")).get("workflow_call")).get("inputs"))
    context = _inputs(declared, mapping(job.get("with")), place)
    given = job.get("secrets")
    if given == "inherit":
        context |= {k: v for k, v in place.context.items() if k.startswith("secrets.")}
    for name, value in mapping(given).items():
        context[f"secrets.{name}"] = place.value(value)
    called = _Place(place.job, path, place.resolve, context, {}, depth=place.depth + 1)
    yield from _of_workflow(document, called)


def _inputs(
    declared: Mapping[str, Json], given: Mapping[str, Json], place: _Place
) -> dict[str, Value]:
    """What `inputs.x` stands for inside: what was handed on, else the default."""
    found: dict[str, Value] = {}
    for name, about in declared.items():
        default = mapping(about).get("default")
        if name in given:
            found[f"inputs.{name}"] = place.value(given[name])
        elif default is not None:
            found[f"inputs.{name}"] = lit(_text(default))
    for name, value in given.items():
        found.setdefault(f"inputs.{name}", place.value(value))
    return found


def _of_steps(steps: Json, place: _Place) -> Iterator[StepScript]:
    for raw in sequence(steps):
        if isinstance(raw, dict):
            yield from _of_step(raw, place)


def _of_step(raw: Mapping[str, Json], place: _Place) -> Iterator[StepScript]:
    run, uses = _text(raw.get("run")), _text(raw.get("uses"))
    name = _text(raw.get("name")) or f"Run {uses or run.strip().partition(chr(10))[0]}"
    inner = _with_environment(replace(place, step=place.step or name), raw.get("env"))
    directory = _text(raw.get("working-directory")) or place.directory
    about = StepScript(
        job=place.job,
        step=inner.step,
        name=name,
        condition=_text(raw.get("if")),
        uses=uses,
        path=place.path,
    )
    given = mapping(raw.get("with"))
    if run:
        shell = _text(raw.get("shell")) or place.interpreter
        yield _with_script(about, _read(run, shell, replace(inner, directory=directory)))
    elif uses.startswith(GITHUB_SCRIPT):
        yield _with_script(about, _read(_text(given.get("script")), "javascript", inner))
    elif uses.startswith("./"):
        yield from _local(about, given, inner)
    elif uses:
        yield about


def _local(about: StepScript, given: Mapping[str, Json], place: _Place) -> Iterator[StepScript]:
    """An action of the repository: its steps, or its script."""
    folder = posixpath.normpath(about.uses.partition("@")[0])
    found = ((path, place.resolve(path)) for path in _action_paths(folder))
    path, text = next(((path, text) for path, text in found if text is not None), ("", None))
    document = _document(text)
    runs = mapping(document.get("runs")) if document else {}
    if document is None or place.depth >= DEPTH:
        yield about
        return
    context = _inputs(mapping(document.get("inputs")), given, place)
    handed = {f"INPUT_{k[7:].upper().replace(' ', '_')}": v for k, v in context.items()}
    inner = replace(place, path=path, depth=place.depth + 1, directory="")
    inner = replace(inner, context={**_outer(place.context), **context})
    if _text(runs.get("using")) == "composite":
        yield from _of_steps(runs.get("steps"), replace(inner, interpreter="bash"))
        return
    main = posixpath.normpath(posixpath.join(folder, _text(runs.get("main"))))
    source = place.resolve(main) if runs.get("main") else None
    inner = replace(inner, environment={**inner.environment, **handed})
    script = _read(source, "javascript", inner, path=main) if source is not None else None
    yield _with_script(about, script)


def _action_paths(folder: str) -> tuple[str, ...]:
    return tuple(posixpath.join(folder, name) for name in ("action.yml", "action.yaml"))


def _outer(context: Mapping[str, Value]) -> dict[str, Value]:
    """What an action sees of its caller's names: all but the inputs."""
    return {name: value for name, value in context.items() if not name.startswith("inputs.")}


def _read(text: str, shell: str, place: _Place, *, path: str = "") -> Script | None:
    surroundings = Surroundings(
        resolve=place.resolve,
        environment=place.environment,
        context={**{f"env.{k}": v for k, v in place.environment.items()}, **place.context},
        directory=place.directory,
    )
    return read(text, shell, surroundings, path=path)


def _with_script(about: StepScript, script: Script | None) -> StepScript:
    import msgspec

    return msgspec.structs.replace(about, script=script)


def _with_environment(place: _Place, env: Json) -> _Place:
    texts = {str(name): _text(value) for name, value in mapping(env).items()}
    known = {**{f"env.{k}": v for k, v in place.environment.items()}, **place.context}
    return replace(place, environment={**place.environment, **environment_of(texts, known)})


def _with_defaults(place: _Place, holder: Mapping[str, Json]) -> _Place:
    run = mapping(mapping(holder.get("defaults")).get("run"))
    return replace(
        place,
        interpreter=_text(run.get("shell")) or place.interpreter,
        directory=_text(run.get("working-directory")) or place.directory,
    )


def _text(value: Json) -> str:
    if isinstance(value, list):
        return " ".join(_text(one) for one in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""
