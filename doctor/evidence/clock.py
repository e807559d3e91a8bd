"""What time it is: by the services' own clocks, held against this machine's."""

from __future__ import annotations

from statistics import median

from backup_doctor.evidence.base import Fact

# So far a clock may be off: an answer takes time, and says the time in whole seconds.
TOLERANCE_S = 5.0
# What is further off is said, and what differs as much is not settled.
NOTABLE_S = 60.0


class Clock(Fact, frozen=True, kw_only=True):
    """How many seconds each service's clock is ahead of this machine's, by the service's name."""

    ahead_s: dict[str, float] = {}

    @property
    def behind_s(self) -> float:
        """How far this machine is behind, by the median of the services; 0 where it is about right."""
        if not self.ahead_s:
            return 0.0
        middle = median(self.ahead_s.values())
        return middle if abs(middle) > TOLERANCE_S else 0.0

    @property
    def odd_ones(self) -> tuple[str, ...]:
        """The services whose clock says another time than the others do."""
        middle = median(self.ahead_s.values()) if self.ahead_s else 0.0
        return tuple(name for name, one in self.ahead_s.items() if abs(one - middle) > NOTABLE_S)

    @property
    def is_settled(self) -> bool:
        """Whether they agree on the time; where they do not, nobody knows how old anything is."""
        return not self.odd_ones

    @property
    def is_notable(self) -> bool:
        """Whether this machine's clock is so far off that a person should know."""
        return abs(self.behind_s) > NOTABLE_S
