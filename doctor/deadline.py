"""The budget of a run: one deadline, of which every call gets no more than what is left."""

from __future__ import annotations

import time

# What is kept back from calls, so that judging and printing fit into the budget too.
RESERVE_S = 0.5


class Deadline:
    """A point in time after which nothing is waited for. All figures are seconds."""

    def __init__(self, budget_s: float) -> None:
        self.budget_s = budget_s
        self._started = time.monotonic()

    def elapsed(self) -> float:
        """Time since the run began."""
        return time.monotonic() - self._started

    def left(self) -> float:
        """What is left for calls, never negative."""
        return max(0.0, self.budget_s - RESERVE_S - self.elapsed())

    def limit(self, own_s: float) -> float:
        """The smaller of a call's own limit and what is left; tiny, not zero, when nothing is."""
        return max(0.001, min(own_s, self.left()))
