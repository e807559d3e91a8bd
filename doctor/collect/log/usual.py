"""What a run that ended well printed too: it is no error of one that failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.log.lines import clean, split

if TYPE_CHECKING:
    from collections.abc import Iterable

# What is another one in every run: ids and hashes, numbers, times, names of temporary files.
_VARYING = re.compile(
    r"\btmp\.\w{1,40}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
    r"|\b[0-9A-Fa-f]{7,64}\b|\d{1,20}"
)


def masked(line: str) -> str:
    """A line without what is another one in every run."""
    return _VARYING.sub("#", line.removeprefix("##[error]").strip())


def also_in(log: Iterable[bytes], lines: Iterable[str]) -> tuple[str, ...]:
    """Of these lines those that stand in the log too, but for numbers, ids and times."""
    wanted = {line: masked(line) for line in lines}
    missing = set(wanted.values())
    for raw in split(log):
        missing.discard(masked(clean(raw).text))
        if not missing:
            break
    return tuple(line for line, shape in wanted.items() if shape not in missing)
