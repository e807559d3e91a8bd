"""Several calls under way at once, each with a result or the honest record that it never came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from backup_doctor.collect.sources import Sources

T = TypeVar("T")
GRACE_S = 0.1


class Pending(Generic[T]):
    """A call that was started; `what` names what it asks for, as a person would."""

    def __init__(self, ask: Sources, what: str, call: Callable[[], T]) -> None:
        self._deadline = ask.deadline
        self._what = what
        self._future: Future[T] = ask.meanwhile(call)

    def result(self) -> T | Unseen:
        """What the call returned; `TIMED_OUT` where it outlives the run's budget."""
        try:
            return self._future.result(timeout=self._deadline.left() + GRACE_S)
        except TimeoutError:
            return Unseen(
                why=Why.TIMED_OUT,
                what=f"{self._what} did not come within the budget of the run.",
                remedy="Give a larger --budget.",
            )
