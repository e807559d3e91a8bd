"""Errors: what is thrown, what a handler takes, and what its being reached tells of the calls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import either, plain, to_text
from backup_doctor.collect.script.drafts import Try
from backup_doctor.collect.script.model import FAILED, Branch, CallEnd
from backup_doctor.collect.script.state import TraceState
from backup_doctor.collect.script.values import Const, Failure
from backup_doctor.collect.script.ways import merged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backup_doctor.collect.script.budget import Budget
    from backup_doctor.collect.script.values import Value

_SILENCES = ("timeout", "connect", "url", "transport", "network", "socket", "request")


class Catching(TraceState):
    """Throws and catches. `exits` are the ends of the programs that are running, the last innermost."""

    def __init__(
        self,
        budget: Budget,
        resolve: Callable[[str], str | None],
        environment: Mapping[str, Value],
    ) -> None:
        super().__init__(budget, resolve, environment)
        self.exits: list[list[tuple[Value, tuple[Branch, ...]]]] = []

    def call_back(self, value: Value, args: Sequence[Value]) -> Value:
        """Call a function that was handed to a library."""
        raise NotImplementedError

    def throw(self, value: Value) -> None:
        """Throw an error; whoever catches it finds its words and the calls that led here."""
        self.leaving = "raise"
        error = plain(value)
        told = error if isinstance(error, Failure) else Failure((), (to_text(error),))
        led = next((one.calls for one in reversed(self.here()) if one.failed), ())
        calls = tuple(dict.fromkeys((*told.calls, *led)))
        if self.tries:
            self.tries[-1].calls.extend(told.calls)
            self.tries[-1].thrown.extend((self.stamped(text), calls) for text in told.thrown)
            return
        if self.exits:
            self.exits[-1].append((Const(value=False), self.here()))
        if told.thrown:
            self.handler += 1
            self.emit(either(list(told.thrown)), to_errors=True, prefixed=True)
            self.handler -= 1

    def guard(
        self,
        run: Callable[[], object],
        handlers: Sequence[tuple[tuple[str, ...], Callable[[Failure], object]]],
    ) -> None:
        """A body whose errors are caught."""
        kept: list[Branch] = []

        def watched() -> None:
            mark = len(self.branches)
            run()
            kept.extend(one for one, reach in self.branches[mark:] if reach != "arm")

        self.tries.append(Try())
        body = self.way((), watched, (0, True))
        caught = self.tries.pop()
        before, self.last = self.last, body.last
        ways = [body]
        taken: set[CallEnd] = set()
        for names, handle in handlers:
            failure, branches = self._caught(names, caught, taken)
            ways.append(self.way(branches, partial(handle, failure), (0, False)))
        body.branches = merged(tuple(kept))
        self.last = before
        self.meet(ways)

    def rescue(
        self,
        handler: Value,
        failure: Failure,
        outcomes: tuple[CallEnd, ...] = (CallEnd.REFUSED, CallEnd.SILENT),
    ) -> None:
        """Call a function that is only called when one of the calls has failed."""
        branches = (Branch(calls=failure.calls, outcomes=outcomes),) if failure.calls else ()

        def run() -> None:
            self.handler += 1
            self.call_back(handler, [failure])
            self.handler -= 1

        self.meet([self.way((), lambda: None, (0, True)), self.way(branches, run, (0, False))])

    def _caught(
        self, names: tuple[str, ...], caught: Try, taken: set[CallEnd]
    ) -> tuple[Failure, tuple[Branch, ...]]:
        """The error that a handler takes, and what its being there tells.

        `taken` are the outcomes that a handler before it has taken.
        """
        told, takes_all = _outcomes(names)
        outcomes = tuple(one for one in told if one not in taken) or told
        taken.update(outcomes if len(told) == 1 else ())
        own = tuple(
            call
            for call in dict.fromkeys(caught.calls)
            if CallEnd.SILENT in outcomes or self.facts(call).fails_on_status
        )
        led = tuple(call for _, calls in caught.thrown for call in calls) if takes_all else ()
        calls = tuple(dict.fromkeys((*own, *led)))
        thrown = tuple(dict.fromkeys(text for text, _ in caught.thrown)) if takes_all else ()
        client = self.calls[own[0]].client if own else ""
        failure = Failure(own if own or thrown else calls, thrown, client)
        own_reasons = takes_all and any(not calls for _, calls in caught.thrown)
        if not calls or own_reasons:
            return failure, ()
        left = FAILED if led else outcomes
        return failure, (Branch(calls=calls, outcomes=left),)


def _outcomes(names: tuple[str, ...]) -> tuple[tuple[CallEnd, ...], bool]:
    """What a handler's classes of errors stand for, and whether it takes the script's own."""
    both = (CallEnd.REFUSED, CallEnd.SILENT)
    if not names or {"Exception", "BaseException"} & set(names):
        return both, True
    lower = [name.lower() for name in names]
    refused = any("http" in name or "status" in name or "api" in name for name in lower)
    silent = any(word in name for name in lower for word in _SILENCES)
    if refused and not silent:
        return (CallEnd.REFUSED,), False
    if (
        silent
        and not refused
        and not any("requestexception" in name or "requesterror" in name for name in lower)
    ):
        return (CallEnd.SILENT,), False
    return both, not (refused or silent)
