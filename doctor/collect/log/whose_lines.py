"""Of which calls the lines of a script surely are, and which lines tell of none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.collect.log.said import worded
from backup_doctor.collect.script.model import Certainty
from backup_doctor.evidence.log import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.log.names import CallNames
    from backup_doctor.collect.script.model import Attributed, Script
    from backup_doctor.services.log_wording import CallSubject


def calls_of(one: Attributed) -> set[int]:
    """The calls of which a line surely speaks: what stands in its holes may be of several."""
    own = {one.calls} | {fill.hole.calls for fill in one.fills}
    return {calls[0] for calls in own if len(calls) == 1 and one.certainty is not Certainty.OPEN}


def is_sure(one: Attributed) -> bool:
    """Whether no other call's line it can be: a print's, or one that bears the address."""
    return one.print is not None or one.rule == "address" or one.certainty is Certainty.CERTAIN


def is_after_another(one: Attributed) -> bool:
    """Whether a line has nothing of the call that it is given to, and comes after another one.

    That it is reached tells how the first one ended, and no more.
    """
    told = any(fill.hole.calls for fill in one.fills)
    return one.rule == "print" and not told and one.calls[-1:] != (one.after,)


def contradicts(
    one: Attributed, line: str, names: CallNames, subjects: dict[int, CallSubject | None]
) -> bool:
    """Whether a line that no print made, and that only its place gives to a call, names another."""
    if one.rule != "between" or not one.calls:
        return False
    named = {subject for _, subject in names.mentioned(line)}
    return bool(named) and subjects[one.calls[0]] not in named


def without_calls(one: Attributed) -> Attributed:
    """The line as nobody's."""
    return msgspec.structs.replace(one, calls=())


def only_claims(one: Attributed, lines: Sequence[str], script: Script) -> bool:
    """Whether the script prints a success there however its calls have ended."""
    if one.print is None or one.certainty is not Certainty.CERTAIN or script.partial:
        return False
    made = script.prints[one.print]
    told = made.calls or any(way.worked or way.failed for way in made.branches)
    said = None if told else worded(lines[one.line])
    return said is not None and said.outcome is Outcome.OK
