"""Which print made which line of output, and whose the lines are that no print made.

Named rules, the surest first: `print` (its pattern fits), `placed` (a print of few words fits, and
stands where the line does), `continues` (more of a text that a print began), and what `gaps` has for
lines that no print made. What several prints can have made is decided by the order in which the
script makes them, and is never certain.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.script.gaps import Gaps
from backup_doctor.collect.script.model import Attributed, CallEnd, Certainty
from backup_doctor.collect.script.ordering import best_path
from backup_doctor.collect.script.patterns import MASK, Pattern, pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.collect.script.model import Fill, Script

LINES = 6_000
MATCHES = 60_000
"""Comparisons of a line with a pattern; what comes after is left open."""

CANDIDATES = 6
MASKED_START = 12
_TRACE = re.compile(r"^\++ ")


class Fit(Immutable, frozen=True):
    """A print that a line fits, and what it has in its holes."""

    pattern: Pattern
    fills: tuple[Fill, ...]


def attribute(lines: Sequence[str], script: Script) -> tuple[Attributed, ...]:
    """Each line of output with where it came from, in order."""
    lines = lines[:LINES]
    patterns = [pattern_of(index, one) for index, one in enumerate(script.prints) if not one.raw]
    candidates = _possible(_candidates(lines, [one for one in patterns if one.identifies]), script)
    chosen = best_path([[one.pattern for one in found] for found in candidates], script)
    printed = [
        None if choice is None else _printed(index, candidates[index], *choice)
        for index, choice in enumerate(chosen)
    ]
    return tuple(Gaps(lines, script, patterns, printed).fill())


def _possible(candidates: list[list[Fit]], script: Script) -> list[list[Fit]]:
    """The same without the prints on ways that the lines of only one print rule out."""
    left: dict[int, set[CallEnd]] = {}
    for found in candidates:
        for call, ends in _ends(found[0], script) if len(found) == 1 else ():
            left[call] = left.get(call, set(CallEnd)) & set(ends)
    # Lines that contradict each other tell nothing of that call.
    told = {call: ends for call, ends in left.items() if ends}

    def is_open(fit: Fit) -> bool:
        return all(told.get(call, set(ends)) & set(ends) for call, ends in _ends(fit, script))

    return [[one for one in found if is_open(one)] or found for found in candidates]


def _ends(fit: Fit, script: Script) -> Iterator[tuple[int, tuple[CallEnd, ...]]]:
    """How each call must have ended where the print stands; of one that is made again nothing."""
    for branch in fit.pattern.print.branches:
        if len(branch.calls) == 1 and not script.calls[branch.calls[0]].repeated:
            yield branch.calls[0], branch.outcomes


def _candidates(lines: Sequence[str], patterns: Sequence[Pattern]) -> list[list[Fit]]:
    """The prints that each line fits."""
    by_start: dict[str, list[Pattern]] = {}
    for pattern in patterns:
        by_start.setdefault(pattern.start, []).append(pattern)
    work = 0
    found: list[list[Fit]] = []
    for line in lines:
        told = line.strip()
        near: Sequence[Pattern] = ()
        if told and not _TRACE.match(told):
            starts = ("", told[:1], told[:2])
            near = [one for start in dict.fromkeys(starts) for one in by_start.get(start, ())]
            near = patterns if MASK in told[:MASKED_START] else near
        work += len(near)
        found.append(_fitting(told, near) if work <= MATCHES else [])
    return found


def _fitting(line: str, near: Sequence[Pattern]) -> list[Fit]:
    """The prints that a line fits, without those that fit nearly anything.

    A line that a print has word for word is of no print that only has room for it.
    """
    found = []
    for pattern in near:
        fills = pattern.match(line)
        if fills is not None:
            found.append(Fit(pattern, fills))
    found = [one for one in found if not one.fills] or found
    most = max((one.pattern.letters for one in found), default=0)
    kept = [one for one in found if one.pattern.letters * 2 > most]
    kept.sort(key=lambda one: (-one.pattern.letters, one.pattern.index))
    return kept[:CANDIDATES]


def _printed(index: int, found: Sequence[Fit], best: int, clear: bool) -> Attributed:
    """The line by the print that was chosen; certain if all that fit speak of the same calls."""
    chosen = found[best]
    one = chosen.pattern.print
    certainty = Certainty.LIKELY if clear else Certainty.OPEN
    if len({other.pattern.print.calls for other in found}) == 1:
        certainty = Certainty.CERTAIN
    known = certainty is not Certainty.OPEN
    return Attributed(
        line=index,
        certainty=certainty,
        rule="print",
        print=chosen.pattern.index,
        calls=one.calls if known else (),
        fills=chosen.fills if known else (),
        after=one.after,
    )
