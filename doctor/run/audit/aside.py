"""Rows that cannot be judged in passing, kept in a temporary file until everything was read.

SQLite's private database spills to disk by itself and compares text byte by byte, as S3 does. Its
tables hold the odd rows, the keys that each may mean (likeliest first), and what was found there.
"""

from __future__ import annotations

import re
import sqlite3
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.evidence.ids import Named, named_in_key
from backup_doctor.evidence.object_keys import places
from backup_doctor.run.audit.model import IN_PROGRESS, BackupState, OddRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from backup_doctor.run.audit.model import Stored

SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
CREATE TABLE odd (
  number INTEGER PRIMARY KEY, backup_id TEXT, state TEXT, size TEXT, day TEXT, is_late INTEGER
);
CREATE TABLE meaning (key TEXT, rank INTEGER, number INTEGER, place INTEGER);
CREATE TABLE found (
  number INTEGER, rank INTEGER, key TEXT, size TEXT, modified TEXT,
  rivals INTEGER, named INTEGER, listed INTEGER
);
CREATE TABLE keyless (
  core TEXT, dispatch_id TEXT, backup_id TEXT, state TEXT, size TEXT, day TEXT, is_found INTEGER
);
"""
INDEXES = """
CREATE INDEX meaning_by_key ON meaning (place, key);
CREATE INDEX keyless_by_core ON keyless (core);
"""
# Where a key lies: outside the prefix, under it, or where it was looked for already.
OUTSIDE, INSIDE, LOOKED_AT = range(3)
RUN = re.compile(r"[0-9A-Za-z]+")
SQL_VARIABLES = 500
ADD_FOUND = "INSERT INTO found VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class KeyMeaning(NamedTuple):
    """A key that an odd row may mean. `number` is the row's, rank 0 the likeliest."""

    key: str
    number: int
    rank: int


class Keyless(NamedTuple):
    """A row without a key, whose dispatch id an object's name may hold."""

    rowid: int
    dispatch_id: str
    backup_id: str
    state: str
    size: str | None
    day: str | None
    is_found: int


