"""What a request is there for: by its address, its method and what it sends."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.collect.script.composing import to_text
from backup_doctor.collect.script.model import (
    CHANGES,
    Auth,
    CallKind,
    Hole,
    Scheme,
    What,
    WrittenField,
)
from backup_doctor.collect.script.texts import literal, rendered, ways
from backup_doctor.collect.script.values import Const, Fields, Items, Lit, Text, holes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.collect.script.values import Value

COLUMNS = 40
BODY_LIMIT = 20_000

_FUNCTION = re.compile(r"/functions/v1/([^/?#\s]+)|\.functions\.supabase\.co/([^/?#\s]+)")
_RPC = re.compile(r"/rpc/([^/?#\s]+)")
_TABLE = re.compile(r"/rest/v1/+([^/?#&\s]+)")
_STORAGE = re.compile(
    r"/storage/v1/(?:object|upload|s3)/(?:public/|authenticated/|info/)?([^?#\s]+)"
)
_FUNCTION_NAME = re.compile(r"<[\w.]*(?:FUNCTION|EDGE_FN|FN_URL)[\w.]*>", re.IGNORECASE)
_FAILED = re.compile(r"^(?:failed|failure|error|errored)$", re.IGNORECASE)
_STATUS_COLUMN = re.compile(r"^(?:p_|new_|_)?(?:status|state|result)$", re.IGNORECASE)
_PAIR = re.compile(
    r"[\"']?(\w{1,60})[\"']?\s*:\s*(?:\"([^\"]{0,300})\"|'([^']{0,300})'|([^,}\s\"']{1,200}))"
)
_SECRET_HEADER = re.compile(r"key|token|secret|auth|signature|passw|hmac", re.IGNORECASE)
_METHODS = {"PATCH": CallKind.TABLE_UPDATE, "POST": CallKind.INSERT, "PUT": CallKind.UPSERT}
_MERGES = re.compile(r"merge-duplicates|on_conflict=", re.IGNORECASE)


class Purpose(NamedTuple):
    """What it is for, what it is aimed at, and whether it reads only."""

    kind: CallKind
    target: str | None
    reads: bool = False


def purpose(method: str, url: str, headers: str = "") -> Purpose:
    """What a request is for. `url` has `<NAME>` where it is not known."""
    reads = method in {"GET", "HEAD"}
    function = _FUNCTION.search(url)
    if function:
        return Purpose(CallKind.FUNCTION, function[1] or function[2])
    procedure = _RPC.search(url)
    if procedure:
        return Purpose(CallKind.RPC, procedure[1])
    table = _TABLE.search(url)
    if table:
        kind = CallKind.LOOK_UP if reads else _METHODS.get(method, CallKind.OTHER)
        merges = kind is CallKind.INSERT and _MERGES.search(f"{url} {headers}")
        return Purpose(CallKind.UPSERT if merges else kind, table[1], reads)
    stored = _STORAGE.search(url)
    if stored:
        return Purpose(CallKind.UPLOAD_VERIFICATION if reads else CallKind.UPLOAD, stored[1], reads)
    if _FUNCTION_NAME.search(url) and not reads:
        return Purpose(CallKind.FUNCTION, None)
    return Purpose(CallKind.OTHER, None, reads)


def marks_failed(kind: CallKind, writes: Sequence[WrittenField]) -> CallKind:
    """The kind, once it is known what is written: a failure handler's update says `failed`."""
    words = [one.value or "" for one in writes if _STATUS_COLUMN.match(one.column)]
    changes = kind in CHANGES
    return CallKind.MARKS_FAILED if changes and any(_FAILED.match(word) for word in words) else kind


def written(body: Value) -> tuple[WrittenField, ...]:
    """The fields that a body sends, be it an object, JSON, or a form."""
    if isinstance(body, Items) and body.items:
        body = body.items[0]
    if isinstance(body, Fields):
        return tuple(_field(name, value) for name, value in body.fields.items())[:COLUMNS]
    return tuple(_in_text(to_text(body)))[:COLUMNS]


def _field(column: str, value: Value) -> WrittenField:
    text = literal(value)
    if text is not None or isinstance(value, Const):
        return WrittenField(column=column, value="null" if text is None else text)
    told = to_text(value)
    words = [literal(Text(way)) for way in ways(told)]
    if words and words[-1] and len(words) == 1:
        return WrittenField(column=column, value=words[-1])
    named = next((one.name for one in holes(told) if one.name), "")
    return WrittenField(column=column, variable=named)


def _in_text(text: Text) -> Iterator[WrittenField]:
    way = ways(text)[-1] if text.parts else ()
    shown = "".join(one.text if isinstance(one, Lit) else f"<{one.name}>" for one in way)[
        :BODY_LIMIT
    ]
    for match in _PAIR.finditer(shown):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        held = re.search(r"<([\w.$-]*)>", value)
        if held:
            yield WrittenField(column=match[1], variable=held[1])
        elif match[4] and not _is_json(match[4]):
            yield WrittenField(column=match[1], variable=match[4].lstrip("$."))
        else:
            yield WrittenField(column=match[1], value=value)


def _is_json(word: str) -> bool:
    try:
        json.loads(word)
    except (ValueError, RecursionError):
        return False
    return True


def authentication(headers: Sequence[tuple[str, Value]]) -> tuple[Auth, ...]:
    """What the headers show of who calls."""
    return tuple(found for name, value in headers if (found := _auth(name, value)))


def _auth(name: str, value: Value) -> Auth | None:
    header = name.strip().lower()
    if not _SECRET_HEADER.search(header) or header in {"idempotency-key", "x-amz-meta-key"}:
        return None
    held = next(iter(holes(to_text(value))), None)
    told = rendered(value).strip().lower()
    scheme = Scheme.HEADER
    if held is not None and held.what is What.SIGNATURE:
        scheme = Scheme.SIGNATURE
    elif told.startswith("bearer"):
        scheme = Scheme.BEARER
    elif told.startswith("basic"):
        scheme = Scheme.BASIC
    return Auth(
        scheme=scheme, header=header, variable=_variable(held), secret=held.secret if held else ""
    )


def _variable(held: Hole | None) -> str:
    return held.name if held is not None else ""
