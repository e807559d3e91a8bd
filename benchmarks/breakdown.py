"""Where the time of a diagnosis goes: its wall time cut along the longest chain of calls."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.chain import Chain
    from benchmarks.measure import Cost
    from benchmarks.network import Turn


@dataclass(frozen=True)
class Diagnosis:
    """One diagnosis over the slow network."""

    cost: Cost
    chain: Chain
    parts: Breakdown


@dataclass(frozen=True)
class Breakdown:
    """Seconds of wall time; the parts add up to `total`."""

    start: float
    """From the start of the process to the first byte that it sends to anybody."""
    before: float
    """From then to the chain's first call."""
    calls: dict[str, float]
    """On the chain, waiting for each service."""
    between: float
    """The doctor's own work between the chain's calls."""
    end: float
    """From the chain's last answer to the end of the process: judging, rendering, leaving."""
    total: float
    cpu: float
    """Processor time of the process, of all its threads; it overlaps the rest."""


def break_down(cost: Cost, chain: Chain, every: Iterable[Turn]) -> Breakdown:
    """Cut one run along its chain. A run without any call cannot be cut (IndexError)."""
    calls: defaultdict[str, float] = defaultdict(float)
    for turn in chain.turns:
        calls[turn.service] += turn.seconds
    sent = min(turn.started for turn in every)
    first, last = chain.turns[0].started, chain.turns[-1].ended
    return Breakdown(
        start=sent - cost.started,
        before=first - sent,
        calls=dict(calls),
        between=last - first - chain.seconds,
        end=cost.ended - last,
        total=cost.seconds,
        cpu=cost.cpu_s,
    )
