"""Text without what tells a terminal its colours."""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")


def uncoloured(text: str) -> str:
    """The text as a person reads it."""
    return _ANSI.sub("", text)
