"""Threads that never keep the process alive: a call that hangs is left behind, not waited for."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
# How often a watch looks whether what it watches is late.
LOOK_EVERY_S = 0.2


def spawn(call: Callable[[], T]) -> Future[T]:
    """Run a call in a daemon thread of its own; the future holds its result or its exception."""
    future: Future[T] = Future()
    run = partial(_settle, future, call)
    threading.Thread(target=run, daemon=True, name=getattr(call, "__name__", "call")).start()
    return future


def result_of(future: Future[T], timeout_s: float) -> T:
    """What a call returned, waited for in short spells.

    Whoever waits in one piece does not hear a signal that came just before, or to another thread.

    Raises:
        TimeoutError: it has not ended in time.
    """
    until = time.monotonic() + timeout_s
    while True:
        left = until - time.monotonic()
        with suppress(TimeoutError):
            return future.result(timeout=max(0.0, min(left, LOOK_EVERY_S)))
        if future.done() or left <= 0:
            return future.result(timeout=0)


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 -- handed to whoever asks for the result
        future.set_exception(error)


class Pool:
    """As many such threads as `width`, for thousands of calls: to start one takes time as well."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._started = 0
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def spawn(self, call: Callable[[], T]) -> Future[T]:
        """Run a call as soon as a thread is free. From one thread only."""
        future: Future[T] = Future()
        self._calls.put(partial(_settle, future, call))
        if self._started < self._width:
            self._started += 1
            spawn(self._work)
        return future

    def close(self) -> None:
        """Let the threads end after the calls that were given to them."""
        for _ in range(self._started):
            self._calls.put(None)

    def _work(self) -> None:
        while call := self._calls.get():
            call()


class Watch:
    """Calls `late`, once, when a block lasts longer than it may: one thread for all blocks.

    `was_late` says whether one did.
    """

    def __init__(self, late: Callable[[], None]) -> None:
        self.was_late = False
        self._late = late
        self._until = math.inf
        self._closed = threading.Event()
        spawn(self._look)

    @contextmanager
    def at_most(self, limit_s: float) -> Iterator[None]:
        """Watch a block; one at a time."""
        self._until = time.monotonic() + limit_s
        try:
            yield
        finally:
            self._until = math.inf

    def close(self) -> None:
        """Look no longer."""
        self._closed.set()

    def _look(self) -> None:
        while not self._closed.wait(LOOK_EVERY_S):
            if time.monotonic() > self._until:
                self.was_late = True
                self._late()
                return


def in_parallel(
    calls: Iterable[Callable[[], T]], width: int, timeout_s: Callable[[], float]
) -> Iterator[T]:
    """The calls' results in their order, `width` of them under way at a time.

    Raises:
        TimeoutError: a result did not come within what `timeout_s` then says.
    """
    under_way: deque[Future[T]] = deque()
    for call in calls:
        under_way.append(spawn(call))
        if len(under_way) >= width:
            yield result_of(under_way.popleft(), timeout_s())
    while under_way:
        yield result_of(under_way.popleft(), timeout_s())
