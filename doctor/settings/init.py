"""The table of settings as people read it: the file that `init` writes, and the reference."""

from __future__ import annotations

from doctor.settings.table import COLUMNS, GROUPS, STATUS, Group, Setting

HEADER = """\
# Settings of backup-doctor. Every one is optional: remove the # before a line to set it.
# A flag comes before the environment, the environment before .env, and .env before this file.
#
# Keep credentials out of a file that is committed: set them in the environment, or in a .env that
# Git ignores. An address (*_url) in a file is given no credential from elsewhere, unless its host
# is the public one or this machine, or --trust-config is given.
"""


def commented_file() -> str:
    """`backup-doctor.toml` with every setting in it, each commented out."""
    return "\n".join([HEADER, *(_section(group) for group in GROUPS)])


def _section(group: Group) -> str:
    if group in (COLUMNS, STATUS):
        table = group.settings[0].key.partition(".")[0]
        lines = [f"# {_line(setting)}" for setting in group.settings]
        return "\n".join([f"# {group.title}", f"[{table}]", *lines, ""])
    entries = (f"# {_explained(setting)}\n# {_line(setting)}\n" for setting in group.settings)
    return "\n".join([f"# --- {group.title} ---", "", *entries])


def _line(setting: Setting) -> str:
    return f'{setting.key.rpartition(".")[2]} = "{setting.example}"'


def _explained(setting: Setting) -> str:
    environment = f" Environment: {', '.join(setting.env)}." if setting.env else ""
    return f"{setting.about[0].upper()}{setting.about[1:]}.{environment}"


def reference() -> str:
    """Every setting as a Markdown table."""
    rows = [
        f"| {setting.about} | {_code(*setting.env)} | {_code(setting.key)} "
        f"| {_code(setting.default) if setting.default else ''} |"
        for group in GROUPS
        for setting in group.settings
    ]
    head = ["| setting | environment, first found wins | key in the file | default |"]
    return "\n".join([*head, "| --- | --- | --- | --- |", *rows, ""])


def _code(*texts: str) -> str:
    return ", ".join(f"`{text}`" for text in texts)
