"""A line that a logger wrote as one JSON object: its words, and the answer that it quotes."""

from __future__ import annotations

import json
from typing import NamedTuple

_LEVEL = ("level", "severity", "levelname", "lvl")
_MESSAGE = ("msg", "message", "event")
_BODY = ("body", "response", "answer", "data")


class LogRecord(NamedTuple):
    """`words` is what the line would be in plain text; `body` an answer inside it, if any."""

    words: str
    body: str


def record(text: str) -> LogRecord | None:
    """The record of a line; None where it is no logger's, such as an answer printed alone."""
    if not text.startswith("{"):
        return None
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    message = next((key for key in _MESSAGE if isinstance(parsed.get(key), str)), None)
    if message is None or not any(key in parsed for key in _LEVEL):
        return None
    plain = (
        f"{key}: {value}"
        for key, value in parsed.items()
        if isinstance(value, (str, int)) and key not in (message, *_LEVEL, *_BODY)
    )
    body = next((parsed[key] for key in _BODY if parsed.get(key)), "")
    return LogRecord(
        words=", ".join((parsed[message], *plain)),
        body=body if isinstance(body, str) else json.dumps(body),
    )
