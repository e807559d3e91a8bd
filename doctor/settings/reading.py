"""Where settings are read from: the environment, `.env`, and a TOML file: flat sources."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values

from backup_doctor.base.toml import read_toml
from backup_doctor.settings import files
from backup_doctor.settings.errors import SettingsError
from backup_doctor.settings.files import DOTENV, OWN_FILE, is_dotenv
from backup_doctor.settings.toml_table import PROJECTS, ProjectTable, flat, projects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from backup_doctor.settings.table import Setting

PYPROJECT = "pyproject.toml"
TABLE = "backup-doctor"
_QUOTED = re.compile(r"""(["'])([^"']*)\1""")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Values by the names that this source knows them under; empty ones are left out.

    `file` is set for a file, as --config would name it. `found`: nobody named that file, so it may
    be a stranger's. `by_key`: its names are keys of the TOML file, not environment variables. A list
    is its words with commas, and `false` is that word. `projects` are those of a TOML file by name.
    `outranks`: it is of the chosen project, and comes before the environment; `called` has, by key,
    the variables that its credentials were read from.
    """

    place: str
    values: Mapping[str, str] = field(repr=False)
    file: str | None = None
    found: bool = False
    by_key: bool = False
    projects: Mapping[str, ProjectTable] = field(default_factory=dict)
    outranks: bool = False
    called: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        """Whether it is a file, named or found."""
        return self.file is not None

    def given(self, setting: Setting) -> list[tuple[str, str]]:
        """The names under which it has this setting, with their values, first found first."""
        names = setting.keys if self.by_key else setting.variables
        return [(name, self.values[name]) for name in names if name in self.values]


def environment(environ: Mapping[str, str]) -> Source:
    """The process's environment. `docker run --env-file` leaves quotes around a value in place."""
    values = {name: _unquoted(value) for name, value in environ.items()}
    return Source(place="the environment", values=given_values(values))


def _unquoted(value: str) -> str:
    quoted = _QUOTED.fullmatch(value.strip())
    return quoted[2] if quoted else value


def named(cwd: Path, chosen: Sequence[Path]) -> list[Source]:
    """The files of `--config`: `.env` files before TOML, and of one kind the last first.

    Raises:
        SettingsError: one cannot be read, is no TOML, or has a key that is no setting.
    """
    sources = [read(cwd / path, str(path), found=False) for path in reversed(chosen)]
    return sorted(sources, key=lambda source: source.by_key)


def find(cwd: Path, *, without: Iterable[Path] = ()) -> list[Path]:
    """The nearest `.env`, and the nearest `backup-doctor.toml` or `pyproject.toml` with our table.

    A kind of which a file was named (`without`) is not looked for.

    Raises:
        SettingsError: a `pyproject.toml` that may have our table cannot be read.
    """
    kinds = {is_dotenv(path) for path in without}
    dotenv = None if True in kinds else files.nearest(cwd, _dotenv_in)
    toml = None if False in kinds else files.nearest(cwd, _toml_in)
    return [path for path in (dotenv, toml) if path is not None]


def read(path: Path, name: str, *, found: bool) -> Source:
    """One file's settings. `.env` is taken literally: `$X` in it is no reference.

    Raises:
        SettingsError: it cannot be read, is no TOML, or has a key that is no setting.
    """
    return _dotenv(path, name, found=found) if is_dotenv(path) else _toml(path, name, found=found)


def _dotenv_in(directory: Path) -> Path | None:
    path = directory / DOTENV
    # A folder of that name is somebody's virtual environment.
    return path if path.exists() and not path.is_dir() else None


def _toml_in(directory: Path) -> Path | None:
    own, pyproject = directory / OWN_FILE, directory / PYPROJECT
    if own.exists():
        return own
    has_table = pyproject.is_file() and TABLE in files.text(pyproject)
    return pyproject if has_table and _tool_table(_document(pyproject, PYPROJECT)) else None


def _dotenv(path: Path, name: str, *, found: bool) -> Source:
    values = dotenv_values(stream=StringIO(files.text(path)), interpolate=False)
    given = {key: value for key, value in values.items() if value is not None}
    return Source(place=name, values=given_values(given), file=name, found=found)


def _toml(path: Path, name: str, *, found: bool) -> Source:
    table = dict(_document(path, name))
    place, heading = name, PROJECTS
    if path.name == PYPROJECT:
        table = dict(_tool_table(table))
        place, heading = f"{name}, [tool.{TABLE}]", f"tool.{TABLE}.{PROJECTS}"
    apart = projects(table.pop(PROJECTS, {}), name, heading)
    values = given_values(flat(table, place))
    return Source(place=place, values=values, file=name, found=found, by_key=True, projects=apart)


def _document(path: Path, name: str) -> Mapping[str, Any]:
    try:
        return read_toml(files.text(path))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is not valid TOML: {error}") from None


def _tool_table(document: Mapping[str, Any]) -> Mapping[str, Any]:
    tool = document.get("tool")
    table = tool.get(TABLE, {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise SettingsError(f"[tool.{TABLE}] in {PYPROJECT} must be a table.")
    return table


def given_values(values: Mapping[str, str]) -> dict[str, str]:
    """Without those that are empty, which means not set."""
    return {name: value for name, value in values.items() if value.strip()}
