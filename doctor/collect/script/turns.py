"""Lines without words of the script's own, of several calls that each leave one: each in its turn.

`curl -fsS A || curl -fsS B` prints two errors, and two plain calls of curl print two answers. None of
them says whose it is; the order in which the script makes its calls does.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

from backup_doctor.collect.script.lines import depth_of, is_curl_s, is_status_curl_s, is_tried_again
from backup_doctor.collect.script.model import CallKind, Hole, Output, What

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backup_doctor.collect.script.model import Print, ScriptCall

_OF_TABLE = frozenset({CallKind.TABLE_UPDATE, CallKind.UPSERT, CallKind.INSERT, CallKind.LOOK_UP})
# What the Data API and its gateway tell a refusal by.
_MESSAGES = frozenset({"message", "msg", "code"})
_OF_DATA_API = frozenset({"code", "details", "hint", "message"})


def errors_in_turn(lines: Mapping[int, str], curls: Sequence[ScriptCall]) -> dict[int, ScriptCall]:
    """For the errors of curl among the lines: the call that each is of, if the order tells.

    `curls` are the calls of curl that can have failed there. It tells where there are as many errors as
    calls, or where each call is only made because the one before it failed.
    """
    told = [at for at, line in lines.items() if is_curl_s(line)]
    if all(is_status_curl_s(lines[at]) for at in told):
        curls = [one for one in curls if one.fails_on_status]
    if any(one.repeated for one in curls) or any(map(is_tried_again, lines.values())):
        return {}
    if len(told) == len(curls) or (len(told) < len(curls) and _is_chain(curls)):
        return dict(zip(told, curls, strict=False))
    return {}


def _is_chain(calls: Sequence[ScriptCall]) -> bool:
    """Whether each call is only made where the one before it failed."""
    return all(
        any(way.failed and way.calls == (first.number,) for way in second.branches)
        for first, second in pairwise(calls)
    )


def answers_in_turn(
    lines: Mapping[int, str],
    calls: Sequence[ScriptCall],
    window: Sequence[ScriptCall],
    loose: Sequence[Print],
) -> dict[int, ScriptCall]:
    """For the answers among the lines, as JSON: the call that each is of, if the order tells.

    `calls` are all of the script's; those of the window print what they are answered themselves, the
    loose prints show the answer of a call.
    """
    shown = [(one.at, one.number) for one in window if one.output is Output.SHOWN]
    echoed = [(one.at, number) for one in loose if _shows_answer(one) for number in one.calls]
    numbers = list(dict.fromkeys(number for _, number in sorted([*shown, *echoed])))
    sources = [one for one in calls if one.number in numbers]
    begun = [at for at, line in lines.items() if line[:1] in {"{", "["}]
    if any(one.repeated for one in sources) or any(depth_of(lines[at]) for at in begun):
        return {}
    if len(begun) == len(sources):
        return dict(zip(begun, sources, strict=True))
    functions = [one for one in sources if one.kind not in _OF_TABLE]
    own = [at for at in begun if _MESSAGES.isdisjoint(_fields(lines[at]) or _MESSAGES)]
    if len(own) == len(functions) == 1:
        return {own[0]: functions[0]}
    # A function may pass on what the Data API said; then the table says it as well.
    tables = [one for one in sources if one.kind in _OF_TABLE]
    only = len(begun) == len(tables) == 1 and _fields(lines[begun[0]]) == _OF_DATA_API
    return {begun[0]: tables[0]} if only else {}


def _fields(line: str) -> frozenset[str]:
    """The names in an answer that is one object; none for any other."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(told) if isinstance(told, dict) else frozenset()


def _shows_answer(one: Print) -> bool:
    """Whether the print shows an answer as a whole."""
    holes = [part for part in one.pattern if isinstance(part, Hole)]
    return any(hole.what is What.ANSWER and not hole.part for hole in holes)
