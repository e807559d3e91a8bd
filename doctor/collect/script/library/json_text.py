"""What an object looks like as JSON: its literal parts as they stand, its holes in their places."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import joined, lit, plain, to_text
from backup_doctor.collect.script.model import Hole
from backup_doctor.collect.script.texts import literal
from backup_doctor.collect.script.values import Const, Fields, Items, Lit, Text, calls_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.collect.script.values import Value

DEPTH = 4
MOST = 40


def json_text(value: Value, *, blanks: bool, ascii_only: bool) -> Text:
    """The JSON of a value. `blanks` stand behind commas and colons; what a hole has may be quoted."""
    return joined(_parts(value, " " if blanks else "", ascii_only, DEPTH))


def _parts(value: Value, blank: str, ascii_only: bool, depth: int) -> Iterator[Value]:
    inner = plain(value)
    if isinstance(inner, Fields) and not inner.open and depth and len(inner.fields) <= MOST:
        yield lit("{")
        for index, (key, one) in enumerate(inner.fields.items()):
            name = json.dumps(key, ensure_ascii=ascii_only)
            yield lit(f"{f',{blank}' if index else ''}{name}:{blank}")
            yield from _parts(one, blank, ascii_only, depth - 1)
        yield lit("}")
    elif isinstance(inner, Items) and depth and len(inner.items) <= MOST:
        yield lit("[")
        for index, one in enumerate(inner.items):
            yield lit(f",{blank}" if index else "")
            yield from _parts(one, blank, ascii_only, depth - 1)
        yield lit("]")
    else:
        yield _scalar(inner, ascii_only)


def _scalar(value: Value, ascii_only: bool) -> Value:
    known = literal(value)
    if isinstance(value, Const) or known is None:
        return _quoted(to_text(value)) if isinstance(value, Text) else to_text(value)
    return lit(json.dumps(known, ensure_ascii=ascii_only))


def _quoted(text: Text) -> Text:
    """A text with holes; one that is a hole alone may be a number as well."""
    if len(text.parts) == 1 and isinstance(text.parts[0], Hole) and calls_of(text):
        return text
    return joined([Text((Lit('"'),)), text, Text((Lit('"'),))])
