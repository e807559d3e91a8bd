"""Clients of HTTP other than curl: wget and httpie."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import hole, to_text
from backup_doctor.collect.script.library.sending import SentRequest, send
from backup_doctor.collect.script.model import Output, What
from backup_doctor.collect.script.shell.arguments import ends_of, option, output_of, plain_words
from backup_doctor.collect.script.texts import literal, rendered, sliced
from backup_doctor.collect.script.values import EMPTY, UNKNOWN, Fields, Lit, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_WGET_BODY = ("--post-data", "--body-data", "--post-file", "--body-file")
# Options of which the next word is the value.
_WGET_TAKES = (
    *("-O", "-o", "-T", "-t", "--header", "--tries", "--timeout"),
    *("--post-data", "--body-data", "--method"),
)
_HTTPIE_TAKES = (
    *("-a", "-A", "-o", "-p", "--auth", "--auth-type", "--output", "--print"),
    *("--session", "--timeout"),
)
_HTTPIE_HEADER = re.compile(r"^[\w-]+:(?!=)")
_HTTPIE_FIELD = re.compile(r"^\w+:?=")


def wget(trace: Following, args: list[Value], line: int) -> Value:
    """Make the call of wget; how it ends. Source: its manual, section 2."""
    body, method = option(args, *_WGET_BODY), option(args, "--method")
    usual = "GET" if body is None else "POST"
    name = _saved_as(args)
    places = {"-": output_of(trace), "/dev/null": Output.DISCARDED}
    number = send(
        trace,
        SentRequest(
            client="wget",
            method=(literal(method) if method is not None else None) or usual,
            url=next(reversed(plain_words(args, *_WGET_TAKES)), UNKNOWN),
            headers=list(_wget_headers(args)),
            body=UNKNOWN if body is None else body,
            fails_on_status=True,
            raises=False,
            output=places.get(name, Output.FILED),
            is_shell=True,
            line=line,
        ),
    )
    if name == "-":
        trace.emit(hole(What.ANSWER, (number,)), raw=True)
    elif name not in places:
        trace.put(trace.files, name, hole(What.ANSWER, (number,)))
    return ends_of(number)


def _wget_headers(args: list[Value]) -> Iterator[tuple[str, Value]]:
    for index, one in enumerate(args):
        if rendered(one).startswith("--header"):
            header = option(args[index:], "--header") or EMPTY
            yield rendered(header).partition(":")[0], header


def _saved_as(args: list[Value]) -> str:
    """The file that the answer goes into; `-` where it is printed."""
    if any(literal(one) == "-qO-" for one in args):
        return "-"
    output = option(args, "-O", "-qO", "--output-document")
    name = "downloaded" if output is None else rendered(output)
    return "-" if name == "/dev/stdout" else name


def httpie(trace: Following, args: list[Value], line: int) -> Value:
    """Make the call of httpie; how it ends. Source: https://httpie.io/docs/cli."""
    words = plain_words(args, *_HTTPIE_TAKES)
    said = (literal(words[0]) or "").upper() if words else ""
    method = said if said in _METHODS else ""
    url, *items = (words[1:] if method else words) or [UNKNOWN]
    pairs = [one for one in items if _HTTPIE_FIELD.match(rendered(one))]
    fields: dict[str, Value] = {
        rendered(one).partition("=")[0].rstrip(":"): _behind_mark(one) for one in pairs
    }
    number = send(
        trace,
        SentRequest(
            client="httpie",
            method=method or ("POST" if pairs else "GET"),
            url=url,
            headers=[
                (rendered(one).partition(":")[0], one)
                for one in items
                if _HTTPIE_HEADER.match(rendered(one))
            ],
            body=Fields(fields) if pairs else UNKNOWN,
            fails_on_status=any(literal(one) == "--check-status" for one in args),
            raises=False,
            output=output_of(trace),
            is_shell=True,
            line=line,
        ),
    )
    trace.emit(hole(What.ANSWER, (number,)), raw=True)
    return ends_of(number)


def _behind_mark(value: Value) -> Text:
    text = to_text(value)
    first = text.parts[0] if text.parts else None
    if not isinstance(first, Lit):
        return text
    return Text((*sliced(first, first.text.find("=") + 1), *text.parts[1:]))
