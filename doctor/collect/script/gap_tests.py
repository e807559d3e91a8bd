"""What a line between known ones may be held for: the single questions that `gaps` asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.lines import by_query, has_address, names_target
from backup_doctor.collect.script.model import Attributed, Certainty, Hole, What

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.model import Branch, Fill, Print, ScriptCall
    from backup_doctor.collect.script.patterns import Pattern

PLACED_LETTERS = 2
_DIGITS = re.compile(r"^\d{3}$")


def made_for(last: Print | None) -> set[int]:
    """The calls that must have been made for a line to be printed."""
    if last is None:
        return set()
    led = {call for branch in last.branches for call in branch.calls}
    return led | set(last.calls) | ({last.after} if last.after is not None else set())


def may_be_placed(one: Pattern) -> bool:
    """Whether a print of few words says enough for a place: some letters, or a status alone."""
    holes = [part for part in one.print.pattern if isinstance(part, Hole)]
    return one.letters >= PLACED_LETTERS or (
        bool(holes) and all(hole.what is What.STATUS for hole in holes)
    )


def has_digits(one: Pattern, fills: Sequence[Fill]) -> bool:
    """A status that stands alone is three digits."""
    return one.letters >= PLACED_LETTERS or all(_DIGITS.match(fill.text) for fill in fills)


def decided(made: Attributed, rule: str, number: int, certain: bool) -> Attributed:
    """The line, given to one call by a rule."""
    return Attributed(
        line=made.line,
        certainty=Certainty.CERTAIN if certain else Certainty.LIKELY,
        rule=rule,
        calls=(number,),
        after=made.after,
        before=made.before,
    )


def apart(branches: Sequence[Branch], one: Print | None) -> bool:
    """Whether two places stand on ways that exclude each other."""
    if one is None:
        return False
    ways = {branch.calls: set(branch.outcomes) for branch in one.branches}
    return any(
        branch.calls in ways and not ways[branch.calls] & set(branch.outcomes)
        for branch in branches
    )


def addressed_call(
    line: str, calls: Sequence[ScriptCall], window: Sequence[ScriptCall]
) -> tuple[int, bool] | None:
    """The call whose address the line has, and whether no other has the same."""
    if not has_address(line):
        return None
    fitting = by_query(line, [one for one in calls if names_target(line, one)])
    if len(fitting) == 1:
        return fitting[0].number, True
    near = [one for one in fitting if one in window]
    return (near[0].number, False) if len(near) == 1 else None
