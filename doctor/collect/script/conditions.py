"""What a test tells of the calls: it is tried on every way in which a call can end.

A test such as `status >= 400 || !data` is neither true nor false while a script is only read. But
for each end that a call can have (200 with a row, 200 without, 404, no answer …) it is true, false
or open; the ends that are left on each of its two ways are what the way tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.ends import DEPTH, truth
from backup_doctor.collect.script.model import FAILED, Branch, CallEnd, What
from backup_doctor.collect.script.samples import MOST_CALLS, Facts, Sample, named_statuses, samples
from backup_doctor.collect.script.texts import literal
from backup_doctor.collect.script.values import Test, calls_of, only_hole

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.values import Value

ALL = tuple(CallEnd)


def narrow(test: Value, facts: Callable[[int], Facts], *, holds: bool) -> tuple[Branch, ...]:
    """What is known of the calls on the way that is taken where the test holds, or does not."""
    several = _several(test)
    if several:
        told, succeeds = several
        return () if succeeds is holds else (Branch(calls=told, outcomes=FAILED),)
    constants = tuple(named_statuses(test))
    found = []
    for call in sorted(set(calls_of(test)))[:MOST_CALLS]:
        left = _left(test, call, facts(call), constants, holds=holds)
        possible = len(ALL) - facts(call).reads
        if left and len(left) < possible:
            found.append(Branch(calls=(call,), outcomes=left))
    return tuple(found)


def decided(test: Value) -> bool | None:
    """Whether the test holds whatever the calls do."""
    return None if calls_of(test) else truth(test, Sample(-1, CallEnd.OK, 200), Facts(), DEPTH)


def _several(test: Value) -> tuple[tuple[int, ...], bool] | None:
    """The calls of a program that ends well or not as a whole, and which of the two is meant."""
    succeeds = True
    while isinstance(test, Test) and test.operator == "not":
        test, succeeds = test.parts[0], not succeeds
    if not isinstance(test, Test) or test.operator not in {"succeeds", "==", "!="}:
        return None
    one = only_hole(test.parts[0])
    if one is None or one.what is not What.EXIT or len(one.calls) <= 1:
        return None
    if test.operator != "succeeds":
        if literal(test.parts[1]) != "0":
            return None
        succeeds = succeeds is (test.operator == "==")
    return one.calls, succeeds


def _left(
    test: Value, call: int, facts: Facts, constants: tuple[int, ...], *, holds: bool
) -> tuple[CallEnd, ...]:
    """The outcomes of a call with which the test can come out so."""
    left = []
    for sample in samples(call, constants):
        if facts.reads and sample.outcome is CallEnd.DENIED:
            continue
        found = truth(test, sample, facts, DEPTH)
        if (found is None or found is holds) and sample.outcome not in left:
            left.append(sample.outcome)
    return tuple(left)
