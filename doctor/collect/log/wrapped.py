"""A client's own error, printed as JSON: the status in it, and the answer that it holds.

Actions that make requests print `{"statusCode":404,"body":"…"}`, axios
`{"code":"ERR_BAD_REQUEST","message":"Request failed with status code 401"}`.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from backup_doctor.collect.log.said import said

REFUSALS = range(400, 600)
_STATUS = ("statusCode", "status_code", "status", "httpStatus")
_ANSWER = ("body", "response", "data")
# Who says so passes on what went wrong in it, and the status may be somebody else's.
_OWN_WORDS = frozenset({"error", "errors"})
# The client's own codes: `ERR_BAD_REQUEST`.
_CLIENTS = "ERR_"


class Unwrapped(NamedTuple):
    """The status of a refusal, if one stands in it, and the answer."""

    status: int | None
    answer: str


def unwrapped(text: str) -> Unwrapped:
    """What a JSON object tells; any other text as it stands."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Unwrapped(None, text)
    if not isinstance(found, dict) or found.keys() & _OWN_WORDS:
        return Unwrapped(None, text)
    status = _status(found)
    if status is None:
        return Unwrapped(None, text)
    inside = next((found[key] for key in _ANSWER if found.get(key)), None)
    if inside is None:
        return Unwrapped(status, text)
    return Unwrapped(status, inside if isinstance(inside, str) else json.dumps(inside))


def _status(found: dict[str, object]) -> int | None:
    named = (found.get(key) for key in _STATUS)
    status = next((one for one in named if type(one) is int and one in REFUSALS), None)
    if status is not None:
        return status
    message = found.get("message") if str(found.get("code", "")).startswith(_CLIENTS) else None
    told = said(message) if isinstance(message, str) else None
    return told.status if told and told.status in REFUSALS else None
