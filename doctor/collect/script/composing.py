"""Values made of others: texts that are joined, ways that are brought together, a value as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.model import Hole, What
from backup_doctor.collect.script.values import (
    EMPTY,
    MOST_FACTS,
    MOST_PARTS,
    MOST_TEXT,
    MOST_WAYS,
    UNKNOWN,
    Alt,
    Api,
    Cases,
    Const,
    Failure,
    Fields,
    Items,
    Lit,
    Response,
    Test,
    Text,
    Unknown,
    calls_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backup_doctor.collect.script.model import Branch
    from backup_doctor.collect.script.values import Part, Value


def lit(text: str) -> Text:
    """A known text."""
    return Text((Lit(text),)) if text else EMPTY


def hole(what: What, calls: tuple[int, ...] = (), part: str = "", name: str = "") -> Text:
    """A text that is one hole."""
    return Text((Hole(what=what, calls=calls, part=part, name=name),))


def plain(value: Value) -> Value:
    """A value without the ways that led to it; of `a || b` and `a && b` what it can be."""
    if isinstance(value, Cases):
        return either([plain(one) for one, _ in value.options])
    if isinstance(value, Test) and value.operator == "or":
        return either([plain(one) for one in value.parts])
    if isinstance(value, Test) and value.operator == "and":
        return plain(value.parts[-1])
    return value


def cases(options: Sequence[tuple[Value, tuple[Branch, ...]]]) -> Value:
    """One of several values, by the ways that led there."""
    flat: list[tuple[Value, tuple[Branch, ...]]] = []
    for value, branches in options:
        if isinstance(value, Cases):
            inside = ((inner, (*branches, *more)[-MOST_FACTS:]) for inner, more in value.options)
            flat.extend(inside)
        else:
            flat.append((value, branches))
    values = [value for value, _ in flat]
    if not flat or all(value == values[0] for value in values[1:]):
        return values[0] if values else UNKNOWN
    return Cases(tuple(flat[:MOST_WAYS]))


def either(values: Sequence[Value]) -> Value:
    """One of several values."""
    kept: list[Value] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    if len(kept) == 1:
        return kept[0]
    if not kept:
        return UNKNOWN
    if all(isinstance(one, Text | Const | Unknown) for one in kept):
        options = [to_text(one) for one in kept]
        flat = [two for one in options for two in _options(one)]
        return Text((Alt(tuple(dict.fromkeys(flat))[:MOST_WAYS]),))
    told = [one for one in kept if not isinstance(one, Const | Unknown) and one != EMPTY]
    return told[-1] if told else kept[-1]


def _options(text: Text) -> tuple[Text, ...]:
    only = text.parts[0] if len(text.parts) == 1 else None
    return only.options if isinstance(only, Alt) else (text,)


def joined(values: Iterable[Value], between: str = "") -> Text:
    """The texts one behind the other."""
    parts: list[Part] = []
    size = 0
    for index, value in enumerate(values):
        if between and index:
            parts.append(Lit(between))
        added = to_text(value).parts
        size += sum(len(one.text) for one in added if isinstance(one, Lit))
        parts.extend(added)
        if size > MOST_TEXT or len(parts) > MOST_PARTS:
            return Text((*parts[: MOST_PARTS - 1], Hole(what=What.UNKNOWN)))
    return Text(tuple(parts))


def to_text(value: Value) -> Text:
    """What a value looks like when it is printed or put into a text."""
    match value:
        case Text():
            return value
        case Const():
            return lit(str(value.value).lower() if value.value is not None else "null")
        case Response():
            return hole(What.ANSWER, value.calls)
        case Failure():
            return failure_text(value, "")
        case Items():
            return joined(value.items, " ") if value.items else EMPTY
        case Unknown():
            return hole(What.UNKNOWN, name=value.name)
        case Cases() | Test(operator="and" | "or"):
            return to_text(plain(value))
        case Fields():
            return _shown_fields(value)
        case Api():
            return hole(What.UNKNOWN, name=value.path.rpartition(".")[2].removesuffix("()"))
        case _:
            return hole(What.UNKNOWN)


def _shown_fields(value: Fields) -> Text:
    """An object is printed in its language's way: what it holds of calls is in there."""
    if value.shown is not None:
        return value.shown
    calls = tuple(dict.fromkeys(call for one in value.fields.values() for call in calls_of(one)))
    return hole(What.ANSWER if calls else What.UNKNOWN, calls)


def failure_text(failure: Failure, part: str) -> Text:
    """The words of an error: the script's own, or the client's."""
    own = hole(What.ERROR, failure.calls, part)
    if not failure.thrown:
        return own
    options = failure.thrown if not failure.calls else (*failure.thrown, own)
    return Text((Alt(options[:MOST_WAYS]),)) if len(options) > 1 else options[0]
