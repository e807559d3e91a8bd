"""Functions: what is called, with which arguments, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import cases, plain
from backup_doctor.collect.script.flow import Flow
from backup_doctor.collect.script.library.applying import apply_library
from backup_doctor.collect.script.library.members import member_of, module
from backup_doctor.collect.script.library.printing import error_value
from backup_doctor.collect.script.syntax import nodes as n
from backup_doctor.collect.script.texts import literal
from backup_doctor.collect.script.values import (
    NONE,
    UNKNOWN,
    Api,
    Closure,
    Fields,
    Items,
    Native,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backup_doctor.collect.script.budget import Budget
    from backup_doctor.collect.script.drafts import Scope
    from backup_doctor.collect.script.model import Branch
    from backup_doctor.collect.script.syntax.nodes import Expr
    from backup_doctor.collect.script.values import Value

ACTIVE = 2
ARGUMENTS = 60


class FunctionCalls(Flow):
    """Calls functions: the script's own stand where they are called, others are a library's."""

    def __init__(
        self,
        budget: Budget,
        resolve: Callable[[str], str | None],
        environment: Mapping[str, Value],
    ) -> None:
        super().__init__(budget, resolve, environment)
        self._active: list[object] = []

    def arguments(self, args: Sequence[Expr]) -> list[Value]:
        """The values of arguments or items, spread ones in their places."""
        found: list[Value] = []
        for one in args[:ARGUMENTS]:
            value = self.value(one)
            if isinstance(one, n.Spread):
                inner = plain(value)
                found.extend(inner.items if isinstance(inner, Items) else [value])
            else:
                found.append(value)
        return found

    def apply(self, expr: n.Apply) -> Value:
        """Call what an expression names, be it the script's own or a library's."""
        of: Value | None = None
        if isinstance(expr.callee, n.Member) and expr.callee.name == "catch" and expr.args:
            return self._promised(expr, expr.callee.of)
        if isinstance(expr.callee, n.Member):
            of = plain(self.value(expr.callee.of))
            callee = member_of(self, of, expr.callee.name, called=True)
        else:
            callee = plain(self.value(expr.callee))
        if self.leaving is not None:
            return UNKNOWN
        args = self.arguments(expr.args)
        named = Fields({})
        for name, one in expr.named:
            value = self.value(one)
            inner = plain(value)
            if name == "**" and isinstance(inner, Fields):
                named.fields.update(inner.fields)
            else:
                named.fields[name] = value
        name = expr.callee.name if isinstance(expr.callee, n.Member | n.Name) else ""
        if name == "SystemExit":
            callee, of = module("exit", known=True), None
        error = error_value(name, args)
        if error is not None:
            return error
        if isinstance(callee, Closure):
            return self.invoke(callee, args, named, this=of)
        return apply_library(self, callee, of, name, args, named, expr.line)

    def invoke(
        self,
        closure: Closure,
        args: Sequence[Value],
        named: Fields | None = None,
        *,
        this: Value | None = None,
        scope: Scope | None = None,
        final: Callable[[], Value] = lambda: NONE,
    ) -> Value:
        """Call a function of the script: its body stands where it is called."""
        function = closure.function
        if self._active.count(function) >= ACTIVE or not self.budget.enter():
            self.budget.spent = self.budget.spent or self.budget.steps <= 0
            return UNKNOWN
        before = self.scopes, self.path, self.leaving
        scope = {} if scope is None else scope
        self.scopes = (*closure.scopes, scope)
        self.path = closure.path
        self._active.append(function)
        self._returns.append([])
        mark = len(self.branches)
        if this is not None:
            scope["this"] = scope["self"] = this
        self._bind_params(function.params, list(args), named or Fields({}))
        self.block(function.body())
        options = self._returns.pop()
        if self.leaving is None:
            options.append((final(), self.here()))
        elif options and self.leaving in {"raise", "exit"}:
            # It has come back on one of its ways.
            self.leaving = None
        self._active.pop()
        self.forget(mark, "return")
        self.scopes, self.path = before[0], before[1]
        self.leaving = before[2] if self.leaving in {"return", "break"} else self.leaving
        self.budget.leave()
        told = [(value, beyond(ways, self.here())) for value, ways in options]
        return cases(told) if told else UNKNOWN

    def _bind_params(self, params: Sequence[n.Param], args: list[Value], named: Fields) -> None:
        for index, param in enumerate(params):
            name = param.target.name if isinstance(param.target, n.Name) else ""
            if param.rest:
                self.bind(param.target, Items(args[index:]), local=True)
                return
            if name in named.fields:
                value = named.fields[name]
            elif index < len(args):
                value = args[index]
            else:
                value = self.value(param.default) if param.default is not None else Unknown(name)
            self.bind(param.target, value, local=True)

    def bind(self, target: Expr, value: Value, *, local: bool = False) -> None:
        """Give a target its value: a name, a member, or the parts of a pattern."""
        match target:
            case n.Name():
                self.assign(target.name, value, local=local)
            case n.Member():
                self._set_member(target, value)
            case n.Indexed():
                of = plain(self.value(target.of))
                if isinstance(of, Fields):
                    of.fields[literal(self.value(target.key)) or "?"] = value
            case n.Record():
                self._take_apart(target, plain(value), local=local)
            case n.Listed():
                inner = plain(value)
                for index, part in enumerate(target.items):
                    self.bind(part, self._nth(inner, index), local=local)

    def _take_apart(self, target: n.Record, value: Value, *, local: bool) -> None:
        for key, part in target.pairs:
            if key is not None:
                self.bind(part, member_of(self, value, key), local=local)
            elif isinstance(value, Fields):
                self.bind(part, _rest(value, target), local=local)

    def _nth(self, value: Value, index: int) -> Value:
        if isinstance(value, Items):
            return value.items[index] if index < len(value.items) else UNKNOWN
        return member_of(self, value, f"[{index}]")

    def _set_member(self, target: n.Member, value: Value) -> None:
        of = plain(self.value(target.of))
        if isinstance(of, Fields):
            of.fields[target.name] = value
        elif isinstance(of, Api):
            of.config.fields[target.name] = value

    def call_back(self, value: Value, args: Sequence[Value]) -> Value:
        """Call a function that was handed to a library."""
        inner = plain(value)
        if isinstance(inner, Closure):
            return self.invoke(inner, args)
        return inner.run(list(args)) if isinstance(inner, Native) else UNKNOWN

    def closure(self, function: n.Function) -> Closure:
        """A function, with what it sees."""
        return Closure(function, self.scopes, self.path)


def _rest(value: Fields, target: n.Record) -> Fields:
    """What `...rest` gets of an object: the fields that the pattern does not name."""
    named = {key for key, _ in target.pairs}
    return Fields({key: one for key, one in value.fields.items() if key not in named}, value.open)


def beyond(ways: tuple[Branch, ...], here: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """What is known on a way beyond what is known here anyhow."""
    return tuple(one for one in ways if one not in here)
