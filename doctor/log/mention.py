"""Whether a text names a dispatch id: the id itself, not a longer word that holds it."""

from __future__ import annotations

import re
from functools import lru_cache

SHORT = 6
"""An id shorter than this stands in any log by chance: it counts only beside the word dispatch."""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LONG = 8


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
