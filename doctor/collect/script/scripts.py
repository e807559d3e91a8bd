"""Scripts within scripts: each has a language, a file and variables of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import hole, lit, to_text
from backup_doctor.collect.script.expressions import read_expression
from backup_doctor.collect.script.functions import FunctionCalls
from backup_doctor.collect.script.model import What
from backup_doctor.collect.script.shell.running import Shell
from backup_doctor.collect.script.source import read_source, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backup_doctor.collect.script.budget import Budget
    from backup_doctor.collect.script.drafts import Scope
    from backup_doctor.collect.script.values import Text, Value

TRAPS = 8


class Scripts(FunctionCalls):
    """Follows scripts by their texts.

    `holes` are what placeholders in embedded scripts stand for, `context` what GitHub's names do.
    """

    def __init__(
        self,
        budget: Budget,
        resolve: Callable[[str], str | None],
        environment: Mapping[str, Value],
        context: Mapping[str, Value],
    ) -> None:
        super().__init__(budget, resolve, environment)
        self.context = context
        self.holes: list[Value] = []
        self.shell = Shell(self)

    def variable(self, name: str) -> Value:
        """A variable of the environment."""
        if name in self.environment:
            return self.environment[name]
        found = self.shell.exported(name)
        return hole(What.VARIABLE, name=name) if found is None else found

    def follow(self, text: Text, language: str, scope: Scope | None, path: str) -> None:
        """Follow a script by its text; without a scope of its own, in the one that is there."""
        before = self.scopes, self.path, self.language
        source = source_of(text, self.holes, path, self.expression)
        self.path, self.language = source.path, language
        if scope is not None:
            self.scopes = (scope,)
            if language == "python":
                scope.setdefault("__name__", lit("__main__"))
        if language == "bash" and scope is not None:
            self.shell.outer.append(scope)
        self.block(read_source(source, language, self.budget))
        if language == "bash" and scope is not None:
            self.shell.outer.pop()
        self.scopes, self.path, self.language = before

    def trapped(self, scope: Scope) -> None:
        """What traps do at the end of a shell's script."""
        for one in self.shell.traps[:TRAPS]:
            self.leaving, self.last = None, None
            self.branches.clear()
            self.scopes, self.language = (scope,), "bash"
            self.handler += 1
            self.way((), partial(self._run_trap, one), (0, False))
            self.handler -= 1

    def _run_trap(self, command: Value) -> None:
        self.shell.programs.run_text(to_text(command), "bash", same=True)

    def expression(self, text: str) -> Value:
        """What one of GitHub's `${{ … }}` stands for."""
        return read_expression(text, self.context)
