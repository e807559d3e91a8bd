"""The shell's arithmetic, as far as scripts count with it: `((ERRORS++))`, `N=$((N + 1))`, `let N+=1`.

In a loop nothing is counted: it is followed once, and how often it runs is not known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import cases, lit
from backup_doctor.collect.script.texts import literal
from backup_doctor.collect.script.values import UNKNOWN, Cases, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

GIVES = "$"
"""The word behind `let` where the result is printed, as `$((…))` gives it."""

_STEP = re.compile(r"(?:(\+\+|--)\s*([A-Za-z_]\w*)|([A-Za-z_]\w*)\s*(\+\+|--))")
_SETS = re.compile(r"([A-Za-z_]\w*)\s*([-+*/%]?)=(?!=)\s*(.+)", re.DOTALL)
_SUM = re.compile(r"\$?\{?(\w+)\}?\s*([-+*])\s*\$?\{?(\w+)\}?")
_TERM = re.compile(r"\$?\{?(\w+)\}?")
_NAMES = re.compile(r"[A-Za-z_]\w*")
LARGEST = 12


def let(trace: Following, args: list[Value], _: int) -> Value:
    """Count; what is not understood leaves every variable that is named unknown."""
    texts = [literal(one) for one in args]
    gives = texts[:1] == [GIVES]
    value: Value = UNKNOWN
    for text in texts[gives:]:
        value = UNKNOWN if text is None else _counted(trace, text.strip())
    if gives:
        trace.emit(value)
    return UNKNOWN


def _counted(trace: Following, text: str) -> Value:
    step, sets = _STEP.fullmatch(text), _SETS.fullmatch(text)
    if step:
        name, sign = step[2] or step[3], (step[1] or step[4])[0]
        return _assigned(trace, name, _combined(trace, name, sign, "1"))
    if sets:
        told = _combined(trace, sets[1], sets[2], sets[3]) if sets[2] else _value(trace, sets[3])
        return _assigned(trace, sets[1], told)
    if any(mark in text for mark in ("++", "--", "=")):
        for name in _NAMES.findall(text):
            trace.assign(name, Unknown(name))
        return UNKNOWN
    return _value(trace, text)


def _assigned(trace: Following, name: str, value: Value) -> Value:
    counted = Unknown(name) if trace.looping else value
    trace.assign(name, counted)
    return counted


def _value(trace: Following, text: str) -> Value:
    both = _SUM.fullmatch(text.strip())
    if both:
        return _combined(trace, both[1], both[2], both[3])
    one = _TERM.fullmatch(text.strip())
    return _mapped(_term(trace, one[1]), str) if one else UNKNOWN


def _combined(trace: Following, name: str, sign: str, other: str) -> Value:
    """One of the two is a known number; the other may be one of several."""
    left, right = _term(trace, name), _term(trace, other.strip())
    by = _number(right)
    if by is not None:
        return _mapped(left, lambda one: _result(one, sign, by))
    first = _number(left)
    if first is not None:
        return _mapped(right, lambda one: _result(first, sign, one))
    return UNKNOWN


def _result(left: int, sign: str, right: int) -> str:
    return str({"+": left + right, "-": left - right, "*": left * right}.get(sign, ""))


def _term(trace: Following, text: str) -> Value:
    if text.isdecimal():
        return lit(text)
    if not _NAMES.fullmatch(text):
        return UNKNOWN
    found = trace.look_up(text)
    return trace.variable(text) if found is None else found


def _number(value: Value) -> int | None:
    told = literal(value)
    known = told is not None and len(told) <= LARGEST and told.lstrip("-").isdecimal()
    return int(told) if known and told else None


def _mapped(value: Value, change: Callable[[int], str]) -> Value:
    """The result for each value that it can have, by the way that leads there."""
    if isinstance(value, Cases):
        return cases([(_mapped(one, change), ways) for one, ways in value.options])
    number = _number(value)
    made = "" if number is None else change(number)
    return lit(made) if made else UNKNOWN
