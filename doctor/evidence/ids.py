"""Whole ids: whether a key, a title or a line of a log names a backup, or only holds its id in another.

An id that is a UUID names its backup wherever it stands as a whole word: what follows is a time or a
counter. Every other id is named only where nothing but a file's usual words (`backup-`, `.zip`)
stands beside it: `nightly-7-2` is no `nightly-7`. A date, a folder and an id of few characters are
in too many keys to name anything, unless they are a row's whole id. Pure functions.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from backup_doctor.evidence.case import dispatch_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.evidence.case import Asked
    from backup_doctor.evidence.row import BackupRow

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BARE_UUID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
# A shorter id stands in dates, sizes and counters by chance.
SHORTEST = 8
# An id of fewer characters is not even looked for inside of longer words.
SHORTEST_PART = 6
# Digits enough to tell the folder of one backup from a folder of many: a time, a number, an id.
LEAST_DIGITS = 6
MOST_LONGER = 60
MOST_IDS = 20
# The runner's own scratch files are called after UUIDs.
SCRATCH = "/_temp/"

_VALUES = frozenset({"null", "none", "nil", "nan", "undefined", "true", "false"})
_DATE = re.compile(
    r"(?:19|20)\d\d([-_./]?)(?:0[1-9]|1[0-2])(?:\1(?:0[1-9]|[12]\d|3[01]))?"
    r"|(?:0[1-9]|[12]\d|3[01])([-_./]?)(?:0[1-9]|1[0-2])\2(?:19|20)\d\d"
)
# What stands before an id in a file's name and is no part of an id.
_WORDS = (
    r"(?:(?:back-?ups?|bkp|bak|db|database|(?:pg|mysql)?[-_]?dump|export|snapshot|archive|full"
    r"|dispatch|dispatch[-_]id|backup[-_]id|run|id|eq)[-_.=]+)*"
)
_BEFORE = re.compile(_WORDS, re.IGNORECASE)
_ENDING = r"(?:\.(?:[a-z][a-z0-9]{0,11}|7z))*"
_BEHIND = re.compile(_ENDING, re.IGNORECASE)
_WORD_BEFORE = re.compile(r"[\w.-]*$")
_WORD_BEHIND = re.compile(rf"{_ENDING}(?![-_.]*\w)", re.IGNORECASE)


class Named(IntEnum):
    """How a key names an id: not at all, perhaps (as a part of a longer word), or as a whole."""

    NOT = 0
    PERHAPS = 1
    WHOLE = 2


def is_uuid(text: str | None) -> bool:
    """Whether a text is a UUID, and so names one thing in the world."""
    bare = (text or "").strip()
    return bool(UUID.fullmatch(bare) or _BARE_UUID.fullmatch(bare))


def is_same_id(one: str | None, other: str | None) -> bool:
    """Whether two texts are one id: blanks around it do not count, nor does a UUID's case."""
    if one is None or other is None:
        return False
    one, other = one.strip(), other.strip()
    return one == other or (is_uuid(one) and one.lower() == other.lower())


class Ids:
    """The ids of one backup. `of_rows` are those among them that a row of the table really has."""

    def __init__(self, ids: Iterable[str | None], of_rows: Iterable[str | None] = ()) -> None:
        self.of_rows = frozenset(_told(of_rows))
        self.ids = tuple(dict.fromkeys((*_told(ids), *sorted(self.of_rows))))

    def __bool__(self) -> bool:
        return bool(self.ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ids) and (self.ids, self.of_rows) == (other.ids, other.of_rows)

    def __hash__(self) -> int:
        return hash((self.ids, self.of_rows))

    def named_in(self, key: str) -> Named:
        """How the key names the backup, by the id that it names best."""
        found = (named_in_key(key, one, of_row=one in self.of_rows) for one in self.ids)
        return max(found, default=Named.NOT)

    def whole_in(self, key: str) -> bool:
        """Whether the key names the backup."""
        return self.named_in(key) is Named.WHOLE

    def rivals_in(self, key: str) -> tuple[str, ...]:
        """What in the key may be another backup's id: words that hold one of these, and UUIDs."""
        longer = (word for one in self.ids for word in _longer(key, one))
        others = (found[0] for found in UUID.finditer(key))
        own = {one.lower() for one in self.ids}
        rivals = (one for one in (*longer, *others) if one.lower() not in own)
        return tuple(islice(dict.fromkeys(rivals), MOST_LONGER))


def ids_of(asked: Asked, row: BackupRow | None) -> Ids:
    """By what a key may name this backup: as the row has its ids, else as they were asked for.

    A row's own id that is a mere number names nothing.
    """
    if row is not None and row.dispatch_id:
        return Ids([], of_rows=[row.dispatch_id, row.id if is_uuid(row.id) else None])
    own = (asked.backup_id, row.id if row else None)
    return Ids([dispatch_id_of(asked, row), *(one for one in own if is_uuid(one))])


def _told(ids: Iterable[str | None]) -> Iterator[str]:
    return (one.strip() for one in ids if one and one.strip())


