"""The targets, read from the pages that the figures stand on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.strangers.page import LEAST_SEEN, LEAST_UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASS, MISSED = "pass", "FAIL"
HEAD = ("what", "target", "measured")
ALL = r"\| \*\*all\*\* \|"
SHARE = r"\d+ \(([\d.]+) %\)"


@dataclass(frozen=True)
class TargetRow:
    """A target as its page says it. The verdict is `pass`, or what kept it from being one."""

    page: str
    what: str
    target: str
    measured: str
    verdict: str


@dataclass(frozen=True)
class Pledge:
    """A target of a page that has no table of targets: what each match of a pattern must be."""

    page: str
    what: str
    pattern: str
    least: float | None = None
    most: float | None = None

    def row(self, text: str) -> TargetRow:
        """Held against the page; the worst match counts, and none is a miss."""
        found = [float(one) for one in re.findall(self.pattern, text, re.MULTILINE)]
        shown = f"≥ {self.least:g} %" if self.least is not None else f"≤ {self.most:g}"
        if not found:
            return TargetRow(self.page, self.what, shown, "nothing", "not measured")
        worst = max(found) if self.least is None else min(found)
        kept = worst >= self.least if self.least is not None else worst <= (self.most or 0)
        unit = " %" if self.least is not None else ""
        return TargetRow(self.page, self.what, shown, f"{worst:g}{unit}", PASS if kept else MISSED)


PLEDGES = (
    Pledge("accuracy.md", "one fault, right", rf"^\| one fault \| \d+ \| {SHARE}", least=100),
    Pledge("accuracy.md", "two faults, right", rf"^\| two faults \| \d+ \| {SHARE}", least=100),
    Pledge(
        "accuracy.md", "reports followed that left it open", r"^(?:\| \d+ ){3}\| (\d+) \|$", most=0
    ),
    Pledge(
        "accuracy.md",
        "pipelines of strangers, right",
        rf"^{ALL} \d+ \| \d+ \| {SHARE} \| \d+ \([\d.]+ %\) \|$",
        least=100 * LEAST_SEEN,
    ),
    Pledge(
        "accuracy.md",
        "the same, scripts not seen",
        rf"^{ALL} \d+ \| \d+ \| \d+ \([\d.]+ %\) \| {SHARE} \|$",
        least=100 * LEAST_UNSEEN,
    ),
    Pledge("reliability.md", "harmful, or not right", rf"^{ALL} \d+ \| \d+ \| (\d+) \|$", most=0),
    Pledge("mutants.md", "mutants noticed", rf"^{ALL}.* ([\d.]+) % \|$", least=97),
    Pledge("numbers.md", "branches covered", r"^\| coverage \|.* (\d+)%", least=95),
)


def targets(docs: Path) -> Iterator[TargetRow]:
    """All of them, page by page."""
    for page in sorted(docs.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if page.name != "numbers.md":
            yield from _of_tables(page.name, text)
        if page.name == "reliability.md":
            yield from _survived(text)
        yield from (one.row(text) for one in PLEDGES if one.page == page.name)


def cells(line: str) -> tuple[str, ...]:
    """The cells of a line of a Markdown table."""
    return tuple(cell.strip() for cell in line.strip().strip("|").split(" |"))


def _of_tables(page: str, text: str) -> Iterator[TargetRow]:
    inside = False
    for line in text.splitlines():
        row = cells(line) if line.startswith("|") else ()
        if inside and len(row) > len(HEAD) and not row[0].startswith("--"):
            yield TargetRow(page, row[0], row[1].strip("| "), row[2], row[3])
        inside = bool(row) and (inside or tuple(one.strip("| ") for one in row[:3]) == HEAD)


def _survived(text: str) -> Iterator[TargetRow]:
    for what, cases, survived in re.findall(
        r"^\| (.+?) \| (\d+) \| (\d+) \| `make faults` \|$", text, re.MULTILINE
    ):
        verdict = PASS if cases == survived else MISSED
        yield TargetRow("reliability.md", what, cases, survived, verdict)
