"""Expressions of JavaScript and TypeScript."""

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
from backup_doctor.collect.script.syntax.reading import (
    NOTHING,
    Reader,
    child,
    field,
    joined,
    literals,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backup_doctor.collect.script.parser import Node

_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n|.))", re.DOTALL
)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f", "v": "\v"}
_CONSTANTS = {"true": True, "false": False, "null": None, "undefined": None}
_COMPARISONS = {
    "==": "==",
    "===": "==",
    "!=": "!=",
    "!==": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_LOGIC = {"&&": "and", "||": "or", "??": "or"}
TRANSPARENT = frozenset(
    {
        "parenthesized_expression",
        "await_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "expression_statement",
        "export_statement",
        "yield_expression",
        "labeled_statement",
        "computed_property_name",
    }
)


class JavaScriptValues(Reader):
    """Reads expressions; statements inside them are read by the class that has statements."""

    def _expression(self, node: Node) -> Expr:
        read = self._EXPRESSIONS.get(node.type)
        if read is not None:
            return read(self, node)
        if node.type in TRANSPARENT and node.named_children:
            return self.expression(node.named_children[0])
        if node.type == "type_assertion" and node.named_children:
            return self.expression(node.named_children[-1])
        if node.type in _CONSTANTS:
            return Constant(_CONSTANTS[node.type])
        return self.opaque(node)

    def _name(self, node: Node) -> Expr:
        name = self.text(node)
        return Constant(None) if name == "undefined" else Name(name, self.line(node))

    def _literal(self, node: Node) -> Expr:
        return Literal(self.text(node), self.line(node))

    def _string_literal(self, node: Node) -> Expr:
        return Literal(self._string(node), self.line(node))

    def _string(self, node: Node) -> str:
        return _unescaped(self.text(node)[1:-1])

    def _template(self, node: Node) -> Expr:
        parts: list[Expr] = []
        at, line = node.start_byte + 1, self.line(node)
        for one in node.named_children:
            if one.type == "template_substitution":
                parts.extend(literals(self.between(at, one.start_byte), line, _unescaped))
                parts.append(self.expression(one.named_children[0] if one.named_children else None))
                at, line = one.end_byte, self.last_line(one)
        parts.extend(literals(self.between(at, node.end_byte - 1), line, _unescaped))
        return joined(parts)

    def _tagged(self, node: Node) -> Expr:
        """A template behind a tag, which quotes what is put into it."""
        template = self._template(node)
        if not isinstance(template, Joined):
            return template
        quote = Literal("'")
        parts = (
            (one,) if isinstance(one, Literal) else (quote, one, quote) for one in template.parts
        )
        return Joined(tuple(part for group in parts for part in group))

    def _binary(self, node: Node) -> Expr:
        operator = self._operator(node)
        if operator == "+":
            return Joined(tuple(self._summands(node)))
        left, right = self.expression(field(node, "left")), self.expression(field(node, "right"))
        if operator in _COMPARISONS:
            return Compare(_COMPARISONS[operator], left, right)
        if operator in _LOGIC:
            return Logic(_LOGIC[operator], (left, right))
        return Opaque((left, right))

    def _summands(self, node: Node) -> Iterator[Expr]:
        """The parts of `a + b + c`, which is nested as deeply as it is long."""
        parts: list[Node] = []
        left: Node | None = node
        while left is not None and left.type == "binary_expression" and self._operator(left) == "+":
            right = field(left, "right")
            parts.extend([right] if right else [])
            left = field(left, "left")
        parts.extend([left] if left else [])
        return (self.expression(one) for one in reversed(parts))

    def _operator(self, node: Node) -> str:
        operator = field(node, "operator")
        return self.text(operator) if operator else ""

    def _unary(self, node: Node) -> Expr:
        value = self.expression(field(node, "argument"))
        operator = self._operator(node)
        if operator == "!":
            return Logic("not", (value,))
        return value if operator in {"+", "void"} else Opaque((value,))

    def _ternary(self, node: Node) -> Expr:
        parts = (field(node, name) for name in ("condition", "consequence", "alternative"))
        return Choice(*(self.expression(one) for one in parts))

    def _assignment(self, node: Node) -> Expr:
        left, right = self.expression(field(node, "left")), self.expression(field(node, "right"))
        operator = self._operator(node)
        if operator in {"||=", "??=", "&&="}:
            return Assigned(left, Logic("or", (left, right)))
        return Assigned(left, right, adds=operator == "+=")

    def _member(self, node: Node) -> Expr:
        prop = field(node, "property")
        return Member(self.expression(field(node, "object")), self.text(prop) if prop else "")

    def _subscript(self, node: Node) -> Expr:
        of, index = self.expression(field(node, "object")), field(node, "index")
        if index is not None and index.type == "string":
            return Member(of, self._string(index))
        return Indexed(of, self.expression(index))

    def _call(self, node: Node) -> Expr:
        callee = field(node, "function") or field(node, "constructor")
        given = field(node, "arguments")
        if given is not None and given.type == "template_string":
            args: tuple[Expr, ...] = (self._tagged(given),)
        else:
            args = tuple(self.expression(one) for one in given.named_children) if given else ()
        if callee is not None and callee.type == "import":
            return Apply(Name("require"), args, line=self.line(node))
        return Apply(self.expression(callee), args, line=self._call_line(node, callee))

    def _call_line(self, node: Node, callee: Node | None) -> int:
        """A chain over several lines is called where its last name stands."""
        prop = field(callee, "property") if callee else None
        return self.line(prop or node)

    def _object(self, node: Node) -> Expr:
        return Record(tuple(self._pairs(node)))

    def _pairs(self, node: Node) -> Iterator[tuple[str | None, Expr]]:
        for one in node.named_children:
            if one.type in {"pair", "pair_pattern"}:
                yield self._key(field(one, "key")), self.expression(field(one, "value"))
            elif one.type.startswith("shorthand_property_identifier"):
                yield self.text(one), Name(self.text(one), self.line(one))
            elif one.type == "object_assignment_pattern":
                left = field(one, "left")
                if left is not None:
                    yield self.text(left), Name(self.text(left), self.line(left))
            elif one.type in {"spread_element", "rest_pattern"} and one.named_children:
                yield None, self.expression(one.named_children[0])
            elif one.type == "method_definition":
                yield self._key(field(one, "name")), self._function(one)

    def _key(self, node: Node | None) -> str:
        if node is None:
            return ""
        return self._string(node) if node.type == "string" else self.text(node)

    def _array(self, node: Node) -> Expr:
        return Listed(tuple(self.expression(one) for one in node.named_children))

    def _spread(self, node: Node) -> Expr:
        return Spread(self.expression(node.named_children[0])) if node.named_children else NOTHING

    def _default_pattern(self, node: Node) -> Expr:
        return self.expression(field(node, "left"))

    def _function(self, node: Node) -> Function:
        body = field(node, "body")
        one = field(node, "parameter")
        params = field(node, "parameters")
        nodes = [one] if one else params.named_children if params else []
        is_block = body is not None and body.type == "statement_block"

        def read() -> Block:
            return self.block(body) if is_block else (Leave("return", self.expression(body)),)

        return Function(tuple(self._param(param) for param in nodes), self.later(read))

    def _param(self, node: Node) -> Param:
        if node.type == "rest_pattern":
            return Param(self.expression(child(node, "identifier")), rest=True)
        if node.type in {"required_parameter", "optional_parameter"}:
            pattern, value = field(node, "pattern"), field(node, "value")
            if pattern is not None and pattern.type == "rest_pattern":
                return self._param(pattern)
            return Param(self.expression(pattern), self.expression(value) if value else None)
        if node.type == "assignment_pattern":
            left, right = field(node, "left"), field(node, "right")
            return Param(self.expression(left), self.expression(right))
        return Param(self.expression(node))

    def _update(self, node: Node) -> Expr:
        """`i++`: a number that is not followed."""
        return Assigned(self.expression(field(node, "argument")), NOTHING)

    def _sequence(self, node: Node) -> Expr:
        return Opaque(tuple(self.expression(one) for one in node.named_children))

    _EXPRESSIONS: ClassVar[dict[str, Callable[[JavaScriptValues, Node], Expr]]] = {
        "identifier": _name,
        "this": _name,
        "property_identifier": _literal,
        "shorthand_property_identifier": _name,
        "shorthand_property_identifier_pattern": _name,
        "number": _literal,
        "string": _string_literal,
        "template_string": _template,
        "regex": _literal,
        "binary_expression": _binary,
        "unary_expression": _unary,
        "ternary_expression": _ternary,
        "assignment_expression": _assignment,
        "augmented_assignment_expression": _assignment,
        "member_expression": _member,
        "subscript_expression": _subscript,
        "call_expression": _call,
        "new_expression": _call,
        "object": _object,
        "object_pattern": _object,
        "array": _array,
        "array_pattern": _array,
        "spread_element": _spread,
        "assignment_pattern": _default_pattern,
        "arrow_function": _function,
        "function_expression": _function,
        "function": _function,
        "generator_function": _function,
        "sequence_expression": _sequence,
        "update_expression": _update,
    }


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text

    def plain(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code:
            number = int(code, 16)
            return chr(number) if number <= maxunicode else ""
        return "" if match[4].endswith("\n") else _ESCAPED.get(match[4], match[4])

    return _ESCAPE.sub(plain, text)
