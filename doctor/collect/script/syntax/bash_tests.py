"""The shell's tests: `[ … ]`, `[[ … ]]`, `test …`, `(( … ))`.

tree-sitter nests `-a`, `-o` and comparisons in the order in which they stand; here they are read
anew from the flat sequence of operands and operators, with their precedence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.collect.script.syntax.nodes import (
    Compare,
    Expr,
    Literal,
    Logic,
    Opaque,
)
from backup_doctor.collect.script.syntax.reading import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.collect.script.parser import Node
    from backup_doctor.collect.script.syntax.bash_words import ShellWords

_COMPARISONS = {
    "-eq": "==",
    "-ne": "!=",
    "-lt": "<",
    "-le": "<=",
    "-gt": ">",
    "-ge": ">=",
    "=": "==",
    "==": "==",
    "!=": "!=",
    "=~": "matches",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_OR = frozenset({"||", "-o"})
_AND = frozenset({"&&", "-a"})
_UNARY = frozenset(f"-{letter}" for letter in "zndefrswxvhLSpbcgukt")
_NESTED = frozenset(
    {
        "test_command",
        "binary_expression",
        "unary_expression",
        "parenthesized_expression",
        "compound_statement",
        "negation_expression",
    }
)
_BRACKETS = frozenset({"[", "]", "[[", "]]", "((", "))"})
MOST = 200


class Token(NamedTuple):
    """An operator, or an operand with its value."""

    operator: str
    value: Expr = NOTHING


def read_test(words: ShellWords, node: Node) -> Expr:
    """A test in brackets."""
    return _TestParser(list(_tokens(words, node))).whole()


def read_words(values: Sequence[Expr]) -> Expr:
    """The words behind `test` or inside `[ … ]`, where they are plain words."""
    known = (*_COMPARISONS, *_OR, *_AND, *_UNARY, "!", "(", ")")
    tokens = [
        Token(one.text) if isinstance(one, Literal) and one.text in known else Token("", one)
        for one in values[:MOST]
    ]
    return _TestParser(tokens).whole()


def _tokens(words: ShellWords, node: Node) -> Iterator[Token]:
    waiting = [node]
    count = 0
    while waiting and count < MOST:
        one = waiting.pop()
        if one.type in _NESTED:
            waiting.extend(reversed(one.children))
        elif one.type in _BRACKETS or one.type == "ERROR":
            continue
        elif one.type == "test_operator" or not one.is_named:
            count += 1
            yield Token(words.text(one).strip())
        else:
            count += 1
            yield Token("", words.word(one))


class _TestParser:
    """`or`, `and`, `!`, then one comparison, one unary test or one operand."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Expr:
        return self._either() if self._tokens else NOTHING

    def _next(self) -> str | None:
        return self._tokens[self._at].operator if self._at < len(self._tokens) else None

    def _operand(self) -> Expr:
        if self._at >= len(self._tokens):
            return NOTHING
        token = self._tokens[self._at]
        self._at += 1
        return Literal(token.operator) if token.operator else token.value

    def _either(self) -> Expr:
        parts = [self._both()]
        while self._next() in _OR:
            self._at += 1
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Logic("or", tuple(parts))

    def _both(self) -> Expr:
        parts = [self._one()]
        while self._next() in _AND:
            self._at += 1
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Logic("and", tuple(parts))

    def _one(self) -> Expr:
        negated = False
        while self._next() == "!":
            self._at += 1
            negated = not negated
        test = self._primary()
        return Logic("not", (test,)) if negated else test

    def _primary(self) -> Expr:
        operator = self._next()
        if operator == "(":
            self._at += 1
            inner = self._either()
            self._at += self._next() == ")"
            return inner
        if operator in _UNARY and self._at + 1 < len(self._tokens):
            self._at += 1
            return _unary(operator or "", self._operand())
        left = self._operand()
        comparison = _COMPARISONS.get(self._next() or "")
        if comparison is None:
            return Compare("!=", left, Literal(""))
        self._at += 1
        right = self._operand()
        if (
            comparison in {"==", "!="}
            and isinstance(right, Literal)
            and set("*?[") & set(right.text)
        ):
            test: Expr = Compare("like", left, right)
            return Logic("not", (test,)) if comparison == "!=" else test
        return Compare(comparison, left, right)


def _unary(operator: str, value: Expr) -> Expr:
    if operator == "-z":
        return Compare("==", value, Literal(""))
    if operator == "-n":
        return Compare("!=", value, Literal(""))
    return Opaque((value,))
