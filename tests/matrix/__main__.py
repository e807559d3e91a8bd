"""Play the matrix: `python -m tests.matrix [CATALOGUE [NAME ...]]`.

Without a catalogue everything is played and `docs/accuracy.md` written; MATRIX_EVERY=4 plays only one
scene in four, and the page says so. With a catalogue, its scenes whose names hold one of the words
given are played, and what is not right is printed, and played once more where no reason is known.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.matrix.page import page
from tests.matrix.playing import loop_all, play_all
from tests.matrix.reasons import reason

if TYPE_CHECKING:
    from tests.matrix.scenes import Outcome

PAGE = Path("docs/accuracy.md")
TITLES = {"singles": "one fault", "pairs": "two faults"}


def main(catalogue: str = "", *names: str) -> int:
    """Play, and return how many scenes were not right for no reason that is known."""
    if catalogue == "loops":
        return _tell_loops(names)
    if catalogue:
        return _tell_scenes(catalogue, names)
    started = time.monotonic()
    every = int(os.environ.get("MATRIX_EVERY", "1"))
    outcomes = {title: _watched(catalogue, every) for catalogue, title in TITLES.items()}
    loops = [*loop_all("loops", every=every)]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(outcomes, loops, reason, every))
    total = [outcome for played in outcomes.values() for outcome in played]
    right = sum(outcome.root_is_right for outcome in total)
    _say(
        f"{right} of {len(total)} root causes right ({100 * right / len(total):.1f} %), "
        f"{sum(not loop.problems for loop in loops)} of {len(loops)} loops closed, "
        f"in {time.monotonic() - started:.0f} s: {PAGE}"
    )
    wrong = [one.name for one in total if not one.is_right]
    wrong += [loop.name for loop in loops if loop.problems]
    return sum(reason(name) is None for name in wrong)


def _watched(catalogue: str, every: int) -> list[Outcome]:
    outcomes = []
    for outcome in play_all(catalogue, every=every):
        _tell(outcome)
        outcomes.append(outcome)
    return outcomes


def _tell(outcome: Outcome) -> bool:
    if outcome.is_right:
        return False
    _say(
        f"{'causes' if outcome.root_is_right else 'MISS':6} {outcome.name}: "
        f"want {outcome.expected.verdict} {outcome.expected.causes}, "
        f"got {outcome.got.verdict} {outcome.got.causes}, step {outcome.failing_check}",
        *outcome.errors,
    )
    return True


def _tell_scenes(catalogue: str, names: tuple[str, ...]) -> int:
    started = time.monotonic()
    outcomes = [*play_all(catalogue, names)]
    wrong = _unexplained(outcomes)
    # On a machine that others use too, a script may have run into a time limit of its own.
    left = _unexplained([*play_all(catalogue, wrong)]) if wrong else ()
    _say(
        f"{len(outcomes)} scenes played in {time.monotonic() - started:.0f} s: {len(wrong)} not "
        f"right for no known reason, {len(left)} of them twice"
    )
    return len(left)


def _unexplained(outcomes: list[Outcome]) -> tuple[str, ...]:
    wrong = [outcome.name for outcome in outcomes if _tell(outcome)]
    return tuple(name for name in wrong if reason(name) is None)


def _tell_loops(names: tuple[str, ...]) -> int:
    left = 0
    for loop in loop_all("loops", names):
        left += bool(loop.problems)
        for problem in loop.problems:
            _say(f"{loop.name}: {problem}")
    return left


def _say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:]), 1))
