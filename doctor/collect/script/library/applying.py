"""Calls what is no function of the script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import either, plain
from backup_doctor.collect.script.library.calls import call_api
from backup_doctor.collect.script.library.methods import call_method
from backup_doctor.collect.script.library.printing import is_logger
from backup_doctor.collect.script.values import (
    UNKNOWN,
    Api,
    Closure,
    Const,
    Fields,
    Native,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value


def apply_library(
    trace: Following,
    callee: Value,
    of: Value | None,
    name: str,
    args: Sequence[Value],
    named: Fields,
    line: int,
) -> Value:
    """Call what is no function of the script. `of` is the value whose method `name` it is."""
    given = list(args)
    if isinstance(callee, Native):
        return callee.run(given)
    if isinstance(callee, Api):
        return call_api(trace, callee, given, named, line)
    if isinstance(of, Unknown) and is_logger(of.name) and name:
        return call_api(trace, Api(f"{of.name}.{name}", Fields({})), given, named, line)
    if of is not None and not isinstance(of, Const):
        return call_method(trace, of, name, given, named, line)
    return run_functions(trace, given)


def run_functions(trace: Following, args: Sequence[Value]) -> Value:
    """Of a function that is not known: the functions that it is given are called."""
    found = [trace.call_back(one, []) for one in args if isinstance(plain(one), Closure)]
    return either(found) if found else UNKNOWN