def named_in_key(key: str, one: str, *, of_row: bool = False) -> Named:
    """How an object's key names an id; `of_row`: some row of the table has exactly this id."""
    found = (_named_at(key, start, one, of_row=of_row) for start in _places(key, one))
    return max(found, default=Named.NOT)


def _places(text: str, one: str) -> Iterator[int]:
    """Where the id stands, in whatever case, with no letter or digit right beside it."""
    if len(text.lower()) != len(text) or len(one.lower()) != len(one):
        folded, wanted = text, one
    else:
        folded, wanted = text.lower(), one.lower()
    at = folded.find(wanted)
    while at >= 0:
        if not goes_on(text, at) and not goes_on(text, at + len(one)):
            yield at
        at = folded.find(wanted, at + 1)


def goes_on(text: str, at: int) -> bool:
    """Whether a word goes on across this place."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _named_at(key: str, start: int, one: str, *, of_row: bool) -> Named:
    if is_uuid(one):
        return Named.WHOLE
    end = start + len(one)
    first = key.rfind("/", 0, start) + 1
    last = key.find("/", end)
    is_folder = last >= 0
    before, behind = key[first:start], key[end : last if is_folder else len(key)]
    stands_alone = (
        key[start:end] == one
        and _BEFORE.fullmatch(before) is not None
        and (not behind if is_folder else _BEHIND.fullmatch(behind) is not None)
    )
    if not stands_alone:
        return Named.PERHAPS if len(one) >= SHORTEST_PART else Named.NOT
    if is_folder:
        return _named_by_folder(one, of_row=of_row)
    return Named.WHOLE if of_row or _is_telling(one) else Named.NOT


def _named_by_folder(one: str, *, of_row: bool) -> Named:
    """A folder may be one backup's, where its name tells backups apart; else it is everybody's."""
    if not of_row:
        return Named.NOT
    tells = _is_telling(one) and sum(map(str.isdigit, one)) >= LEAST_DIGITS
    return Named.WHOLE if tells else Named.PERHAPS


def _is_telling(one: str) -> bool:
    """Whether an id that no row has can name anything: it is neither short nor a date."""
    return len(one) >= SHORTEST and _DATE.fullmatch(one) is None


def _longer(key: str, one: str) -> Iterator[str]:
    """The words of the key that hold the id and more: each may be another row's id."""
    for start in _places(key, one):
        end = start + len(one)
        first = key.rfind("/", 0, start) + 1
        last = key.find("/", end)
        last = len(key) if last < 0 else last
        starts = [at for at in range(first, start + 1) if not goes_on(key, at)]
        ends = [at for at in range(end, last + 1) if not goes_on(key, at)]
        for begin in starts:
            for stop in ends:
                word = key[begin:stop]
                if word[0].isalnum() and word[-1].isalnum():
                    yield word


# Lines and titles --------------------------------------------------------------------------------


def mentions(text: str | bytes, dispatch_id: str) -> bool:
    """Whether `text` (a title, a name, a line of a log) names this dispatch.

    A short id or a date stands in any text by chance: it counts only beside the word dispatch or
    backup. What is a value of any program (an id that somebody lost on the way is `null`) counts only
    behind the name of the id.
    """
    words = _longest_line(dispatch_id)
    if not words or (words.lower() in _VALUES and not _behind_its_name(text, words)):
        return False
    if isinstance(text, bytes):
        if words.encode() not in text and words.lower().encode() not in text.lower():
            return False
        text = text.decode("utf-8", "replace")
    if not any(_is_whole_word(text, start, words) for start in _places(text, words)):
        return False
    return _is_telling(words) or "dispatch" in text.lower() or "backup" in text.lower()


def _behind_its_name(text: str | bytes, words: str) -> bool:
    line = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return (
        re.search(rf"dispatch\W?_?id\W{{0,5}}{re.escape(words)}\b", line, re.IGNORECASE) is not None
    )


def _is_whole_word(text: str, start: int, words: str) -> bool:
    if is_uuid(words):
        return True
    end = start + len(words)
    before = _WORD_BEFORE.search(text, 0, start)
    return (
        text[start:end] == words
        and before is not None
        and _BEFORE.fullmatch(before[0]) is not None
        and _WORD_BEHIND.match(text, end) is not None
    )


def names_another(text: str, dispatch_id: str | None) -> bool:
    """Whether the text names a dispatch, as UUIDs do, and not this one."""
    if dispatch_id is None or not UUID.fullmatch(dispatch_id.strip()):
        return False
    return bool(UUID.search(text)) and not mentions(text, dispatch_id)


def ids_in(lines: Iterable[str]) -> tuple[str, ...]:
    """The UUIDs that the lines of a log name, each once, in order."""
    found = (one[0] for line in lines if SCRATCH not in line for one in UUID.finditer(line))
    return tuple(islice(dict.fromkeys(found), MOST_IDS))


@lru_cache(maxsize=8)
def _longest_line(dispatch_id: str) -> str:
    """Logs and titles break an id at its line ends."""
    return max((line.strip() for line in dispatch_id.splitlines()), key=len, default="")
