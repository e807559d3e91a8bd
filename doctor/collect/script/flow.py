"""Follows statements: both ways of a test, loops, what leaves, what is caught."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.script.composing import cases, either, plain, to_text
from backup_doctor.collect.script.conditions import decided, narrow
from backup_doctor.collect.script.drafts import Breaks, TakenWay
from backup_doctor.collect.script.following import Following
from backup_doctor.collect.script.library.members import module
from backup_doctor.collect.script.syntax import nodes as n
from backup_doctor.collect.script.texts import literal
from backup_doctor.collect.script.values import (
    NONE,
    UNKNOWN,
    Api,
    Closure,
    Failure,
    Fields,
    Items,
    Unknown,
    calls_of,
)
from backup_doctor.collect.script.ways import merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from backup_doctor.collect.script.budget import Budget
    from backup_doctor.collect.script.model import Branch
    from backup_doctor.collect.script.shell.running import Shell
    from backup_doctor.collect.script.syntax.nodes import Block, Expr, Stmt
    from backup_doctor.collect.script.values import Value

UNROLLED = 8
SCANNED = 1_500


class Flow(Following):
    """Follows statements. What expressions stand for is asked of the class that evaluates them."""

    shell: Shell

    def __init__(
        self,
        budget: Budget,
        resolve: Callable[[str], str | None],
        environment: Mapping[str, Value],
    ) -> None:
        super().__init__(budget, resolve, environment)
        self._returns: list[list[tuple[Value, tuple[Branch, ...]]]] = []
        self._handled: list[Failure] = []
        self._broken = False

    def bind(self, target: Expr, value: Value, *, local: bool = False) -> None:
        """Give a target its value."""
        raise NotImplementedError

    def closure(self, function: n.Function) -> Closure:
        """A function, with what it sees."""
        raise NotImplementedError

    def block(self, steps: Block) -> None:
        """Follow statements until the script leaves."""
        for step in steps:
            if self.leaving is not None or not self.budget.enter():
                return
            try:
                self._statement(step)
            finally:
                self.budget.leave()

    def _statement(self, step: Stmt) -> None:
        match step:
            case n.Do():
                value = self.value(step.value)
                if self.language == "bash":
                    self.shell.after_statement(step.value, value)
            case n.If():
                self._if(self._test(step.test), step.then, step.otherwise)
            case n.Guarded():
                self._attempt(step)
            case n.Loop():
                self._loop(step)
            case n.Leave():
                self._leave(step)
            case n.Define():
                self.put(self.scopes[-1], step.name, self.closure(step.function))
            case n.Import():
                self._import(step)
            case n.Body():
                self.block(step.body)

    def _test(self, expr: Expr) -> Value:
        """A test: a command in it may fail without an end to the script."""
        self.shell.testing += 1
        found = self.value(expr)
        self.shell.testing -= 1
        return found

    def _if(self, test: Value, then: Block, otherwise: Block) -> None:
        known = None if self.looping else decided(test)
        if known is not None:
            self.block(then if known else otherwise)
            return
        self.fork(test, lambda: self.block(then), lambda: self.block(otherwise))

    def _leave(self, step: n.Leave) -> None:
        value = self.value(step.value) if step.value is not None else NONE
        if self.leaving is not None:
            return
        if step.how == "raise":
            again = self._handled[-1] if self._handled else UNKNOWN
            self.throw(value if step.value is not None else again)
        elif step.how == "exit":
            self.leave("exit", self.shell.returned([value] if step.value is not None else []))
        else:
            self.leave(step.how, value)

    def leave(self, how: str, value: Value) -> None:
        """Leave a loop, a function or the script; `value` is what a function gives back."""
        if how == "return" and self._returns:
            self._returns[-1].append((value, self.here()))
        elif how in {"exit", "return"} and self.exits:
            self.exits[-1].append((value, self.here()))
        self._broken = self._broken or how == "break"
        if self.language == "bash":
            self.shell.status = value
        self.leaving = how

    def _attempt(self, step: n.Guarded) -> None:
        handlers = [(one.names, partial(self._handle, one)) for one in step.handlers]
        if handlers:
            self.guard(lambda: self.block((*step.body, *step.otherwise)), handlers)
        else:
            self.block(step.body)
        left = self._stay()
        self.block(step.finally_)
        if self.leaving is None:
            self.leaving = left

    def _stay(self) -> str | None:
        """Go on although the script left; how it did."""
        left, self.leaving = self.leaving, None
        return left

    def _handle(self, handler: n.Except, failure: Failure) -> None:
        self.handler += 1
        self._handled.append(failure)
        if handler.target is not None:
            self.bind(handler.target, failure, local=True)
        self.block(handler.body)
        self._handled.pop()
        self.handler -= 1

    def _promised(self, expr: n.Apply, of: Expr) -> Value:
        """`promise.catch(handler)`."""
        found: list[Value] = []

        def handle(failure: Failure) -> None:
            self.handler += 1
            found.append(self.call_back(self.value(expr.args[0]), [failure]))
            self.handler -= 1

        self.guard(lambda: found.append(self.value(of)), [((), handle)])
        return found[0] if found else UNKNOWN

    def _loop(self, step: n.Loop) -> None:
        start, mark = self.at, len(self.branches)
        self.breaks.append(Breaks(mark))
        over = plain(self.value(step.over)) if step.over is not None else None
        if isinstance(over, Items) and self._worth_unrolling(over):
            for item in over.items[:UNROLLED]:
                if self.leaving is None:
                    self._round(step, item)
        else:
            self._forget_assigned(step.body)
            self.looping += 1
            self._repeated(step, self._item(over))
            self.looping -= 1
            self.loops.append((start + 1, self.at))
        # A loop may end before its body leaves.
        self.leaving = None
        known = merged(tuple(one for one, reach in self.branches[mark:] if reach == "break"))
        self.unite([TakenWay({}, None, known, self.last), *self.breaks.pop().ways])
        self.forget(mark, "break")

    def _worth_unrolling(self, over: Items) -> bool:
        """Whether the items are few and different things, no numbers to count attempts."""
        told = [literal(plain(one)) for one in over.items]
        words = all(one is not None and not one.isdecimal() for one in told)
        things = all(isinstance(plain(one), Closure | Items | Fields) for one in over.items)
        return 0 < len(told) <= UNROLLED and (words or things)

    def _item(self, over: Value | None) -> Value:
        if isinstance(over, Items):
            return either([to_text(one) for one in over.items]) if over.items else UNKNOWN
        return over if over is not None and calls_of(over) else UNKNOWN

    def _round(self, step: n.Loop, item: Value) -> None:
        if step.target is not None:
            self.bind(step.target, item)
        self.block(step.body)

    def _repeated(self, step: n.Loop, item: Value) -> None:
        if step.test is None:
            self._round(step, item)
            return
        test = self._test(step.test)
        self._broken = False
        self.fork(test, lambda: self._watched(step, item), lambda: None)
        if not self._broken:
            self.branches.extend((one, "exit") for one in narrow(test, self.facts, holds=False))

    def _watched(self, step: n.Loop, item: Value) -> None:
        self._round(step, item)
        self._broken = self._broken or self.leaving == "break"

    def _forget_assigned(self, body: Block) -> None:
        """A variable that the body counts up is not what it was before the loop."""
        for name in assigned(body):
            value = self.look_up(name)
            if value is not None and literal(value) is not None:
                scope = next(one for one in reversed(self.scopes) if name in one)
                self.put(scope, name, either([value, Unknown(name)]))

    def _import(self, step: n.Import) -> None:
        loaded = self.load(step.module)
        for there, here in step.names:
            self.put(self.scopes[-1], here, self._imported(step.module, there, loaded))

    def _imported(self, source: str, name: str, loaded: Fields | None) -> Value:
        if loaded is not None:
            return loaded if name == "*" else loaded.fields.get(name, UNKNOWN)
        known = module(source)
        if name in {"*", "default"} or isinstance(known, Unknown):
            return known
        return Api(f"{known.path}.{name}", Fields({}))

    def load(self, source: str) -> Fields | None:
        """The names of a module of the repository, if it can be read."""
        return self.shell.programs.load(source)

    def way(
        self, branches: tuple[Branch, ...], run: Callable[[], object], arm: tuple[int, bool]
    ) -> TakenWay:
        """Go one way; what the last command before it told is told on each of them."""
        before = self.shell.status
        went = super().way(branches, run, arm)
        went.status, self.shell.status = self.shell.status, before
        return went

    def meet(self, ways_: list[TakenWay]) -> None:
        """Where ways come together: a list or an `if` ends as its last command did."""
        super().meet(ways_)
        going = [(one.status, one.branches) for one in ways_ if one.left is None]
        if going and self.language == "bash":
            self.shell.status = cases(going)


def assigned(body: Block) -> Iterator[str]:
    """The names that statements assign to, as far as they have been read."""
    waiting: list[object] = list(body)
    for _ in range(SCANNED):
        if not waiting:
            return
        one = waiting.pop()
        if isinstance(one, n.Assigned) and isinstance(one.target, n.Name):
            yield one.target.name
        if isinstance(one, tuple):
            waiting.extend(one)
        elif isinstance(one, Immutable) and not isinstance(one, n.Function):
            waiting.extend(getattr(one, name) for name in one.__struct_fields__)
