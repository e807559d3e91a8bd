"""The ends that a call can have, on which tests are tried."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.script.model import CallEnd
from backup_doctor.collect.script.texts import literal
from backup_doctor.collect.script.values import Cases, Items, Test, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.collect.script.values import Value

MOST_CALLS = 6
PATTERN_LIMIT = 60

SUCCESS = range(200, 300)
GOOD = (200, 201, 204)


REFUSALS = (400, 401, 403, 404, 406, 409, 422, 429, 500, 502, 503, 504)


_STATUS = re.compile(r"^[1-5]\d\d$")


class Sample(Immutable, frozen=True):
    """One end that a call can have."""

    call: int
    outcome: CallEnd
    status: int


class Facts(Immutable, frozen=True):
    """What must be known of a call to tell how its program ends.

    `returns_rows`: a success gives what was asked for or changed; `is_shell`: texts, not objects;
    `reads`: it changes nothing, so that a success cannot say no; `empty_is_false`: an empty list
    counts as false in the script's language; `empty_is_error`: the client wants just one row; `is_of_table`: its
    success is rows, or nothing.
    """

    fails_on_status: bool = False
    returns_rows: bool = False
    is_shell: bool = False
    reads: bool = False
    empty_is_false: bool = False
    empty_is_error: bool = False
    is_of_table: bool = False


def samples(call: int, constants: tuple[int, ...]) -> Iterator[Sample]:
    """Each end that a call can have; `constants` are the statuses that the test names."""
    # What a script asks for is what it gets when all goes well.
    good = tuple(one for one in constants if one in SUCCESS) or GOOD
    for outcome in (CallEnd.OK, CallEnd.EMPTY, CallEnd.DENIED):
        yield from (Sample(call, outcome, status) for status in good)
    bad = (*REFUSALS, *(one for one in constants if one // 100 in {3, 4, 5}))
    yield from (Sample(call, CallEnd.REFUSED, status) for status in bad)
    yield Sample(call, CallEnd.SILENT, 0)


def named_statuses(test: Value) -> Iterator[int]:
    """The statuses that a test names."""
    waiting: list[Value] = [test]
    count = 0
    while waiting and count < PATTERN_LIMIT:
        count += 1
        value = waiting.pop()
        if isinstance(value, Test):
            waiting.extend(value.parts)
        elif isinstance(value, Cases):
            waiting.extend(one for one, _ in value.options)
        elif isinstance(value, Items):
            waiting.extend(value.items[:MOST_CALLS])
        else:
            text = literal(value) if isinstance(value, Text) else None
            if text and _STATUS.match(text):
                yield int(text)
