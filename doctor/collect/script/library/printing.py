"""What prints: console, print, loggers, @actions/core, and what ends a script with words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import failure_text, joined, lit, plain, to_text
from backup_doctor.collect.script.formats import has_specs, percent, specs
from backup_doctor.collect.script.texts import literal, without_last_end
from backup_doctor.collect.script.values import EMPTY, NONE, UNKNOWN, Api, Failure, Fields, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

_CONSOLE = {
    "log": False,
    "info": False,
    "debug": False,
    "error": True,
    "warn": True,
    "trace": True,
    "dir": False,
    "table": False,
    "group": False,
}
_CORE = {
    "info": "",
    "error": "##[error]",
    "setFailed": "##[error]",
    "warning": "##[warning]",
    "notice": "##[notice]",
    "startGroup": "##[group]",
}
_WRITES = {
    "process.stdout.write": False,
    "process.stderr.write": True,
    "sys.stdout.write": False,
    "sys.stderr.write": True,
}
_LEVELS = frozenset(
    {
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "critical",
        "exception",
        "fatal",
        "success",
        "log",
        "notice",
        "verbose",
    }
)
_LOGGER = re.compile(
    r"(?:^|\.)(?:log|logger|logging|_log|_logger|winston|pino|loguru|structlog|signale|consola|LOG|LOGGER)\b",
    re.IGNORECASE,
)
_FACTORIES = frozenset({"getLogger", "createLogger", "get_logger", "pino", "Logger", "getChild"})
_ERRORS = frozenset(
    {
        "Error",
        "TypeError",
        "Exception",
        "RuntimeError",
        "ValueError",
        "AssertionError",
        "SystemExit",
    }
)


def call_printer(trace: Following, api: Api, args: list[Value], named: Fields) -> Value | None:
    """Print, if that is what the function does; None if not."""
    head, _, last = api.path.rpartition(".")
    if head == "console" and last in _CONSOLE:
        trace.emit(console_text(args), to_errors=_CONSOLE[last])
        return NONE
    if api.path == "print":
        _print(trace, args, named)
        return NONE
    if api.path in _WRITES:
        trace.emit(
            without_last_end(to_text(args[0]) if args else EMPTY), to_errors=_WRITES[api.path]
        )
        return NONE
    if head.endswith("core") and last in _CORE:
        trace.emit(joined([lit(_CORE[last]), args[0] if args else EMPTY]))
        return NONE
    if head.endswith("core") and last in {
        "setOutput",
        "exportVariable",
        "setSecret",
        "debug",
        "saveState",
        "endGroup",
        "addPath",
    }:
        return NONE
    if last in _LEVELS and _LOGGER.search(head):
        _log(trace, last, args)
        return NONE
    if last in _FACTORIES:
        return Api("logger", Fields({}))
    if last in {"rich", "echo", "secho"} and head in {"click", "typer"}:
        trace.emit(args[0] if args else EMPTY)
        return NONE
    return None


def console_text(args: Sequence[Value]) -> Text:
    """What `console.log` makes of its arguments."""
    if not args:
        return EMPTY
    first = to_text(args[0])
    if len(args) > 1 and has_specs(first):
        count = specs(first)
        rest = args[1 + count :]
        return joined([percent(first, (args[1 : 1 + count], {})), *rest], " ")
    return joined([_shown(one) for one in args], " ")


def _shown(value: Value) -> Value:
    inner = plain(value)
    if isinstance(inner, Failure):
        return failure_text(inner, "")
    return value


def _print(trace: Following, args: list[Value], named: Fields) -> None:
    between = literal(named.fields.get("sep", lit(" "))) or ""
    file = named.fields.get("file")
    to_errors = file is not None and getattr(file, "path", "") == "sys.stderr"
    if file is not None and not to_errors and getattr(file, "path", "") != "sys.stdout":
        return
    trace.emit(joined(args, between), to_errors=to_errors)


def _log(trace: Following, level: str, args: list[Value]) -> None:
    given = (
        args[1:]
        if level == "log" and args and (literal(args[0]) or "0").isdecimal() and len(args) > 1
        else args
    )
    first = to_text(given[0]) if given else EMPTY
    if isinstance(plain(given[0]) if given else UNKNOWN, Fields) and len(given) > 1:
        first, given = to_text(given[1]), given[1:]
    if len(given) > 1 and has_specs(first):
        text = percent(first, (given[1:], {}))
    elif trace.language == "python":
        text = first
    else:
        text = joined(given, " ")
    trace.emit(text, to_errors=True, prefixed=True)


def is_logger(name: str) -> bool:
    """Whether a name is one that loggers have."""
    return bool(_LOGGER.search(name))


def error_value(name: str, args: list[Value]) -> Value | None:
    """An error that the script makes itself: its words."""
    last = name.rpartition(".")[2]
    if last not in _ERRORS and not last.endswith(("Error", "Exception")):
        return None
    return Failure((), (to_text(args[0]) if args else EMPTY,))
