"""What the readers of all grammars share: texts, lines, and a bound for depth."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from backup_doctor.collect.script.syntax.nodes import Block, Do, Expr, Joined, Literal, Opaque

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from backup_doctor.collect.script.budget import Budget
    from backup_doctor.collect.script.parser import Node, Parsed
    from backup_doctor.collect.script.syntax.nodes import Stmt

NOTHING = Opaque()


class Reader:
    """Reads the nodes of one tree. `first_line` is the line at which the text stands in its file."""

    def __init__(self, parsed: Parsed, budget: Budget, first_line: int = 1) -> None:
        self._source = parsed.source
        self._budget = budget
        self._first_line = first_line

    def text(self, node: Node) -> str:
        """What stands there."""
        return self.between(node.start_byte, node.end_byte)

    def between(self, start: int, end: int) -> str:
        """The text between two places."""
        return self._source[start:end].decode("utf-8", "replace")

    def line(self, node: Node) -> int:
        """The line in the file, from 1."""
        return node.row + self._first_line

    def last_line(self, node: Node) -> int:
        """The line on which it ends."""
        return node.end_row + self._first_line

    def block(self, node: Node | None) -> Block:
        """The statements of a node."""
        raise NotImplementedError

    def expression(self, node: Node | None) -> Expr:
        """An expression; nothing, where the script is nested too deeply."""
        if node is None or not self._budget.descend():
            return NOTHING
        try:
            return self._expression(node)
        finally:
            self._budget.leave()

    def statements(self, nodes: Iterable[Node]) -> Block:
        """Statements in their order."""
        found: list[Stmt] = []
        for node in nodes:
            if not self._budget.descend():
                break
            try:
                found.extend(self._statement(node))
            finally:
                self._budget.leave()
        return tuple(found)

    def later(self, read: Callable[[], Block]) -> Callable[[], Block]:
        """A body that is read when it is needed, once."""
        return cache(read)

    def opaque(self, node: Node) -> Expr:
        """A node of no meaning here; calls inside it are made all the same."""
        return Opaque(tuple(self.expression(child) for child in node.named_children))

    def _expression(self, node: Node) -> Expr:
        raise NotImplementedError

    def _statement(self, node: Node) -> Iterable[Stmt]:
        return (Do(self._expression(node)),)


def field(node: Node, name: str) -> Node | None:
    """The child with a role."""
    return node.child_by_field_name(name)


def child(node: Node, *types: str) -> Node | None:
    """The first named child of one of the types."""
    return next((one for one in node.named_children if one.type in types), None)


def literals(text: str, line: int, plain: Callable[[str], str]) -> tuple[Expr, ...]:
    """A text that may go over several lines, each with its own number; `plain` takes escapes out."""
    whole = plain(text)
    if whole.count("\n") == text.count("\n"):
        return (Literal(whole, line, spans=True),) if whole else ()
    lines = text.split("\n")
    ends = ["\n"] * (len(lines) - 1) + [""]
    pieces = (f"{piece}{end}" for piece, end in zip(lines, ends, strict=True))
    made = (Literal(plain(piece), line + index) for index, piece in enumerate(pieces))
    return tuple(one for one in made if one.text)


def joined(parts: list[Expr]) -> Expr:
    """One text of the parts; a single part is itself."""
    if len(parts) == 1:
        return parts[0]
    return Joined(tuple(parts)) if parts else Literal("")
