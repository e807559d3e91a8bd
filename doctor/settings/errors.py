"""The one exception of the settings, and how its message is put."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backup_doctor.settings.table import Setting

SHOWN_LENGTH = 60


class SettingsError(Exception):
    """The configuration cannot be used. The message says which setting, where, and an example."""


def wrong_value(setting: Setting, *, given_as: str, problem: str) -> SettingsError:
    """The error for a value that cannot be right. `given_as` is its origin, `problem` a clause."""
    return SettingsError(
        f"{given_as} {problem}\n{where_to_set(setting)}\nExample: {assignment(setting)}"
    )


def where_to_set(setting: Setting) -> str:
    """In which places a setting may be set, as one sentence."""
    named = alternatives(setting.usual_variables)
    return (
        f"Set {named} in the environment or in .env, or {setting.key} in backup-doctor.toml: "
        f"{setting.about}."
    )


def assignment(setting: Setting) -> str:
    """An example, as one would write it."""
    return f"{setting.usual_variables[0]}={setting.example}"


def shown(value: str) -> str:
    """A value in a message: quoted, on one line, and not too long."""
    cut = value if len(value) <= SHOWN_LENGTH else value[:SHOWN_LENGTH] + "…"
    return ascii(cut) if not cut.isprintable() else f'"{cut}"'


def alternatives(names: tuple[str, ...]) -> str:
    """`A`, `A or B`, `A, B or C`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
