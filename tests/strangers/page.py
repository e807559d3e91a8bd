"""The strangers' section of `docs/accuracy.md`: how much is right, by shape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.strangers.playing import Outcome

PAGE: Final = Path("docs/accuracy.md")
BEGIN: Final = "<!-- strangers -->\n"
END: Final = "<!-- end of strangers -->\n"
LEAST_SEEN, LEAST_UNSEEN = 0.97, 0.85
HEAD: Final = """\
## Pipelines of strangers

`make strangers` plays pipelines that were written after public shapes, in words and languages of their
own (`tests/strangers/pipelines`), well and with faults. Their scripts are really run, and the doctor
looks at each twice: as it is, and where the scripts cannot be read (no contents of the repository, and
a step that runs a program). Right is the root cause and the verdict that follow from the fault.
The defects that these pipelines showed are fixed, so the figures are of pipelines that were seen.

"""


def share(outcomes: Sequence[Outcome], right: Sequence[bool]) -> float:
    """How much of it is right, of 1."""
    return sum(right) / len(outcomes) if outcomes else 1.0


def table(outcomes: Sequence[Outcome]) -> str:
    """The figures by shape, as Markdown."""
    shapes = dict.fromkeys(sorted(one.shape for one in outcomes))
    rows = [(shape, [one for one in outcomes if one.shape == shape]) for shape in shapes]
    head = (
        "| shape | pipelines | played | right | right, scripts not seen |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
    )
    return head + "".join(
        _row(shape, played) for shape, played in [*rows, ("**all**", [*outcomes])]
    )


def _row(shape: str, played: Sequence[Outcome]) -> str:
    names = {one.name.partition(":")[0] for one in played}
    seen = [one.is_right(one.seen) for one in played]
    unseen = [one.is_right(one.unseen) for one in played]
    return (
        f"| {shape} | {len(names)} | {len(played)} | {_figure(played, seen)} "
        f"| {_figure(played, unseen)} |\n"
    )


def _figure(played: Sequence[Outcome], right: Sequence[bool]) -> str:
    return f"{sum(right)} ({100 * share(played, right):.1f} %)"


def section(outcomes: Sequence[Outcome]) -> str:
    """The section with its misses."""
    misses = [
        f"- {one.name}{where}: should be {one.expected.root_cause or 'healthy'}, "
        f"is {got.root_cause or got.verdict}\n"
        for one in outcomes
        for where, got in (("", one.seen), (", scripts not seen", one.unseen))
        if not one.is_right(got)
    ]
    wrong = f"\nNot right:\n\n{''.join(misses)}" if misses else ""
    return f"{BEGIN}{HEAD}{table(outcomes)}{wrong}{END}"


def without_section(page: str) -> tuple[str, str]:
    """The page without the section, and the section that it has."""
    before, begin, rest = page.partition(BEGIN)
    inside, end, after = rest.partition(END)
    return before + after, begin + inside + end


def write(outcomes: Sequence[Outcome]) -> None:
    """Put the section at the page's end."""
    rest, _ = without_section(PAGE.read_text())
    PAGE.write_text(f"{rest.rstrip()}\n\n{section(outcomes)}")
