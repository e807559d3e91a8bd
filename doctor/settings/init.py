"""The table of settings as people read it: the file that `init` writes, and the reference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import one_line
from backup_doctor.settings.table import GROUPS, SETTINGS, Setting
from backup_doctor.settings.values import is_none, words

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = """\
# Settings of backup-doctor: what differs from the defaults. docs/settings.md has all of them.
# A flag comes before the environment, the environment before .env, and .env before this file.
#
# No credential and no address (*_url) belongs into a file that is committed: set them in the
# environment, or in a .env that Git ignores.
"""
NOTHING = "\n# Nothing differs.\n"


def short_file(values: Mapping[str, str], places: Mapping[str, str]) -> str:
    """`backup-doctor.toml` with these settings, by name, each with the place that it was found in.

    A value is as the environment would have it: `false` for none, several words with commas.
    """
    lines = [
        (_table(setting), f"{_line(setting, values[setting.name])}{_from(setting, places)}")
        for setting in SETTINGS
        if setting.name in values
    ]
    tables = dict.fromkeys(table for table, _ in lines)
    sections = [
        "\n".join(
            [*([f"[{table}]"] if table else []), *(text for of, text in lines if of == table)]
        )
        for table in tables
    ]
    return "\n".join([HEADER, *(f"{one}\n" for one in sections)]) if sections else HEADER + NOTHING


def _table(setting: Setting) -> str:
    return setting.key.rpartition(".")[0]


def _line(setting: Setting, value: str) -> str:
    return f"{setting.key.rpartition('.')[2]} = {_quoted(setting, value)}"


def _quoted(setting: Setting, value: str) -> str:
    """The value as TOML. It has no control character: no setting takes one."""
    if setting.may_be_false and is_none(value):
        return "false"
    if setting.many and len(words(value)) > 1:
        return json.dumps(words(value), ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _from(setting: Setting, places: Mapping[str, str]) -> str:
    place = places.get(setting.name)
    return f"  # {one_line(place)}" if place else ""


def reference() -> str:
    """Every setting as a Markdown table."""
    rows = [
        f"| {setting.about} | {_code(*setting.usual_variables)} | {_code(setting.key)} "
        f"| {_code(setting.default) if setting.default else ''} |"
        for group in GROUPS
        for setting in group.settings
    ]
    head = ["| setting | environment, first found wins | key in the file | default |"]
    return "\n".join([*head, "| --- | --- | --- | --- |", *rows, ""])


def _code(*texts: str) -> str:
    return ", ".join(f"`{text}`" for text in texts)
