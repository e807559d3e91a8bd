"""Programs that talk to a service: stores, PostgreSQL, GitHub, and other clients of HTTP than curl."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import hole, joined, to_text
from backup_doctor.collect.script.library.sending import make_call
from backup_doctor.collect.script.model import CallKind, What
from backup_doctor.collect.script.shell.arguments import (
    ends_of,
    option,
    output_of,
    plain_words,
    run_call,
)
from backup_doctor.collect.script.shell.http_clients import httpie, wget
from backup_doctor.collect.script.shell.stores import aws, store
from backup_doctor.collect.script.sql import read_sql
from backup_doctor.collect.script.texts import literal, rendered, sliced
from backup_doctor.collect.script.values import UNKNOWN, Const, Lit, Text, Unknown, holes

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

    Command = Callable[[Following, list[Value], int], Value]


def _psql(trace: Following, args: list[Value], line: int) -> Value:
    """`psql -c`, a file, or what it reads; it ends well on a refusal inside a script unless asked."""
    given = [
        one
        for index, one in enumerate(args)
        if index and literal(args[index - 1]) in {"-c", "--command"}
    ]
    given += [found for one in args if (found := _attached(one)) is not None]
    text: Value = joined(given, ";") if given else UNKNOWN
    file = option(args, "-f", "--file")
    if not given and file is not None:
        path = rendered(file)
        text = trace.files.get(path) or _resolved(trace, path)
    elif not given and trace.stdin is not None:
        text = trace.stdin
    stops = any("ON_ERROR_STOP" in rendered(one) for one in args)
    return _statement(trace, "psql", text, stops=bool(given) or stops, line=line)


def _statement(trace: Following, client: str, text: Value, *, stops: bool, line: int) -> Value:
    """What a client of PostgreSQL is told to run. `stops`: it fails where the statement is refused."""
    statement = read_sql(rendered(text))
    number = make_call(
        trace,
        kind=statement.kind,
        client=client,
        method=statement.verb,
        target=statement.target,
        writes=statement.writes,
        output=output_of(trace),
        reads=statement.reads,
        fails_on_status=stops,
        is_shell=True,
        line=line,
    )
    gives_rows = statement.reads or "RETURNING" in rendered(text).upper()
    trace.emit(hole(What.ANSWER, (number,), "[0] // empty" if gives_rows else ""), raw=True)
    return ends_of(number)


def _attached(value: Value) -> Value | None:
    """The statement of `-tAc "…"` stands behind letters; of `-c"…"` in the same word."""
    text = to_text(value)
    first = text.parts[0] if text.parts else None
    if isinstance(first, Lit) and re.match(r"^-c.+", first.text, re.DOTALL):
        return Text((*sliced(first, 2), *text.parts[1:]))
    return None


def _resolved(trace: Following, path: str) -> Value:
    told = trace.shell.programs.text_of(path)
    return Text((Lit(told[1]),)) if told is not None else UNKNOWN


def _psql_letters(trace: Following, args: list[Value], line: int) -> Value:
    """`-tAc` is `-t -A -c`."""
    flat: list[Value] = []
    for one in args:
        told = literal(one)
        if told is not None and re.fullmatch(r"-[tAqXbew]+c", told):
            flat.extend((Text((Lit(told[:-1]),)), Text((Lit("-c"),))))
        else:
            flat.append(one)
    return _psql(trace, flat, line)


def _gh(trace: Following, args: list[Value], line: int) -> Value:
    words = plain_words(
        args,
        "-X",
        "--method",
        "-f",
        "-F",
        "-H",
        "--jq",
        "-q",
        "--field",
        "--raw-field",
        "--repo",
        "-R",
    )
    verb = literal(words[0]) if words else ""
    if verb != "api":
        return run_call(trace, CallKind.OTHER, "gh", verb, line)
    method = option(args, "-X", "--method")
    url = rendered(words[1]) if len(words) > 1 else ""
    number = make_call(
        trace,
        kind=CallKind.OTHER,
        client="gh",
        method=literal(method) or "GET" if method is not None else "GET",
        target=url,
        url=f"https://api.github.com/{url.lstrip('/')}",
        output=output_of(trace),
        fails_on_status=True,
        is_shell=True,
        line=line,
    )
    trace.emit(hole(What.ANSWER, (number,)), raw=True)
    return ends_of(number)


def _supabase(trace: Following, args: list[Value], line: int) -> Value:
    """`supabase db query "…"` runs SQL; what else it does is its own matter."""
    words = plain_words(args, "--project-ref", "--remote", "-f", "--file", "--db-url")
    if [literal(one) for one in words[:2]] == ["db", "query"] and words[2:]:
        return _statement(trace, "supabase", words[2], stops=True, line=line)
    target = " ".join(literal(one) or "" for one in words[:2])
    return run_call(trace, CallKind.OTHER, "supabase", target, line)


def _openssl(trace: Following, args: list[Value], _: int) -> Value:
    """`openssl dgst -sha256 -hmac "$KEY"`: a signature; what else it prints is not known."""
    key = option(args, "-hmac", "-macopt")
    held = next(iter(holes(to_text(key))), None) if key is not None else None
    trace.emit(
        hole(What.SIGNATURE, name=held.name if held else "")
        if key is not None
        else Unknown("openssl")
    )
    return Const(value=True)


def _tool(client: str) -> Command:
    """A program of a backup step: what it says is its own."""

    def run(trace: Following, args: list[Value], line: int) -> Value:
        words = plain_words(args)
        target = rendered(words[0]) if words else None
        return run_call(trace, CallKind.OTHER, client, target, line)

    return run


TOOLS: dict[str, Command] = {
    "aws": aws,
    "rclone": store("rclone"),
    "s3cmd": store("s3cmd"),
    "s5cmd": store("s5cmd"),
    "mc": store("mc"),
    "gsutil": store("gsutil"),
    "psql": _psql_letters,
    "wget": wget,
    "http": httpie,
    "https": httpie,
    "xh": httpie,
    "gh": _gh,
    "supabase": _supabase,
    "openssl": _openssl,
    "pg_dump": _tool("pg_dump"),
    "pg_dumpall": _tool("pg_dumpall"),
    "pg_restore": _tool("pg_restore"),
    "docker": _tool("docker"),
    "zip": _tool("zip"),
    "tar": _tool("tar"),
}
