"""The pages of the documentation, and what stands in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `([^`|]+)`", re.MULTILINE)


def page(name: str) -> str:
    """The text of a page of `docs/`."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading of the second level."""
    return re.split(r"^## ", text, flags=re.MULTILINE)[_place(text, title)]


def blocks(text: str, language: str) -> list[str]:
    """The code blocks in that language, verbatim."""
    return [code for tagged, code in FENCE.findall(text) if tagged == language]


def first_cells(text: str) -> list[str]:
    """The code in the first column of the tables."""
    return ROW.findall(text)


def _place(text: str, title: str) -> int:
    titles = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    return titles.index(title) + 1
