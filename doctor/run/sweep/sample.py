"""Which runs to read: those at the ends of a group of like backups, and then where causes change.

Backups are alike when the lists say the same of them. Within such a group, in order of time, a
backup between two that were read and came to the same cause is presumed to share it. Reading goes on
between two that differ, until none is left between them or the sample is used up. Pure functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

Group: TypeAlias = "tuple[int, ...]"
"""The places of like backups, in order of time."""

FIRST_LOOK = 16


def groups_of(signatures: Sequence[Hashable]) -> tuple[Group, ...]:
    """The places of each signature, the largest group first; before them those that have none."""
    alone = tuple((place,) for place, signature in enumerate(signatures) if signature is None)
    by_signature: dict[Hashable, list[int]] = {}
    for place, signature in enumerate(signatures):
        if signature is not None:
            by_signature.setdefault(signature, []).append(place)
    return (*alone, *map(tuple, sorted(by_signature.values(), key=len, reverse=True)))


def next_to_read(
    groups: Sequence[Group], causes: Mapping[int, object], budget: int
) -> tuple[int, ...]:
    """The places to read next; none when more would tell nothing new, or the budget is used up.

    `causes` has the cause of each place that was read; `budget` is how many may be read in all.
    """
    left = budget - len(causes)
    if left <= 0:
        return ()
    if sum(map(len, groups)) <= budget:
        return tuple(place for group in groups for place in group if place not in causes)
    if not causes:
        return _first_look(groups, budget)
    gaps = sorted(_gaps(groups, causes), key=len, reverse=True)
    return tuple(gap[len(gap) // 2] for gap in gaps[:left])


def _first_look(groups: Sequence[Group], budget: int) -> tuple[int, ...]:
    """Both ends of every group, and some evenly spread between them; large groups come first."""
    each = min(FIRST_LOOK, max(2, budget // (2 * len(groups))))
    wanted = (place for group in groups for place in _spread(group, each))
    return tuple(wanted)[:budget]


def _spread(group: Group, count: int) -> Group:
    if len(group) <= count:
        return group
    last = len(group) - 1
    return tuple(group[round(step * last / (count - 1))] for step in range(count))


def _gaps(groups: Sequence[Group], causes: Mapping[int, object]) -> Iterator[Group]:
    """What lies unread between two that were read and differ."""
    for group in groups:
        unread: list[int] = []
        before: int | None = None
        for place in group:
            if place not in causes:
                unread.append(place)
                continue
            if unread and before is not None and causes[before] != causes[place]:
                yield tuple(unread)
            before, unread = place, []


def neighbours(
    groups: Sequence[Group], causes: Mapping[int, object]
) -> dict[int, tuple[int | None, int | None]]:
    """For each unread place the read ones of its group before and after it."""
    found: dict[int, tuple[int | None, int | None]] = {}
    for group in groups:
        before: int | None = None
        waiting: list[int] = []
        for place in group:
            if place not in causes:
                waiting.append(place)
                continue
            found.update(dict.fromkeys(waiting, (before, place)))
            before, waiting = place, []
        found.update(dict.fromkeys(waiting, (before, None)))
    return found
