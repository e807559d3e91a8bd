"""curl: the call that it makes, and what it prints. Source: curl(1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import hole, joined, lit, to_text
from backup_doctor.collect.script.library.sending import SentRequest, send
from backup_doctor.collect.script.model import Output, What
from backup_doctor.collect.script.shell.arguments import output_of
from backup_doctor.collect.script.shell.curl_options import CurlOptions, pairs, take
from backup_doctor.collect.script.syntax.bash_words import ansi_c
from backup_doctor.collect.script.texts import rendered
from backup_doctor.collect.script.values import UNKNOWN, Lit, Test, Text

if TYPE_CHECKING:
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Part, Value

_VARIABLE = re.compile(r"%\{(\w+)\}|%header\{[\w-]+\}|%(%)")
_STATUSES = frozenset({"http_code", "response_code"})


def curl(trace: Following, args: list[Value], line: int) -> Value:
    """Make the call; print what curl prints; how it ends."""
    options = CurlOptions()
    for name, value in pairs(args):
        take(trace, options, name, value)
    return _sent(trace, options, line)


def _sent(trace: Following, options: CurlOptions, line: int) -> Value:
    body: Value = options.data[0] if options.data else UNKNOWN
    url = options.url
    if options.in_address and options.data:
        between = "" if len(options.data) == 1 else "&"
        url, body = joined([url, lit("?"), *options.data], between), UNKNOWN
    file = "downloaded" if options.downloads else rendered(options.output)
    file = "" if file == "-" else file
    number = send(
        trace,
        SentRequest(
            client="curl",
            method=rendered(options.method).upper() or _default_method(options),
            url=url,
            headers=options.headers,
            body=body,
            auth=options.auth,
            fails_on_status=options.fails,
            raises=False,
            output=_output(trace, file),
            is_shell=True,
            line=line,
        ),
    )
    answer = hole(What.ANSWER, (number,))
    if not file:
        trace.emit(answer, end="", raw=True)
    elif file != "/dev/null":
        trace.put(trace.files, file, answer)
    written = _write_out(options.write_out, number)
    if written.parts:
        trace.emit(written, end="")
    return Test("succeeds", (hole(What.EXIT, (number,)),))


def _default_method(options: CurlOptions) -> str:
    if options.head:
        return "HEAD"
    if options.uploads:
        return "PUT"
    return "POST" if options.data and not options.in_address else "GET"


def _output(trace: Following, file: str) -> Output:
    if file == "/dev/null":
        return Output.DISCARDED
    return Output.FILED if file else output_of(trace)


def _write_out(value: Value, number: int) -> Text:
    """What `-w` prints: the status where the format asks for it."""
    parts: list[Part] = []
    for part in to_text(value).parts:
        if not isinstance(part, Lit):
            parts.append(part)
            continue
        at = 0
        for match in _VARIABLE.finditer(part.text):
            parts.extend(_plain(part, part.text[at : match.start()]))
            if match[2]:
                parts.extend(_plain(part, "%"))
            elif match[1] in _STATUSES:
                parts.extend(hole(What.STATUS, (number,)).parts)
            else:
                parts.extend(hole(What.ANSWER, (number,), f"headers.{match[1] or ''}").parts)
            at = match.end()
        parts.extend(_plain(part, part.text[at:]))
    return Text(tuple(parts))


def _plain(part: Lit, text: str) -> tuple[Lit, ...]:
    shown = ansi_c(text)
    return (Lit(shown, part.path, part.line),) if shown else ()
