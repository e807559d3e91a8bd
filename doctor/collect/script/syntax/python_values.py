"""Expressions of Python."""

from __future__ import annotations

import re
from sys import maxunicode
from typing import TYPE_CHECKING, ClassVar

from backup_doctor.collect.script.syntax.nodes import (
    Apply,
    Assigned,
    Block,
    Choice,
    Compare,
    Constant,
    Expr,
    Function,
    Indexed,
    Joined,
    Leave,
    Listed,
    Literal,
    Logic,
    Member,
    Name,
    Opaque,
    Param,
    Record,
    Spread,
)
from backup_doctor.collect.script.syntax.reading import NOTHING, Reader, field, joined, literals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backup_doctor.collect.script.parser import Node

_ESCAPE = re.compile(
    r"\\(?:U([0-9a-fA-F]{8})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n|.))", re.DOTALL
)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "a": "\a", "f": "\f", "v": "\v"}
_KNOWN = "\\'\"\n"
_CONSTANTS = {"true": True, "false": False, "none": None}
_COMPARISONS = {"==": "==", "is": "==", "!=": "!=", "is not": "!=", "<>": "!="}
_ORDERED = frozenset({"<", "<=", ">", ">=", "in"})
_TRANSPARENT = frozenset({"parenthesized_expression", "await", "type", "list_splat_pattern"})


