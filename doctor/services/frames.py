r"""What is drawn around an error, taken off: one line has who says it and what it says.

PowerShell 7 (ConciseView) writes where the error was first, and what it says last:

    Invoke-RestMethod: D:\a\app\app\ci\Complete-Backup.ps1:5
    Line |
       5 |  $row = Invoke-RestMethod -Uri $uri
         |         ~~~~~~~~~~~~~~~~~~~~~~~~~~~
         | {"message":"Invalid API key"}

Windows PowerShell (NormalView) writes the place below the message, behind `At … char:8`. Rust writes
the message of a panic below the place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

_COMMAND = re.compile(r"^(?P<command>[\w.-]+): \S.*:\d+$")
_BEGIN = re.compile(r"^Line +\|$")
_SOURCE = re.compile(r"^ *\d+ +\|")
_MARKS = re.compile(r"^ +\| +~[~ .…]*$")
_MESSAGE = re.compile(r"^ +\| ?(?P<text>.*)$")
_PANIC = re.compile(r"^thread '[^']{0,80}'(?: \(\d+\))? panicked at \S+:\d+:\d+:$")
_PLACE = re.compile(r"^At \S.*:\d+ char:\d+$")
_BELOW_PLACE = re.compile(r"^(?:\+ |    \+ (?:CategoryInfo|FullyQualifiedErrorId) *: )")
# What PowerShell calls the script's own error: `throw "…"`, `Write-Error "…"`.
THROWN = frozenset({"Exception", "Write-Error"})


def without_frames(lines: Sequence[str], commands: Container[str] | None = None) -> list[str]:
    """As many lines, an empty one in the place of each that only belonged to a frame.

    `commands`: of PowerShell's frames only those of these commands, or of any.
    """
    result = list(lines)
    for at, line in enumerate(lines):
        if _BEGIN.match(line) and at:
            _unframe(result, at, commands)
        elif _PLACE.match(line) and at:
            _empty(result, at, _end(lines, at + 1, _BELOW_PLACE))
        elif _PANIC.match(line) and at + 1 < len(lines):
            result[at : at + 2] = f"panic: {lines[at + 1]}", ""
    return result


def _unframe(lines: list[str], begin: int, commands: Container[str] | None) -> None:
    """Put the message of the frame that begins there behind the name of its command."""
    command = _COMMAND.match(lines[begin - 1])
    below = _end(lines, begin + 1, _SOURCE, _MARKS)
    end = _end(lines, below, _MESSAGE)
    told = (_MESSAGE.match(line) for line in lines[below:end])
    message = " ".join(text for one in told if one and (text := one["text"].strip()))
    if command is None or not message:
        return
    if commands is not None and command["command"] not in commands:
        return
    lines[begin - 1] = f"{command['command']}: {message}"
    _empty(lines, begin, end)


def _end(lines: Sequence[str], start: int, *of_frame: re.Pattern[str]) -> int:
    """Where the lines from `start` on no longer are those of the frame."""
    for at in range(start, len(lines)):
        if not any(each.match(lines[at]) for each in of_frame):
            return at
    return len(lines)


def _empty(lines: list[str], start: int, end: int) -> None:
    lines[start:end] = [""] * (end - start)
