"""The targets of the project, and the table that says whether they are met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.measure import Spread

HEAD = ("what", "target", "measured", "", "least / median / greatest", "compared with")
Unit = Literal["s", "ms", "MB", "round trips"]


@dataclass(frozen=True)
class Target:
    """A measurement and its limit: absolute, or as a multiple of another one.

    What counts is the median of runs that took turns with those that they are compared with. Of
    memory it is the greatest.
    """

    name: str
    measured: Spread
    reference: Spread | None
    limit: float
    unit: Unit = "s"
    is_multiple: bool = True

    @property
    def value(self) -> float:
        """What is held against the limit."""
        if self.reference is not None and self.is_multiple:
            return self.measured.middle / self.reference.middle
        return self.measured.greatest if self.unit == "MB" else self.measured.middle

    @property
    def met(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        return (
            self.name,
            f"≤ {self._shown(self.limit)}",
            self._shown(self.value),
            "pass" if self.met else "FAIL",
            self._spread(self.measured),
            self._spread(self.reference) if self.reference else "",
        )

    def _shown(self, value: float) -> str:
        is_multiple = self.reference is not None and self.is_multiple
        return f"{value:.2f} ×" if is_multiple else f"{value:.0f} {self.unit}"

    def _spread(self, spread: Spread) -> str:
        digits = 3 if self.unit == "s" else 0
        values = (spread.least, spread.middle, spread.greatest)
        return " / ".join(f"{value:.{digits}f}" for value in values) + f" {self.unit}"


def table(targets: Iterable[Target]) -> str:
    """The targets as a Markdown table."""
    return markdown_table(HEAD, [target.cells() for target in targets])


def markdown_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table with aligned columns."""
    lines = [head, *rows]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]
    texts = [
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in lines
    ]
    rule = f"| {' | '.join('-' * width for width in widths)} |"
    return "\n".join([texts[0], rule, *texts[1:]]) + "\n"
