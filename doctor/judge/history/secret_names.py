"""What the pipeline's own secrets are called on GitHub, and where they are kept.

Read from the settings, else from the workflow file (through the caller's `secrets:` into a called
workflow) and what the script shows to the function, else from GitHub's list where only one name of
the guide is in it. The names under which the doctor was given its own copies say nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.secrets import Level
from backup_doctor.evidence.workflow import WorkflowFile
from backup_doctor.judge.commands import Stored
from backup_doctor.services.secret_uses import GUIDES_NAMES, PUBLIC_KEY, Use, use_of
from backup_doctor.services.workflow_secrets import OPENS, secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import Attempt
    from backup_doctor.evidence.secrets import SecretsEvidence
    from backup_doctor.evidence.workflow import WorkflowStep


def workflow_file(case: Case) -> WorkflowFile | None:
    """The workflow file at the run's commit, where it could be read and is one."""
    file = case.workflow.file if case.workflow else None
    return file if isinstance(file, WorkflowFile) and not file.problem else None


def environment_of(file: WorkflowFile, step: WorkflowStep | None) -> dict[str, str]:
    """What a step's variables hold, as the file has it: the step's own win over the job's."""
    return {**file.env, **file.job_env, **(step.env if step else {})}


def variables_of(file: WorkflowFile, step: WorkflowStep | None, secret: str) -> tuple[str, ...]:
    """The variables under which a step sees a secret (by the name that the file has for it)."""
    held = environment_of(file, step)
    return tuple(name for name, value in held.items() if secret in secrets_in(value))


def on_github(file: WorkflowFile, name: str) -> str | None:
    """What a name of the file is called on GitHub: a called workflow has names of its own.

    None where the caller hands it nothing under that name, or what cannot be read.
    """
    return name if file.handed is None else file.handed.get(name) or None


def secret_name(case: Case, use: Use) -> str | None:
    """The name on GitHub of what the update step uses; None where nothing tells it."""
    told = case.names.secrets.get(use)
    if told:
        return told
    file = workflow_file(case)
    if file is None or file.job is None:
        return _only_listed(case, use)
    names = tuple(dict.fromkeys(_used(file, use)))
    if not names:
        names = tuple(one for one in file.secrets if told_use(case, file, one) is use)
    return on_github(file, names[0]) if len(names) == 1 else None


def shown_to_function(case: Case, file: WorkflowFile) -> frozenset[str]:
    """The file's names of the secrets that the script shows to the function, whose names tell no use."""
    calls = case.log.attempts if case.log else ()
    return _shown_to(file, [one for one in calls if one.is_of_function and one.updates])


def shown_to_table(case: Case, file: WorkflowFile) -> frozenset[str]:
    """The same for those that it shows to the Data API; none where it shows several."""
    calls = case.log.attempts if case.log else ()
    shown = _shown_to(file, [one for one in calls if one.is_direct or one.kind == "rpc"])
    return shown if len(shown) == 1 else frozenset()


def told_use(case: Case, file: WorkflowFile, name: str) -> Use | None:
    """What a secret of the file is for, where a setting or the script tells it, whatever its name."""
    told = (use for use in Use if case.names.secrets.get(use) in (name, on_github(file, name)))
    by_setting = next(told, None)
    if by_setting:
        return by_setting
    if name in shown_to_table(case, file):
        return Use.SERVICE_KEY
    return Use.FUNCTION_KEY if name in shown_to_function(case, file) else None


def told_variables(case: Case, use: Use) -> tuple[str, ...]:
    """The variables of the update step that hold the secret which is told to be for this use."""
    file = workflow_file(case)
    if file is None:
        return ()
    named = (name for name in file.secrets if told_use(case, file, name) is use)
    return tuple(one for name in named for one in variables_of(file, file.update_step, name))


def _shown_to(file: WorkflowFile, calls: Sequence[Attempt]) -> frozenset[str]:
    keys = {key for one in calls for key in one.keys}
    held = environment_of(file, file.update_step)
    shown = {
        name
        for key in keys
        if use_of(key) is None and not PUBLIC_KEY.search(key)
        for name in (key, *secrets_in(held.get(key, "")))
    }
    return frozenset(
        name
        for name in shown & set(file.secrets)
        if use_of(name) is None and use_of(on_github(file, name) or "") is None
    )


def _used(file: WorkflowFile, use: Use) -> Iterator[str]:
    """The file's names of the secrets that the update step has for this use; else the job."""
    step = file.update_step
    held = environment_of(file, step)
    variables = [name for name in held if use_of(name) is use]
    guides = [name for name in variables if name in GUIDES_NAMES.get(use, ())]
    by_variable = [name for one in guides or variables for name in secrets_in(held[one])]
    of_step = [name for name in (step.secrets if step else ()) if _is_for(file, name, use)]
    of_job = [name for name in file.secrets if _is_for(file, name, use)]
    yield from by_variable or of_step or of_job


def _is_for(file: WorkflowFile, name: str, use: Use) -> bool:
    """Whether a secret is for this use, by the file's name of it, else by GitHub's."""
    told = use_of(name) or use_of(on_github(file, name) or "")
    return told is use


def _only_listed(case: Case, use: Use) -> str | None:
    """The one name of the guide that GitHub lists."""
    seen = case.secrets
    listed = [name for name in GUIDES_NAMES.get(use, ()) if seen and seen.stored(name)]
    return listed[0] if len(listed) == 1 else None


def called(case: Case, use: Use) -> str:
    """What a sentence calls the pipeline's secret: its name on GitHub, where that is known."""
    return secret_name(case, use) or use.words


def opening(case: Case, use: Use) -> str:
    """The same at the beginning of a sentence."""
    return secret_name(case, use) or f"{use.words[0].upper()}{use.words[1:]}"


def place_of(case: Case, name: str) -> Stored | None:
    """Where on GitHub a secret is to be set, so that the job reads it; None where that is not known.

    An environment's secret wins over the repository's, and that over the organization's.
    """
    file, seen = workflow_file(case), case.secrets
    environment = file.environment if file else None
    stored = seen.stored(name) if seen else None
    if stored and stored.level is not Level.ENVIRONMENT and (not environment or _read(seen)):
        return Stored(name=name)
    if environment is None:
        return Stored(name=name)
    if OPENS in environment:
        return None
    of_environment = stored is not None and stored.level is Level.ENVIRONMENT
    if of_environment or not _read(seen):
        return Stored(name=name, environment=environment)
    return Stored(name=name)


def _read(seen: SecretsEvidence | None) -> bool:
    """Whether the environment's names could be read."""
    levels = seen.levels if seen else ()
    return not isinstance(levels, Unseen) and any(
        one.level is Level.ENVIRONMENT and not isinstance(one.secrets, Unseen) for one in levels
    )


def function_secret_name(case: Case) -> str | None:
    """What the function calls the key that it compares its caller's with; None where nothing tells.

    A setting, the function's own source, or the guide's name in the platform's list.
    """
    told = case.names.secrets.get(Use.FUNCTION_KEY)
    if told:
        return told
    read = case.function.reads if case.function else ()
    if not isinstance(read, Unseen) and read:
        keys = [name for name in read if use_of(name) is Use.FUNCTION_KEY]
        return keys[0] if len(keys) == 1 else None
    listed = case.secrets.function_secrets if case.secrets else ()
    (guides,) = GUIDES_NAMES[Use.FUNCTION_KEY]
    is_listed = not isinstance(listed, Unseen) and any(one.name == guides for one in listed)
    return guides if is_listed else None
