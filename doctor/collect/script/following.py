"""What libraries and commands may ask of whoever follows the script in which they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from backup_doctor.collect.script.catching import Catching
from backup_doctor.collect.script.values import NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backup_doctor.collect.script.drafts import Scope
    from backup_doctor.collect.script.syntax.nodes import Block, Expr
    from backup_doctor.collect.script.values import Closure, Fields, Text, Value


class ProgramsAsked(Protocol):
    """Scripts that a command starts, and files that it reads."""

    def source(self, args: list[Value]) -> Value:
        """Follow a file in the shell that is there."""

    def run_text(
        self, text: Text, language: str, args: list[Value] | None = None, *, same: bool = False
    ) -> Value:
        """Follow a text as a script; `same`: in the shell that is there."""

    def text_of(self, name: str) -> tuple[str, str] | None:
        """The path and the text of a file of the repository."""


class ShellAsked(Protocol):
    """The shell: its options, how the last command ended, and a way to run another."""

    status: Value
    errexit: bool
    errexit_next: bool
    testing: int
    traps: list[Value]
    directory: str

    @property
    def programs(self) -> ProgramsAsked:
        """What starts other scripts."""

    def run_from(self, words: list[Value] | Text, line: int = 0) -> Value:
        """A command that another program starts."""

    def execute(self, words: list[Value], line: int) -> Value:
        """Run a command by its words; how it ended."""

    def code_of(self, status: Value) -> Value:
        """How a command ended as a number."""

    def returned(self, args: list[Value]) -> Value:
        """The value of `return` or `exit`."""


class Following(Catching):
    """Follows a script. Each method is that of a class further down, which says how."""

    shell: ShellAsked

    def value(self, expr: Expr | None) -> Value:
        """What an expression stands for."""
        raise NotImplementedError

    def block(self, steps: Block) -> None:
        """Follow statements until the script leaves."""
        raise NotImplementedError

    def leave(self, how: str, value: Value) -> None:
        """Leave a loop, a function or the script."""
        raise NotImplementedError

    def load(self, source: str) -> Fields | None:
        """The names of a module of the repository, if it can be read."""
        raise NotImplementedError

    def variable(self, name: str) -> Value:
        """A variable of the environment."""
        raise NotImplementedError

    def follow(self, text: Text, language: str, scope: Scope | None, path: str) -> None:
        """Follow a script by its text; without a scope of its own, in the one that is there."""
        raise NotImplementedError

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
        raise NotImplementedError
