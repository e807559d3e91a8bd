"""Ctrl-C and SIGTERM during a run: what is known so far is still printed."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal came; its number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal ended."""
        return 128 + self.number


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it, the first signal raises `Interrupted` in the main thread.

    Afterwards signals have no effect: what is left to do is to print, and that takes no time.
    """

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        _ignore()
        raise Interrupted(number)

    for number in SIGNALS:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        _ignore()


class Stop:
    """Whether a signal came; its number."""

    def __init__(self) -> None:
        self.number: int | None = None

    def __call__(self) -> bool:
        """Whether one came."""
        return self.number is not None

    @property
    def exit_code(self) -> int | None:
        """What a shell expects of a process that a signal ended; None where none came."""
        return None if self.number is None else 128 + self.number


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Within it, a signal is noted: what is under way ends, and nothing more is begun.

    Afterwards signals have no effect, as after `interruptible`.
    """
    stop = Stop()

    def note(number: int, _frame: FrameType | None) -> None:
        stop.number = stop.number or number

    for number in SIGNALS:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        _ignore()


def _ignore() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
