"""The rows that were set aside, judged when all is known that may be known of their keys."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from backup_doctor.run.audit import judge
from backup_doctor.run.audit.model import BackupState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.run.audit.aside import Aside
    from backup_doctor.run.audit.judge import ReadSoFar
    from backup_doctor.run.audit.model import Item, Row

CHOICE = """
CREATE INDEX meaning_by_number ON meaning (number);
CREATE INDEX found_by_number ON found (number, rank);
CREATE INDEX found_by_key ON found (key);
CREATE TABLE choice (
  key TEXT, backup_id TEXT, state TEXT, row_size TEXT, day TEXT, size TEXT, rivals INTEGER
);
"""
TRIED = """
SELECT odd.number, backup_id, state, odd.size, day, is_late,
  meaning.key, found.size, modified, rivals, coalesce(listed, 0)
FROM odd
JOIN meaning ON meaning.number = odd.number
LEFT JOIN found ON found.number = meaning.number AND found.rank = meaning.rank
ORDER BY odd.number, meaning.rank
"""
RIVALS = """
SELECT key, backup_id, state, row_size, day, size, rivals FROM choice ORDER BY key, day, backup_id
"""
# Objects at a key that a row could have meant, but did not.
UNMEANT = """
SELECT key, size, max(modified) FROM found
WHERE size IS NOT NULL AND substr(key, 1, ?) = ?
  AND NOT EXISTS (SELECT 1 FROM choice WHERE choice.key = found.key AND choice.size IS NOT NULL)
GROUP BY key HAVING max(named) = 0
ORDER BY key
"""


# A row of `RIVALS`.
Choice: TypeAlias = "tuple[str, str, str, str | None, str | None, str | None, int]"


class Tried(NamedTuple):
    """An odd row, and one of the keys that it may mean with what is there. As in `TRIED`."""

    number: int
    backup_id: str
    state: str
    row_size: str | None
    day: str | None
    is_late: int
    key: str
    size: str | None
    modified: str | None
    rivals: int | None
    listed: int


def resolve(aside: Aside, known: ReadSoFar, prefix: str, *, rows_whole: bool) -> Iterator[Item]:
    """Every disagreement about the odd rows, and about the objects that they might have meant.

    Of these objects nothing is said where not all rows are known.
    """
    aside.database.executescript(CHOICE)
    tried = map(Tried._make, aside.database.execute(TRIED))
    for _, group in groupby(tried, key=itemgetter(0)):
        yield from _judged(list(group), aside, known)
    rows = aside.database.execute(RIVALS)
    for _, same in groupby(rows, key=itemgetter(0)):
        yield from _duplicates(list(same))
    if not rows_whole:
        return
    for stored in aside.database.execute(UNMEANT, (len(prefix), prefix)).fetchall():
        yield from judge.unnamed(stored, aside, known)


def _judged(tries: list[Tried], aside: Aside, known: ReadSoFar) -> Iterator[Item]:
    """The row means the likeliest key at which there is an object; without any, the likeliest."""
    at = next((index for index, one in enumerate(tries) if one.size is not None), None)
    looked_at = tries if at is None else tries[:at]
    meant = tries[at or 0]
    if not all(one.listed for one in looked_at):
        known.unlisted += meant.state == BackupState.SUCCESS
        return
    row: Row = (meant.key, meant.backup_id, meant.state, meant.row_size, meant.day)
    if meant.size is not None:
        stored = (meant.key, meant.size, meant.modified or "")
        yield from judge.with_object(row, stored, known)
    elif meant.state == BackupState.SUCCESS:
        yield from judge.missing(row, known)
    if not meant.is_late:
        values = (*row, meant.size, meant.rivals or 0)
        aside.database.execute("INSERT INTO choice VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def _duplicates(choices: list[Choice]) -> Iterator[Item]:
    key, *_, size, rivals_before = choices[0]
    rows: list[Row] = [choice[:5] for choice in choices]
    told = judge.rivals(rows, has_object=size is not None)
    before = told[:1] if rivals_before else []
    stored = (key, size, "") if size is not None else None
    yield from judge.duplicates([*before, *told], stored)
