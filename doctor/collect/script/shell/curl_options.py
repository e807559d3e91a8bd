"""The options of curl, in all the ways in which they can be written. Source: curl(1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import lit, to_text
from backup_doctor.collect.script.model import Auth, Scheme
from backup_doctor.collect.script.texts import lines_of, literal, mapped, rendered, sliced
from backup_doctor.collect.script.values import EMPTY, UNKNOWN, Lit, Text, holes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

_LONG = {
    "--request": "X",
    "--header": "H",
    "--data": "d",
    "--data-raw": "r",
    "--data-binary": "d",
    "--data-ascii": "d",
    "--data-urlencode": "d",
    "--json": "j",
    "--form": "F",
    "--form-string": "F",
    "--output": "o",
    "--write-out": "w",
    "--user": "u",
    "--upload-file": "T",
    "--url": "url",
    "--config": "K",
    "--fail": "f",
    "--fail-with-body": "f",
    "--include": "i",
    "--show-headers": "i",
    "--head": "I",
    "--get": "G",
    "--oauth2-bearer": "bearer",
    "--remote-name": "O",
    "--verbose": "v",
}


# Options that take a value and say nothing here.
_TAKES = frozenset("AbcCDeEhmPQrtUxyYz")


_TAKING = frozenset(
    {
        "--max-time",
        "--connect-timeout",
        "--retry",
        "--retry-delay",
        "--retry-max-time",
        "--cacert",
        "--cert",
        "--key",
        "--user-agent",
        "--cookie",
        "--cookie-jar",
        "--proxy",
        "--resolve",
        "--dump-header",
        "--max-redirs",
        "--limit-rate",
        "--interface",
        "--referer",
        "--range",
        "--stderr",
        "--trace",
        "--trace-ascii",
        "--speed-limit",
        "--speed-time",
        "--aws-sigv4",
        "--unix-socket",
        "--ciphers",
        "--tls-max",
        "--create-file-mode",
        "--expect100-timeout",
        "--output-dir",
        "--etag-save",
        "--etag-compare",
        "--variable",
        "--noproxy",
        "--proto",
    }
)


_LETTERS = frozenset("XHdFowuTfiIGOKv")


_CONFIG_LINE = re.compile(r"^\s*-{0,2}([\w-]+)\s*[= :]\s*\"?(.*?)\"?\s*$")


_FLAGS = {"f": "fails", "I": "head", "G": "in_address", "T": "uploads", "O": "downloads"}
_VALUES = {"X": "method", "o": "output", "w": "write_out"}


@dataclass
class CurlOptions:
    """What a command line says of the call."""

    method: Value = EMPTY
    url: Value = UNKNOWN
    headers: list[tuple[str, Value]] = field(default_factory=list)
    data: list[Value] = field(default_factory=list)
    output: Value = EMPTY
    write_out: Value = EMPTY
    auth: tuple[Auth, ...] = ()
    fails: bool = False
    in_address: bool = False
    uploads: bool = False
    downloads: bool = False
    head: bool = False


def pairs(args: list[Value]) -> Iterator[tuple[str, Value]]:
    """Options by their letters, each with its value; the address has the letter `url`."""
    waiting = iter(args)
    for one in waiting:
        told = _start(one)
        if told.startswith("--"):
            yield from _long(told, waiting)
        elif told.startswith("-") and len(told) > 1:
            yield from _short(one, told, waiting)
        else:
            yield "url", one


def _start(value: Value) -> str:
    """A word as far as it is literal."""
    text = to_text(value)
    first = text.parts[0] if text.parts else None
    return first.text if isinstance(first, Lit) else ""


def _long(told: str, waiting: Iterator[Value]) -> Iterator[tuple[str, Value]]:
    name, _, given = told.partition("=")
    letter = _LONG.get(name)
    if letter in {"f", "i", "I", "G", "O", "v"}:
        yield letter, EMPTY
    elif letter is not None:
        yield letter, lit(given) if given else next(waiting, UNKNOWN)
    elif name in _TAKING and not given:
        next(waiting, None)


def _short(one: Value, told: str, waiting: Iterator[Value]) -> Iterator[tuple[str, Value]]:
    """`-sSfX POST`, `-XPOST`, `-H"a: b"`."""
    for index, letter in enumerate(told[1:], 1):
        if letter in "fiIGOv":
            yield letter, EMPTY
        elif letter in _LETTERS or letter in _TAKES:
            rest = _behind(to_text(one), index + 1)
            value = rest if rest.parts else next(waiting, UNKNOWN)
            if letter in _LETTERS:
                yield letter, value
            return


def _behind(text: Text, at: int) -> Text:
    first = text.parts[0]
    assert isinstance(first, Lit), "the caller has read its text"
    return Text((*sliced(first, at), *text.parts[1:]))


def take(trace: Following, options: CurlOptions, name: str, value: Value) -> None:
    """Take one option."""
    flag = _FLAGS.get(name)
    if flag is not None:
        setattr(options, flag, True)
    elif name in _VALUES:
        setattr(options, _VALUES[name], value)
    elif name in {"d", "r", "F", "j"}:
        options.data.append(_data(trace, value, reads=name != "r"))
        if name == "j":
            options.headers.append(("Content-Type", lit("application/json")))
    elif name == "H":
        options.headers.extend(_headers(trace, value))
    elif name in {"u", "bearer"}:
        options.auth = (_credentials(value, Scheme.BASIC if name == "u" else Scheme.BEARER),)
    elif name == "url" and options.url == UNKNOWN:
        options.url = value
    elif name == "K":
        _configured(trace, options, value)


def _headers(trace: Following, value: Value) -> list[tuple[str, Value]]:
    """`Name: value`, whatever of it is literal; or a file of such lines."""
    text = to_text(value)
    told = _start(text)
    if told.startswith("@"):
        content = trace.stdin if told == "@-" else trace.files.get(rendered(text)[1:])
        return [] if content is None else [(rendered(content).partition(":")[0], content)]
    name, mark, rest = told.partition(":")
    if not mark:
        return [("?", text)]
    return [(name.strip(), _behind(text, len(told) - len(rest.lstrip())))]


def _data(trace: Following, value: Value, *, reads: bool) -> Value:
    """What is sent: the text itself, or what a file or standard input holds."""
    told = _start(value)
    if not reads or not told.startswith("@"):
        return value
    if told == "@-":
        return trace.stdin if trace.stdin is not None else UNKNOWN
    return trace.files.get(rendered(value)[1:], UNKNOWN)


def _credentials(value: Value, scheme: Scheme) -> Auth:
    held = list(holes(to_text(value)))
    return Auth(scheme=scheme, header="authorization", variable=held[-1].name if held else "")


def _configured(trace: Following, options: CurlOptions, value: Value) -> None:
    """`-K -` and `-K file`: options as lines."""
    content = trace.stdin if literal(value) == "-" else trace.files.get(rendered(value))
    text = to_text(content) if content is not None else EMPTY
    for line in lines_of(text)[:40]:
        match = _CONFIG_LINE.match(_start(line))
        if match is None:
            continue
        letter = _LONG.get(f"--{match[1]}", match[1])
        cut = match.start(2)
        rest = _behind(line, cut)
        last = rest.parts[-1] if rest.parts else None
        if isinstance(last, Lit):
            end = len(last.text.rstrip().removesuffix('"'))
            rest = Text((*rest.parts[:-1], *sliced(last, 0, end)))
        take(trace, options, letter, mapped(rest, lambda part: part.replace('\\"', '"')))