class PythonValues(Reader):
    """Reads expressions; statements inside them are read by the class that has statements."""

    def _expression(self, node: Node) -> Expr:
        read = self._EXPRESSIONS.get(node.type)
        if read is not None:
            return read(self, node)
        if node.type in _TRANSPARENT and node.named_children:
            return self.expression(node.named_children[0])
        if node.type in _CONSTANTS:
            return Constant(_CONSTANTS[node.type])
        return self.opaque(node)

    def _name(self, node: Node) -> Expr:
        return Name(self.text(node), self.line(node))

    def _literal(self, node: Node) -> Expr:
        return Literal(self.text(node), self.line(node))

    def _string(self, node: Node) -> Expr:
        start, end = node.children[0], node.children[-1]
        prefix = self.text(start).rstrip("'\"").lower()
        plain = _plain_of(prefix)
        parts: list[Expr] = []
        at, line = start.end_byte, self.line(node)
        for one in node.named_children:
            if one.type == "interpolation":
                parts.extend(literals(self.between(at, one.start_byte), line, plain))
                parts.append(self.expression(field(one, "expression")))
                at, line = one.end_byte, self.last_line(one)
        parts.extend(literals(self.between(at, max(at, end.start_byte)), line, plain))
        return joined(parts)

    def _concatenated(self, node: Node) -> Expr:
        return Joined(tuple(self.expression(one) for one in node.named_children))

    def _binary(self, node: Node) -> Expr:
        operator = self._operator(node)
        if operator == "+":
            return Joined(tuple(self._summands(node)))
        left, right = self.expression(field(node, "left")), self.expression(field(node, "right"))
        if operator == "%":
            return Apply(Member(left, "%"), (right,), line=self.line(node))
        return Opaque((left, right))

    def _summands(self, node: Node) -> Iterator[Expr]:
        """The parts of `a + b + c`, which is nested as deeply as it is long."""
        parts: list[Node] = []
        left: Node | None = node
        while left is not None and left.type == "binary_operator" and self._operator(left) == "+":
            right = field(left, "right")
            parts.extend([right] if right else [])
            left = field(left, "left")
        parts.extend([left] if left else [])
        return (self.expression(one) for one in reversed(parts))

    def _operator(self, node: Node) -> str:
        operator = field(node, "operator")
        return self.text(operator) if operator else ""

    def _comparison(self, node: Node) -> Expr:
        values = [self.expression(one) for one in node.named_children]
        operators = [self.text(one) for one in node.children_by_field_name("operators")]
        tests = tuple(
            _compared(operator, left, right)
            for operator, left, right in zip(operators, values, values[1:], strict=False)
        )
        return tests[0] if len(tests) == 1 else Logic("and", tests)

    def _logic(self, node: Node) -> Expr:
        left, right = self.expression(field(node, "left")), self.expression(field(node, "right"))
        return Logic(self._operator(node), (left, right))

    def _not(self, node: Node) -> Expr:
        return Logic("not", (self.expression(field(node, "argument")),))

    def _conditional(self, node: Node) -> Expr:
        parts = [self.expression(one) for one in node.named_children[:3]]
        if len(parts) < len(("then", "test", "otherwise")):
            return Opaque(tuple(parts))
        return Choice(parts[1], parts[0], parts[2])

    def _assignment(self, node: Node) -> Expr:
        left, right = field(node, "left"), field(node, "right")
        if right is None:
            return NOTHING
        adds = self._operator(node) == "+="
        return Assigned(self.expression(left), self.expression(right), adds=adds)

    def _named_expression(self, node: Node) -> Expr:
        return Assigned(self.expression(field(node, "name")), self.expression(field(node, "value")))

    def _attribute(self, node: Node) -> Expr:
        name = field(node, "attribute")
        return Member(self.expression(field(node, "object")), self.text(name) if name else "")

    def _subscript(self, node: Node) -> Expr:
        of, key = self.expression(field(node, "value")), self.expression(field(node, "subscript"))
        return (
            Member(of, key.text)
            if isinstance(key, Literal) and not key.text.isdigit()
            else Indexed(of, key)
        )

    def _call(self, node: Node) -> Expr:
        function, given = field(node, "function"), field(node, "arguments")
        args: list[Expr] = []
        named: list[tuple[str, Expr]] = []
        for one in given.named_children if given else ():
            if one.type == "keyword_argument":
                name = field(one, "name")
                named.append(
                    (self.text(name) if name else "", self.expression(field(one, "value")))
                )
            elif one.type == "dictionary_splat" and one.named_children:
                named.append(("**", self.expression(one.named_children[0])))
            elif one.type != "comment":
                args.append(self.expression(one))
        name = field(function, "attribute") if function else None
        return Apply(self.expression(function), tuple(args), tuple(named), self.line(name or node))

    def _list(self, node: Node) -> Expr:
        return Listed(tuple(self.expression(one) for one in node.named_children))

    def _splat(self, node: Node) -> Expr:
        return Spread(self.expression(node.named_children[0])) if node.named_children else NOTHING

    def _dictionary(self, node: Node) -> Expr:
        return Record(tuple(self._pairs(node)))

    def _pairs(self, node: Node) -> Iterator[tuple[str | None, Expr]]:
        for one in node.named_children:
            if one.type == "pair":
                key = self.expression(field(one, "key"))
                yield (
                    (key.text if isinstance(key, Literal) else "?"),
                    self.expression(field(one, "value")),
                )
            elif one.type == "dictionary_splat" and one.named_children:
                yield None, self.expression(one.named_children[0])

    def _function(self, node: Node, *, bound: bool = False) -> Function:
        params = field(node, "parameters")
        body = field(node, "body")
        read = [self._param(one) for one in (params.named_children if params else ())]
        made = tuple(one for one in read if one is not None)[1 if bound else 0 :]
        is_lambda = node.type == "lambda"

        def block() -> Block:
            return (Leave("return", self.expression(body)),) if is_lambda else self.block(body)

        return Function(made, self.later(block))

    def _param(self, node: Node) -> Param | None:
        if node.type in {"default_parameter", "typed_default_parameter"}:
            return Param(
                self.expression(field(node, "name")), self.expression(field(node, "value"))
            )
        if node.type == "list_splat_pattern":
            return Param(self.expression(node), rest=True)
        if node.type == "typed_parameter" and node.named_children:
            return self._param(node.named_children[0])
        return Param(self._name(node)) if node.type == "identifier" else None

    def _comprehension(self, node: Node) -> Expr:
        clauses = [one for one in node.named_children if one.type == "for_in_clause"]
        sources = [
            Assigned(
                self.expression(field(one, "left")),
                Indexed(self.expression(field(one, "right")), NOTHING),
            )
            for one in clauses
        ]
        return Opaque((*sources, self.expression(field(node, "body"))))

    _EXPRESSIONS: ClassVar[dict[str, Callable[[PythonValues, Node], Expr]]] = {
        "identifier": _name,
        "integer": _literal,
        "float": _literal,
        "string": _string,
        "concatenated_string": _concatenated,
        "binary_operator": _binary,
        "comparison_operator": _comparison,
        "boolean_operator": _logic,
        "not_operator": _not,
        "conditional_expression": _conditional,
        "assignment": _assignment,
        "augmented_assignment": _assignment,
        "named_expression": _named_expression,
        "attribute": _attribute,
        "subscript": _subscript,
        "call": _call,
        "list": _list,
        "tuple": _list,
        "set": _list,
        "pattern_list": _list,
        "tuple_pattern": _list,
        "list_pattern": _list,
        "expression_list": _list,
        "list_splat": _splat,
        "dictionary": _dictionary,
        "lambda": _function,
        "list_comprehension": _comprehension,
        "generator_expression": _comprehension,
    }


def _compared(operator: str, left: Expr, right: Expr) -> Expr:
    if operator == "not in":
        return Logic("not", (Compare("in", left, right),))
    if operator in _ORDERED:
        return Compare(operator, left, right)
    return Compare(_COMPARISONS.get(" ".join(operator.split()), "=="), left, right)


def _plain_of(prefix: str) -> Callable[[str], str]:
    """What the text of a string with this prefix stands for."""

    def plain(text: str) -> str:
        read = text if "r" in prefix else _unescaped(text)
        return read.replace("{{", "{").replace("}}", "}") if "f" in prefix else read

    return plain


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text

    def plain(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code:
            number = int(code, 16)
            return chr(number) if number <= maxunicode else ""
        if match[4].endswith("\n"):
            return ""
        return _ESCAPED.get(match[4], match[4] if match[4] in _KNOWN else match[0])

    return _ESCAPE.sub(plain, text)
