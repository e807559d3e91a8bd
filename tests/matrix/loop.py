"""The closed loop: do what the report says, and see whether the backup and the next one are right.

Every step of the plan is done in its order. Of alternatives, the first is; then the scene is played
again for each of the others. Commands are executed as they stand (`tests.terminal`), and what is prose
is done by a person who acts on its words alone (`tests.matrix.person`): nothing else mends anything.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from backup_doctor.demo.world import World
from backup_doctor.evidence.findings import Severity, Verdict
from tests.matrix.evidence import try_evidence
from tests.matrix.following import Choice, Follower
from tests.matrix.person import answers
from tests.matrix.scenes import Outcome, break_and_run, outcome
from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.world import Servers
    from backup_doctor.evidence.findings import Finding, Report
    from tests.matrix.scenes import Scene

# How often a person who fixed what hid the row runs the doctor again.
ROUNDS = 2


@dataclass(frozen=True)
class Loop:
    """How a loop ended: what was not right then, and what was done in it.

    `fixes` and `evidence` count the programs that ran, `acts` what a person did after prose.
    """

    outcome: Outcome
    problems: tuple[str, ...]
    fixes: Counter[str]
    evidence: Counter[str]
    acts: int


def close_loop(servers: Servers, scene: Scene, tried: set[str] | None = None) -> Loop:
    """Follow the report on a scene, once for each alternative that it offers.

    Evidence whose command has a form that is in `tried` is left out.
    """
    first, others = _follow(servers, scene, {}, tried)
    loops = [first, *(_follow(servers, scene, choice, tried)[0] for choice in others)]
    return Loop(
        first.outcome,
        tuple(problem for loop in loops for problem in loop.problems),
        sum((loop.fixes for loop in loops), Counter[str]()),
        first.evidence,
        sum(loop.acts for loop in loops),
    )


def _follow(
    servers: Servers, scene: Scene, choice: Choice, tried: set[str] | None
) -> tuple[Loop, list[Choice]]:
    """Play the scene and follow its report; the choices that were left out, too."""
    started = time.monotonic()
    with World(servers) as world:
        dispatch_id = break_and_run(world, scene)
        with Terminal(world, answers(world)) as terminal:
            follower = Follower(world, scene, terminal, dispatch_id)
            report = follower.look()
            judged = outcome(scene, report, time.monotonic() - started)
            problems = [] if choice else [*try_evidence(report, terminal, tried)]
            evidence = terminal.used
            problems += [
                _chosen(report, choice) + text for text in _rounds(follower, report, choice)
            ]
            fixes = terminal.used - evidence
    left_out: list[Choice] = [
        {number: alternative}
        for number, step in enumerate(report.plan)
        for alternative in range(1, len(step.one_of))
    ]
    return Loop(judged, tuple(problems), fixes, evidence, len(follower.acts)), left_out


def _chosen(report: Report, choice: Choice) -> str:
    return "".join(f"{report.plan[step].one_of[one].title!r}: " for step, one in choice.items())


def _rounds(follower: Follower, report: Report, choice: Choice) -> Iterator[str]:
    if report.verdict is Verdict.HEALTHY:
        return
    known = {one.code for one in _findings(report) if one.severity is Severity.WARN}
    yield from follower.do(report, choice)
    for _ in range(ROUNDS):
        before, report = report, follower.look()
        if _is_right(follower, report) or report.plan == before.plan:
            break
        yield from follower.do(report, {})
    if not _is_right(follower, report):
        yield f"the old row is {report.verdict} then: {report.root_cause}, {report.summary}"
    yield from _back_up_again(follower, known)


def _is_right(follower: Follower, report: Report) -> bool:
    return report.verdict is Verdict.HEALTHY or follower.wrote_failed


def _back_up_again(follower: Follower, known: set[str]) -> Iterator[str]:
    """Run the pipeline for a new backup: it is right, and there is nothing new to warn of.

    `known`: the codes of what was merely warned of before, and that no step was about.
    """
    try:
        dispatch_id = follower.world.insert_row()
    except psycopg.Error as error:
        yield f"the app cannot insert a new row: {error}"
        return
    follower.world.run_pipeline(dispatch_id)
    report = follower.look(dispatch_id)
    if report.verdict is not Verdict.HEALTHY:
        yield f"the next backup is {report.verdict}: {report.causes}, {report.summary}"
    elif not follower.took_a_risk:
        yield from (
            f"the next backup's report still has {finding.code}: {finding.summary}"
            for finding in _findings(report)
            if finding.severity is not Severity.INFO and finding.code not in known
        )


def _findings(report: Report) -> Iterator[Finding]:
    yield from (finding for result in report.results for finding in result.findings)
