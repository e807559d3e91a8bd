"""Play the matrix: `python -m tests.matrix [CATALOGUE [NAME ...]]`.

Without a catalogue everything is played and `docs/accuracy.md` written; MATRIX_EVERY=4 plays only one
scene in four, and the page says so. With a catalogue, its scenes whose names hold one of the words
given are played, and what is not right is printed, and played once more where no reason is known;
`loops` follows their reports too, `core` is what every change is held against.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.matrix.catalogue import CATALOGUES
from tests.matrix.page import page
from tests.matrix.playing import loop_all, play_all
from tests.matrix.reasons import open_reason, reason
from tests.strangers.page import without_section
from tests.terminal import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.matrix.playing import LoopOutcome
    from tests.matrix.scenes import Outcome

PAGE = Path("docs/accuracy.md")


def main(catalogue: str = "", *names: str) -> int:
    """Play, and return how many scenes were not right for no reason that is known."""
    if MISSING:
        _say(f"Printed commands cannot be tried: {', '.join(MISSING)} missing. Run make programs.")
        return 1
    if catalogue == "loops":
        return len(_loops_left(names))
    if catalogue == "core":
        return len(_loops_left(names, thorough=False)) + len(_scenes_left("some_pairs", names))
    if catalogue:
        return len(_scenes_left(catalogue, names))
    return _write_page(int(os.environ.get("MATRIX_EVERY", "1")))


def _write_page(every: int) -> int:
    started = time.monotonic()
    loops = [_told(loop) for loop in loop_all("loops", every=every)]
    seen = [
        loop.outcome for loop in loops if loop.outcome and loop.outcome.name in _names("singles")
    ]
    unseen = _names("singles") - {outcome.name for outcome in seen}
    outcomes = {
        "one fault": [*seen, *(_watched("singles", tuple(unseen), every) if unseen else ())],
        "two faults": _watched("pairs", (), every),
    }
    PAGE.parent.mkdir(exist_ok=True)
    strangers = without_section(PAGE.read_text())[1] if PAGE.exists() else ""
    text = page(outcomes, loops, reason, open_reason, every)
    PAGE.write_text(f"{text}\n{strangers}" if strangers else text)
    total = [outcome for played in outcomes.values() for outcome in played]
    right = sum(outcome.root_is_right for outcome in total)
    _say(
        f"{right} of {len(total)} root causes right ({100 * right / len(total):.1f} %), "
        f"{sum(not loop.problems for loop in loops)} of {len(loops)} loops closed, "
        f"in {time.monotonic() - started:.0f} s: {PAGE}"
    )
    return len(_unexplained(total)) + len(_open(loops))


def _names(catalogue: str) -> set[str]:
    return {scene.name for scene in CATALOGUES[catalogue]()}


def _watched(catalogue: str, names: tuple[str, ...], every: int) -> list[Outcome]:
    outcomes = []
    for outcome in play_all(catalogue, names, every=every):
        _tell(outcome)
        outcomes.append(outcome)
    return outcomes


def _tell(outcome: Outcome) -> None:
    if not outcome.is_right:
        _say(
            f"{'causes' if outcome.root_is_right else 'MISS':6} {outcome.name}: "
            f"want {outcome.expected.verdict} {outcome.expected.causes}, "
            f"got {outcome.got.verdict} {outcome.got.causes}, step {outcome.failing_check}",
            *outcome.errors,
        )


def _told(loop: LoopOutcome) -> LoopOutcome:
    if loop.outcome:
        _tell(loop.outcome)
    for problem in loop.problems:
        _say(f"OPEN   {loop.name}: {problem}")
    return loop


def _scenes_left(catalogue: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Which scenes are not right, and not the second time either."""
    started = time.monotonic()
    outcomes = _watched(catalogue, names, 1)
    wrong = _unexplained(outcomes)
    # On a machine that others use too, a script may have run into a time limit of its own.
    left = _unexplained(_watched(catalogue, wrong, 1)) if wrong else ()
    _conclude(f"{len(outcomes)} scenes played", started, wrong, left)
    return left


def _loops_left(names: tuple[str, ...], *, thorough: bool = True) -> tuple[str, ...]:
    """Which loops are open, or their scenes not right, and not the second time either."""
    started = time.monotonic()
    loops = [_told(loop) for loop in loop_all("loops", names, thorough=thorough)]
    wrong = _open(loops)
    left = _open([_told(loop) for loop in loop_all("loops", wrong)]) if wrong else ()
    _conclude(f"{len(loops)} reports followed", started, wrong, left)
    return left


def _conclude(done: str, started: float, wrong: tuple[str, ...], left: tuple[str, ...]) -> None:
    _say(
        f"{done} in {time.monotonic() - started:.0f} s: {len(wrong)} not right for no known reason, "
        f"{len(left)} of them twice"
    )


def _unexplained(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    return tuple(one.name for one in outcomes if not one.is_right and reason(one.name) is None)


def _open(loops: Iterable[LoopOutcome]) -> tuple[str, ...]:
    left = (loop.name for loop in loops if loop.problems and open_reason(loop.name) is None)
    judged = (loop.outcome for loop in loops if loop.outcome)
    return tuple(dict.fromkeys((*left, *_unexplained(judged))))


def _say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:]), 1))
