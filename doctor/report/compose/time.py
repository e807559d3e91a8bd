"""What a report says of clocks that are wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.evidence.clock import NOTABLE_S
from backup_doctor.judge.show import duration, listed

if TYPE_CHECKING:
    from backup_doctor.evidence.clock import Clock


def clock_notes(clock: Clock) -> tuple[str, ...]:
    """That this machine's clock is wrong, or that the services' differ; nothing where all are right."""
    if not clock.is_settled:
        return (f"The clocks differ: {differences(clock)}. How old things are is not certain.",)
    if not clock.is_notable:
        return ()
    off = "slow" if clock.behind_s > 0 else "fast"
    by = listed(sorted(clock.ahead_s))
    return (
        f"This machine's clock is {_span(clock.behind_s)} {off} by {by}: ages are told by their clocks.",
    )


def differences(clock: Clock) -> str:
    """Each service's clock, held against this machine's."""
    alike = [name for name, ahead in clock.ahead_s.items() if abs(ahead) <= NOTABLE_S]
    off = [
        f"{name} is {_span(ahead)} {'ahead of' if ahead > 0 else 'behind'} this machine"
        for name, ahead in clock.ahead_s.items()
        if name not in alike
    ]
    return listed([*sorted(off), *([f"{listed(sorted(alike))} as it is here"] if alike else [])])


def _span(seconds: float) -> str:
    return duration(timedelta(minutes=round(abs(seconds) / 60)))
