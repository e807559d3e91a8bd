"""Takes a line of the log apart that is two: an answer without a line end, and what came behind it.

curl prints an answer as it came, so that its own error, or the script's next words, go on in the
same line: `{"error":"No"}curl: (22) …`, `{"error":"No"}401`, `Unauthorizedgoing direct`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.model import Output
from backup_doctor.collect.script.patterns import LETTERS, Pattern, letters, pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from backup_doctor.collect.script.model import Script

LINE_LIMIT = 8_192
LINES = 400
"""Lines that are compared with the script's prints: a step that updates a row prints few."""

_CURL = re.compile(r"(?<=[\w}\])>.!])curl: \(\d{1,3}\) ")
# Words, or the status that `-w` has curl print.
_STATUS = re.compile(r"[1-5]\d\d(?=\s*$|[{\[]|[^\W\d_])")
# The same where the answer is shown behind it: `404{"code": …}`.
_STATUS_FIRST = re.compile(r"[1-5]\d\d(?=\{\s*\")")
# What the runner obeys at the beginning of a line, and shows otherwise.
_COMMAND = re.compile(r"^::(error|warning|notice)(?: [^:]{0,200})?::")
# A traced command, a workflow command, an arrow, a tick or a cross.
_MARK = r"\++ \S|::\w+[ :]|[-=]+>|[^\x00-\x7f]"
_BEHIND = re.compile(rf"##\[\w+\]|[^\W\d_]|\{{\s*\"|{_MARK}|{_STATUS.pattern}")
_DECODER = json.JSONDecoder()


def parted(lines: Iterable[str]) -> list[str]:
    """The lines, each of two parts taken apart by what anybody can see: JSON, and curl's words."""
    return [part for line in lines for part in _by_form(line)]


def parted_by(script: Script, lines: Sequence[str]) -> list[str]:
    """The lines, each taken apart in which a print of the script follows an answer that is shown."""
    if not any(one.output is Output.SHOWN for one in script.calls):
        return list(lines)
    prints = [pattern_of(index, one) for index, one in enumerate(script.prints) if not one.raw]
    known = [one for one in prints if one.identifies]
    begun = [(first, one) for one in known if (first := _beginning(one))]
    head = (part for line in lines[:LINES] for part in _by_print(line, known, begun))
    return [*head, *lines[LINES:]]


def _by_form(line: str) -> Iterator[str]:
    if len(line) > LINE_LIMIT:
        yield line
        return
    shown_first = _STATUS_FIRST.match(line)
    if shown_first:
        yield shown_first[0]
        line = line[shown_first.end() :]
    while (at := _end_of_json(line)) and _BEHIND.match(line, at):
        yield line[:at]
        line = _COMMAND.sub(r"##[\1]", line[at:])
        status = _STATUS.match(line)
        if status and line[status.end() :].strip():
            yield status[0]
            line = line[status.end() :]
    found = _CURL.search(line)
    if found:
        yield line[: found.start()]
        line = line[found.start() :]
    yield line


def _end_of_json(line: str) -> int:
    """Where the object or list ends with which a line begins; 0 if it begins otherwise."""
    start = len(line) - len(line.lstrip())
    if line[start : start + 1] not in {"{", "["}:
        return 0
    try:
        return _DECODER.raw_decode(line, start)[1]
    except (ValueError, RecursionError):
        return 0


def _beginning(one: Pattern) -> str:
    """The literal text that a print begins with, if it can be known by that."""
    first = one.print.pattern[0]
    known = isinstance(first, str) and letters(first) >= LETTERS and not one.print.prefixed
    return first.strip() if known and isinstance(first, str) else ""


def _by_print(
    line: str, known: Sequence[Pattern], begun: Sequence[tuple[str, Pattern]]
) -> tuple[str, ...]:
    told = line.strip()
    if not told or len(told) > LINE_LIMIT or any(one.match(told) is not None for one in known):
        return (line,)
    for first, one in begun:
        at = told.rfind(first)
        if at > 0 and not told[at - 1].isspace() and one.match(told[at:]) is not None:
            return told[:at], told[at:]
    return (line,)
