"""Requests, whatever library sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import plain, to_text
from backup_doctor.collect.script.drafts import OpenCall
from backup_doctor.collect.script.model import Auth, CallKind, Output, Scheme, WrittenField
from backup_doctor.collect.script.requests import authentication, marks_failed, purpose, written
from backup_doctor.collect.script.texts import literal, rendered
from backup_doctor.collect.script.values import UNKNOWN, Api, Fields, Items, Response, holes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

_KEYS_IN_QUERY = ("apikey=", "api_key=", "token=", "key=")


@dataclass
class SentRequest:
    """What is sent. `fails_on_status`: the client fails on a refusal."""

    client: str
    method: str = "GET"
    url: Value = UNKNOWN
    headers: Sequence[tuple[str, Value]] = field(default_factory=list)
    body: Value = UNKNOWN
    auth: tuple[Auth, ...] = ()
    fails_on_status: bool = False
    raises: bool = True
    output: Output = Output.CAPTURED
    is_shell: bool = False
    line: int = 0


def send(trace: Following, request: SentRequest) -> int:
    """Make the call that a request is; its number."""
    url = rendered(request.url)
    headers = list({name.lower(): (name, value) for name, value in request.headers}.values())
    told = " ".join(f"{name}: {rendered(value)}" for name, value in headers)
    method = request.method.upper() or "GET"
    found = purpose(method, url, told)
    return make_call(
        trace,
        kind=found.kind,
        client=request.client,
        method=method,
        target=found.target,
        url=url,
        writes=written(request.body) if request.body != UNKNOWN else (),
        auth=(*authentication(headers), *_in_address(request.url, url), *request.auth),
        output=request.output,
        reads=found.reads,
        returns_rows=found.kind is CallKind.LOOK_UP or "return=representation" in told.lower(),
        fails_on_status=request.fails_on_status,
        raises=request.raises,
        is_shell=request.is_shell,
        line=request.line,
    )


def make_call(
    trace: Following,
    *,
    kind: CallKind,
    client: str,
    method: str = "",
    target: str | None = None,
    url: str = "",
    writes: tuple[WrittenField, ...] = (),
    auth: tuple[Auth, ...] = (),
    output: Output = Output.CAPTURED,
    reads: bool = False,
    fails_on_status: bool = False,
    raises: bool = False,
    returns_rows: bool = False,
    is_shell: bool = False,
    line: int = 0,
) -> int:
    """Put a call into the script's order; its number."""
    draft = OpenCall(
        number=0,
        kind=marks_failed(kind, writes),
        client=client,
        method=method,
        target=target,
        url=url[:500],
        writes=writes,
        auth=auth,
        output=output,
        reads=reads,
        empty_is_false=trace.language == "python" or client == "Invoke-RestMethod",
        fails_on_status=fails_on_status,
        raises=raises,
        returns_rows=returns_rows,
        is_shell=is_shell,
        line=line,
    )
    return trace.call(draft)


def _in_address(value: Value, url: str) -> tuple[Auth, ...]:
    """A key in the address."""
    name = next((one for one in _KEYS_IN_QUERY if one in url.lower()), None)
    if name is None:
        return ()
    held = next((one for one in reversed(list(holes(to_text(value))))), None)
    return (
        Auth(scheme=Scheme.QUERY, header=name.strip("=?&"), variable=held.name if held else ""),
    )


def header_pairs(value: Value) -> list[tuple[str, Value]]:
    """Headers as a script gives them: an object, a list of pairs, or a `Headers`."""
    inner = plain(value)
    if isinstance(inner, Api):
        inner = plain(inner.config.fields.get("given", UNKNOWN))
    if isinstance(inner, Fields):
        return list(inner.fields.items())
    pairs = []
    for one in inner.items if isinstance(inner, Items) else ():
        pair = plain(one)
        if isinstance(pair, Items) and len(pair.items) > 1:
            pairs.append((literal(pair.items[0]) or "?", pair.items[1]))
    return pairs


def answered(number: int, client: str) -> Response:
    """The answer of a call."""
    return Response((number,), client)
