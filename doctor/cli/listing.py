"""The commands that only tell: `checks`, `explain` and `schema`."""

from __future__ import annotations

import json
import os
import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.quoting import one_line, visible
from backup_doctor.cli.codes import UsageError
from backup_doctor.evidence.findings import Report
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.explain import UnknownTopicError
from backup_doctor.report.explain import explain as page_of
from backup_doctor.report.render.to_text import AS_IS, HANG, to_terminal

if TYPE_CHECKING:
    from backup_doctor.judge.registry import LoadedCheck

HEAD = ("check", "step", "title", "needs", "from")


def checks() -> str:
    """The checks in running order, as a table; then the plugins that could not be loaded."""
    registry = load_checks()
    rows = [HEAD, *(_row(one) for one in registry.checks)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    broken = [f"{one.name} of {one.package} did not load: {one.reason}" for one in registry.broken]
    return "\n".join([*lines, *map(one_line, broken)])


def _row(one: LoadedCheck) -> tuple[str, ...]:
    check = one.check
    cells = (check.name, check.step or "-", check.title, ", ".join(check.needs) or "-", one.origin)
    return tuple(one_line(str(cell)) for cell in cells)


def explain(topic: str) -> str:
    """The page of a finding code or a check, for this terminal.

    Raises:
        UsageError: nothing is known of it.
    """
    try:
        markup = page_of(topic, load_checks())
    except UnknownTopicError as error:
        raise UsageError(str(error), "backup-doctor explain function/not-deployed") from None
    terminal = sys.stdout.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = min(get_terminal_size().columns, 100) if terminal else 80
    # A plugin's texts are a stranger's.
    return to_terminal(visible(markup, keep=f"\n{HANG}{AS_IS}"), width=width, colour=colour)


def schema() -> str:
    """The JSON Schema of the report."""
    return json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Report)},
        indent=2,
    )
