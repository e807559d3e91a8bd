"""Functions of modules, by their paths: `axios.post`, `console.error`, `os.environ.get`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import plain
from backup_doctor.collect.script.library.builtins import BUILTINS
from backup_doctor.collect.script.library.duck import duck_call, storage_call, table_call
from backup_doctor.collect.script.library.http import call_http
from backup_doctor.collect.script.library.printing import call_printer
from backup_doctor.collect.script.library.processes import call_process
from backup_doctor.collect.script.values import UNKNOWN, Api, Fields

if TYPE_CHECKING:
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

_SUPABASE = frozenset(
    {"createclient", "create_client", "acreate_client", "createserverclient", "create_async_client"}
)
_POSTGRES = frozenset({"postgres", "pg-promise"})


def call_api(trace: Following, api: Api, args: list[Value], named: Fields, line: int) -> Value:
    """Call a function, a class or a method of a library."""
    head, _, last = api.path.rpartition(".")
    lower = last.lower()
    builtin = BUILTINS.get(api.path) or BUILTINS.get(last if not head else "")
    if builtin is not None:
        return builtin(trace, api, args, named)
    printed = call_printer(trace, api, args, named)
    if printed is not None:
        return printed
    if lower in _SUPABASE:
        return _supabase(args)
    if head == "supabase.table":
        return table_call(trace, Api(head, api.config), last, args, line)
    if head == "supabase.storage":
        return storage_call(trace, Api(head, api.config), last, args, line)
    sent = call_http(trace, api, args, named, line)
    if sent is not None:
        return sent
    run = call_process(trace, api, args, named)
    if run is not None:
        return run
    if not head and api.path in _POSTGRES:
        return Api("postgres.sql", Fields({}))
    if api.path == "postgres.sql" or lower == "sql":
        return duck_call(trace, api, "query", args, named, line)
    return _other(trace, api, args, named, line)


def _supabase(args: list[Value]) -> Api:
    key = args[1] if len(args) > 1 else UNKNOWN
    return Api(
        "supabase.client", Fields({"client_key": key, "client_url": args[0] if args else UNKNOWN})
    )


def _other(trace: Following, api: Api, args: list[Value], named: Fields, line: int) -> Value:
    """A method that looks like a call; else an object that keeps what it was made with."""
    head, _, last = api.path.rpartition(".")
    owner = Api(head, api.config) if head else UNKNOWN
    found = duck_call(trace, owner, last or api.path, args, named, line)
    if found != UNKNOWN:
        return found
    if (
        last.lower()
        in {"cursor", "connect", "client", "pool", "begin", "resource", "s3", "session", "engine"}
        or last[:1].isupper()
        or not head
    ):
        given = plain(args[0]) if args else UNKNOWN
        return Api(f"{api.path}()", Fields({**api.config.fields, "given": given, **named.fields}))
    return UNKNOWN
