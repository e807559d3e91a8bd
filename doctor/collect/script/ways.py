"""Which way a script is on: its variables, what is known there of the calls, and where ways meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import cases
from backup_doctor.collect.script.conditions import narrow
from backup_doctor.collect.script.drafts import Breaks, Capture, OpenCall, Scope, TakenWay, Try
from backup_doctor.collect.script.model import Branch, CallEnd, What
from backup_doctor.collect.script.naming import named
from backup_doctor.collect.script.samples import Facts
from backup_doctor.collect.script.values import Response, only_hole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backup_doctor.collect.script.budget import Budget
    from backup_doctor.collect.script.model import Print
    from backup_doctor.collect.script.values import Value

FACTS = 24
"""Of what is known of calls at a place, the latest is kept."""

# How far what is known of a way lasts: to the end of a loop's body, of a function, of a `try`.
REACH = ("arm", "break", "return", "raise", "exit")


class Ways:
    """Variables and ways. `sink` and `errors` are where output goes: a `Capture`, "log", or nowhere."""

    def __init__(
        self,
        budget: Budget,
        resolve: Callable[[str], str | None],
        environment: Mapping[str, Value],
    ) -> None:
        self.budget = budget
        self.resolve = resolve
        self.environment: Scope = dict(environment)
        self.path = ""
        self.language = ""
        self.scopes: tuple[Scope, ...] = ({},)
        self.files: Scope = {}
        self.calls: list[OpenCall] = []
        self.prints: list[Print] = []
        self.loops: list[tuple[int, int]] = []
        self.dead_ends: list[tuple[int, int]] = []
        self.unread: dict[str, None] = {}
        self.branches: list[tuple[Branch, str]] = []
        self.tries: list[Try] = []
        self.breaks: list[Breaks] = []
        self.leaving: str | None = None
        self.handler = 0
        self.looping = 0
        self.last: int | None = None
        self.sink: Capture | str | None = "log"
        self.errors: Capture | str | None = "log"
        self.stdin: Value | None = None
        self._at = 0
        self._forks = 0
        self._arms: list[tuple[int, bool]] = []
        self._journals: list[dict[tuple[int, str], tuple[Scope, Value | None]]] = []
        self._seen: set[Print] = set()

    # Variables.

    def look_up(self, name: str) -> Value | None:
        """What a variable holds."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def assign(self, name: str, value: Value, *, local: bool = False) -> None:
        """Set a variable: the one that is there, else a new one."""
        new = self.scopes[-1] if local or self.language == "powershell" else self.scopes[0]
        scope = new if local else next((one for one in reversed(self.scopes) if name in one), new)
        self.note(name, value)
        self.put(scope, name, named(name, value))

    def put(self, scope: Scope, name: str, value: Value) -> None:
        """Set one entry, so that it can be taken back when the way ends."""
        for journal in self._journals[-1:]:
            journal.setdefault((id(scope), name), (scope, scope.get(name)))
        scope[name] = value

    def note(self, name: str, value: Value) -> None:
        """A variable takes the status or the answer of a call."""
        if isinstance(value, Response):
            for number in value.calls if len(value.calls) == 1 else ():
                self.calls[number].answer_in[name] = None
        one = only_hole(value)
        for number in one.calls if one is not None and len(one.calls) == 1 else ():
            if one is not None and one.what is What.STATUS:
                self.calls[number].status_in[name] = None
            elif one is not None and one.what is What.ANSWER:
                self.calls[number].answer_in[name] = None

    # Ways.

    def here(self) -> tuple[Branch, ...]:
        """What is known of the calls at this place."""
        return merged(tuple(branch for branch, _ in self.branches[-FACTS:]))

    def facts(self, call: int) -> Facts:
        """How a call can end, as far as its client tells."""
        if not 0 <= call < len(self.calls):
            return Facts()
        return self.calls[call].facts()

    def fork(
        self, test: Value, then: Callable[[], object], otherwise: Callable[[], object]
    ) -> None:
        """Go both ways of a test, and on with what both leave behind."""
        self._forks += 1
        self.budget.spend(2)
        fork = self._forks
        ways_ = []
        for holds, run in ((True, then), (False, otherwise)):
            branches = narrow(test, self.facts, holds=holds)
            ways_.append(self.way(branches, run, (fork, holds)))
        self.meet(ways_)

    def way(
        self, branches: tuple[Branch, ...], run: Callable[[], object], arm: tuple[int, bool]
    ) -> TakenWay:
        """Go one way, and come back to where it began."""
        mark, last, start = len(self.branches), self.last, self.at
        self.branches.extend((one, "arm") for one in branches)
        self._journals.append({})
        self._arms.append(arm)
        caught = self.sink if isinstance(self.sink, Capture) else None
        first = len(caught.pieces) if caught else 0
        run()
        if caught and self.leaving in {"return", "exit", "raise"} and len(caught.pieces) > first:
            caught.ended.add(len(caught.pieces) - 1)
        self._arms.pop()
        journal = self._journals.pop()
        changes = {key: (scope, scope[key[1]]) for key, (scope, _) in journal.items()}
        for (_, name), (scope, old) in journal.items():
            if old is None:
                del scope[name]
            else:
                scope[name] = old
        if self.leaving == "exit" and self.at > start:
            self.dead_ends.append((start + 1, self.at))
        went = TakenWay(changes, self.leaving, branches, self.last)
        if self.leaving == "break" and self.breaks:
            inside = self.branches[self.breaks[-1].mark :]
            known = merged(tuple(one for one, _ in inside))
            self.breaks[-1].ways.append(TakenWay(changes, None, known, self.last))
        del self.branches[mark:]
        self.leaving, self.last = None, last
        return went

    def meet(self, ways_: list[TakenWay]) -> None:
        """Where several ways come together; one that the script left on leads nowhere."""
        going = [one for one in ways_ if one.left is None]
        lasts = [one.last for one in (going or ways_) if one.last is not None]
        self.last = max([*lasts, *([self.last] if self.last is not None else [])], default=None)
        if not going:
            self.leaving = min((one.left or "exit" for one in ways_), key=REACH.index, default=None)
            return
        self.unite(going)
        left = [one.left for one in ways_ if one.left is not None]
        if left and len(going) == 1:
            reach = min(left, key=REACH.index)
            self.branches.extend((one, reach) for one in going[0].branches)

    def unite(self, going: list[TakenWay]) -> None:
        """Each variable has one of the values that the ways have left in it."""
        keys = {key: scope for one in going for key, (scope, _) in one.changes.items()}
        for key, scope in keys.items():
            options = []
            for one in going:
                if key in one.changes:
                    options.append((one.changes[key][1], one.branches))
                elif key[1] in scope:
                    options.append((scope[key[1]], one.branches))
            self.put(scope, key[1], cases(options))

    def forget(self, mark: int, reach: str) -> None:
        """Drop what was only known as far as a loop's body, a function or a `try` reaches."""
        bound = REACH.index(reach)
        self.branches[mark:] = [one for one in self.branches[mark:] if REACH.index(one[1]) > bound]

    def place(self) -> int:
        """The next place among calls and prints."""
        self._at += 1
        return self._at

    @property
    def at(self) -> int:
        """The last place that was given out."""
        return self._at


def merged(branches: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """One statement for the same calls: what all of theirs leave open."""
    found: dict[tuple[int, ...], tuple[CallEnd, ...]] = {}
    for one in branches:
        before = found.pop(one.calls, None)
        both = tuple(out for out in one.outcomes if before is None or out in before)
        found[one.calls] = both or one.outcomes
    return tuple(Branch(calls=calls, outcomes=outcomes) for calls, outcomes in found.items())
