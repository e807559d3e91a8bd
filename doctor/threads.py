"""Threads that never keep the process alive: a call that hangs is left behind, not waited for."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


def spawn(call: Callable[[], T]) -> Future[T]:
    """Run a call in a daemon thread of its own; the future holds its result or its exception."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 -- handed to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name=getattr(call, "__name__", "call")).start()
    return future


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
            yield under_way.popleft().result(timeout=timeout_s())
    while under_way:
        yield under_way.popleft().result(timeout=timeout_s())
