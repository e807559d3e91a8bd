"""What is done to texts with holes: ways, lines, literal parts, and the holes of embedded scripts."""

from __future__ import annotations

import re
from itertools import islice, product
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backup_doctor.collect.script.composing import to_text
from backup_doctor.collect.script.model import Hole, What
from backup_doctor.collect.script.values import (
    MOST_PARTS,
    MOST_WAYS,
    Alt,
    Const,
    Lit,
    Text,
    calls_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backup_doctor.collect.script.values import Part, Value


def ways(text: Text) -> list[tuple[Lit | Hole, ...]]:
    """The texts that it may be, each without alternatives, as many as are told apart."""
    found: list[tuple[Lit | Hole, ...]] = [()]
    for part in text.parts:
        if not isinstance(part, Alt):
            found = [(*one, part) for one in found]
            continue
        inner = [way for option in part.options for way in _flat(option)]
        found = [(*one, *other) for one, other in islice(product(found, inner), MOST_WAYS)]
    return found


def _flat(text: Text) -> list[tuple[Lit | Hole, ...]]:
    """The ways of an alternative; deeper ones are one hole."""
    parts = tuple(
        Hole(what=What.UNKNOWN, calls=calls_of(Text((part,)))) if isinstance(part, Alt) else part
        for part in text.parts
    )
    deep = any(isinstance(part, Alt) for part in text.parts)
    if deep and len(text.parts) == 1:
        part = text.parts[0]
        assert isinstance(part, Alt), "said above"
        return [way for option in part.options for way in _flat(option)][:MOST_WAYS]
    return [parts]


def literal(value: Value) -> str | None:
    """The text, if all of it is known, and known in one way."""
    if isinstance(value, Const):
        return {True: "true", False: "false", None: None}[value.value]
    if not isinstance(value, Text):
        return None
    parts = []
    for part in value.parts:
        if not isinstance(part, Lit):
            return None
        parts.append(part.text)
    return "".join(parts)


def rendered(value: Value) -> str:
    """A text for people: `<NAME>` where a hole is."""
    text = to_text(value)
    way = ways(text)[0] if text.parts else ()
    return "".join(one.text if isinstance(one, Lit) else f"<{one.name or one.what}>" for one in way)


def mapped(text: Text, change: Callable[[str], str]) -> Text:
    """The same with each literal part changed."""
    parts = tuple(
        replace(part, text=change(part.text))
        if isinstance(part, Lit)
        else Alt(tuple(mapped(one, change) for one in part.options))
        if isinstance(part, Alt)
        else part
        for part in text.parts
    )
    return Text(tuple(part for part in parts if not isinstance(part, Lit) or part.text))


def sliced(part: Lit, start: int = 0, end: int | None = None) -> tuple[Lit, ...]:
    """A piece of a literal text, on the line where it stands; none, if it is empty."""
    text = part.text[start:end]
    line = part.line + part.text[:start].count("\n") if part.spans else part.line
    return (replace(part, text=text, line=line),) if text else ()


def without_end(text: Text) -> Text:
    """The text without the line ends behind it."""
    parts: list[Part] = list(text.parts)
    while parts and isinstance(parts[-1], Lit):
        last = parts.pop()
        assert isinstance(last, Lit), "said in the line above"
        kept = sliced(last, 0, len(last.text.rstrip("\n")))
        if kept:
            return Text((*parts, *kept))
    return Text(tuple(parts))


def without_last_end(text: Text) -> Text:
    """The text without one line end behind it, if there is one."""
    last = text.parts[-1] if text.parts else None
    if isinstance(last, Lit) and last.text.endswith("\n"):
        return Text((*text.parts[:-1], *sliced(last, 0, len(last.text) - 1)))
    return text


def of_part(one: Hole, part: str) -> Hole:
    """A part of what a hole holds."""
    deeper = f"{one.part}.{part}" if one.part and not part.startswith("[") else f"{one.part}{part}"
    return msgspec.structs.replace(one, part=deeper[:200])


def lines_of(text: Text) -> list[Text]:
    """The lines of a text whose line ends are known; an alternative stands in its line whole."""
    lines: list[list[Part]] = [[]]
    for part in text.parts:
        if not isinstance(part, Lit):
            lines[-1].append(part)
            continue
        pieces = part.text.split("\n")
        for index, piece in enumerate(pieces):
            if index:
                lines.append([])
            if piece:
                line = part.line + index if part.spans else part.line
                lines[-1].append(replace(part, text=piece, line=line))
    return [Text(tuple(one)) for one in lines]


_PLACEHOLDER = re.compile(r"zqh(\d{1,4})qz")


def placeholder(index: int) -> str:
    """What stands for hole number `index` in the text of an embedded script: a name, a text."""
    return f"zqh{index}qz"


def filled(text: Lit, values: Sequence[Value]) -> Text:
    """A literal text in which placeholders are what they stand for."""
    parts: list[Part] = []
    at, line = 0, text.line
    for match in islice(_PLACEHOLDER.finditer(text.text), MOST_PARTS):
        index = int(match[1])
        if index >= len(values):
            continue
        before = text.text[at : match.start()]
        if before:
            parts.append(replace(text, text=before, line=line))
        line += before.count("\n") if text.spans else 0
        parts.extend(to_text(values[index]).parts)
        at = match.end()
    if at < len(text.text):
        parts.append(replace(text, text=text.text[at:], line=line))
    return Text(tuple(parts))
