"""A summary as text, Markdown or HTML, through the templates; an item as a line of JSON."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.quoting import (
    for_markdown_inline,
    for_shell,
    for_xml,
    markdown_code,
    markdown_code_in_cell,
)
from backup_doctor.report.render.charts import in_units
from backup_doctor.report.render.templating import Safe, environment, source
from backup_doctor.report.render.to_html import policy_hash
from backup_doctor.report.render.to_json import ESCAPED
from backup_doctor.run.audit.model import MOST_OF_SCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.report.render.formats import Look
    from backup_doctor.run.audit.model import Item
    from backup_doctor.run.audit.picture import Picture
    from backup_doctor.run.audit.summary import Summary

TERMINAL_COLOURS = {
    "clean": "bold green",
    "not clean": "bold red",
    "incomplete": "bold yellow",
    "interrupted": "bold yellow",
}

SHEETS = ("report", "charts", "audit")


def as_json(item: Item, project: str | None = None) -> str:
    """The contract's line, in ASCII; with the project, where one of several was chosen."""
    line = {
        **({"project": project} if project is not None else {}),
        "kind": item.kind.value,
        "backup_id": item.backup_id,
        "s3_key": item.s3_key,
        "row_size": item.row_size,
        "object_size": item.object_size,
    }
    text = msgspec.json.encode(line).decode()
    if not text.isascii():
        text = json.dumps(line, separators=(",", ":"))
    for found, escape in ESCAPED.items():
        text = text.replace(found, escape)
    return text


def as_text(summary: Summary, look: Look) -> str:
    """For a terminal."""
    from backup_doctor.report.render.to_text import AS_IS, HANG, escape, paste, to_terminal

    own = environment(look, escape)
    own.filters |= {"paste": partial(paste, indent=0, kind="sql"), "asked": _asked(escape)}
    markup = own.get_template("audit.txt.j2").render(
        summary=summary,
        in_units=in_units,
        most=MOST_OF_SCRIPT,
        colour=Safe(TERMINAL_COLOURS[summary.verdict]),
        hang=Safe(HANG),
        as_is=Safe(AS_IS),
    )
    return to_terminal(markup, width=look.width, colour=look.colour)


def _asked(escape: Callable[[str], str]) -> Callable[[str, Summary], Safe]:
    """The command that diagnoses a row, made fit for the format by `escape`."""

    def asked(backup_id: str, summary: Summary) -> Safe:
        project = f"--project {for_shell(summary.project)} " if summary.project else ""
        return Safe(escape(f"backup-doctor {project}--backup-id {for_shell(backup_id)}"))

    return asked


def as_markdown(summary: Summary, look: Look) -> str:
    """For a ticket."""
    from backup_doctor.report.render.to_markdown import fence

    own = environment(look, for_markdown_inline)
    own.filters |= {
        "code": lambda text: Safe(markdown_code(str(text))),
        "cell": lambda text: Safe(markdown_code_in_cell(str(text))),
        "fence": partial(fence, language="sql"),
        "asked": _asked(markdown_code),
    }
    return own.get_template("audit.md.j2").render(
        summary=summary, in_units=in_units, most=MOST_OF_SCRIPT
    )


def as_html(summary: Summary, picture: Picture, look: Look) -> str:
    """One page with nothing to fetch; its policy allows its own style sheet and nothing else."""
    style = "\n" + "".join(f"{source(f'{name}.css', look)}" for name in SHEETS)
    own = environment(look, for_xml)
    return own.get_template("audit.html.j2").render(
        summary=summary,
        picture=picture,
        in_units=in_units,
        style=Safe(style),
        style_hash=policy_hash(style),
    )
