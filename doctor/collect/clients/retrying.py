"""Whether asking again is worth it, and how long to wait before: a pure function of the answer.

Only what is safe to repeat is asked again: a GET, and a connection that never came about. Services
say how long they want to be left alone: `Retry-After` (RFC 9110, seconds or a date), and at a used
up rate limit `x-ratelimit-reset` (GitHub: seconds since 1970; the Management API: from now).
"""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.collect.clients.answer import Answer

# A proxy or a service in trouble; the next moment may be better.
PASSING = frozenset({408, 502, 503, 504})
LIMITED = frozenset({403, 429})
PAUSE_S = 0.5
# Longer than this a person is not kept waiting: the report says when to try again.
LONGEST_WAIT_S = 5.0
A_DAY_S = 86_400


def wait_s(answer: Answer | Unseen) -> float | None:
    """Seconds to wait before one more attempt; None where none is worth it."""
    if isinstance(answer, Unseen):
        return pause_s() if answer.why is Why.GARBLED else None
    if answer.status not in PASSING | LIMITED:
        return None
    named = _named_wait_s(answer.headers)
    if named is None:
        return pause_s() if answer.status in PASSING else None
    return named + pause_s() if named <= LONGEST_WAIT_S else None


def pause_s() -> float:
    """A short pause of random length, so that many doctors do not come back all at once."""
    return PAUSE_S * random.uniform(0.5, 1.5)  # noqa: S311 -- spreads load, protects nothing


def _named_wait_s(headers: Mapping[str, str]) -> float | None:
    """How long the other side asks to be left alone; None where it does not say."""
    wanted = headers.get("retry-after", "")
    if wanted:
        return _seconds(wanted) if _seconds(wanted) is not None else _until(wanted)
    if headers.get("x-ratelimit-remaining") != "0":
        return None
    reset = _seconds(headers.get("x-ratelimit-reset", ""))
    if reset is None:
        return None
    return max(0.0, reset - time.time()) if reset > A_DAY_S else reset


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else None  # noqa: PLR2004 -- no time has more digits


def _until(text: str) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
