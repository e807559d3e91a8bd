"""The one exception of the settings, and how its message is put."""

from __future__ import annotations

from doctor.settings.table import Setting, alternatives

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
    in_file = f"as {setting.key} in backup-doctor.toml"
    if not setting.env:
        return f"The {setting.about} is set {in_file}."
    named = alternatives(setting.env)
    return f"The {setting.about} is set as {named} in the environment or in .env, or {in_file}."


def assignment(setting: Setting) -> str:
    """An example, as one would write it."""
    if setting.env:
        return f"{setting.env[0]}={setting.example}"
    return f'{setting.key} = "{setting.example}"'


def shown(value: str) -> str:
    """A value in a message: quoted, on one line, and not too long."""
    cut = value if len(value) <= SHOWN_LENGTH else value[:SHOWN_LENGTH] + "…"
    return ascii(cut) if not cut.isprintable() else f'"{cut}"'
