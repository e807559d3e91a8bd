"""Where the time of a diagnosis goes: its wall time cut along the longest chain of calls."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.chain import Chain
    from benchmarks.measure import Cost


@dataclass(frozen=True)
class Breakdown:
    """Seconds of wall time; the parts add up to `total`."""

    start: float
    """From the start of the process to the chain's first call: the interpreter and imports."""
    calls: dict[str, float]
    """On the chain, waiting for each service."""
    between: float
    """The doctor's own work between the chain's calls."""
    end: float
    """From the chain's last answer to the end of the process: judging, rendering, leaving."""
    total: float
    cpu: float
    """Processor time of the process, of all its threads; it overlaps the rest."""


def break_down(cost: Cost, chain: Chain) -> Breakdown:
    """Cut one run along its chain. A run without any call cannot be cut (IndexError)."""
    calls: defaultdict[str, float] = defaultdict(float)
    for turn in chain.turns:
        calls[turn.service] += turn.seconds
    first, last = chain.turns[0].started, chain.turns[-1].ended
    return Breakdown(
        start=first - cost.started,
        calls=dict(calls),
        between=last - first - chain.seconds,
        end=cost.ended - last,
        total=cost.seconds,
        cpu=cost.cpu_s,
    )
