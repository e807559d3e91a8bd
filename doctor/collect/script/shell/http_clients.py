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
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


def wget(trace: Following, args: list[Value], line: int) -> Value:
    """Make the call of wget; how it ends. Source: its manual, section 2."""
    body = option(args, "--post-data", "--body-data", "--post-file", "--body-file")
    method = option(args, "--method")
    headers = []
    for index, one in enumerate(args):
        told = rendered(one)
        if told.startswith("--header"):
            header = option(args[index:], "--header")
            name, _, _ = rendered(header or EMPTY).partition(":")
            headers.append((name, header or EMPTY))
    url = next(
        (
            one
            for one in reversed(
                plain_words(
                    args,
                    "-O",
                    "-o",
                    "--header",
                    "-T",
                    "--tries",
                    "--timeout",
                    "--post-data",
                    "--body-data",
                    "--method",
                    "-t",
                )
            )
        ),
        UNKNOWN,
    )
    output = option(args, "-O", "-qO", "--output-document")
    name = rendered(output) if output is not None else "downloaded"
    shows = name in {"-", "/dev/stdout"} or any(literal(one) == "-qO-" for one in args)
    number = send(
        trace,
        SentRequest(
            client="wget",
            method=(literal(method) if method is not None else None)
            or ("POST" if body is not None else "GET"),
            url=url,
            headers=headers,
            body=body if body is not None else UNKNOWN,
            fails_on_status=True,
            raises=False,
            output=output_of(trace)
            if shows
            else Output.DISCARDED
            if name == "/dev/null"
            else Output.FILED,
            is_shell=True,
            line=line,
        ),
    )
    if shows:
        trace.emit(hole(What.ANSWER, (number,)), raw=True)
    elif name != "/dev/null":
        trace.put(trace.files, name, hole(What.ANSWER, (number,)))
    return ends_of(number)


def httpie(trace: Following, args: list[Value], line: int) -> Value:
    """Make the call of httpie; how it ends. Source: https://httpie.io/docs/cli."""
    words = plain_words(
        args,
        "--auth",
        "-a",
        "--timeout",
        "--session",
        "-o",
        "--output",
        "--auth-type",
        "-A",
        "--print",
        "-p",
    )
    method = ""
    if words and (literal(words[0]) or "").upper() in _METHODS:
        method, words = (literal(words[0]) or "").upper(), words[1:]
    url, items = (words[0], words[1:]) if words else (UNKNOWN, [])
    headers = [
        (rendered(one).partition(":")[0], one)
        for one in items
        if re.match(r"^[\w-]+:(?!=)", rendered(one))
    ]
    pairs = [one for one in items if re.match(r"^\w+:?=", rendered(one))]
    fails = any(literal(one) == "--check-status" for one in args)

    fields: dict[str, Value] = {
        rendered(one).partition("=")[0].rstrip(":"): _behind_mark(one) for one in pairs
    }
    number = send(
        trace,
        SentRequest(
            client="httpie",
            method=method or ("POST" if pairs else "GET"),
            url=url,
            headers=headers,
            body=Fields(fields) if pairs else UNKNOWN,
            fails_on_status=fails,
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
