"""The comparison: one walk along two streams that are in the byte order of their keys."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from backup_doctor.run.audit import judge
from backup_doctor.run.audit.aside import KeyMeaning
from backup_doctor.run.audit.model import OddRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.run.audit.aside import Aside
    from backup_doctor.run.audit.judge import ReadSoFar
    from backup_doctor.run.audit.model import Item, Row, Stored

# Stands in the place of a row's state: this is no row, but a key that an odd row may mean.
MEANING = "meaning"


@dataclass(kw_only=True)
class Sides:
    """What holds for the two streams; they become not whole in the moment that one breaks off.

    `bucket_in_prefix` is the bucket's name and a slash, where the prefix begins with it: a key may
    then have been written with the bucket before it, or simply be so.
    """

    aside: Aside
    known: ReadSoFar
    rows_whole: bool = True
    objects_whole: bool = True
    bucket_in_prefix: str | None = None


def merge(rows: Iterable[Row], objects: Iterable[Stored], sides: Sides) -> Iterator[Item]:
    """Every disagreement about plain rows and about objects, in the order of the keys."""
    named = iter(_with_meanings(rows, sides.aside))
    row = next(named, None)
    for stored in objects:
        key = stored[0]
        while row is not None and row[0] < key:
            same, row = _same(row, named)
            yield from _without_object(same, sides, listed=True)
        if row is None or row[0] != key:
            if sides.rows_whole:
                yield from judge.unnamed(stored, sides.aside, sides.known)
            continue
        sides.known.matched = True
        first, row = row, next(named, None)
        is_alone = row is None or row[0] != key
        if is_alone and first[3] == stored[1] and first[2] == "success":
            continue  # as nearly all of them are
        same, row = ([first], row) if is_alone else _same(first, named, row)
        yield from _with_object(same, stored, sides)
    while row is not None:
        same, row = _same(row, named)
        yield from _without_object(same, sides, listed=sides.objects_whole)


def _with_meanings(rows: Iterable[Row], aside: Aside) -> Iterable[Row]:
    if not aside.has_odd:
        return rows
    meanings: Iterator[Row] = (
        (one.key, str(one.number), MEANING, str(one.rank), None)
        for one in aside.meanings(inside=True)
    )
    return heapq.merge(rows, meanings, key=itemgetter(0))


def _same(first: Row, rows: Iterator[Row], *more: Row | None) -> tuple[list[Row], Row | None]:
    """All rows with the first one's key, and the first row with another key."""
    same = [first, *(row for row in more if row is not None)]
    for following in rows:
        if following[0] != first[0]:
            return same, following
        same.append(following)
    return same, None


def _with_object(same: list[Row], stored: Stored, sides: Sides) -> Iterator[Item]:
    rows = [row for row in same if row[2] != MEANING]
    for row in rows:
        yield from judge.with_object(row, stored, sides.known)
    rivals = judge.rivals(rows, has_object=True)
    yield from judge.duplicates(rivals, stored)
    for meaning in _meanings(same):
        sides.aside.found(meaning, stored, rivals=len(rivals), named=len(rows))


def _without_object(same: list[Row], sides: Sides, *, listed: bool) -> Iterator[Item]:
    rows = [row for row in same if row[2] != MEANING]
    rivals = judge.rivals(rows, has_object=False)
    for row in rivals:
        if not listed:
            sides.known.unlisted += 1
        elif sides.bucket_in_prefix:
            _set_aside(row, row[0].removeprefix(sides.bucket_in_prefix), sides.aside)
        else:
            yield from judge.missing(row, sides.known)
    yield from judge.duplicates(rivals, None)
    for meaning in _meanings(same):
        sides.aside.found(meaning, None, rivals=len(rivals), named=len(rows), listed=listed)


def _set_aside(row: Row, other: str, aside: Aside) -> None:
    key, backup_id, state, size, day = row
    aside.add_late(OddRow(key, backup_id, state, size, day, None), key, other)


def _meanings(same: list[Row]) -> list[KeyMeaning]:
    return [
        KeyMeaning(key, int(number), int(rank or 0))
        for key, number, kind, rank, _ in same
        if kind == MEANING
    ]
