"""Which of the prints that each line fits: the choice whose order is most like the script's own.

A script goes forward; it goes back only inside a loop, and it does not print on the way of a call's
failure and then on the way of its success. Each choice that would have it otherwise has a price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.model import Print, Script
    from backup_doctor.collect.script.patterns import Pattern

BACK = 5.0
AGAIN = 1.0
CONTRARY = 3.0
FEWER_LETTERS = 4.0
SKIPPED = 0.01
CLOSE = 0.5


def best_path(
    candidates: Sequence[Sequence[Pattern]], script: Script
) -> list[tuple[int, bool] | None]:
    """For each line its print, as an index of its candidates, and whether the choice is clear."""
    rows = [index for index, found in enumerate(candidates) if found]
    prices = _Prices(script)
    forward = _sweep([candidates[row] for row in rows], prices, back=False)
    backward = _sweep([candidates[row] for row in reversed(rows)], prices, back=True)[::-1]
    result: list[tuple[int, bool] | None] = [None] * len(candidates)
    for row, ahead, behind in zip(rows, forward, backward, strict=True):
        found = candidates[row]
        own = [prices.own(one, found) for one in found]
        totals = [a + b - c for a, b, c in zip(ahead, behind, own, strict=True)]
        best = min(range(len(totals)), key=totals.__getitem__)
        rivals = [
            total
            for one, total in zip(found, totals, strict=True)
            if one.print.calls != found[best].print.calls
        ]
        clear = not rivals or min(rivals) > totals[best] + CLOSE
        result[row] = (best, clear)
    return result


def _sweep(rows: Sequence[Sequence[Pattern]], prices: _Prices, *, back: bool) -> list[list[float]]:
    """The lowest price of coming to each candidate, from the one end or the other."""
    sums: list[list[float]] = []
    for index, found in enumerate(rows):
        own = [prices.own(one, found) for one in found]
        if index == 0:
            sums.append(own)
            continue
        before, paid = rows[index - 1], sums[-1]
        sums.append(
            [
                price
                + min(
                    total + (prices.step(one, other) if back else prices.step(other, one))
                    for other, total in zip(before, paid, strict=True)
                )
                for one, price in zip(found, own, strict=True)
            ]
        )
    return sums


class _Prices:
    def __init__(self, script: Script) -> None:
        self._loops = script.loops
        self._dead_ends = {
            one.at: [(a, b) for a, b in script.dead_ends if a <= one.at <= b]
            for one in script.prints
        }

    def own(self, one: Pattern, found: Sequence[Pattern]) -> float:
        """What a candidate costs that fits with less literal text than another."""
        most = max(other.letters for other in found)
        return FEWER_LETTERS * (most - one.letters) / most

    def step(self, one: Pattern, other: Pattern) -> float:
        """What it costs that the one is printed and then the other."""
        first, second = one.print, other.print
        price = min(abs(second.at - first.at), 100) * SKIPPED
        price += CONTRARY if self._is_over(first, second) else 0.0
        if second.at > first.at:
            return price + (CONTRARY if _contrary(first, second) else 0.0)
        if one.index == other.index and not self._in_loop(first, second):
            return price + AGAIN
        return price + (AGAIN if self._in_loop(first, second) else BACK)

    def _is_over(self, first: Print, second: Print) -> bool:
        """Whether the first stands where the script ends, and the second elsewhere."""
        return any(not a <= second.at <= b for a, b in self._dead_ends[first.at])

    def _in_loop(self, first: Print, second: Print) -> bool:
        return any(a <= first.at <= b and a <= second.at <= b for a, b in self._loops)


def _contrary(first: Print, second: Print) -> bool:
    ways = {branch.calls: set(branch.outcomes) for branch in first.branches}
    return any(
        branch.calls in ways and not ways[branch.calls] & set(branch.outcomes)
        for branch in second.branches
    )
