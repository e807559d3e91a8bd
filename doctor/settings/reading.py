"""Where settings are read from: the environment, `.env`, and a TOML file: flat sources."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values

from doctor.settings.errors import SettingsError, shown
from doctor.settings.table import SETTINGS, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OWN_FILE = "backup-doctor.toml"
PYPROJECT = "pyproject.toml"
DOTENV = ".env"
TABLE = "backup-doctor"
KNOWN_KEYS = {key: setting for setting in SETTINGS for key in setting.keys}
KNOWN_TABLES = {key.partition(".")[0] for key in KNOWN_KEYS if "." in key}


@dataclass(frozen=True, kw_only=True)
class Source:
    """Values by the names that this source knows them under; empty ones are left out.

    `is_file`: it is a file that may belong to a stranger. `by_key`: its names are keys of the TOML
    file, not environment variables.
    """

    place: str
    values: Mapping[str, str] = field(repr=False)
    is_file: bool = False
    by_key: bool = False

    def given(self, setting: Setting) -> list[tuple[str, str]]:
        """The names under which it has this setting, with their values, first found first."""
        names = setting.keys if self.by_key else setting.env
        return [(name, self.values[name]) for name in names if name in self.values]


def environment(environ: Mapping[str, str]) -> Source:
    """The process's environment."""
    return Source(place="the environment", values=_set(environ))


def dotenv(cwd: Path) -> Source | None:
    """`.env` in the working directory, taken literally: `$X` in it is no reference."""
    path = cwd / DOTENV
    if not path.is_file():
        return None
    values = dotenv_values(stream=StringIO(_text(path)), interpolate=False)
    named = {name: value for name, value in values.items() if value is not None}
    return Source(place=DOTENV, values=_set(named), is_file=True)


def config_file(cwd: Path, chosen: Path | None) -> Source | None:
    """The TOML file: the one that `--config` names, else the working directory's.

    Raises:
        SettingsError: it cannot be read, is no TOML, or has a key that is no setting.
    """
    if chosen is not None:
        return _toml(cwd / chosen, str(chosen))
    if (cwd / OWN_FILE).exists():
        return _toml(cwd / OWN_FILE, OWN_FILE)
    pyproject = cwd / PYPROJECT
    if pyproject.is_file() and TABLE in _text(pyproject):
        return _toml(pyproject, PYPROJECT)
    return None


def _toml(path: Path, place: str) -> Source | None:
    try:
        document = tomllib.loads(_text(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{place} is no valid TOML: {error}") from None
    table: Mapping[str, Any] = document
    if path.name == PYPROJECT:
        table = _tool_table(document)
        place = f"{PYPROJECT}, [tool.{TABLE}]"
    values = dict(_flat(table, place))
    return Source(place=place, values=_set(values), is_file=True, by_key=True)


def _tool_table(document: Mapping[str, Any]) -> Mapping[str, Any]:
    tool = document.get("tool")
    table = tool.get(TABLE, {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise SettingsError(f"[tool.{TABLE}] in {PYPROJECT} must be a table.")
    return table


def _flat(table: Mapping[str, Any], place: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and key in KNOWN_TABLES:
            yield from _flat(value, place, f"{key}.")
        elif key in KNOWN_TABLES:
            raise SettingsError(f"{key} ({place}) must be a table: [{key}].")
        elif key not in KNOWN_KEYS:
            raise SettingsError(_unknown(key, place))
        elif not isinstance(value, str):
            raise SettingsError(
                f"{key} ({place}) must be text in quotes.\n"
                f'Example: {key} = "{KNOWN_KEYS[key].example}"'
            )
        else:
            yield key, value


def _unknown(key: str, place: str) -> str:
    near = get_close_matches(key, [*KNOWN_KEYS, *KNOWN_TABLES], n=1, cutoff=0.5)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return (
        f"{place} has no setting {shown(key)}.{hint}\n"
        "`backup-doctor init` writes a file with every setting in it."
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(
            f"{path.name} cannot be read: {reason}.\nExample: backup-doctor --config {OWN_FILE} …"
        ) from None


def _set(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value.strip()}
