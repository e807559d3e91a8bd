"""The page of numbers, `docs/accuracy.md`: from outcomes to Markdown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backup_doctor.demo.faults import Expectation
    from tests.matrix.playing import LoopOutcome
    from tests.matrix.scenes import Outcome

    Reason = Callable[[str], str | None]

HEAD = """\
# How often the diagnosis is right

`make matrix` breaks a pipeline that really runs in every way that `backup-doctor demo --list` names,
alone and in pairs, runs the doctor on what is left behind, and writes this page. What a right
diagnosis is follows from the pipeline's chain alone: the earliest link that broke is the root cause,
and a row stays stuck only if both ways to it failed (`demo/faults/expectation.py`).
When it was run, on which commit and on how busy a machine: [the figures](numbers.md).

The pipelines: the reference one; one whose function was written by somebody else; one whose script
looks up no row and words its log differently; one whose log shows nothing but curl's own words; and
one that looks up the row in a separate step, before it makes the backup.

| scenes | played | root cause and verdict right | all causes and the step right too |
| --- | ---: | ---: | ---: |
"""

LOOP = """\
## The closed loop: what the report says is done

The report on every fault is followed to the letter, step by step of its plan, and nothing else fixes
anything. Where the fallback saves the backup, it is broken too, or there was nothing to do. SQL is
pasted into psql; shell commands run as they stand, by the real programs: GitHub's `gh` (against the
stand-in for its API, by TLS), the Supabase CLI (against the stand-in for the Management API; what it
deploys then really runs), the AWS command line (against a real S3 protocol). What is prose is done by
a person who acts only if its words name the act (`tests/matrix/person.py`). Where a step offers
alternatives, the scene is played again for each. Evidence is seen again by hand, as the report says
how, by someone who may only read.

Then the old row must be right, or `failed` as the SQL says; a new backup must succeed, with nothing to
warn of. The SQL changes nothing the second time, and nothing on a row that healed meanwhile.
"""


def page(
    outcomes: Mapping[str, Sequence[Outcome]],
    loops: Sequence[LoopOutcome],
    reason: Reason,
    open_reason: Reason,
    every: int = 1,
) -> str:
    """Return the page. `reason` says of a scene, by its name, why it is not right.

    `open_reason`: why its loop stays open. `every`: of so many scenes, one was played.
    """
    rows = "".join(_row(title, played) for title, played in outcomes.items())
    total = [outcome for played in outcomes.values() for outcome in played]
    return "\n".join(
        [
            f"{HEAD}{rows}{_row('**all**', total)}",
            *([f"Of every {every} scenes, one was played.\n"] if every > 1 else []),
            LOOP,
            _closed(loops),
            _executed(loops),
            "## What is not right\n",
            *(_misses(total, loops, reason, open_reason) or ["Nothing."]),
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


def _closed(loops: Sequence[LoopOutcome]) -> str:
    closed = [loop for loop in loops if not loop.problems]
    by_commands = sum(not loop.acts for loop in closed)
    return (
        "| reports followed | closed by commands alone | closed with a person's act after prose | open |\n"
        "| ---: | ---: | ---: | ---: |\n"
        f"| {len(loops)} | {by_commands} | {len(closed) - by_commands} "
        f"| {len(loops) - len(closed)} |\n"
    )


def _executed(loops: Sequence[LoopOutcome]) -> str:
    """How often each program ran."""
    fixes = sum((loop.fixes for loop in loops), Counter[str]())
    evidence = sum((loop.evidence for loop in loops), Counter[str]())
    rows = "".join(
        f"| `{program}` | {fixes[program]} | {evidence[program]} |\n"
        for program in sorted({*fixes, *evidence})
    )
    acts = sum(loop.acts for loop in loops)
    return (
        "| what ran | to fix | to see the evidence |\n| --- | ---: | ---: |\n"
        f"{rows}| a person's act after prose | {acts} | - |\n"
    )


def _misses(
    outcomes: Sequence[Outcome],
    loops: Sequence[LoopOutcome],
    reason: Reason,
    open_reason: Reason,
) -> list[str]:
    wrong = [
        f"- {outcome.name}: should be {_said(outcome.expected)}, is {_said(outcome.got)}"
        f"{_because(reason(outcome.name))}"
        for outcome in outcomes
        if not outcome.is_right
    ]
    left = [
        f"- {loop.name}, followed: {_one_line(problem)}{_because(open_reason(loop.name))}"
        for loop in loops
        for problem in loop.problems
    ]
    return [*wrong, *left]


def _said(expectation: Expectation) -> str:
    return f"{expectation.verdict} ({', '.join(expectation.causes) or 'no cause'})"


def _because(reason: str | None) -> str:
    return f". {reason}" if reason else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
