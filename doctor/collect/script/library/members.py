"""Modules by the names that they are imported with, and what `of.name` is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import lit
from backup_doctor.collect.script.library.answers import answer_member, failure_member
from backup_doctor.collect.script.model import What
from backup_doctor.collect.script.texts import of_part
from backup_doctor.collect.script.values import (
    UNKNOWN,
    Api,
    Failure,
    Fields,
    Items,
    Response,
    Text,
    Unknown,
    only_hole,
)

if TYPE_CHECKING:
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

INDEX = 4
"""Digits of an index that are looked at."""

_MODULE = re.compile(r"^(?:node:|npm:|jsr:|https?://(?:esm\.sh|deno\.land/x|cdn\.\S+?)/)?")
_VERSION = re.compile(r"(?<=\w)@[\d^~.x*]+\S*$")
# Names that are there without an import, or that a helper of GitHub's hands in.
_GLOBALS = frozenset(
    {
        "console",
        "fetch",
        "process",
        "require",
        "JSON",
        "Object",
        "Array",
        "String",
        "Number",
        "Promise",
        "Buffer",
        "URL",
        "Headers",
        "Request",
        "FormData",
        "setTimeout",
        "crypto",
        "Error",
        "TypeError",
        "AbortSignal",
        "Deno",
        "Bun",
        "core",
        "github",
        "exec",
        "context",
        "axios",
        "print",
        "str",
        "int",
        "len",
        "open",
        "dict",
        "list",
        "repr",
        "format",
        "exit",
        "quit",
        "range",
        "enumerate",
        "zip",
        "Exception",
        "RuntimeError",
        "ValueError",
        "SystemExit",
        "AssertionError",
        "isinstance",
        "getattr",
        "globalThis",
        "zx",
        "$",
    }
)
_ENVIRONMENTS = frozenset({"process.env", "os.environ", "import.meta.env", "Bun.env", "env"})


def module(name: str, *, known: bool = False) -> Api | Unknown:
    """A module by the name that it is imported with; `known`: only what is there without import."""
    if known and name not in _GLOBALS:
        return Unknown(name)
    path = _VERSION.sub("", _MODULE.sub("", name)).removeprefix("@actions/")
    return Api(path, Fields({}))


def member_of(trace: Following, of: Value, name: str, *, called: bool = False) -> Value:
    """What `of.name` is. `called`: it is called right away, so that a method is enough."""
    match of:
        case Fields():
            return _field(of, name)
        case Api():
            return _api_member(trace, of, name)
        case Items() if not called:
            return _item(of, name)
        case Response() if not called:
            return answer_member(of, name)
        case Failure() if not called:
            return failure_member(of, name)
        case Text() if not called:
            return _text_member(of, name)
        case _:
            return Unknown(name)


def _field(of: Fields, name: str) -> Value:
    """PowerShell does not tell capitals from small letters."""
    if name in of.fields:
        return of.fields[name]
    found = (value for key, value in of.fields.items() if key.lower() == name.lower())
    return next(found, Unknown(name))


def _item(of: Items, name: str) -> Value:
    if name == "length":
        return lit(str(len(of.items)))
    index = name.strip("[]")
    known = index.isdecimal() and int(index[:INDEX]) < len(of.items)
    return of.items[int(index[:INDEX])] if known else UNKNOWN


def _api_member(trace: Following, of: Api, name: str) -> Value:
    if of.path in _ENVIRONMENTS:
        return (
            trace.variable(name)
            if name not in {"get", "setdefault", "items", "copy"}
            else Api(f"{of.path}.{name}", of.config)
        )
    if name in {"headers", "auth"} and of.path.endswith("()"):
        return of.config.fields.setdefault(name, Fields({}))
    return Api(f"{of.path}.{name}", of.config)


def _text_member(of: Text, name: str) -> Value:
    one = only_hole(of)
    if one is None:
        return Unknown(name)
    if one.what is What.STATUS:
        return of
    if one.what in {What.ANSWER, What.ERROR}:
        return Text((of_part(one, name),))
    if one.calls:
        return of
    return Unknown(name)
