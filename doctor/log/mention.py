"""Whether a text names a dispatch id: the id itself, not a longer word that holds it."""

from __future__ import annotations

import re
from functools import lru_cache

SHORT = 6
"""An id shorter than this stands in any log by chance: it counts only beside the word dispatch."""


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


def _longest_line(dispatch_id: str) -> str:
    """Logs and titles break an id at its line ends."""
    return max((line.strip() for line in dispatch_id.splitlines()), key=len, default="")


@lru_cache(maxsize=8)
def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(words)}(?![\w-])")
