"""Looks for single keys outside the prefix, with as few pages as their order allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.clients.bucket import LONGEST_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.run.audit.aside import KeyMeaning
    from backup_doctor.run.audit.listing import Lists
    from backup_doctor.run.audit.model import Stored


def look_up(
    source: Lists, meanings: Iterable[KeyMeaning]
) -> Iterator[tuple[KeyMeaning, Stored | None]]:
    """What is at each key; the meanings are in the order of their keys.

    Raises:
        BrokeOffError: a page could not be read; what came before is whole.
    """
    window = _Window(source)
    for meaning in meanings:
        is_possible = len(meaning.key.encode("utf-8", "surrogatepass")) <= LONGEST_KEY
        yield meaning, window.find(meaning.key) if is_possible else None


class _Window:
    """The page of the whole bucket that was read last, and the keys between which it has all."""

    def __init__(self, source: Lists) -> None:
        self._source = source
        self._after = ""
        self._through = ""
        self._objects: dict[str, Stored] = {}

    def find(self, key: str) -> Stored | None:
        if not self._after < key <= self._through:
            self._move(_just_before(key))
        while not key <= self._through:
            self._move(self._through)
        return self._objects.get(key)

    def _move(self, after: str) -> None:
        page = self._source.page("", token=None, start_after=after or None, by_folder=False)
        self._objects = {stored[0]: stored for stored in page.objects}
        self._after = after
        is_end = page.after is None or not page.objects
        self._through = END if is_end else page.objects[-1][0]


# No key is greater.
END = "\U0010ffff" * 300


def _just_before(key: str) -> str:
    """A text before the key, with as little between as is easy to tell."""
    start, last = key[:-1], ord(key[-1]) - 1
    surrogate = 0xD800 <= last <= 0xDFFF  # noqa: PLR2004 -- no character has such a number
    return start if surrogate or last < ord(" ") else start + chr(last)
