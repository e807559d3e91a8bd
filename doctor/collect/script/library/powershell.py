"""PowerShell's commands: what they send, print, and hand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import hole, joined, lit, plain, to_text
from backup_doctor.collect.script.library.members import member_of
from backup_doctor.collect.script.library.sending import SentRequest, header_pairs, send
from backup_doctor.collect.script.model import Auth, Scheme, What
from backup_doctor.collect.script.texts import literal, rendered
from backup_doctor.collect.script.values import (
    EMPTY,
    NONE,
    UNKNOWN,
    Closure,
    Fields,
    Items,
    Lit,
    Response,
    Text,
    Unknown,
    holes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.syntax import nodes as n
    from backup_doctor.collect.script.values import Value

_REST = frozenset({"invoke-restmethod", "irm"})
_WEB = frozenset({"invoke-webrequest", "iwr"})
_SAME = frozenset(
    {
        "convertto-json",
        "convertfrom-json",
        "out-string",
        "sort-object",
        "where-object",
        "format-list",
        "format-table",
        "select-string",
        "convertto-securestring",
        "?",
        "write-object",
        "tee-object",
    }
)
_QUIET = frozenset(
    {
        "out-null",
        "start-sleep",
        "import-module",
        "install-module",
        "set-location",
        "set-strictmode",
        "new-item",
        "remove-item",
        "write-verbose",
        "write-debug",
        "add-type",
        "set-variable",
        "copy-item",
        "test-path",
    }
)
# `$null = …` and a pipe take what would be printed; parameters that stand alone.
_SWITCHES = frozenset(
    {
        "-skiphttperrorcheck",
        "-usebasicparsing",
        "-nonewline",
        "-compress",
        "-raw",
        "-force",
        "-append",
        "-passthru",
        "-skipcertificatecheck",
        "-asstring",
        "-allowunencryptedauthentication",
    }
)


class _Given:
    """The arguments of a command: by position, and by name in lower case."""

    def __init__(self) -> None:
        self.plain: list[Value] = []
        self.named: dict[str, Value] = {}
        self.words: list[Value] = []

    def option(self, *names: str) -> Value:
        return next((self.named[one] for one in names if one in self.named), UNKNOWN)


def run_cmdlet(trace: Following, expr: n.Cmdlet) -> Value:
    """Run a command; what it gives."""
    before = plain(trace.value(expr.input)) if expr.input is not None else None
    name = expr.name.lower()
    if name in {"foreach-object", "%"}:
        return _each(trace, expr, before)
    given = _given(trace, expr)
    closure = trace.look_up(name)
    if isinstance(closure, Closure):
        found = trace.invoke(
            closure, given.plain, Fields({f"${key[1:]}": one for key, one in given.named.items()})
        )
        return _maybe_shown(trace, expr, found)
    if name in _REST or name in _WEB:
        return _sent(trace, given, expr, decoded=name in _REST)
    run = _COMMANDS.get(name)
    if run is not None:
        return run(trace, given, before)
    if name in _QUIET:
        return NONE
    if name in _SAME:
        value = before if before is not None else given.option("-inputobject")
        value = given.plain[0] if value == UNKNOWN and given.plain else value
        return _maybe_shown(trace, expr, value)
    return _program(trace, expr, given)


def _given(trace: Following, expr: n.Cmdlet) -> _Given:
    given = _Given()
    for name, one in expr.elements:
        value = trace.value(one) if one is not None else UNKNOWN
        inner = plain(value)
        if name == "@" and isinstance(inner, Fields):
            given.named.update({f"-{key.lower()}": each for key, each in inner.fields.items()})
        elif name and name.lower() in _SWITCHES:
            given.named[name.lower()] = NONE
            given.plain.extend([value] if one is not None else [])
        elif name:
            given.named[name.lower().rstrip(":")] = value
        else:
            given.plain.append(value)
        given.words.extend([lit(name)] if name and name != "@" else [])
        given.words.extend([value] if one is not None else [])
    return given


def _maybe_shown(trace: Following, expr: n.Cmdlet, value: Value) -> Value:
    """What nobody takes is printed."""
    if expr.shown and value not in (NONE, UNKNOWN):
        trace.emit(value)
    return value


def _sent(trace: Following, given: _Given, expr: n.Cmdlet, *, decoded: bool) -> Value:
    client = "Invoke-RestMethod" if decoded else "Invoke-WebRequest"
    checks = "-skiphttperrorcheck" not in given.named
    headers = header_pairs(given.option("-headers"))
    number = send(
        trace,
        SentRequest(
            client=client,
            method=(literal(plain(given.option("-method"))) or "GET").upper(),
            url=given.option("-uri")
            if given.option("-uri") != UNKNOWN
            else (given.plain[0] if given.plain else UNKNOWN),
            headers=headers,
            body=given.option("-body", "-infile"),
            auth=_token(given),
            fails_on_status=checks,
            line=expr.line,
        ),
    )
    variable = literal(given.option("-statuscodevariable"))
    if variable:
        trace.assign(f"${variable.lower()}", hole(What.STATUS, (number,)))
    answer = Response((number,), client)
    if expr.shown:
        trace.emit(hole(What.ANSWER, (number,)), raw=True)
    return answer


def _token(given: _Given) -> tuple[Auth, ...]:
    held = (
        next(iter(holes(to_text(given.option("-token")))), None)
        if "-token" in given.named
        else None
    )
    return (Auth(scheme=Scheme.BEARER, header="authorization", variable=held.name),) if held else ()


def _each(trace: Following, expr: n.Cmdlet, before: Value | None) -> Value:
    """`… | ForEach-Object { … $_ … }`."""
    inner = before.items[:4] if isinstance(before, Items) else [before or UNKNOWN]
    found: Value = UNKNOWN
    for one in inner:
        for _, element in expr.elements:
            body = trace.value(element)
            if isinstance(body, Closure):
                trace.put(trace.scopes[-1], "$_", one)
                found = trace.invoke(body, [])
    return found


def _say(
    start: str, *, prefixed: bool = False
) -> Callable[[Following, _Given, Value | None], Value]:
    def run(trace: Following, given: _Given, before: Value | None) -> Value:
        told = given.option("-object", "-message", "-inputobject", "-messagedata")
        values = given.plain if told == UNKNOWN else [told]
        if not values and before is not None:
            values = [before]
        value = plain(values[0]) if len(values) == 1 else UNKNOWN
        lines = value.items if isinstance(value, Items) and not start else [joined(values, " ")]
        for one in lines:
            trace.emit(joined([lit(start), one]) if start else one, prefixed=prefixed)
        return NONE

    return run


def _saved(trace: Following, given: _Given, before: Value | None) -> Value:
    name = given.option("-path", "-filepath", "-literalpath")
    rest = list(given.plain)
    if name == UNKNOWN and rest:
        name = rest.pop(0)
    content = given.option("-value", "-inputobject")
    content = content if content != UNKNOWN else (rest[0] if rest else before or EMPTY)
    trace.put(trace.files, rendered(name), content)
    return NONE


def _content(trace: Following, given: _Given, _: Value | None) -> Value:
    name = given.option("-path", "-literalpath")
    name = given.plain[0] if name == UNKNOWN and given.plain else name
    return trace.files.get(rendered(name), Unknown("content"))


def _selected(trace: Following, given: _Given, before: Value | None) -> Value:
    name = literal(given.option("-expandproperty"))
    return (
        member_of(trace, before, name.lower()) if name and before is not None else before or UNKNOWN
    )


def _path(_: Following, given: _Given, __: Value | None) -> Value:
    return joined(given.plain, "/")


def _program(trace: Following, expr: n.Cmdlet, given: _Given) -> Value:
    """A program that is no command of PowerShell's: `psql`, `node`, `aws`, `./ops/update.ps1`."""
    words = [Text((Lit(expr.name, trace.path, expr.line),)), *given.words]
    status = trace.shell.run_from(words, expr.line)
    trace.assign("$lastexitcode", trace.shell.code_of(status))
    return NONE if expr.shown else UNKNOWN


_COMMANDS: dict[str, Callable[[Following, _Given, Value | None], Value]] = {
    "write-host": _say(""),
    "write-output": _say(""),
    "echo": _say(""),
    "write-information": _say(""),
    "write-error": _say("", prefixed=True),
    "write-warning": _say("WARNING: "),
    "out-host": _say(""),
    "out-file": _saved,
    "set-content": _saved,
    "add-content": _saved,
    "get-content": _content,
    "select-object": _selected,
    "join-path": _path,
}
