"""What a statement of SQL does to which table: enough to know it for what it is, no parser."""

from __future__ import annotations

import re
from typing import NamedTuple

from backup_doctor.collect.script.model import CallKind, WrittenField

TEXT_LIMIT = 20_000
COLUMNS = 40

_NAME = r"(?:\"?[\w$<>-]+\"?\.)?\"?([\w$<>-]+)\"?"
_UPDATE = re.compile(
    rf"\bUPDATE\s+(?:ONLY\s+)?{_NAME}(?:\s+(?:AS\s+)?\w+)?\s+SET\b(.*)", re.IGNORECASE | re.DOTALL
)
_INSERT = re.compile(
    rf"\bINSERT\s+INTO\s+{_NAME}\s*(?:\(([^)]*)\))?(.*)", re.IGNORECASE | re.DOTALL
)
_FUNCTION = re.compile(
    r"\b(?:SELECT|CALL|PERFORM)\s+(?:\*\s+FROM\s+)?(?:\w+\.)?(\w+)\s*\(([^;]*)", re.IGNORECASE
)
_SELECT = re.compile(rf"\bSELECT\b.*?\bFROM\s+{_NAME}(?!\s*\()", re.IGNORECASE | re.DOTALL)
_DELETE = re.compile(rf"\bDELETE\s+FROM\s+{_NAME}", re.IGNORECASE)
_COLUMN = re.compile(r"(?:^|,)\s*\"?(\w+)\"?\s*=\s*('(?:[^']|'')*'|[^,;']+)", re.DOTALL)
_WHERE = re.compile(r"\bWHERE\b|\bRETURNING\b|\bFROM\b", re.IGNORECASE)
_VALUES = re.compile(r"\bVALUES\s*\((.*?)\)\s*(?:ON\b|RETURNING\b|;|$)", re.IGNORECASE | re.DOTALL)
_VALUE = re.compile(r"'((?:[^']|'')*)'|([^,]+)")
_ARGUMENT = re.compile(r"\b(\w+)\s*(?:=>|:=)\s*'([^']*)'")
_BUILTIN = frozenset({"count", "coalesce", "max", "min", "now", "set_config", "version", "exists"})
IS_SQL = re.compile(
    r"^\s*(?:--[^\n]*\n\s*|BEGIN;\s*)*(?:UPDATE|INSERT|SELECT|DELETE|CALL|WITH|BEGIN|SET|DO)\b",
    re.IGNORECASE,
)


class Statement(NamedTuple):
    """What a statement does. `reads`: it changes nothing."""

    kind: CallKind
    verb: str
    target: str | None
    writes: tuple[WrittenField, ...] = ()
    reads: bool = False


def read_sql(text: str) -> Statement:
    """The most telling statement of a text: one that changes something, else one that asks."""
    text = text[:TEXT_LIMIT]
    updated = _UPDATE.search(text)
    if updated:
        return Statement(CallKind.SQL, "UPDATE", updated[1], _set(updated[2]))
    inserted = _INSERT.search(text)
    if inserted:
        upserts = re.search(r"\bON\s+CONFLICT\b[^;]*\bDO\s+UPDATE\b", inserted[3], re.IGNORECASE)
        verb = "UPSERT" if upserts else "INSERT"
        return Statement(CallKind.SQL, verb, inserted[1], _inserted(inserted[2] or "", inserted[3]))
    deleted = _DELETE.search(text)
    if deleted:
        return Statement(CallKind.SQL, "DELETE", deleted[1])
    called = _FUNCTION.search(text)
    if called and called[1].lower() not in _BUILTIN:
        writes = tuple(
            WrittenField(column=name, value=value) for name, value in _ARGUMENT.findall(called[2])
        )
        return Statement(CallKind.RPC, "SELECT", called[1], writes[:COLUMNS])
    selected = _SELECT.search(text)
    if selected:
        return Statement(CallKind.LOOK_UP, "SELECT", selected[1], reads=True)
    return Statement(CallKind.SQL, "", None)


def _set(text: str) -> tuple[WrittenField, ...]:
    """`status = 'success', s3_key = <KEY>`."""
    clause = _WHERE.split(text, maxsplit=1)[0]
    return tuple(_written(name, value.strip()) for name, value in _COLUMN.findall(clause))[:COLUMNS]


def _inserted(columns: str, rest: str) -> tuple[WrittenField, ...]:
    names = [one.strip().strip('"') for one in columns.split(",") if one.strip()]
    given = _VALUES.search(rest)
    found = _VALUE.finditer(given[1]) if given else ()
    values = [f"'{one[1]}'" if one[1] is not None else one[2].strip() for one in found]
    pairs = zip(names, [*values, *[""] * len(names)], strict=False)
    return tuple(_written(name, value) for name, value in pairs)[:COLUMNS]


def _written(column: str, value: str) -> WrittenField:
    name = column.strip().strip('"')
    if value.startswith("'") and value.endswith("'") and "<" not in value:
        return WrittenField(column=name, value=value[1:-1].replace("''", "'"))
    if value.lower() in {"true", "false", "null"} or value.isdecimal():
        return WrittenField(column=name, value=value)
    if re.fullmatch(r"%s|\$\d+|\?", value):
        return WrittenField(column=name)
    variable = re.search(r"<([\w.-]+)>|[:$%@]\(?'?(\w+)", value)
    return WrittenField(column=name, variable=(variable[1] or variable[2]) if variable else "")
