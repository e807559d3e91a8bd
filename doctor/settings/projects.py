"""One of several projects in one file: which was chosen, and what it says before all but a flag.

A project names its credentials by their environment variables. In a file that was named they are as
good as held by it; in one that was merely found, which may be a stranger's, they stay the
environment's, so that the trust rule keeps them from that file's own addresses.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.quoting import for_shell
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.settings.errors import SettingsError, shown
from backup_doctor.settings.reading import Source, given_values
from backup_doctor.settings.table import BY_NAME, NAMING, key_in_project
from backup_doctor.settings.toml_table import CREDENTIALS, ProjectTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.settings.resolving import ResolvedSettings

FLAG = "--project"
VARIABLE = "BACKUP_DOCTOR_PROJECT"
NONE_THERE = "There are no projects: no file that was read has any."
EXAMPLE = "Example, in backup-doctor.toml: [projects.acme]"
# They say which Supabase project is asked: taken from one place, or two projects would be mixed.
IDENTITY = ("supabase_url", "project_ref", "database_url")
NEEDED_FOR_S3 = ("access_key_id", "secret_access_key")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The project that was chosen, if any: its sources, and the credentials whose variable is not set.

    `named` are the values of the variables that any project names: none of them is ever shown.
    """

    name: str | None = None
    sources: tuple[Source, ...] = ()
    unset: dict[str, Unseen] = field(default_factory=dict)
    named: tuple[str, ...] = field(default=(), repr=False)


def known(files: Sequence[Source]) -> tuple[str, ...]:
    """The names of the projects, as they stand in the files."""
    return tuple(dict.fromkeys(name for file in files for name in file.projects))


def choose(
    flag: str | None, environment: Source, files: Sequence[Source], passed_over: Sequence[str] = ()
) -> Chosen:
    """The project that the flag, else the environment, else a `.env` file names.

    A file that was merely found and chooses, steers as if it had said all that the project says.

    Raises:
        SettingsError: there is none of that name.
    """
    variables = [source for source in (environment, *files) if not source.by_key]
    teller = next((source for source in variables if VARIABLE in source.values), None)
    if flag is not None:
        name, said, steering = flag.strip(), FLAG, None
    elif teller is not None:
        name, steering = teller.values[VARIABLE].strip(), teller if teller.found else None
        said = f"{VARIABLE} ({teller.place})"
    else:
        return Chosen(named=_of_all(files, variables))
    having = [file for file in files if name in file.projects]
    if not having:
        raise SettingsError(_no_such(name, said, known(files), passed_over))
    sources: list[Source] = []
    unset: dict[str, Unseen] = {}
    for file in having:
        project = file.projects[name]
        steered = file if file.found else steering or file
        sources += _sources(project, steered, variables)
        unset |= _unset(project, variables)
    return Chosen(name=name, sources=tuple(sources), unset=unset, named=_of_all(files, variables))


def _no_such(name: str, said: str, names: Sequence[str], passed_over: Sequence[str]) -> str:
    if not name:
        return f"{said} is empty. Is the variable that it came from set?"
    if not names:
        said = f"{said}: there is no project {shown(name)}, for no file that was read has any."
        return "\n".join([said, *passed_over, EXAMPLE])
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]}?" if near else ""
    return f"{said}: there is no project {shown(name)}.{guess} There are {', '.join(names)}."


def _sources(project: ProjectTable, file: Source, variables: Sequence[Source]) -> Iterator[Source]:
    written = Source(
        place=project.place,
        values=given_values(project.values),
        file=file.file,
        found=file.found,
        by_key=True,
        outranks=True,
    )
    held = {
        key: value
        for key, variable in project.variables.items()
        if (value := _held(variable, variables)) is not None
    }
    if not file.found:
        yield dataclasses.replace(
            written, values={**written.values, **held}, called=project.variables
        )
        return
    yield written
    yield dataclasses.replace(
        written,
        place=f"the environment, as {project.place} says",
        values=held,
        called=project.variables,
    )


def _held(variable: str, variables: Sequence[Source]) -> str | None:
    return next((one.values[variable] for one in variables if variable in one.values), None)


def _of_all(files: Sequence[Source], variables: Sequence[Source]) -> tuple[str, ...]:
    named = {
        variable
        for file in files
        for project in file.projects.values()
        for variable in project.variables.values()
    }
    return tuple(value for one in sorted(named) if (value := _held(one, variables)) is not None)


def _unset(project: ProjectTable, variables: Sequence[Source]) -> dict[str, Unseen]:
    """What the project names and nobody set: another project's credential is no substitute."""
    return {
        CREDENTIALS[key].name: Unseen(
            why=Why.NOT_CONFIGURED,
            what=f"The variable that {key}{NAMING} ({project.place}) names is not set.",
            remedy=f"Set the variable that {key}{NAMING} names, in the environment or in .env.",
        )
        for key, variable in project.variables.items()
        if _held(variable, variables) is None
    }


def apart(resolved: ResolvedSettings, chosen: Chosen) -> tuple[ResolvedSettings, dict[str, Unseen]]:
    """Without what would mix the chosen project with another; says why, by setting."""
    values = dict(resolved.values)
    withheld = {name: why for name, why in chosen.unset.items() if not _is_own(resolved, name)}
    if any(_is_own(resolved, name) for name in IDENTITY):
        mixed = [name for name in IDENTITY if name in values and not _is_own(resolved, name)]
        withheld |= {
            name: _of_another(resolved, name, chosen) for name in mixed if name not in withheld
        }
    if any(name in withheld for name in NEEDED_FOR_S3):
        # boto3 would find another project's.
        missing = next(name for name in NEEDED_FOR_S3 if name in withheld)
        withheld["bucket"] = withheld[missing]
    kept = {name: value for name, value in values.items() if name not in withheld}
    return msgspec.structs.replace(resolved, values=kept), withheld


def which(names: Sequence[str]) -> str:
    """What to say where projects are there, and neither one of them nor anything else was chosen."""
    return (
        f"Which project? Give {FLAG} NAME, or set {VARIABLE}. There are {', '.join(names)}.\n"
        f"Example: backup-doctor {FLAG} {for_shell(names[0])} --dispatch-id ID"
    )


def _is_own(resolved: ResolvedSettings, name: str) -> bool:
    value = resolved.values.get(name)
    return value is not None and value.source.outranks


def _of_another(resolved: ResolvedSettings, name: str, chosen: Chosen) -> Unseen:
    return Unseen(
        why=Why.NOT_CONFIGURED,
        what=(
            f"{resolved.values[name].origin} was not used: the project {chosen.name} names its "
            "own Supabase project."
        ),
        remedy=f"Set {key_in_project(BY_NAME[name])} in [projects.{chosen.name}].",
    )
