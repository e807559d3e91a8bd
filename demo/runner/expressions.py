"""GitHub's expressions, `${{ … }}`, as far as a backup pipeline uses them.

Property look-up, literals, `==` `!=` `&&` `||` `!`, parentheses, and the status functions.
Source: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

Value: TypeAlias = "str | float | bool | Mapping[str, Value] | None"
Contexts: TypeAlias = Mapping[str, Value]
"""The named values that an expression may use: `github`, `inputs`, `env`, `steps` and so on."""

StatusFunctions: TypeAlias = Mapping[str, Callable[[], bool]]

INTERPOLATION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<operator>==|!=|&&|\|\||[!().[\]]))"
)
LITERALS: Mapping[str, Value] = {"true": True, "false": False, "null": None}


class ExpressionError(ValueError):
    """An expression that this evaluator, or GitHub, does not understand."""


def evaluate(source: str, contexts: Contexts, functions: StatusFunctions | None = None) -> Value:
    """Return the value of one expression, written without its `${{ }}`."""
    parser = _Parser(source, contexts, functions or {})
    value = parser.disjunction()
    parser.expect_end()
    return value


def interpolate(text: str, contexts: Contexts) -> str:
    """Return `text` with each `${{ … }}` in it replaced by its value."""
    return INTERPOLATION.sub(lambda found: as_text(evaluate(found[1], contexts)), text)


def condition(source: str | None, contexts: Contexts, functions: StatusFunctions) -> bool:
    """Tell whether an `if:` holds; one that names no status function implies `success()`."""
    if source is None:
        return functions["success"]()
    expression = INTERPOLATION.sub(r"\1", source)
    value = truth(evaluate(expression, contexts, functions))
    names_status = any(re.search(rf"(?i)\b{name}\s*\(", expression) for name in functions)
    return value and (names_status or functions["success"]())


def as_text(value: Value) -> str:
    """Return a value as it appears in a string; null is empty, 1.0 is `1`."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return value
        case float() | int():
            return f"{value:.15g}"
        case _:
            return "Object"


def truth(value: Value) -> bool:
    """Tell whether a value is truthy; every object is, even an empty one."""
    return isinstance(value, Mapping) or bool(value)


def equal(left: Value, right: Value) -> bool:
    """Compare as GitHub does: strings without regard to case, different types as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if isinstance(left, Mapping) or isinstance(right, Mapping):
        return left is right
    if type(left) is type(right):
        return left == right
    return _number(left) == _number(right)


def _number(value: str | float | bool | None) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except ValueError:
        return float("nan")


def _property(value: Value, name: str) -> Value:
    if not isinstance(value, Mapping):
        return None
    return next((found for key, found in value.items() if key.lower() == name.lower()), None)


class _Parser:
    """Evaluates while it parses: one method for each level of precedence."""

    def __init__(self, source: str, contexts: Contexts, functions: StatusFunctions) -> None:
        self.source = source
        self.contexts = contexts
        self.functions = functions
        self.position = 0

    def disjunction(self) -> Value:
        value = self.conjunction()
        while self.accept("||"):
            right = self.conjunction()
            value = value if truth(value) else right
        return value

    def conjunction(self) -> Value:
        value = self.comparison()
        while self.accept("&&"):
            right = self.comparison()
            value = right if truth(value) else value
        return value

    def comparison(self) -> Value:
        value = self.negation()
        while operator := self.accept("==") or self.accept("!="):
            value = equal(value, self.negation()) is (operator == "==")
        return value

    def negation(self) -> Value:
        if self.accept("!"):
            return not truth(self.negation())
        return self.operand()

    def operand(self) -> Value:
        if self.accept("("):
            value = self.disjunction()
            self.expect(")")
            return value
        token = self.next_token()
        if token["text"] is not None:
            return token["text"].replace("''", "'")
        if token["number"] is not None:
            return float(token["number"])
        if token["name"] is not None:
            return self.named(token["name"])
        raise self.error(f"Unexpected symbol: '{token['operator']}'")

    def named(self, written: str) -> Value:
        name = written.lower()
        if self.accept("("):
            self.expect(")")
            if name not in self.functions:
                raise self.error(f"Unrecognized function: '{written}'")
            return self.functions[name]()
        if name in LITERALS:
            return LITERALS[name]
        if name not in self.contexts:
            raise self.error(f"Unrecognized named-value: '{written}'")
        return self.properties(self.contexts[name])

    def properties(self, value: Value) -> Value:
        while opened := self.accept(".") or self.accept("["):
            if opened == "[":
                name = as_text(self.disjunction())
                self.expect("]")
            else:
                name = self.next_token()["name"]
            if name is None:
                raise self.error("Expected a property name")
            value = _property(value, name)
        return value

    def next_token(self) -> re.Match[str]:
        token = TOKEN.match(self.source, self.position)
        if token is None:
            raise self.error("Unexpected end or symbol")
        self.position = token.end()
        return token

    def accept(self, operator: str) -> str | None:
        token = TOKEN.match(self.source, self.position)
        if token is None or token["operator"] != operator:
            return None
        self.position = token.end()
        return operator

    def expect(self, operator: str) -> None:
        if not self.accept(operator):
            raise self.error(f"Expected '{operator}'")

    def expect_end(self) -> None:
        if self.source[self.position :].strip():
            raise self.error("Unexpected symbol")

    def error(self, message: str) -> ExpressionError:
        return ExpressionError(
            f"{message}. Located at position {self.position} within expression: "
            f"{self.source.strip()}"
        )
