"""Whether a text names a dispatch id: the id itself, not a longer word that holds it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORT = 6
"""An id shorter than this stands in any log by chance: it counts only beside the word dispatch."""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LONG = 8
MOST_IDS = 20
# The runner's own scratch files are called after UUIDs.
SCRATCH = "/_temp/"


def mentions(text: str | bytes, dispatch_id: str) -> bool:
    """Whether `text` (a title, a name, a line of a log) names this dispatch."""
    words = _longest_line(dispatch_id)
    if isinstance(text, bytes):
        if words.encode() not in text:
            return False
        text = text.decode("utf-8", "replace")
    elif words not in text:
        return False
    if not _whole(words).search(text):
        return False
    return len(words) >= SHORT or "dispatch" in text.lower() or "backup" in text.lower()


def names_another(text: str, dispatch_id: str | None) -> bool:
    """Whether the text names a dispatch, as UUIDs do, and not this one."""
    if dispatch_id is None or not UUID.fullmatch(dispatch_id.strip()):
        return False
    return bool(UUID.search(text)) and not mentions(text.lower(), dispatch_id.strip().lower())


def ids_in(lines: Iterable[str]) -> tuple[str, ...]:
    """The UUIDs that the lines of a log name, each once, in order."""
    found = (one[0] for line in lines if SCRATCH not in line for one in UUID.finditer(line))
    return tuple(islice(dict.fromkeys(found), MOST_IDS))


def _longest_line(dispatch_id: str) -> str:
    """Logs and titles break an id at its line ends."""
    return max((line.strip() for line in dispatch_id.splitlines()), key=len, default="")


@lru_cache(maxsize=8)
def _whole(words: str) -> re.Pattern[str]:
    """A short id must stand alone; a long one may be a part of a file's name.

    `nw-<id>.zip` names it; but a number after a dash makes another id, save after a UUID.
    """
    inside = re.escape(words)
    if UUID.fullmatch(words):
        return re.compile(rf"(?<![^\W_]){inside}(?![^\W_])")
    if len(words) >= LONG:
        return re.compile(rf"(?<![^\W_]){inside}(?![^\W_]|[-_]\d)")
    return re.compile(rf"(?<![\w-]){inside}(?![\w-])")
