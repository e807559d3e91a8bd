"""Reads a stream a little ahead, in a thread of its own."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event
from typing import TYPE_CHECKING, Generic, TypeVar

from backup_doctor.base.threads import spawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")
# How often a full reader looks whether anybody still wants what it has.
LOOK_EVERY_S = 0.2


class Ahead(Generic[T]):
    """An iterator over what another one yields, at most so many items of which wait.

    What the other raises, this one raises, after all that came before.
    """

    def __init__(self, items: Iterable[T], waiting: int) -> None:
        self._queue: Queue[tuple[T | None, BaseException | None]] = Queue(waiting)
        self._given_up = Event()
        spawn(lambda: self._read(items))

    def __iter__(self) -> Iterator[T]:
        """Yield the items; to be called once."""
        while True:
            item, error = self._get()
            if error is not None:
                if isinstance(error, StopIteration):
                    return
                raise error
            yield item  # type: ignore[misc] # an item, where there is no error

    def _get(self) -> tuple[T | None, BaseException | None]:
        """The next entry, waited for in short spells, so that no signal is missed."""
        while True:
            with suppress(Empty):
                return self._queue.get(timeout=LOOK_EVERY_S)

    def close(self) -> None:
        """Let the thread end."""
        self._given_up.set()

    def _read(self, items: Iterable[T]) -> None:
        end: BaseException = StopIteration()
        try:
            for item in items:
                if not self._put((item, None)):
                    return
        except BaseException as error:  # noqa: BLE001 -- raised where the items are read
            end = error
        self._put((None, end))

    def _put(self, entry: tuple[T | None, BaseException | None]) -> bool:
        while not self._given_up.is_set():
            try:
                self._queue.put(entry, timeout=LOOK_EVERY_S)
            except Full:
                continue
            return True
        return False
