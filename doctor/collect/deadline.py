"""The budget of a run: one deadline, of which every call gets no more than what is left."""

from __future__ import annotations

import time

from backup_doctor.evidence.clocks import Clocks

# What is kept back from collectors, so that judging and printing fit into the budget too.
RESERVE_S = 0.25
# What is kept back from calls, so that a collector can hand over what it has when one hangs.
HANDOVER_S = 0.25
# So many hanging calls, one after the other, still leave something of the budget.
CALLS_IN_A_ROW = 3
# What a collector that waits for another one keeps for its own calls.
OWN_TIME_S = 5.0


class Deadline:
    """A point in time after which nothing is waited for. All figures are seconds.

    `clocks` is what the services that are asked under it say of the time.
    """

    def __init__(self, budget_s: float) -> None:
        self.budget_s = budget_s
        self.clocks = Clocks()
        self._started = time.monotonic()

    def elapsed(self) -> float:
        """Time since the run began."""
        return time.monotonic() - self._started

    def left(self) -> float:
        """What is left for calls, never negative."""
        return max(0.0, self.budget_s - RESERVE_S - HANDOVER_S - self.elapsed())

    def left_to_collect(self) -> float:
        """What is left until evidence must be there, never negative."""
        return max(0.0, self.budget_s - RESERVE_S - self.elapsed())

    def left_to_wait(self) -> float:
        """How long a collector may wait for another one's evidence and still look by itself."""
        return self.left() - min(OWN_TIME_S, self.left() / 4)

    def limit(self, own_s: float) -> float:
        """The smaller of a call's own limit and its share of what is left; never quite zero.

        With no more than a share, a call that hangs leaves others the time to be made after it.
        """
        return max(0.001, min(own_s, self.left() / CALLS_IN_A_ROW))
