"""From a text with holes to statements: what is not known becomes a name that a parser takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.collect.script.expressions import EXPRESSION
from backup_doctor.collect.script.parser import TEXT_LIMIT, parse
from backup_doctor.collect.script.syntax.bash import BashReader
from backup_doctor.collect.script.syntax.javascript import JavaScriptReader
from backup_doctor.collect.script.syntax.powershell import PowerShellReader
from backup_doctor.collect.script.syntax.python import PythonReader
from backup_doctor.collect.script.texts import placeholder, ways
from backup_doctor.collect.script.values import Lit, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.budget import Budget
    from backup_doctor.collect.script.syntax.nodes import Block
    from backup_doctor.collect.script.syntax.reading import Reader
    from backup_doctor.collect.script.values import Value

MOST_HOLES = 2_000
# `./backup.ps1`, which the grammar of PowerShell takes for the dot that sources a file.
_RUNS_HERE = re.compile(r"(^[ \t]*|[;={|(][ \t]*)\./(?=\w)", re.MULTILINE)
_READERS: dict[str, type[Reader]] = {
    "bash": BashReader,
    "javascript": JavaScriptReader,
    "typescript": JavaScriptReader,
    "python": PythonReader,
    "powershell": PowerShellReader,
}


class ScriptSource(NamedTuple):
    """A text that can be parsed, and where it begins."""

    text: str
    path: str
    line: int


def source_of(
    text: Text, holes: list[Value], path: str, expression: Callable[[str], Value]
) -> ScriptSource:
    """The text with a placeholder for each hole; `holes` takes what they stand for."""

    def place(value: Value) -> str:
        if len(holes) >= MOST_HOLES:
            return placeholder(0)
        holes.append(value)
        return placeholder(len(holes) - 1)

    parts: list[str] = []
    size = 0
    first: Lit | None = None
    for part in ways(text)[0] if text.parts else ():
        if isinstance(part, Lit):
            first = first or part
            told = part.text[: TEXT_LIMIT - size]
            size += len(told)
            placed = EXPRESSION.sub(
                lambda one: _placed(one[1], place, expression), told, count=MOST_HOLES
            )
            parts.append(placed)
        else:
            parts.append(place(Text((part,))))
    told = "".join(parts).replace("\r\n", "\n")
    return ScriptSource(
        told, path or (first.path if first else ""), (first.line if first else 0) or 1
    )


def _placed(text: str, place: Callable[[Value], str], expression: Callable[[str], Value]) -> str:
    """An expression's placeholder, with the line ends that it had."""
    return place(expression(text)) + "\n" * text.count("\n")


def read_source(source: ScriptSource, language: str, budget: Budget) -> Block:
    """The statements of a text; none where it costs too much to parse."""
    text = _RUNS_HERE.sub(r"\1& ./", source.text) if language == "powershell" else source.text
    parsed = parse(text, language, budget)
    if parsed is None:
        budget.spent = True
        return ()
    budget.spent = budget.spent or not parsed.whole
    return _READERS[language](parsed, budget, source.line).block(parsed.root)
