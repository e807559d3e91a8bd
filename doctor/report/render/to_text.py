"""The report for a terminal: the template yields rich's markup, which is wrapped and coloured here.

Two marks, which nothing from outside can hold, tell the template's wishes for a line: continuation
lines are aligned with `hang`, and a line with `as_is` in front is never wrapped (it is pasted).
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape as escape_markup
from rich.text import Text

from backup_doctor.base.quoting import for_terminal, one_line, visible, without_commands
from backup_doctor.evidence.findings import ResultStatus, Severity, StageState, Verdict
from backup_doctor.report.render.templating import Safe, fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.evidence.findings import Report
    from backup_doctor.report.render.formats import Look

# What is filled, and what it includes.
TEMPLATES = ("report.txt.j2", "finding.txt.j2", "fix.txt.j2")
# No line is broken at it.
NBSP = "\N{NO-BREAK SPACE}"
HANG, AS_IS = "\x1f", "\x1e"
# More of one piece of evidence is in the JSON report.
LINES_SHOWN = 40
NARROWEST = 20
COLOURS: dict[str, str] = {
    Verdict.HEALTHY: "bold green",
    Verdict.FAILING: "bold red",
    Verdict.RUNNING: "bold blue",
    Verdict.UNKNOWN: "bold yellow",
    ResultStatus.PASS: "green",
    ResultStatus.WARN: "yellow",
    ResultStatus.FAIL: "red",
    ResultStatus.SKIP: "dim",
    ResultStatus.UNKNOWN: "yellow",
    StageState.OK: "green",
    StageState.FAILED: "red",
    StageState.NOT_NEEDED: "dim",
    StageState.NOT_REACHED: "dim",
    StageState.REPAIRED_LATER: "green",
    Severity.FAIL: "red",
    Severity.WARN: "yellow",
    Severity.INFO: "blue",
}


def write(report: Report, look: Look) -> str:
    """The report, in colours where `look` says so."""
    markup = fill(
        TEMPLATES[0],
        report,
        look,
        escape=escape,
        filters=FILTERS,
        hang=Safe(HANG),
        nbsp=Safe(NBSP),
        rule=Safe("─" * min(look.width, 80)),
    )
    return to_terminal(markup, width=look.width, colour=look.colour)


def to_terminal(markup: str, *, width: int, colour: bool) -> str:
    """Rich's markup as lines for a terminal of that many columns."""
    sink = io.StringIO()
    console = Console(
        file=sink,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        width=10_000,  # lines are wrapped here, not by rich, which would cut keys and URLs in two
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    for line in re.sub(r"\n{3,}", "\n\n", markup.strip("\n")).split("\n"):
        for piece in _wrapped(Text.from_markup(line, emoji=False), width):
            console.print(piece, no_wrap=True, overflow="ignore", crop=False)
    return sink.getvalue()


def _wrapped(line: Text, width: int) -> list[Text]:
    """The line in pieces of at most `width` columns, broken at blanks only."""
    if line.plain.startswith(AS_IS):
        return [line[1:]]
    mark = line.plain.find(HANG)
    at = mark if mark >= 0 else len(line.plain) - len(line.plain.lstrip(" "))
    head, body = line[:at], line[at + (mark >= 0) :]
    indent = cell_len(head.plain)
    if indent > width - NARROWEST:  # nothing but hostile text makes a margin that wide
        head, body, indent = Text(), head + body, 0
    breaks, used = [], 0
    for word in re.finditer(r"[^ ]+ *|^ +", body.plain):
        columns = cell_len(word[0])
        if used and indent + used + cell_len(word[0].rstrip()) > width:
            breaks.append(word.start())
            used = 0
        used += columns
    first, *rest = body.divide(breaks)
    pieces = [head + first, *(Text(" " * indent) + piece for piece in rest)]
    for piece in pieces:
        piece.rstrip()
    return pieces


def escape(text: str) -> str:
    """Text from outside, for rich's markup."""
    return escape_markup(without_commands(one_line(text) if "\n" in text else for_terminal(text)))


def _cell(text: str, width: int) -> Safe:
    """The text in a column of that width, cut with an ellipsis."""
    plain = one_line(text)
    cut = plain if cell_len(plain) <= width else set_cell_size(plain, width - 1).rstrip() + "…"
    return Safe(escape_markup(set_cell_size(cut, width)))


def _block(text: str, indent: int) -> Safe:
    """Lines as they are, indented; what is too long is left out, and the report says so."""
    lines = for_terminal(text.strip("\r\n")).split("\n")
    if len(lines) > LINES_SHOWN:
        lines = [*lines[:LINES_SHOWN], f"… {len(lines) - LINES_SHOWN} more lines"]
    return Safe("\n".join(escape_markup(" " * indent + line) for line in lines))


def paste(text: str, indent: int, kind: str) -> Safe:
    """Something to paste: never wrapped, never cut; SQL exactly as it is."""
    plain = visible(text.replace("\r\n", "\n").strip("\n"), keep="\n\t")
    lines = (plain if kind == "sql" else without_commands(plain)).split("\n")
    return Safe(
        "\n".join(AS_IS + escape_markup(" " * indent + line if line else "") for line in lines)
    )


def _painted(text: str, name: str) -> Safe:
    """Text in the colour of a verdict, status or severity."""
    return Safe(
        f"[{COLOURS.get(name, 'default')}]{text if isinstance(text, Safe) else escape(text)}[/]"
    )


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "cell": _cell,
    "block": _block,
    "paste": paste,
    "painted": _painted,
}
