"""The page of numbers, `docs/accuracy.md`: from outcomes to Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from doctor.demo.faults import Expectation
    from tests.matrix.playing import LoopOutcome
    from tests.matrix.scenes import Outcome

HEAD = """\
# How often the diagnosis is right

`make matrix` breaks a pipeline that really runs in every way that `backup-doctor demo --list` names,
alone and in pairs, runs the doctor on what is left behind, and writes this page. What a right
diagnosis is follows from the pipeline's chain alone: the earliest link that broke is the root cause,
and a row stays stuck only if both ways to it failed (`doctor/demo/faults/expectation.py`).

The pipelines: the reference one; one whose function was written by somebody else; one whose script
looks up no row and words its log differently; one whose log shows nothing but curl's own words; and
one that looks up the row in a step of its own, before it makes the backup.

| scenes | played | root cause and verdict right | all causes and the step right too |
| --- | ---: | ---: | ---: |
"""


def page(
    outcomes: Mapping[str, Sequence[Outcome]],
    loops: Sequence[LoopOutcome],
    reason: Callable[[str], str | None],
    every: int = 1,
) -> str:
    """Return the page. `reason` says of a scene, by its name, why it is not right.

    `every`: of so many scenes, one was played.
    """
    rows = "".join(_row(title, played) for title, played in outcomes.items())
    total = [outcome for played in outcomes.values() for outcome in played]
    return "\n".join(
        [
            f"{HEAD}{rows}{_row('**all**', total)}",
            *([f"Of every {every} scenes, one was played.\n"] if every > 1 else []),
            _loops(loops),
            "## What is not right\n",
            *(_misses(total, loops, reason) or ["Nothing."]),
            "",
        ]
    )


def _row(title: str, played: Sequence[Outcome]) -> str:
    root = sum(outcome.root_is_right for outcome in played)
    whole = sum(outcome.is_right for outcome in played)
    return (
        f"| {title} | {len(played)} | {root} ({_percent(root, len(played))}) "
        f"| {whole} ({_percent(whole, len(played))}) |\n"
    )


def _percent(part: int, of: int) -> str:
    return f"{100 * part / of:.1f} %" if of else "-"


def _loops(loops: Sequence[LoopOutcome]) -> str:
    closed = sum(not loop.problems for loop in loops)
    return (
        f"The closed loop: {len(loops)} scenes were mended as their reports say, the SQL pasted as it "
        "stands. The SQL changed nothing on a row that had healed meanwhile, and nothing the second "
        f"time; the old row and the next backup were right then in {closed} "
        f"({_percent(closed, len(loops))}).\n"
    )


def _misses(
    outcomes: Sequence[Outcome],
    loops: Sequence[LoopOutcome],
    reason: Callable[[str], str | None],
) -> list[str]:
    wrong = [
        f"- {outcome.name}: should be {_said(outcome.expected)}, is {_said(outcome.got)}"
        f"{_because(reason(outcome.name))}"
        for outcome in outcomes
        if not outcome.is_right
    ]
    left = [
        f"- {loop.name}, mended: {_one_line(problem)}{_because(reason(loop.name))}"
        for loop in loops
        for problem in loop.problems
    ]
    return [*wrong, *left]


def _said(expectation: Expectation) -> str:
    return f"{expectation.verdict} ({', '.join(expectation.causes) or 'no cause'})"


def _because(reason: str | None) -> str:
    return f". {reason}" if reason else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())[-300:]
