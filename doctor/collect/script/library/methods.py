"""Methods of values: of texts, lists, objects, answers, errors and promises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import either, joined, lit, plain, to_text
from backup_doctor.collect.script.formats import braces, percent
from backup_doctor.collect.script.library.answer_methods import of_answer, of_failure
from backup_doctor.collect.script.library.duck import duck_call
from backup_doctor.collect.script.model import What
from backup_doctor.collect.script.texts import literal, mapped, of_part
from backup_doctor.collect.script.values import (
    NONE,
    UNKNOWN,
    Failure,
    Fields,
    Items,
    Response,
    Test,
    Text,
    Unknown,
    calls_of,
    only_hole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

# What gives the same text back, as far as it matters here, and what gives a part of it.
_SAME = frozenset(
    {
        "trim",
        "strip",
        "rstrip",
        "lstrip",
        "tostring",
        "valueof",
        "tolowercase",
        "touppercase",
        "lower",
        "upper",
        "padstart",
        "padend",
        "ljust",
        "rjust",
        "zfill",
        "slice",
        "substring",
        "substr",
        "replace",
        "replaceall",
        "encode",
        "decode",
        "trimend",
        "trimstart",
        "at",
        "tolocalestring",
        "tofixed",
        "isoformat",
        "splitlines",
        "hex",
        "clone",
        "title",
        "getvalue",
    }
)
_ASKS = frozenset(
    {
        "startswith",
        "endswith",
        "includes",
        "test",
        "match",
        "search",
        "has",
        "haskey",
        "hasownproperty",
        "indexof",
        "find",
        "isdigit",
        "contains",
        "some",
        "every",
        "isfile",
        "exists",
    }
)


def call_method(
    trace: Following, of: Value, name: str, args: list[Value], named: Fields, line: int
) -> Value:
    """Call `of.name(…)`."""
    lower = name.lower()
    found = _promise(trace, of, lower, args)
    if found is not None:
        return found
    match of:
        case Response():
            return of_answer(trace, of, name, args, named, line)
        case Failure():
            return of_failure(of, lower)
        case Items():
            return _of_list(trace, of, lower, args)
        case Fields():
            return _of_object(trace, of, lower, args)
        case Text():
            return _of_text(trace, of, lower, args, named, line)
        case _:
            return duck_call(trace, of, name, args, named, line)


def _promise(trace: Following, of: Value, name: str, args: list[Value]) -> Value | None:
    """`.then(…)`, `.finally(…)`: what comes when the call is done."""
    if name == "then" and args:
        told = trace.call_back(args[0], [of])
        if len(args) > 1:
            trace.rescue(args[1], Failure(calls_of(of)))
        return of if told in (NONE, UNKNOWN) else told
    if name == "finally" and args:
        trace.call_back(args[0], [])
        return of
    return None


def _of_list(trace: Following, of: Items, name: str, args: list[Value]) -> Value:
    if name in {"append", "push", "add", "extend"}:
        for one in args:
            inner = plain(one)
            of.items.extend(inner.items if name == "extend" and isinstance(inner, Items) else [one])
        return of
    if name == "join":
        return joined(of.items, (literal(args[0]) or "") if args else ",")
    if name == "includes" and args:
        return Test("in", (args[0], of))
    if name in {"foreach", "map", "filter", "find", "some", "every", "reduce", "flatmap"} and args:
        results = [trace.call_back(args[0], [one]) for one in of.items[:8]]
        return (
            Items(results)
            if name in {"map", "flatmap"}
            else (of if name == "filter" else either(results or [UNKNOWN]))
        )
    if name in {
        "concat",
        "flat",
        "slice",
        "reverse",
        "sort",
        "values",
        "entries",
        "copy",
        "toarray",
    }:
        extra = [two for one in args if isinstance(one, Items) for two in one.items]
        return Items([*of.items, *extra])
    return UNKNOWN


def _of_object(trace: Following, of: Fields, name: str, args: list[Value]) -> Value:
    if name in {"get", "getattr", "pop", "setdefault"} and args:
        found = of.fields.get(literal(args[0]) or "")
        return (
            found
            if found is not None
            else (args[1] if len(args) > 1 else Unknown(literal(args[0]) or ""))
        )
    if name in {"set", "append"} and len(args) > 1:
        of.fields[literal(args[0]) or "?"] = args[1]
        return of
    if name == "update" and args:
        inner = plain(args[0])
        if isinstance(inner, Fields):
            of.fields.update(inner.fields)
        return of
    if name in {"items", "entries"}:
        return Items([Items([lit(key), value]) for key, value in of.fields.items()])
    if name in {"values", "keys"}:
        return Items([lit(k) for k in of.fields] if name == "keys" else list(of.fields.values()))
    return (
        of
        if name in {"copy", "tostring", "encode", "decode"}
        else duck_call(trace, of, name, args, Fields({}), 0)
    )


def _of_text(
    trace: Following, of: Text, name: str, args: list[Value], named: Fields, line: int
) -> Value:
    made = _FORMATS.get(name)
    if made is not None:
        return made(of, args, named)
    one = only_hole(of)
    comes = one is not None and one.what in {What.ANSWER, What.ERROR}
    if name == "get" and args and one is not None and comes:
        return Text((of_part(one, literal(args[0]) or "?"),))
    if name in {"foreach", "map", "find"} and args:
        told = trace.call_back(args[0], [of])
        return told if name == "map" and told != NONE else of
    if name in _ASKS:
        return Test("in", (args[0], of)) if args and one is None else UNKNOWN
    if name in _SAME or (one is not None and one.calls):
        return of
    return duck_call(trace, of, name, args, named, line)


def _formatted(of: Text, args: list[Value], named: Fields) -> Value:
    return braces(of, args, named.fields)


def _filled(of: Text, args: list[Value], _: Fields) -> Value:
    return percent(of, _operands(args[0] if args else UNKNOWN))


def _joining(of: Text, args: list[Value], _: Fields) -> Value:
    inner = plain(args[0]) if args else UNKNOWN
    return joined(inner.items, literal(of) or "") if isinstance(inner, Items) else to_text(inner)


def _concatenated(of: Text, args: list[Value], _: Fields) -> Value:
    return joined([of, *args])


def _operands(value: Value) -> tuple[list[Value], dict[str, Value]]:
    inner = plain(value)
    if isinstance(inner, Items):
        return inner.items, {}
    return ([], inner.fields) if isinstance(inner, Fields) else ([value], {})


def _split(of: Text, args: list[Value], _: Fields) -> Value:
    """The pieces between a separator that is known, else pieces of the same."""
    told, between = literal(of), (literal(args[0]) if args else None)
    if told is not None and between:
        return Items([lit(piece) for piece in told.split(between)])
    return Items([of, of, of]) if only_hole(of) else Unknown()


def _replaced(of: Text, args: list[Value], _: Fields) -> Value:
    if len(args) <= 1:
        return of
    old, new = literal(args[0]), literal(args[1])
    if old is None or new is None or re.match(r"/.*/[a-z]*$", old):
        return of
    return mapped(of, lambda text: text.replace(old, new))


_FORMATS: dict[str, Callable[[Text, list[Value], Fields], Value]] = {
    "format": _formatted,
    "-f": _formatted,
    "%": _filled,
    "join": _joining,
    "concat": _concatenated,
    "split": _split,
    "replace": _replaced,
    "replaceall": _replaced,
}
