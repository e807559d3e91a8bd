"""Texts that a format makes of values: `%s` of printf, console.log and Python, `{}` of Python and .NET."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import hole, joined, to_text
from backup_doctor.collect.script.model import What
from backup_doctor.collect.script.texts import sliced
from backup_doctor.collect.script.values import Alt, Lit, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from backup_doctor.collect.script.values import Part, Value

MOST_SPECS = 60
INDEX_DIGITS = 2
_PERCENT = re.compile(
    r"%(?:\((\w+)\)|\$\w)?[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[hlLqjzt]{0,2}([%diouxXeEfFgGcrsabqOoj])"
)
_BRACE = re.compile(r"\{\{|\}\}|\{([\w.\[\]]*)(?:![rsa])?(?::[^{}]*)?(?:,-?\d+)?\}")
UNKNOWN_TEXT = hole(What.UNKNOWN)


def percent(text: Text, given: tuple[Sequence[Value], Mapping[str, Value]]) -> Text:
    """`"%s and %(name)d" % values`; the rest of a format is as it stands."""
    args, named = given
    waiting = iter(args)

    def value(match: re.Match[str]) -> Text:
        if match[2] == "%":
            return joined([Text((Lit("%"),))])
        if match[1]:
            return to_text(named[match[1]]) if match[1] in named else UNKNOWN_TEXT
        found = next(waiting, None)
        return UNKNOWN_TEXT if found is None else to_text(found)

    return _replaced(text, _PERCENT, value)


def repeated(text: Text, args: Sequence[Value]) -> Text:
    """The shell's printf: a format is used again until its arguments are spent."""
    count = sum(
        1
        for one in text.parts
        if isinstance(one, Lit)
        for m in _PERCENT.finditer(one.text)
        if m[2] != "%"
    )
    if count == 0 or len(args) <= count:
        return percent(text, (args, {}))
    rounds = [args[at : at + count] for at in range(0, min(len(args), MOST_SPECS), count)]
    return joined([percent(text, (one, {})) for one in rounds])


def braces(text: Text, args: Sequence[Value], named: Mapping[str, Value]) -> Text:
    """`"{} {0} {name}".format(…)`."""
    waiting = iter(range(len(args)))

    def value(match: re.Match[str]) -> Text:
        if match[0] in {"{{", "}}"}:
            return Text((Lit(match[0][0]),))
        name = re.split(r"[.\[]", match[1] or "", maxsplit=1)[0]
        if name in named:
            return to_text(named[name])
        index = _index(name, waiting)
        return to_text(args[index]) if index is not None and index < len(args) else UNKNOWN_TEXT

    return _replaced(text, _BRACE, value)


def _index(name: str, waiting: Iterator[int]) -> int | None:
    """The argument that `{0}` or `{}` means."""
    if not name:
        return next(waiting, None)
    return int(name) if name.isdecimal() and len(name) <= INDEX_DIGITS else None


def has_specs(text: Text) -> bool:
    """Whether a text is a format, so that console.log fills in what follows it."""
    return any(
        isinstance(one, Lit) and any(m[2] in "sdifoOjcr" for m in _PERCENT.finditer(one.text))
        for one in text.parts
    )


def specs(text: Text) -> int:
    """How many values a format takes."""
    found = (m for one in text.parts if isinstance(one, Lit) for m in _PERCENT.finditer(one.text))
    return sum(1 for one in islice(found, MOST_SPECS) if one[2] != "%")


def _replaced(text: Text, pattern: re.Pattern[str], value: Callable[[re.Match[str]], Text]) -> Text:
    parts: list[Part] = []
    for part in text.parts:
        if isinstance(part, Lit):
            parts.extend(_pieces(part, pattern, value))
        elif isinstance(part, Alt):
            parts.append(Alt(tuple(_replaced(one, pattern, value) for one in part.options)))
        else:
            parts.append(part)
    return Text(tuple(parts))


def _pieces(
    part: Lit, pattern: re.Pattern[str], value: Callable[[re.Match[str]], Text]
) -> Iterator[Part]:
    at = 0
    for match in islice(pattern.finditer(part.text), MOST_SPECS):
        yield from sliced(part, at, match.start())
        yield from value(match).parts
        at = match.end()
    yield from sliced(part, at)
