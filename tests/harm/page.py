"""The figures of the suite in docs/reliability.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.harm.playing import Played

PAGE: Final = Path("docs/reliability.md")
BEGIN, END = "<!-- harm -->\n", "<!-- /harm -->"


def write_figures(played: Sequence[Played]) -> None:
    """Put the figures between their marks."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}{figures(played)}{END}{after}")


def figures(played: Sequence[Played]) -> str:
    """A table by kind: how many were played, and how many were not right."""
    kinds = dict.fromkeys(one.kind for one in played)
    harmful = Counter(one.kind for one in played if not one.is_near_miss)
    near = Counter(one.kind for one in played if one.is_near_miss)
    wrong = Counter(one.kind for one in played if one.problems)
    rows = [f"| {kind} | {harmful[kind]} | {near[kind]} | {wrong[kind]} |" for kind in kinds]
    total = f"| **all** | {harmful.total()} | {near.total()} | {wrong.total()} |"
    head = "| kind | harmful situations | near misses | not right |\n| --- | ---: | ---: | ---: |"
    return "\n".join([head, *rows, total, ""])
