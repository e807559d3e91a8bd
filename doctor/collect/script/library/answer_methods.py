"""Methods of answers and errors: `response.json()`, `.eq(…)`, `response.on("data", …)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import failure_text, hole
from backup_doctor.collect.script.library.answers import answer_member, failure_member, status_of
from backup_doctor.collect.script.library.duck import duck_call
from backup_doctor.collect.script.model import ANSWERED, Branch, CallEnd, What
from backup_doctor.collect.script.requests import written
from backup_doctor.collect.script.texts import literal
from backup_doctor.collect.script.values import UNKNOWN, Failure, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.drafts import OpenCall
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Fields, Value

# The rest of a query, behind the word that says what it does.
CHAIN = frozenset(
    {
        "setencoding",
        "settimeout",
        "destroy",
        "close",
        "eq",
        "neq",
        "match",
        "filter",
        "in",
        "in_",
        "is",
        "is_",
        "order",
        "limit",
        "range",
        "or",
        "or_",
        "not",
        "gt",
        "gte",
        "lt",
        "lte",
        "like",
        "ilike",
        "single",
        "maybesingle",
        "maybe_single",
        "execute",
        "returns",
        "abortsignal",
        "throwonerror",
        "select",
        "csv",
        "then_execute",
        "promise",
        "contains",
        "set",
        "retry",
        "timeout",
        "overridetypes",
        "header",
        "done",
        "asdict",
    }
)


_BODIES = frozenset(
    {
        "json",
        "text",
        "read",
        "blob",
        "arraybuffer",
        "buffer",
        "dump",
        "formdata",
        "getresponsestream",
    }
)


_FETCHES = frozenset(
    {"fetchone", "fetchall", "fetchmany", "first", "scalar", "scalar_one", "one", "all", "mappings"}
)


def of_answer(
    trace: Following, of: Response, name: str, args: list[Value], named: Fields, line: int
) -> Value:
    """Call a method of an answer."""
    lower = name.lower()
    effect = _EFFECTS.get(lower)
    if effect is not None:
        effect(trace, [trace.calls[call] for call in of.calls], args)
        return of
    if lower == "on" and len(args) > 1:
        return _event(trace, of, literal(args[0]) or "", args[1])
    if lower in {"execute", "query"} and args:
        found = duck_call(trace, of, name, args, named, line)
        return of if found == UNKNOWN else found
    part = _part(of, lower, args)
    if part is not None:
        return part
    return of if args or lower in CHAIN else answer_member(of, name)


def _part(of: Response, name: str, args: list[Value]) -> Value | None:
    """What of the answer a method gives."""
    if name in _BODIES:
        decoded = of.client in {"got", "ky"}
        return Response(of.calls, "ky.json") if decoded else hole(What.ANSWER, of.calls)
    if name in {"getcode", "status_code"}:
        return status_of(of.calls)
    if name == "get" and args:
        return hole(What.ANSWER, of.calls, literal(args[0]) or "")
    if name in _FETCHES:
        return hole(What.ANSWER, of.calls, "[0]" if name in {"fetchone", "first"} else "")
    return None


def _fails(trace: Following, drafts: list[OpenCall], _: list[Value]) -> None:
    """`response.raise_for_status()`: what follows is reached after a success alone."""
    for draft in drafts:
        draft.fails_on_status = draft.raises = True
        if trace.tries:
            trace.tries[-1].calls.append(draft.number)
        trace.branches.append((Branch(calls=(draft.number,), outcomes=ANSWERED), "raise"))


def _gives_rows(_: Following, drafts: list[OpenCall], __: list[Value]) -> None:
    for draft in drafts:
        draft.returns_rows = True


def _gives_one(_: Following, drafts: list[OpenCall], __: list[Value]) -> None:
    for draft in drafts:
        draft.returns_rows = draft.empty_is_false = True


def _needs_one(_: Following, drafts: list[OpenCall], __: list[Value]) -> None:
    for draft in drafts:
        draft.returns_rows = draft.empty_is_false = draft.empty_is_error = True


def _throws(_: Following, drafts: list[OpenCall], __: list[Value]) -> None:
    for draft in drafts:
        draft.fails_on_status = draft.raises = True


def _sends(_: Following, drafts: list[OpenCall], args: list[Value]) -> None:
    """`request.write(body)`."""
    for draft in drafts:
        draft.writes = draft.writes or (written(args[0]) if args else ())


_EFFECTS: dict[str, Callable[[Following, list[OpenCall], list[Value]], None]] = {
    "raise_for_status": _fails,
    "ensuresuccessstatuscode": _fails,
    "error_for_status": _fails,
    "select": _gives_rows,
    "single": _needs_one,
    "maybesingle": _gives_one,
    "maybe_single": _gives_one,
    "throwonerror": _throws,
    "write": _sends,
    "end": _sends,
}


def _event(trace: Following, of: Response, event: str, handler: Value) -> Value:
    """Node's streams: `response.on("data", …)`, `request.on("error", …)`."""
    if event in {"error", "timeout", "abort"}:
        trace.rescue(handler, Failure(of.calls, client=of.client), (CallEnd.SILENT,))
    elif event == "response":
        trace.call_back(handler, [of])
    else:
        trace.call_back(handler, [hole(What.ANSWER, of.calls)])
    return of


def of_failure(of: Failure, name: str) -> Value:
    """Call a method of an error."""
    if name in {"tostring", "__str__", "getmessage"}:
        return failure_text(of, "message")
    if name in {"read", "text", "json"}:
        return hole(What.ANSWER, of.calls)
    return failure_member(of, name)
