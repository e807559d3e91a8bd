"""SIGINT, SIGTERM and SIGHUP as one exception, but never while something starts or stops."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal asked the program to end. `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """What a shell reports of a program that ended by this signal."""
        return 128 + self.number


class Interrupts:
    """While entered, the first signal raises `Interrupted` once; all later ones are ignored.

    Inside `deferred()` it is raised at the end of the block, so that what is being started is
    known to whoever has to stop it.
    """

    def __init__(self) -> None:
        self._deferring = False
        self._pending: int | None = None
        self._raised = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Hold a signal back until the block is through."""
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
        self.check()

    def check(self) -> None:
        """Raise now what is being held back: a point inside a deferred block where that is safe."""
        if self._pending is not None and not self._raised:
            self._raise(self._pending)

    def ignore(self) -> None:
        """Raise nothing from here on: what is left to do is short, and has to be done."""
        self._raised = True

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._raised:
            return
        if self._deferring:
            self._pending = number
            return
        self._raise(number)

    def _raise(self, number: int) -> None:
        self._raised = True
        raise Interrupted(number)