class Aside:
    """The rows set aside. One thread writes and reads."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._numbers = count()
        self._longest_run = 0
        self.elsewhere = 0
        self.has_odd = False
        # Filled by the one who reads the table, read by the one who merges, never at once.
        self.database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.database.executescript(SCHEMA)

    def close(self) -> None:
        """Delete the file."""
        self.database.close()

    def add(self, rows: Iterable[OddRow]) -> None:
        """Set rows aside, before anything is compared."""
        for row in rows:
            self._add(row)

    def ready(self) -> None:
        """Everything was added."""
        self.database.executescript(INDEXES)

    def add_late(self, row: OddRow, key: str, other: str) -> None:
        """A row that looked plain and is not at its key, with the other key that it may mean."""
        number = self._add_odd(row, [key, other], is_late=True)
        self.found(KeyMeaning(key, number, 0), None)

    def _add(self, row: OddRow) -> None:
        found = places(row.text, self._bucket) if row.text else ()
        keys = [place.key for place in found if place.bucket in (None, self._bucket)]
        if keys:
            self.has_odd = True
            self._add_odd(row, list(dict.fromkeys(keys)))
        elif found:
            self.elsewhere += row.state == BackupState.SUCCESS
        else:
            self._add_keyless(row)

    def _add_odd(self, row: OddRow, keys: Sequence[str], *, is_late: bool = False) -> int:
        number = next(self._numbers)
        values = (number, row.backup_id, row.state, row.size, row.day, int(is_late))
        self.database.execute("INSERT INTO odd VALUES (?, ?, ?, ?, ?, ?)", values)
        self.database.executemany(
            "INSERT INTO meaning VALUES (?, ?, ?, ?)",
            [
                (key, rank, number, LOOKED_AT if is_late and rank == 0 else self._where(key))
                for rank, key in enumerate(keys)
            ],
        )
        return number

    def _where(self, key: str) -> int:
        return INSIDE if key.startswith(self._prefix) else OUTSIDE

    def _add_keyless(self, row: OddRow) -> None:
        runs = RUN.findall(row.dispatch_id or "")
        self._longest_run = max(self._longest_run, len(runs))
        self.database.execute(
            "INSERT INTO keyless VALUES (?, ?, ?, ?, ?, ?, 0)",
            (
                _core(row.dispatch_id or ""),
                row.dispatch_id or "",
                row.backup_id,
                row.state,
                row.size,
                row.day,
            ),
        )

    def meanings(self, *, inside: bool) -> Iterator[KeyMeaning]:
        """The keys that odd rows may mean, under the prefix or not, in byte order."""
        cursor = self.database.execute(
            "SELECT key, number, rank FROM meaning WHERE place = ? ORDER BY key",
            (INSIDE if inside else OUTSIDE,),
        )
        return map(KeyMeaning._make, cursor)

    def found(
        self,
        meaning: KeyMeaning,
        stored: Stored | None,
        *,
        rivals: int = 0,
        named: int = 0,
        listed: bool = True,
    ) -> None:
        """What is at a key: an object or none; and how many plain rows name that key too.

        `rivals` are those of them that make a duplicate of another one.
        """
        key, number, rank = meaning
        size, modified = stored[1:] if stored else (None, None)
        values = (number, rank, key, size, modified, rivals, named, int(listed))
        self.database.execute(ADD_FOUND, values)

    def named_in(self, key: str) -> list[Keyless]:
        """The rows without a key whose dispatch id the name holds, as the main job reads names."""
        if not self._longest_run:
            return []
        rows = self._with_cores(self._cores(key))
        return _longest([row for row in rows if _named(row, key) is Named.WHOLE])

    def may_be_named_in(self, key: str) -> bool:
        """Whether the name holds, in a longer word, the id of a row in progress without a key."""
        rows = self._with_cores(self._cores(key)) if self._longest_run else ()
        return any(row.state in IN_PROGRESS and _named(row, key) is Named.PERHAPS for row in rows)

    def _cores(self, key: str) -> list[str]:
        runs = [found.span() for found in RUN.finditer(key)]
        cores = {
            key[start : runs[last][1]].lower()
            for first, (start, _) in enumerate(runs)
            for last in range(first, min(first + self._longest_run, len(runs)))
        }
        return sorted(cores)

    def _with_cores(self, cores: Sequence[str]) -> Iterator[Keyless]:
        for at in range(0, len(cores), SQL_VARIABLES):
            some = cores[at : at + SQL_VARIABLES]
            marks = ", ".join("?" * len(some))
            yield from map(
                Keyless._make,
                self.database.execute(
                    "SELECT rowid, dispatch_id, backup_id, state, size, day, is_found"
                    f" FROM keyless WHERE core IN ({marks}) ORDER BY rowid",
                    some,
                ).fetchall(),
            )

    def note_found(self, row: Keyless) -> None:
        """An object was found that the row without a key means."""
        self.database.execute("UPDATE keyless SET is_found = 1 WHERE rowid = ?", (row.rowid,))

    def keyless_successes(self) -> Iterator[Keyless]:
        """Rows that say success, have no key, and whose dispatch id no object's name holds."""
        cursor = self.database.execute(
            "SELECT rowid, dispatch_id, backup_id, state, size, day, is_found FROM keyless"
            " WHERE state = 'success' AND NOT is_found ORDER BY rowid"
        )
        return map(Keyless._make, cursor)


def _core(dispatch_id: str) -> str:
    """The id from its first letter or digit to its last, in lower case."""
    runs = [found.span() for found in RUN.finditer(dispatch_id)]
    return dispatch_id[runs[0][0] : runs[-1][1]].lower() if runs else ""


def _named(row: Keyless, key: str) -> Named:
    """How a key names the id of a row, as the main job reads it."""
    return named_in_key(key, row.dispatch_id.strip(), of_row=True)


def _longest(rows: list[Keyless]) -> list[Keyless]:
    """Those whose id is no part of another one's among them: that other is the one meant."""
    ids = {row.dispatch_id.strip().lower() for row in rows}
    return [
        row
        for row in rows
        if not any(
            row.dispatch_id.strip().lower() != one and row.dispatch_id.strip().lower() in one
            for one in ids
        )
    ]
