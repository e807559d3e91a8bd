"""Evidence of any content that its models allow, for tests that must hold for all of it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.collected import Collected, FixCheck
from backup_doctor.judge.registry import load_checks
from backup_doctor.run.bundle.model import Bundle, BundleWriter

TEXTS = st.text(st.characters(), max_size=8)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(TEXTS, values, max_size=3),
    max_leaves=5,
)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    Any: JSON,
    NoneType: st.none(),
    bool: st.booleans(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    float: st.floats(allow_nan=False, allow_infinity=False),
    int: st.integers(),
    str: TEXTS,
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that evidence is made of."""
    if kind in SCALARS:
        return SCALARS[kind]
    of, arguments = get_origin(kind), get_args(kind)
    if of in (Union, UnionType):
        return st.one_of([values_of(one) for one in arguments])
    if of is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if of is dict:
        return st.dictionaries(TEXTS, values_of(arguments[1]), max_size=2)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    assert issubclass(kind, msgspec.Struct), kind
    return st.deferred(lambda: _structs(kind))


def _structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: values_of(of) for name, of in get_type_hints(kind).items()})


@st.composite
def bundles(draw: st.DrawFn) -> Bundle:
    """Any bundle that the checks here can write."""
    evidence = {
        one.check.name: draw(values_of(one.check.evidence | Unseen))
        for one in load_checks().checks
        if draw(st.booleans())
    }
    case = Case(
        asked=draw(values_of(Asked)),
        names=draw(values_of(Names)),
        now=draw(SCALARS[datetime]),
        evidence=evidence,
        skipped=draw(values_of(tuple[str, ...])),
    )
    collected = Collected(
        case=case,
        seconds=draw(values_of(dict[str, float])),
        fix_check=draw(values_of(FixCheck | Unseen | None)),
        duration_s=draw(SCALARS[float]),
        warnings=draw(values_of(tuple[str, ...])),
        interrupted=draw(st.booleans()),
    )
    return Bundle(written_by=draw(values_of(BundleWriter)), collected=collected)
