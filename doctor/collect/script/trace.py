"""Follows a script from its first statement to its last, on every way, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from backup_doctor.collect.script.composing import cases, either, hole, joined, plain, to_text
from backup_doctor.collect.script.conditions import decided
from backup_doctor.collect.script.functions import FunctionCalls, beyond
from backup_doctor.collect.script.library.members import member_of, module
from backup_doctor.collect.script.library.powershell import run_cmdlet
from backup_doctor.collect.script.model import Branch, What
from backup_doctor.collect.script.scripts import Scripts
from backup_doctor.collect.script.syntax import nodes as n
from backup_doctor.collect.script.texts import filled, literal
from backup_doctor.collect.script.values import (
    EMPTY,
    UNKNOWN,
    Closure,
    Const,
    Fields,
    Items,
    Lit,
    Test,
    Text,
    Unknown,
    calls_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.syntax.nodes import Expr
    from backup_doctor.collect.script.values import Value

PARTS = 8
INDEX = 3
"""Digits of an index."""
TRAPS = 8


class Trace(Scripts):
    """Evaluates expressions; libraries and the shell's commands are asked what they do."""

    def value(self, expr: Expr | None) -> Value:
        """What an expression stands for; its calls and prints are made on the way."""
        if expr is None or not self.budget.enter():
            return UNKNOWN
        try:
            return self._evaluate(expr)
        finally:
            self.budget.leave()

    def _evaluate(self, expr: Expr) -> Value:
        return self._EVALUATE[type(expr)](self, expr)

    def _literal(self, expr: n.Literal) -> Value:
        told = Lit(expr.text, self.path, expr.line, spans=expr.spans)
        if self.holes and "zqh" in expr.text:
            return filled(told, self.holes)
        return Text((told,)) if expr.text else EMPTY

    def _constant(self, expr: n.Constant) -> Value:
        return Const(expr.value)

    def _joined(self, expr: n.Joined) -> Value:
        values = [self.value(one) for one in expr.parts]
        lists = [plain(one) for one in values]
        if len(lists) > 1 and all(isinstance(one, Items) for one in lists):
            return Items([two for one in lists if isinstance(one, Items) for two in one.items])
        made = joined(values)
        self.budget.spend(len(made.parts) // PARTS)
        return made

    def _name(self, expr: n.Name) -> Value:
        found = self.look_up(expr.name)
        if found is not None:
            return found
        if self.holes and "zqh" in expr.name:
            told = filled(Lit(expr.name), self.holes)
            if told.parts and not isinstance(told.parts[0], Lit):
                return told
        if self.language == "bash":
            return self.shell.variable(expr.name)
        if expr.name.startswith("$env:"):
            return self.variable(expr.name[5:])
        return module(expr.name, known=True)

    def _member(self, expr: n.Member) -> Value:
        of = plain(self.value(expr.of))
        found = member_of(self, of, expr.name)
        if isinstance(expr.of, n.Name) and not expr.of.name.startswith("$env"):
            self.note(f"{expr.of.name}.{expr.name}", found)
        return found

    def _item_of(self, expr: n.Indexed) -> Value:
        of, key = plain(self.value(expr.of)), self.value(expr.key)
        if isinstance(of, Items):
            index = literal(key)
            if index is not None and index.lstrip("-").isdecimal() and len(index) <= INDEX:
                at = int(index)
                return of.items[at] if -len(of.items) <= at < len(of.items) else UNKNOWN
            return of if isinstance(key, Const) else either([to_text(one) for one in of.items])
        told = literal(key)
        if self.language == "bash":
            return of if isinstance(key, Const) else UNKNOWN
        return member_of(
            self,
            of,
            f"[{told}]" if told is not None and told.lstrip("-").isdecimal() else told or "?",
        )

    def _spread(self, expr: n.Spread) -> Value:
        return self.value(expr.of)

    def _record(self, expr: n.Record) -> Value:
        made = Fields({})
        for key, one in expr.pairs:
            value = self.value(one)
            inner = plain(value)
            if key is not None:
                made.fields[self._key(key)] = value
            elif isinstance(inner, Fields):
                made.fields.update(inner.fields)
                made.open = made.open or inner.open
            else:
                made.open = True
        return made

    def _key(self, key: str) -> str:
        return literal(filled(Lit(key), self.holes)) or key if self.holes else key

    def _listed(self, expr: n.Listed) -> Value:
        if self.language == "bash":
            return Items(self.shell.expand(expr.items))
        return Items(self.arguments(expr.items))

    def _function(self, expr: n.Function) -> Value:
        return self.closure(expr)

    def _compare(self, expr: n.Compare) -> Value:
        return Test(expr.operator, (self.value(expr.left), self.value(expr.right)))

    def _logic(self, expr: n.Logic) -> Value:
        first = self._test(expr.parts[0])
        if expr.operator == "not":
            return Test("not", (first,))
        test, values = first, [first]
        for one in expr.parts[1:]:
            if self.leaving is not None:
                break
            found: list[Value] = []

            def run(part: Expr = one, into: list[Value] = found) -> None:
                into.append(self.value(part))

            known = None if self.looping else decided(test)
            if known is not None and known is not (expr.operator == "and"):
                break
            if expr.operator == "and":
                self.fork(test, run, lambda: None)
            else:
                self.fork(test, lambda: None, run)
            values.append(found[0] if found else UNKNOWN)
            test = Test(expr.operator, (test, values[-1]))
        return test

    def _choice(self, expr: n.Choice) -> Value:
        test = self.value(expr.test)
        known = None if self.looping else decided(test)
        if known is not None:
            return self.value(expr.then if known else expr.otherwise)
        found: list[Value] = []
        ways: list[tuple[Branch, ...]] = []

        def run(part: Expr) -> None:
            ways.append(self.here())
            found.append(self.value(part))

        self.fork(test, lambda: run(expr.then), lambda: run(expr.otherwise))
        here = self.here()
        return cases([(one, beyond(way, here)) for one, way in zip(found, ways, strict=True)])

    def _default(self, expr: n.Default) -> Value:
        """`${X:-y}`: what is not known may be anything, `y` as well."""
        value = self.value(expr.options[0])
        return self.value(expr.options[-1]) if literal(value) == "" else value

    def _assigned(self, expr: n.Assigned) -> Value:
        value = self.value(expr.value)
        local = expr.local or self.language == "python"
        if expr.adds:
            value = self._added(expr.target, value)
        self.bind(expr.target, value, local=local)
        if isinstance(expr.target, n.Name):
            self.shell.status_of_assignment(expr, value)
        return self.shell.status if expr.of_shell else value

    def _added(self, target: Expr, value: Value) -> Value:
        old, new = plain(self.value(target)), plain(value)
        if isinstance(old, Items):
            return Items([*old.items, *(new.items if isinstance(new, Items) else [new])])
        if isinstance(old, Text | Const | Unknown):
            if (
                literal(value) is not None
                and str(literal(value)).isdecimal()
                and self.language != "bash"
            ):
                return Unknown(target.name if isinstance(target, n.Name) else "")
            return joined([old if isinstance(old, Text) else EMPTY, value])
        return value

    def _opaque(self, expr: n.Opaque) -> Value:
        values = [plain(self.value(one)) for one in expr.parts]
        for one in values:
            if isinstance(one, Closure):
                self.invoke(one, [])
        calls = tuple(dict.fromkeys(call for one in values for call in calls_of(one)))
        return hole(What.UNKNOWN, calls) if calls else UNKNOWN

    # The shell's, and PowerShell's.

    def _run(self, expr: n.SimpleCommand) -> Value:
        return self.shell.run(expr)

    def _redirected(self, expr: n.Redirected) -> Value:
        return self.shell.redirected(expr)

    def _pipe(self, expr: n.Pipe) -> Value:
        return self.shell.pipe(expr)

    def _group(self, expr: n.Grouping) -> Value:
        return self.shell.group(expr)

    def _printed(self, expr: n.Printed) -> Value:
        return self.shell.printed(expr.body)

    def _parameter(self, expr: n.Parameter) -> Value:
        return self.shell.parameter(self.value(expr.of), expr.operator, self.value(expr.argument))

    def _words(self, expr: n.SplitWords) -> Value:
        return self.value(expr.of)

    def _cmdlet(self, expr: n.Cmdlet) -> Value:
        return run_cmdlet(self, expr)

    _EVALUATE: ClassVar[dict[type, Callable[[Trace, Any], Value]]] = {
        n.Literal: _literal,
        n.Constant: _constant,
        n.Joined: _joined,
        n.Name: _name,
        n.Member: _member,
        n.Indexed: _item_of,
        n.Spread: _spread,
        n.Apply: FunctionCalls.apply,
        n.Record: _record,
        n.Listed: _listed,
        n.Function: _function,
        n.Compare: _compare,
        n.Logic: _logic,
        n.Choice: _choice,
        n.Default: _default,
        n.Assigned: _assigned,
        n.Opaque: _opaque,
        n.SimpleCommand: _run,
        n.Redirected: _redirected,
        n.Pipe: _pipe,
        n.Grouping: _group,
        n.Printed: _printed,
        n.Parameter: _parameter,
        n.SplitWords: _words,
        n.Cmdlet: _cmdlet,
    }
