"""The page of numbers, `docs/mutants.md`: from outcomes to Markdown."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePath
from typing import TYPE_CHECKING

from scripts.mutants.trying import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scripts.mutants.trying import Mutant

HEAD = """\
# What the tests notice

`make mutants` changes what judges (the checks, the story that they share, the diagnosis, the repair) and
what it believes (the meaning of services' answers, the reader of logs) in one place at a time, runs the
tests of both that open no world on each change (`tests/judgement`, `tests/log`, `tests/services`,
`tests/test_explain.py`, `tests/test_update_step.py`, `tests/test_writers.py`), and writes this page. A
change that none of them notices is a behaviour that they do not hold; others of the tests may.
When it was run, on which commit and on how busy a machine: [the figures](numbers.md).

The changes are [Cosmic Ray](https://cosmic-ray.readthedocs.io)'s: a condition turned round, `and` and
`or` exchanged, a boundary moved by one, a number by one, a truth made false, a decorator (and with it a
rule) taken away, a loop not entered, an exception not caught. Texts are left as they are: what a sentence
says is for people to judge, and a test that repeats it holds nothing. `==` is not made an order, nor `+`
a shift: on statuses and times these are errors, or the same.

| what | mutants | killed | never ended | survived | noticed |
| --- | ---: | ---: | ---: | ---: | ---: |
"""
UNEXPLAINED = "Not explained"


def page(
    outcomes: Sequence[tuple[Mutant, Outcome]],
    reason: Callable[[Mutant], str | None],
    every: int = 1,
) -> str:
    """Return the page. `reason` says why no test can or should notice a mutant.

    `every`: of so many mutants, one was tried.
    """
    by_package: dict[str, list[Outcome]] = defaultdict(list)
    for mutant, outcome in outcomes:
        by_package[package(mutant.path)].append(outcome)
    rows = "".join(_row(f"`{name}`", by_package[name]) for name in sorted(by_package))
    total = _row("**all**", [outcome for _, outcome in outcomes])
    sample = f"\nOf every {every} mutants, one was tried.\n" if every > 1 else ""
    survivors = [mutant for mutant, outcome in outcomes if outcome is Outcome.SURVIVED]
    return f"{HEAD}{rows}{total}{sample}\n## What no test notices\n\n{_listed(survivors, reason)}"


def package(path: str) -> str:
    """The package or module that the file belongs to, as people call it."""
    parts = PurePath(path).parts
    return "/".join(parts[: 3 if parts[0] == "doctor" else 2])


def _row(title: str, outcomes: Sequence[Outcome]) -> str:
    number = {one: outcomes.count(one) for one in Outcome}
    noticed = len(outcomes) - number[Outcome.SURVIVED]
    return (
        f"| {title} | {len(outcomes)} | {number[Outcome.KILLED]} | {number[Outcome.TIMED_OUT]} "
        f"| {number[Outcome.SURVIVED]} | {100 * noticed / len(outcomes):.1f} % |\n"
    )


def _listed(survivors: Sequence[Mutant], reason: Callable[[Mutant], str | None]) -> str:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for mutant in survivors:
        by_reason[reason(mutant) or UNEXPLAINED].append(line(mutant))
    parts = (f"{why.rstrip('.')}:\n\n{''.join(by_reason[why])}" for why in sorted(by_reason))
    return "\n".join(parts) or "Nothing.\n"


def line(mutant: Mutant) -> str:
    """A mutant as an item of a list: what became of which line."""
    was, became = (f"`{text}`" if text else "nothing" for text in mutant.change)
    return f"- `{mutant.path}`: {was} became {became}\n"
