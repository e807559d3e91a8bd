"""What the attributed lines say of each call, and where in the script a line is printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.model import CallEnd, CallKind, Certainty, What
from backup_doctor.evidence.base import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.collect.script.model import Attributed, Fill, Print, Script, ScriptCall

_STATUS = re.compile(r"^[1-5]\d\d$")
_NO_ANSWER = "000"
_NAMES = {
    CallKind.LOOK_UP: "the look-up in {}",
    CallKind.FUNCTION: "the call of the function {}",
    CallKind.RPC: "the call of the procedure {}",
    CallKind.TABLE_UPDATE: "the update of {}",
    CallKind.INSERT: "the insert into {}",
    CallKind.UPSERT: "the upsert into {}",
    CallKind.SQL: "the SQL on {}",
    CallKind.UPLOAD: "the upload",
    CallKind.UPLOAD_VERIFICATION: "the check of the upload",
    CallKind.VERIFICATION: "the verification in {}",
    CallKind.MARKS_FAILED: "the update of {} to failed",
    CallKind.OTHER: "{}",
}


class Told(Fact, frozen=True, kw_only=True):
    """What the output says of one call.

    `outcomes` are those that the ways of its lines leave open, empty where the lines contradict each
    other; `statuses` in the order of the lines; `answer` the text of the answer that was printed;
    `errors` what of an error was printed, by its part (`message`, `code`); `lines` are the indexes of
    the lines that speak of it, `surely` those of them that are certain.
    """

    call: int
    outcomes: tuple[CallEnd, ...] = tuple(CallEnd)
    statuses: tuple[int, ...] = ()
    answered: bool = True
    answer: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    lines: tuple[int, ...] = ()
    surely: tuple[int, ...] = ()


def tell(
    lines: Sequence[str], attributed: Sequence[Attributed], script: Script
) -> tuple[Told, ...]:
    """Each call of which the output speaks, in the script's order."""
    found = (_told(call.number, lines, attributed, script) for call in script.calls)
    return tuple(one for one in found if one is not None)


def _told(
    call: int, lines: Sequence[str], attributed: Sequence[Attributed], script: Script
) -> Told | None:
    own = [one for one in attributed if one.calls == (call,)]
    left = _left(call, attributed, script)
    if not own and len(left) == len(CallEnd):
        return None
    fills = [fill for one in own for fill in one.fills if fill.hole.calls == (call,)]
    statuses = [fill.text for fill in fills if fill.hole.what is What.STATUS]
    told = tuple(int(text) for text in statuses if _STATUS.match(text))
    loose = [lines[one.line] for one in own if one.rule == "between"]
    return Told(
        call=call,
        outcomes=left,
        statuses=told,
        answered=_NO_ANSWER not in statuses and left != (CallEnd.SILENT,),
        answer="\n".join((*_answers(fills), *loose)),
        errors=tuple((f.hole.part, f.text) for f in fills if f.hole.what is What.ERROR),
        lines=tuple(one.line for one in own),
        surely=tuple(one.line for one in own if one.certainty is Certainty.CERTAIN),
    )


def _left(call: int, attributed: Sequence[Attributed], script: Script) -> tuple[CallEnd, ...]:
    """The outcomes that all lines leave which are certain."""
    left = set(CallEnd)
    for one in attributed:
        if one.print is None or one.certainty is not Certainty.CERTAIN:
            continue
        for branch in script.prints[one.print].branches:
            if branch.calls == (call,) and not script.calls[call].repeated:
                left &= set(branch.outcomes)
    return tuple(one for one in CallEnd if one in left)


def _answers(fills: Sequence[Fill]) -> Iterator[str]:
    for fill in fills:
        if fill.hole.what is What.ANSWER and not fill.hole.part:
            yield fill.text


def described(call: ScriptCall) -> str:
    """What a call is, in a sentence: `the call of the function update-backup`."""
    other = f"{call.client} {call.method}".strip()
    name = _NAMES[call.kind].format(call.target or other)
    return name if call.kind is not CallKind.OTHER else f"the call of {other}"


def where(one: Print, script: Script) -> str:
    """Where a line is printed: `line 41 of ops/update.sh prints this after the look-up in t`."""
    place = (
        f"line {one.line} of {one.path}" if one.path else f"line {one.line} of the step's script"
    )
    if one.after is None:
        return f"{place} prints this before any call"
    return f"{place} prints this after {described(script.calls[one.after])}"
