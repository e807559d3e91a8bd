"""What one line says of an outcome: a status, a network error, a masked status, or plain words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from backup_doctor.evidence.log import Outcome
from backup_doctor.services import log_wording as wording

SUCCESS = range(200, 300)
# Every rule asks anew about the line in hand, and about those beside it.
LINES_KEPT = 256

# A status between words of any language and the answer itself: `Abgewiesen, 404: {"code": …}`.
_BEFORE_ANSWER = re.compile(r"(?<![\d.:-])([1-5]\d\d)[\s:,;|/)-]{1,4}\{\s*\"")


class Said(NamedTuple):
    """What a line says of an outcome. `at` is where in the line; `worded`: in words alone."""

    at: int
    outcome: Outcome
    status: int | None = None
    worded: bool = False


@lru_cache(LINES_KEPT)
def said(text: str) -> Said | None:
    """The outcome that a line tells by a status, a network error, or a part of a masked status."""
    match = wording.STATUS.search(text)
    if match:
        at = next(i for i, group in enumerate(match.groups(), 1) if group)
        return answered(match.start(at), int(match[at]))
    shown = _BEFORE_ANSWER.search(text)
    if shown:
        return answered(shown.start(1), int(shown[1]))
    for pattern, outcome in wording.NETWORK:
        match = pattern.search(text)
        if match:
            return Said(match.start(), outcome)
    masked = wording.MASKED_STATUS.search(text)
    if masked and masked[1][:1] in ("4", "5"):
        return Said(masked.start(), Outcome.REFUSED)
    bare = wording.BARE_STATUS.match(text)
    if bare is None:
        return None
    return answered(0, int(bare[1]))


@lru_cache(LINES_KEPT)
def worded(text: str) -> Said | None:
    """The outcome that a line tells in words."""
    if wording.HYPOTHETICAL.search(text):
        return None
    for pattern, outcome in wording.WORDED:
        match = pattern.search(text)
        if match:
            return Said(match.start(), outcome, worded=True)
    return None


def answered(at: int, status: int) -> Said:
    """An HTTP status as an outcome; curl's 000 is none: no answer came."""
    if not status:
        return Said(at, Outcome.UNREACHABLE)
    return Said(at, Outcome.OK if status in SUCCESS else Outcome.REFUSED, status)
