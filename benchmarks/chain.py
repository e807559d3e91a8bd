"""The longest chain of dependent calls, read off a trace of what went over the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.network import Turn


@dataclass(frozen=True)
class Chain:
    """Turns of which each began after the one before it had ended."""

    turns: tuple[Turn, ...]

    @property
    def seconds(self) -> float:
        """What the turns took together."""
        return sum(turn.seconds for turn in self.turns)

    @property
    def round_trips(self) -> int:
        """How often the network was crossed and crossed back."""
        return sum(turn.round_trips for turn in self.turns)


def longest_chain(turns: Iterable[Turn]) -> Chain:
    """Walk back from the answer that came last.

    Whatever a call waited for had ended before the call began, and what it waited for longest ended
    last: the turn that ended last before a turn began is the one that held it up.
    """
    earlier = sorted(turns, key=lambda turn: turn.ended)
    chain: list[Turn] = []
    while earlier:
        chain.append(earlier.pop())
        earlier = [turn for turn in earlier if turn.ended <= chain[-1].started]
    return Chain(tuple(reversed(chain)))
