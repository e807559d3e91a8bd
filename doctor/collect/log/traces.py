"""What stands in a log of the script's own source: no answer of anybody.

Where an interpreter tells of an error, Python writes the line below `File "…", line 7, in f`, and marks
below the part that it means; node and others write the line, and `^` below it. A step may show its
script (`cat update.sh`): of that, what would be printed has its variables still in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FRAME = re.compile(r'^\s*File "[^"]+", line \d+')
_MARKS = re.compile(r"^\s*[~^][~^\s]*$")
_PRINTS = re.compile(
    r"""(?:^|[;{(&|]\s?|\bthen |\bdo |\belse )\s*(?:
      (?:echo|printf)\s(?:-\w+\s)*"[^"]*\$[\w{(]
    | console\.\w+\([`"'].*(?:\$\{|,\s*\w|\+\s*\w)
    | print\(f["'].*\{
    )""",
    re.VERBOSE,
)


def without_source(lines: Sequence[str]) -> list[str]:
    """The lines, an empty one in the place of each that only quotes the source."""
    return ["" if _is_source(lines, at) else line for at, line in enumerate(lines)]


def _is_source(lines: Sequence[str], at: int) -> bool:
    if _MARKS.match(lines[at]) or _PRINTS.search(lines[at]):
        return True
    before = lines[at - 1] if at else ""
    after = lines[at + 1] if at + 1 < len(lines) else ""
    below_frame = _FRAME.match(before) is not None and lines[at][:4].isspace()
    return below_frame or _MARKS.match(after) is not None
