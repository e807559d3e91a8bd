"""The arguments of a program, and the call that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import hole, to_text
from backup_doctor.collect.script.drafts import Capture
from backup_doctor.collect.script.library.sending import make_call
from backup_doctor.collect.script.model import CallKind, Output, What
from backup_doctor.collect.script.texts import literal, sliced
from backup_doctor.collect.script.values import UNKNOWN, Lit, Test, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

    Command = Callable[[Following, list[Value], int], Value]


def output_of(trace: Following) -> Output:
    """Where a program's output goes now."""
    if trace.sink is None:
        return Output.DISCARDED
    if isinstance(trace.sink, Capture):
        return Output.FILED if trace.sink.file else Output.CAPTURED
    return Output.SHOWN


def ends_of(number: int) -> Value:
    """Whether the program that made a call ended well."""
    return Test("succeeds", (hole(What.EXIT, (number,)),))


def run_call(
    trace: Following, kind: CallKind, client: str, target: str | None, line: int, method: str = ""
) -> Value:
    """A program that fails when its call does, and prints what it likes."""
    number = make_call(
        trace,
        kind=kind,
        client=client,
        method=method,
        target=target,
        output=output_of(trace),
        fails_on_status=True,
        is_shell=True,
        line=line,
    )
    trace.emit(hole(What.ANSWER, (number,)), raw=True)
    return ends_of(number)


def option(args: list[Value], *names: str) -> Value | None:
    """The value of an option, behind it or behind its `=`."""
    for index, one in enumerate(args):
        text = to_text(one)
        first = text.parts[0] if text.parts else None
        told = first.text if isinstance(first, Lit) else ""
        if told in names and len(text.parts) == 1:
            return args[index + 1] if index + 1 < len(args) else UNKNOWN
        for name in names:
            if told.startswith(f"{name}=") and isinstance(first, Lit):
                return Text((*sliced(first, len(name) + 1), *text.parts[1:]))
    return None


def plain_words(args: list[Value], *taking: str) -> list[Value]:
    """The arguments that are neither options nor values of these options."""
    found = []
    skip = False
    for one in args:
        told = literal(one)
        if skip:
            skip = False
        elif told is not None and told.startswith("-") and told != "-":
            skip = told in taking
        else:
            found.append(one)
    return found
