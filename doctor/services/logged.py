"""A line that a logger wrote: one JSON object (pino, zap, tracing, Monolog), or `key=value` pairs (slog, structlog)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVEL = ("level", "severity", "levelname", "lvl", "level_name", "log.level", "LogLevel", "@l")
MESSAGE = ("msg", "message", "event", "Message", "@m", "@mt")
# Where loggers keep what belongs to the message (tracing, Monolog, .NET's).
_INSIDE = ("fields", "context", "extra", "attributes", "attrs", "ctx", "State")
ERROR = ("err", "error", "exception", "exc_info", "cause", "reason")
# What tells of the line, and not of what happened.
BESIDE = (*LEVEL, "time", "ts", "timestamp", "@timestamp", "pid", "hostname", "caller", "logger")

_PAIR = re.compile(
    r"(?:^|\s)(?P<key>[\w.@]{1,40})=(?P<value>\"(?:[^\"\\]|\\.)*\"|[^\s\"]*)(?=\s|$)"
)
_STRUCTLOG = re.compile(
    r"^(?:\d{4}-\d\d-\d\d\S*(?: [\d:.]+)?\s+)?\[(?P<level>[a-z]{4,8})\s*\]\s+(?P<event>\S.{0,200}?)"
    r"(?P<pairs>\s+[\w.]{1,40}=\S.*)$"
)
_REPR_PAIR = re.compile(
    r"\s(?P<key>[\w.]{1,40})=(?P<value>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)"
)
_FAILED_LEVEL = re.compile(r"error|fatal|panic|crit|alert|emerg|[56]0$", re.IGNORECASE)
# A level behind the time: `2026-01-15T02:03:04Z ERROR ops: `, `[… 02:03:04] production.ERROR: `.
_BEHIND_TIME = re.compile(
    r"^(?:[\w-]{1,40} +\| )?\W{0,2}(?:\d{4}[-/]\d\d[-/]\d\d|\d\d?:\d\d).{0,60}?"
    r"\b(?:ERROR|ERR|FATAL|FTL|PANIC|CRITICAL|SEVERE)\b"
)


def fields(line: str) -> Mapping[str, object] | None:
    """What the line holds by its keys, a level and a message among them; None where it is no logger's."""
    found = _of_json(line) if line.startswith("{") else _of_structlog(line) or _of_pairs(line)
    if not any(key in found for key in LEVEL) or message_of(found) is None:
        return None
    return found


def message_of(found: Mapping[str, object]) -> str | None:
    """The key of its message."""
    return next((key for key in MESSAGE if isinstance(found.get(key), str)), None)


def tells_error(line: str) -> bool:
    """Whether a logger wrote the line of an error."""
    if _BEHIND_TIME.match(line):
        return True
    found = fields(line)
    return found is not None and any(_FAILED_LEVEL.match(str(found.get(key, ""))) for key in LEVEL)


def in_words(line: str) -> str:
    """The line as a person would quote it: its message and its error; any other as it is."""
    found = fields(line)
    message = message_of(found) if found else None
    if found is None or message is None:
        return line
    errors = (error_of(found[key]) for key in ERROR if key in found and key != message)
    return ": ".join((str(found[message]), *(one for one in errors if one)))


def error_of(value: object) -> str:
    """What an error says that a logger wrote as a text, or as an object with a message."""
    if isinstance(value, dict):
        value = value.get("message") or value.get("msg")
    return value if isinstance(value, str) else ""


def _of_json(line: str) -> Mapping[str, object]:
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(parsed, dict):
        return {}
    inside = (parsed[key] for key in _INSIDE if isinstance(parsed.get(key), dict))
    found = {key: value for key, value in parsed.items() if key not in _INSIDE or not value}
    for more in inside:
        found = {**more, **found}
    return found


def is_structlogs(line: str) -> bool:
    """Whether structlog wrote it for people: its level in brackets is a field, and no tag."""
    return _STRUCTLOG.match(line) is not None


def _of_structlog(line: str) -> Mapping[str, object]:
    """What structlog writes for people: the time, the level in brackets, the event, and pairs of `repr`."""
    told = _STRUCTLOG.match(line)
    if told is None:
        return {}
    pairs = {one["key"]: _as_shown(one["value"]) for one in _REPR_PAIR.finditer(told["pairs"])}
    return {"level": told["level"], "event": told["event"].strip(), **pairs}


def _as_shown(value: str) -> str:
    return value[1:-1].replace("\\'", "'") if value[:1] in {"'", '"'} else value


def _of_pairs(line: str) -> Mapping[str, object]:
    return {one["key"]: unquoted(one["value"]) for one in _PAIR.finditer(line)}


def unquoted(value: str) -> str:
    """A value without the quotation marks around it and what is escaped for them."""
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value.strip('"')
