"""A step that prints nothing and ends with curl's exit code: what that proves of its calls.

`curl -sf A || curl -sf B` shows neither an answer nor an error. That it ended so tells that both
failed, and its exit code how the last did.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.lines import is_trace
from backup_doctor.evidence.log import SilentExit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.model import Script

_EXIT = re.compile(r"^##\[error\]Process completed with exit code (\d{1,3})\.?$")
CURLS_LAST = 99
"""The highest exit code that curl has; what is above is a shell's or a signal's."""

FIRST_OF_CURL = 3
"""Below are codes that any program ends with."""


def silent_exit(script: Script, lines: Sequence[str], names: Sequence[str]) -> SilentExit | None:
    """The code with which the step ended, if its last call alone can have made it.

    `names` are those of the script's calls, in order. None where a call stands that the others'
    failure does not lead to, or that is no curl which fails on a refusal, or the step printed anything.
    """
    told = [line for line in lines if line.strip() and not is_trace(line)]
    code = _EXIT.match(told[0]) if len(told) == 1 else None
    calls = script.calls
    if code is None or not calls or len(names) != len(calls) or script.language != "bash":
        return None
    failing = all(one.client == "curl" and one.fails_on_status for one in calls)
    in_turn = all(
        {before.number for before in calls[:at]}
        <= {number for way in one.branches if way.failed for number in way.calls}
        for at, one in enumerate(calls)
    )
    if not (failing and in_turn and FIRST_OF_CURL <= int(code[1]) <= CURLS_LAST):
        return None
    return SilentExit(code=int(code[1]), calls=tuple(names))
