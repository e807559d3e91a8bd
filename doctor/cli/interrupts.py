"""Ctrl-C and SIGTERM during a run: what is known so far is still printed."""

from __future__ import annotations

import os
import signal
import sys
from _thread import start_new_thread
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# So long after a signal the process lives at most, and so soon what was lost is raised again.
LIMIT_S, SOON_S = 4.5, 0.02


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

    Afterwards signals have no effect: what is left to do is to print, and that takes no time. If the
    block has not ended `LIMIT_S` after the signal, the process does. Whatever else the block raises after
    one, is `Interrupted` too: Python makes a RuntimeError of what is raised while a class is made.
    """
    left = Lock()
    came: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        came.append(number)
        _ignore()
        start_new_thread(_end, (left, Interrupted(number).exit_code))
        raise Interrupted(number)

    for number in SIGNALS:
        signal.signal(number, interrupt)
    try:
        with left, _raised_again():
            yield
    except Exception as error:
        if came:
            raise Interrupted(came[0]) from error
        raise
    finally:
        _ignore()


def _end(left: Lock, code: int) -> None:
    """End the process, unless the block is left in time: it may wait for what was broken off."""
    if not left.acquire(timeout=LIMIT_S):
        os._exit(code)
    left.release()


@contextmanager
def _raised_again() -> Iterator[None]:
    """Within it, an `Interrupted` that was lost is raised once more.

    It is lost if it is raised while the interpreter calls something by itself, as when a module was imported.
    """
    before = sys.unraisablehook

    def lost(what: sys.UnraisableHookArgs) -> None:
        if isinstance(what.exc_value, Interrupted):
            _raise_soon(what.exc_value.number)
        else:
            before(what)

    sys.unraisablehook = lost
    try:
        yield
    finally:
        sys.unraisablehook = before
        signal.setitimer(signal.ITIMER_REAL, 0)


def _raise_soon(number: int) -> None:
    def again(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Interrupted(number)

    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, SOON_S)


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
