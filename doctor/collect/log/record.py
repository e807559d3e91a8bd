"""A line that a logger wrote: its words, and the answer that it quotes."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from backup_doctor.services.logged import BESIDE, ERROR, error_of, fields, message_of, unquoted

_BODY = ("body", "response", "answer", "data")
# A service's refusal as supabase-js hands it out; an exception has a type and a stack.
_REFUSAL = frozenset({"code", "message"})
_EVENT = re.compile(r"[a-z]+(?:_[a-z0-9]+){2,8}")
# What a logger for people (zerolog's, slog's) puts behind the words.
_SHOWN = re.compile(rf"\s(?:{'|'.join(_BODY)})=(?P<body>\"[\[{{](?:[^\"\\]|\\.)*\")(?=\s|$)")


class LogRecord(NamedTuple):
    """`words` is what the line would be in plain text; `body` an answer inside it, if any."""

    words: str
    body: str


def record(text: str) -> LogRecord | None:
    """The record of a line; None where it is no logger's, such as an answer printed alone."""
    found = fields(text)
    message = message_of(found) if found else None
    if found is None or message is None:
        return _beside_words(text)
    body_key = next((key for key in _BODY if found.get(key)), None)
    refusal = next((key for key in ERROR if _is_refusal(found.get(key))), None)
    body = found.get(body_key or refusal or "", "")
    plain = (
        f"{key}: {value if isinstance(value, (str, int)) else error_of(value)}"
        for key, value in found.items()
        if (isinstance(value, (str, int)) or (key in ERROR and key != refusal and error_of(value)))
        and key not in (message, *BESIDE, *_BODY)
    )
    return LogRecord(
        words=", ".join((_spoken(str(found[message])), *plain)),
        body=body if isinstance(body, str) else json.dumps(body),
    )


def _spoken(message: str) -> str:
    """An event's name in words: `direct_update_failed`."""
    return message.replace("_", " ") if _EVENT.fullmatch(message) else message


def _is_refusal(value: object) -> bool:
    return isinstance(value, dict) and value.keys() >= _REFUSAL and "stack" not in value


def _beside_words(text: str) -> LogRecord | None:
    """Words with an answer in quotation marks behind them."""
    shown = _SHOWN.search(text)
    if shown is None:
        return None
    return LogRecord(text[: shown.start()] + text[shown.end() :], unquoted(shown["body"]))
