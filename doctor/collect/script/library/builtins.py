"""Functions of the languages themselves, and of their standard libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import hole, joined, lit, plain, to_text
from backup_doctor.collect.script.library.json_text import json_text
from backup_doctor.collect.script.library.members import member_of, module
from backup_doctor.collect.script.library.printing import error_value
from backup_doctor.collect.script.model import What
from backup_doctor.collect.script.shell.files import WHOLE
from backup_doctor.collect.script.texts import literal, of_part, rendered
from backup_doctor.collect.script.values import (
    EMPTY,
    NONE,
    UNKNOWN,
    Api,
    Const,
    Failure,
    Fields,
    Items,
    Response,
    Text,
    Unknown,
    calls_of,
    holes,
    only_hole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

    Builtin = Callable[[Following, Api, list[Value], Fields], Value]

_MOST = 8


def _first(args: list[Value]) -> Value:
    return args[0] if args else UNKNOWN


def _same(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    return _first(args)


def _text(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    return to_text(_first(args)) if args else EMPTY


def _dumps(trace: Following, _: Api, args: list[Value], named: Fields) -> Value:
    """JSON of an object: the object, so that its fields are not lost, with what it looks like."""
    inner = plain(_first(args))
    if not isinstance(inner, Fields):
        return inner if isinstance(inner, Items) else to_text(inner)
    of_python = trace.language == "python"
    over_lines = "indent" in named.fields or len(args[1:]) > 1
    ascii_only = of_python and "ensure_ascii" not in named.fields
    shown = None if over_lines else json_text(inner, blanks=of_python, ascii_only=ascii_only)
    return Fields(dict(inner.fields), inner.open, shown)


def _exit(trace: Following, _: Api, args: list[Value], __: Fields) -> Value:
    """The end of the script. Python prints what is no number."""
    told = literal(_first(args)) if args else "0"
    is_number = told is not None and told.lstrip("-").isdecimal()
    if args and trace.language == "python" and not is_number:
        trace.emit(_first(args), to_errors=True)
    trace.leave("exit", Const(value=told == "0") if told is not None else UNKNOWN)
    return NONE


def _environment(trace: Following, _: Api, args: list[Value], __: Fields) -> Value:
    name = literal(_first(args))
    return trace.variable(name) if name else UNKNOWN


def _require(trace: Following, _: Api, args: list[Value], __: Fields) -> Value:
    name = rendered(_first(args))
    loaded = trace.load(name)
    if loaded is not None:
        return loaded.fields.get(WHOLE, loaded)
    return module(name)


def _length(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    inner = plain(_first(args))
    if isinstance(inner, Items):
        return lit(str(len(inner.items)))
    one = only_hole(to_text(inner)) if calls_of(inner) else None
    return Text((of_part(one, "length"),)) if one is not None else UNKNOWN


def _dict(_: Following, __: Api, args: list[Value], named: Fields) -> Value:
    inner = plain(_first(args)) if args else UNKNOWN
    base = inner.fields if isinstance(inner, Fields) else {}
    return Fields({**base, **named.fields})


def _signature(_: Following, __: Api, args: list[Value], named: Fields) -> Value:
    """An HMAC: what matters is the key that it is made with."""
    key = args[1] if len(args) > 1 and "hash" not in str(literal(args[1]) or "") else _first(args)
    held = next(iter(holes(to_text(named.fields.get("key", key)))), None)
    return hole(What.SIGNATURE, name=held.name if held else "")


def _created_hmac(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    held = next(iter(holes(to_text(args[1]))), None) if len(args) > 1 else None
    return hole(What.SIGNATURE, name=held.name if held else "")


def _all(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    inner = plain(_first(args))
    return inner if isinstance(inner, Items) else _first(args)


def _enumerated(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    inner = plain(_first(args))
    if isinstance(inner, Items):
        return Items([Items([Unknown("index"), one]) for one in inner.items])
    return UNKNOWN


def _entries(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    inner = plain(_first(args))
    if isinstance(inner, Fields):
        return Items([Items([lit(key), value]) for key, value in inner.fields.items()])
    return UNKNOWN


def _assigned(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    merged = Fields({})
    for one in args[:_MOST]:
        inner = plain(one)
        if isinstance(inner, Fields):
            merged.fields.update(inner.fields)
    return merged


def _joined_paths(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    return joined(args, "/")


def _written_file(trace: Following, _: Api, args: list[Value], __: Fields) -> Value:
    name = literal(_first(args))
    if name and len(args) > 1:
        trace.put(trace.files, name, args[1])
    return NONE


def _read_file(trace: Following, _: Api, args: list[Value], __: Fields) -> Value:
    return trace.files.get(literal(_first(args)) or "", Unknown("content"))


def _called_later(trace: Following, _: Api, args: list[Value], __: Fields) -> Value:
    return trace.call_back(_first(args), [])


def _address(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    if len(args) > 1:
        return joined([args[1], args[0]])
    return _first(args)


def _instance(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    inner = plain(_first(args))
    return inner if isinstance(inner, Failure | Response) else UNKNOWN


def _of_getattr(trace: Following, _: Api, args: list[Value], __: Fields) -> Value:
    name = literal(args[1]) if len(args) > 1 else None
    return member_of(trace, plain(args[0]), name) if name else UNKNOWN


def _error(_: Following, api: Api, args: list[Value], __: Fields) -> Value:
    made = error_value(api.path, args)
    return made if made is not None else UNKNOWN


def _input(trace: Following, _: Api, args: list[Value], __: Fields) -> Value:
    """`core.getInput("name")`: a variable of the environment, as the runner hands it in."""
    name = literal(_first(args)) or ""
    handed = trace.environment.get(f"INPUT_{name.upper().replace(' ', '_')}")
    return handed if handed is not None else Unknown(name)


def _boolean(_: Following, __: Api, args: list[Value], ___: Fields) -> Value:
    return _first(args)


BUILTINS: dict[str, Builtin] = {
    "JSON.stringify": _dumps,
    "JSON.parse": _same,
    "json.dumps": _dumps,
    "json.loads": _same,
    "json.load": _same,
    "String": _text,
    "Number": _same,
    "parseInt": _same,
    "Boolean": _boolean,
    "str": _text,
    "repr": _text,
    "int": _same,
    "bool": _boolean,
    "len": _length,
    "dict": _dict,
    "list": _same,
    "enumerate": _enumerated,
    "isinstance": _instance,
    "getattr": _of_getattr,
    "Object.entries": _entries,
    "Object.assign": _assigned,
    "Object.fromEntries": _same,
    "Promise.all": _all,
    "Promise.allSettled": _all,
    "Promise.race": _all,
    "Promise.resolve": _same,
    "asyncio.run": _same,
    "asyncio.gather": _all,
    "asyncio.wait_for": _same,
    "Buffer.from": _same,
    "encodeURIComponent": _same,
    "urllib.parse.quote": _same,
    "urllib.parse.urlencode": _same,
    "util.inspect": _text,
    "util.format": _text,
    "textwrap.dedent": _same,
    "URL": _address,
    "urllib.parse.urljoin": lambda _, __, args, ___: joined(args),
    "os.getenv": _environment,
    "os.environ.get": _environment,
    "environ.get": _environment,
    "Deno.env.get": _environment,
    "core.getInput": _input,
    "require": _require,
    "process.exit": _exit,
    "Deno.exit": _exit,
    "sys.exit": _exit,
    "os._exit": _exit,
    "exit": _exit,
    "quit": _exit,
    "setTimeout": _called_later,
    "crypto.createHmac": _created_hmac,
    "createHmac": _created_hmac,
    "hmac.new": _signature,
    "hmac.digest": _signature,
    "path.join": _joined_paths,
    "os.path.join": _joined_paths,
    "fs.writeFileSync": _written_file,
    "fs.readFileSync": _read_file,
    "fs.promises.readFile": _read_file,
    "fs/promises.readFile": _read_file,
}
BUILTINS |= dict.fromkeys(
    (
        "Error",
        "TypeError",
        "Exception",
        "RuntimeError",
        "ValueError",
        "AssertionError",
        "RangeError",
        "OSError",
        "ConnectionError",
        "TimeoutError",
        "LookupError",
    ),
    _error,
)
