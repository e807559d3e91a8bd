"""Calls that are known by what they look like, whatever made the object that they are made on.

`client.from("t").update({…})` is Supabase's client, `cursor.execute("UPDATE …")` a database's,
`s3.send(new PutObjectCommand(…))` S3's: where the object came from, a helper's file or a test's
double, does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import either, plain, to_text
from backup_doctor.collect.script.library.sending import make_call
from backup_doctor.collect.script.model import Auth, CallKind, Scheme
from backup_doctor.collect.script.requests import written
from backup_doctor.collect.script.sql import IS_SQL, read_sql
from backup_doctor.collect.script.texts import literal, rendered
from backup_doctor.collect.script.values import (
    EMPTY,
    UNKNOWN,
    Api,
    Closure,
    Fields,
    Items,
    Native,
    Response,
    Unknown,
    calls_of,
    holes,
)

if TYPE_CHECKING:
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

_VERBS = {
    "select": (CallKind.LOOK_UP, "GET"),
    "update": (CallKind.TABLE_UPDATE, "PATCH"),
    "insert": (CallKind.INSERT, "POST"),
    "upsert": (CallKind.UPSERT, "POST"),
    "delete": (CallKind.OTHER, "DELETE"),
}
_STORED = {
    "upload": CallKind.UPLOAD,
    "update": CallKind.UPLOAD,
    "uploadtosignedurl": CallKind.UPLOAD,
    "list": CallKind.UPLOAD_VERIFICATION,
    "exists": CallKind.UPLOAD_VERIFICATION,
    "info": CallKind.UPLOAD_VERIFICATION,
    "download": CallKind.OTHER,
    "remove": CallKind.OTHER,
}
_S3 = {
    "putobject": CallKind.UPLOAD,
    "upload": CallKind.UPLOAD,
    "upload_file": CallKind.UPLOAD,
    "upload_fileobj": CallKind.UPLOAD,
    "put_object": CallKind.UPLOAD,
    "fput_object": CallKind.UPLOAD,
    "completemultipartupload": CallKind.UPLOAD,
    "copyobject": CallKind.UPLOAD,
    "copy_object": CallKind.UPLOAD,
    "headobject": CallKind.UPLOAD_VERIFICATION,
    "head_object": CallKind.UPLOAD_VERIFICATION,
    "stat_object": CallKind.UPLOAD_VERIFICATION,
    "listobjectsv2": CallKind.UPLOAD_VERIFICATION,
    "list_objects_v2": CallKind.UPLOAD_VERIFICATION,
    "list_objects": CallKind.UPLOAD_VERIFICATION,
    "getobjectattributes": CallKind.UPLOAD_VERIFICATION,
}
_QUERIES = frozenset(
    {
        "query",
        "execute",
        "unsafe",
        "fetch",
        "fetchrow",
        "fetchval",
        "raw",
        "executeraw",
        "queryraw",
        "$executeraw",
        "$queryraw",
        "$executerawunsafe",
    }
)
_IS_S3 = frozenset({"Bucket", "Key", "bucket", "key", "Params"})


def duck_call(
    trace: Following, of: Value, name: str, args: list[Value], named: Fields, line: int
) -> Value:
    """The call that `of.name(…)` is by its looks; else what unknown functions do."""
    lower = name.lower()
    config = of.config if isinstance(of, Api) else Fields({})
    first = args[0] if args else named.fields.get("table_name") or named.fields.get("fn") or UNKNOWN
    if lower in {"from", "table", "from_"} and args:
        kind = "storage" if _is_named(of, "storage") else "table"
        return Api(f"supabase.{kind}", Fields({**config.fields, "of": first}))
    if lower == "schema" and args:
        return of
    if lower == "rpc" and (args or named.fields):
        return _rpc(trace, config, args, named, line)
    if lower == "invoke" and _is_named(of, "functions"):
        return _invoke(trace, config, args, named, line)
    if lower in _QUERIES and args:
        return _query(trace, of, args, line)
    if lower == "send" and args:
        return _sent(trace, args[0], line)
    if lower in _S3 and _is_s3(args, named):
        return store_call(
            trace, _S3[lower], "boto3" if "_" in lower else "aws-sdk", args, named, line
        )
    return _unknown_call(trace, of, args, named)


def _is_named(of: Value, name: str) -> bool:
    """Whether an object is the part of a client that has this name."""
    if isinstance(of, Api):
        return of.path.rpartition(".")[2] == name
    return isinstance(of, Unknown) and of.name == name


def table_call(trace: Following, of: Api, name: str, args: list[Value], line: int) -> Value:
    """`.from(table).update(…)` and its like."""
    verb = _VERBS.get(name.lower())
    if verb is None:
        return of
    kind, method = verb
    fields = of.config.fields
    number = make_call(
        trace,
        kind=kind,
        client=_client(trace),
        method=method,
        target=literal(fields.get("of", UNKNOWN)) or rendered(fields.get("of", UNKNOWN)),
        writes=written(args[0]) if args and method != "GET" else (),
        auth=_client_auth(of.config),
        url=rendered(of.config.fields.get("client_url", EMPTY)),
        reads=method == "GET",
        raises=trace.language == "python",
        fails_on_status=trace.language == "python",
        returns_rows=method == "GET" or trace.language == "python",
        line=line,
    )
    return Response((number,), _client(trace))


def storage_call(trace: Following, of: Api, name: str, args: list[Value], line: int) -> Value:
    """`.storage.from(bucket).upload(path, file)`."""
    kind = _STORED.get(name.lower(), CallKind.OTHER)
    bucket = of.config.fields.get("of", UNKNOWN)
    key = args[0] if args else UNKNOWN
    number = make_call(
        trace,
        kind=kind,
        client=_client(trace),
        method="POST" if kind is CallKind.UPLOAD else "GET",
        target=f"{rendered(bucket)}/{rendered(key)}",
        auth=_client_auth(of.config),
        line=line,
    )
    return Response((number,), "supabase-storage")


def _client(trace: Following) -> str:
    return "supabase-py" if trace.language == "python" else "supabase-js"


def _client_auth(config: Fields) -> tuple[Auth, ...]:
    key = config.fields.get("client_key")
    held = next(iter(holes(to_text(key))), None) if key is not None else None
    if held is None:
        return ()
    return (
        Auth(scheme=Scheme.CLIENT_KEY, header="apikey", variable=held.name, secret=held.secret),
    )


def _rpc(trace: Following, config: Fields, args: list[Value], named: Fields, line: int) -> Value:
    given = args[1] if len(args) > 1 else named.fields.get("params", UNKNOWN)
    name = args[0] if args else named.fields.get("fn", UNKNOWN)
    number = make_call(
        trace,
        kind=CallKind.RPC,
        client=_client(trace),
        method="POST",
        target=literal(name) or rendered(name),
        writes=written(given),
        auth=_client_auth(config),
        url=rendered(config.fields.get("client_url", EMPTY)),
        raises=trace.language == "python",
        fails_on_status=trace.language == "python",
        line=line,
    )
    return Response((number,), _client(trace))


def _invoke(trace: Following, config: Fields, args: list[Value], named: Fields, line: int) -> Value:
    from backup_doctor.collect.script.library.sending import header_pairs
    from backup_doctor.collect.script.requests import authentication

    options = plain(args[1]) if len(args) > 1 else named.fields.get("invoke_options", UNKNOWN)
    fields = options.fields if isinstance(options, Fields) else {}
    own = authentication(header_pairs(fields.get("headers", UNKNOWN)))
    number = make_call(
        trace,
        kind=CallKind.FUNCTION,
        client=_client(trace),
        method=literal(fields.get("method", UNKNOWN)) or "POST",
        target=literal(args[0]) or rendered(args[0]) if args else None,
        writes=written(fields.get("body", UNKNOWN)),
        auth=(*own, *_client_auth(config)),
        url=rendered(config.fields.get("client_url", EMPTY)),
        raises=trace.language == "python",
        fails_on_status=trace.language == "python",
        line=line,
    )
    return Response((number,), _client(trace))


def _query(trace: Following, of: Value, args: list[Value], line: int) -> Value:
    given = plain(args[0])
    if isinstance(given, Fields):
        given = plain(given.fields.get("text", UNKNOWN))
    elif isinstance(given, Api) and given.path.startswith("supabase"):
        return UNKNOWN
    text = rendered(given)
    if not IS_SQL.match(text):
        return UNKNOWN
    client = of.path.partition(".")[0] if isinstance(of, Api) else "database"
    return sql_call(trace, client, text, args[1:], line)


def sql_call(trace: Following, client: str, text: str, params: list[Value], line: int) -> Value:
    """A statement of SQL by a driver."""
    statement = read_sql(text)
    writes = list(statement.writes)
    inner = plain(params[0]) if params else UNKNOWN
    given = iter(inner.items if isinstance(inner, Items) else [])
    for index, one in enumerate(writes):
        if one.value is None and not one.variable:
            value = next(given, None)
            told = written(Fields({one.column: value})) if value is not None else (one,)
            writes[index] = told[0]
    number = make_call(
        trace,
        kind=statement.kind,
        client=client,
        method=statement.verb,
        target=statement.target,
        writes=tuple(writes),
        reads=statement.reads,
        raises=True,
        fails_on_status=True,
        returns_rows=True,
        line=line,
    )
    return Response((number,), client)


def _sent(trace: Following, command: Value, line: int) -> Value:
    inner = plain(command)
    name = inner.path.rpartition(".")[2].removesuffix("()") if isinstance(inner, Api) else ""
    kind = _S3.get(name.removesuffix("Command").lower())
    if kind is None or not isinstance(inner, Api):
        return UNKNOWN
    given = inner.config.fields.get("given", UNKNOWN)
    return store_call(trace, kind, "aws-sdk", [given], Fields({}), line)


def _is_s3(args: list[Value], named: Fields) -> bool:
    inner = plain(args[0]) if args else UNKNOWN
    given = inner.fields if isinstance(inner, Fields) else {}
    return len(args) > 1 or bool(_IS_S3 & (given.keys() | named.fields.keys()))


def store_call(
    trace: Following, kind: CallKind, client: str, args: list[Value], named: Fields, line: int
) -> Value:
    """A call of S3's: `{ Bucket, Key }`, or a file, a bucket and a key."""
    inner = plain(args[0]) if args else UNKNOWN
    fields = {**(inner.fields if isinstance(inner, Fields) else {}), **named.fields}
    bucket = (
        fields.get("Bucket")
        or fields.get("bucket")
        or (args[1] if len(args) > len(("file", "bucket")) else UNKNOWN)
    )
    key = fields.get("Key") or fields.get("key") or (args[-1] if len(args) > 1 else UNKNOWN)
    number = make_call(
        trace,
        kind=kind,
        client=client,
        method="PUT" if kind is CallKind.UPLOAD else "HEAD",
        target=f"s3://{rendered(bucket)}/{rendered(key)}",
        raises=True,
        fails_on_status=True,
        line=line,
    )
    return Response((number,), client)


def _unknown_call(trace: Following, of: Value, args: list[Value], named: Fields) -> Value:
    """A method of an unknown object: functions that it is given are called."""
    given = [*args, *named.fields.values()]
    found = [trace.call_back(one, []) for one in given if isinstance(plain(one), Closure | Native)]
    if found:
        return either(found)
    calls = calls_of(of)
    return Response(calls) if calls else UNKNOWN
