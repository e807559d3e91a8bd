"""The keys of the TOML file: which there are, and their values as other sources would have them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from backup_doctor.settings.errors import SettingsError, shown
from backup_doctor.settings.table import NAMING, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

KNOWN_KEYS = {key: setting for setting in SETTINGS for key in setting.keys}
KNOWN_TABLES = {key.partition(".")[0] for key in KNOWN_KEYS if "." in key}
NONE = "false"
COMMA = ","
PROJECTS = "projects"
LONGEST_NAME = 60
CREDENTIALS = {key: setting for key, setting in KNOWN_KEYS.items() if setting.secret}
NAMING_KEYS = tuple(f"{key}{NAMING}" for key in CREDENTIALS)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class ProjectTable:
    """One `[projects.NAME]`: `values` by key, and by a credential's key the variable that holds it."""

    place: str
    values: Mapping[str, str] = field(repr=False)
    variables: Mapping[str, str]


def flat(table: Mapping[str, Any], place: str) -> dict[str, str]:
    """The settings of a table by their keys, dotted inside a table of it.

    Raises:
        SettingsError: a key is no setting, or a value is not of its kind.
    """
    return dict(_flat(table, place))


def projects(tables: object, file: str, heading: str) -> dict[str, ProjectTable]:
    """The projects of a file by name; `heading` is that of their table.

    Raises:
        SettingsError: one is no table, has a key that is no setting, or holds a credential.
    """
    if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
        raise SettingsError(f"{project_place(file, heading, 'NAME')} must be a table of settings.")
    for name in tables:
        if not (name.strip() == name and name.isprintable() and 0 < len(name) <= LONGEST_NAME):
            raise SettingsError(
                f"{project_place(file, heading, 'NAME')}: {shown(name)} is not a name of a project. It "
                f"has 1 to {LONGEST_NAME} printable characters, and no blank at its ends."
            )
    return {
        name: _project(table, project_place(file, heading, name)) for name, table in tables.items()
    }


def project_place(file: str, heading: str, name: str) -> str:
    """Where a project stands, for messages."""
    return f"{file}, [{heading}.{name}]"


def _project(table: Mapping[str, Any], place: str) -> ProjectTable:
    for key in table:
        if key in CREDENTIALS:
            raise SettingsError(
                f"{key} ({place}) is a credential, which no project holds: name the environment "
                f'variable that does.\nExample: {key}{NAMING} = "{_example(key)}"'
            )
    named = {key: value for key, value in table.items() if key in NAMING_KEYS}
    rest = {key: value for key, value in table.items() if key not in NAMING_KEYS}
    variables = {key.removesuffix(NAMING): _variable(key, named[key], place) for key in named}
    return ProjectTable(
        place=place,
        values=dict(_flat(rest, place, more=NAMING_KEYS)),
        variables={key: variable for key, variable in variables.items() if variable},
    )


def _variable(key: str, value: object, place: str) -> str:
    """The name as written; empty means not set. What is no name may be the credential: it is not shown."""
    if isinstance(value, str) and (not value.strip() or VARIABLE.fullmatch(value.strip())):
        return value.strip()
    raise SettingsError(
        f"{key} ({place}) must be the name of an environment variable.\n"
        f'Example: {key} = "{_example(key.removesuffix(NAMING))}"'
    )


def _example(key: str) -> str:
    return f"ACME_{CREDENTIALS[key].env[0]}"


def _flat(
    table: Mapping[str, Any], place: str, prefix: str = "", more: Iterable[str] = ()
) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and key in KNOWN_TABLES:
            yield from _flat(value, place, f"{key}.", more)
        elif key in KNOWN_TABLES:
            raise SettingsError(f"{key} ({place}) must be a table: [{key}].")
        elif key not in KNOWN_KEYS:
            raise SettingsError(_unknown(key, place, more))
        else:
            yield key, _as_text(value, key, place)


def _as_text(value: object, key: str, place: str) -> str:
    """The value as other sources would have it."""
    setting = KNOWN_KEYS[key]
    if isinstance(value, str):
        return value
    if value is False and setting.may_be_false:
        return NONE
    if setting.many and isinstance(value, list) and all(isinstance(one, str) for one in value):
        if any(COMMA in word for word in value):
            raise SettingsError(f"{key} ({place}) has a comma in a word, which no word may have.")
        return COMMA.join(value)
    example = f'{key} = "{setting.example}"'
    more = ""
    if setting.may_be_false:
        more = ", or false"
        example += f" or {key} = false"
    if setting.many:
        more = ", or a list of such texts"
        example += f' or {key} = ["{setting.example}", "…"]'
    raise SettingsError(f"{key} ({place}) must be text in quotes{more}.\nExample: {example}")


def _unknown(key: str, place: str, more: Iterable[str]) -> str:
    near = get_close_matches(key, [*KNOWN_KEYS, *KNOWN_TABLES, *more], n=1, cutoff=0.5)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return f"{place} has no setting {shown(key)}.{hint}\ndocs/settings.md names every setting."
