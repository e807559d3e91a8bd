"""Expressions of PowerShell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from backup_doctor.collect.script.syntax.nodes import (
    Apply,
    Assigned,
    Cmdlet,
    Compare,
    Constant,
    Expr,
    Function,
    Grouping,
    Indexed,
    Joined,
    Listed,
    Literal,
    Logic,
    Member,
    Name,
    Opaque,
    Printed,
    Record,
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

_ESCAPE = re.compile(r"`(.)|\"\"", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b", "a": "\a"}
_CONSTANTS = {"$null": None, "$true": True, "$false": False}
_COMPARISONS = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "match": "matches",
    "like": "like",
    "in": "in",
}
_NEGATED = {"notmatch": "matches", "notlike": "like", "notin": "in"}
_TRANSPARENT = frozenset(
    {
        "pipeline",
        "pipeline_chain",
        "parenthesized_expression",
        "cast_expression",
        "argument_expression",
        "while_condition",
        "for_condition",
        "for_initializer",
        "switch_condition",
        "command_name_expr",
    }
)
_STRINGS = frozenset(
    {
        "expandable_string_literal",
        "expandable_here_string_literal",
        "verbatim_string_characters",
        "verbatim_here_string_characters",
    }
)


class PowerShellValues(Reader):
    """Reads expressions; statements inside them are read by the class that has statements."""

    def function(self, body: Node | None, declared: Node | None = None) -> Function:
        """A function with its parameters."""
        raise NotImplementedError

    def _expression(self, node: Node) -> Expr:
        node = _down(node)
        name = node.type.replace("_argument_expression", "_expression")
        read = self._EXPRESSIONS.get(name)
        if read is not None:
            return read(self, node)
        if node.type in _TRANSPARENT and node.named_children:
            return self._chain(node)
        if node.type in _STRINGS:
            return self._string(node)
        if node.type in {"if_statement", "switch_statement"}:
            return Printed(tuple(self._statement(node)))
        return self.opaque(node)

    def _chain(self, node: Node) -> Expr:
        """Commands that hand on what they give."""
        parts = [
            one for one in node.named_children if one.type not in {"type_literal", "redirection"}
        ]
        value = self.expression(parts[0]) if parts else NOTHING
        for one in parts[1:]:
            after = self.expression(one)
            value = (
                Cmdlet(after.name, after.elements, value, line=after.line)
                if isinstance(after, Cmdlet)
                else Opaque((value, after))
            )
        return value

    def _variable(self, node: Node) -> Expr:
        name = self.text(node).replace("${", "$").replace("}", "").lower()
        name = name.replace("$script:", "$").replace("$global:", "$").replace("$local:", "$")
        if name in _CONSTANTS:
            return Constant(_CONSTANTS[name])
        if name.startswith("$env:"):
            return Name(f"$env:{self.text(node).strip('${}').partition(':')[2]}", self.line(node))
        return Name(name, self.line(node))

    def _literal(self, node: Node) -> Expr:
        return Literal(self.text(node).strip(), self.line(node))

    def _string(self, node: Node) -> Expr:
        here = 2 if "here_string" in node.type else 1
        start, end = node.start_byte + here, node.end_byte - here
        line = self.line(node)
        if here > 1:
            start += len(self.between(start, end)) - len(
                self.between(start, end).removeprefix("\r").removeprefix("\n")
            )
            line += 1
        if node.type.startswith("verbatim"):
            plain = (lambda text: text.replace("''", "'")) if here == 1 else str
            return joined(list(literals(self.between(start, end), line, plain)))
        parts: list[Expr] = []
        for one in node.named_children:
            parts.extend(literals(self.between(start, one.start_byte), line, _unescaped))
            told = self.text(one)
            parts.append(Literal(told[: len(told) - len(told.lstrip())]))
            parts.append(self.expression(one))
            start, line = one.end_byte, self.last_line(one)
        parts.extend(literals(self.between(start, end), line, _unescaped))
        return joined(parts)

    def _sub_expression(self, node: Node) -> Expr:
        steps = node.named_children[0].named_children if node.named_children else []
        if len(steps) == 1 and steps[0].type == "pipeline":
            return self.expression(steps[0])
        return Printed(self.statements(steps))

    def _array(self, node: Node) -> Expr:
        inner = child(node, "statement_list")
        values = [self.expression(one) for one in (inner.named_children if inner else [])]
        if len(values) == 1 and isinstance(values[0], Listed):
            return values[0]
        return Listed(tuple(values))

    def _comma(self, node: Node) -> Expr:
        return Listed(tuple(self.expression(one) for one in node.named_children))

    def _hash(self, node: Node) -> Expr:
        body = child(node, "hash_literal_body")
        pairs: list[tuple[str | None, Expr]] = []
        for one in body.named_children if body else []:
            key, value = child(one, "key_expression"), child(one, "pipeline")
            if key is not None:
                pairs.append((self.text(key).strip().strip("'\""), self.expression(value)))
        return Record(tuple(pairs))

    def _assignment(self, node: Node) -> Expr:
        left = self.expression(node.named_children[0])
        operator = child(node, "assignement_operator")
        value = field(node, "value")
        adds = operator is not None and self.text(operator).strip() == "+="
        return Assigned(left, self.expression(value), adds=adds)

    def _logic(self, node: Node) -> Expr:
        operators = {one.type.lower().lstrip("-") for one in node.children if not one.is_named}
        parts = tuple(self.expression(one) for one in node.named_children)
        return Logic("or" if operators & {"or", "xor"} else "and", parts)

    def _comparison(self, node: Node) -> Expr:
        operator = child(node, "comparison_operator")
        values = [one for one in node.named_children if one.type != "comparison_operator"]
        if operator is None or len(values) <= 1:
            return self.opaque(node)
        name = self.text(operator).strip().lower().lstrip("-").removeprefix("c").removeprefix("i")
        name = "in" if name == "n" else name
        left, right = (self.expression(one) for one in values[:2])
        if name in _NEGATED:
            return Logic("not", (Compare(_NEGATED[name], left, right),))
        return (
            Compare(_COMPARISONS[name], left, right)
            if name in _COMPARISONS
            else Opaque((left, right))
        )

    def _unary(self, node: Node) -> Expr:
        value = self.expression(node.named_children[-1] if node.named_children else None)
        first = node.children[0].type.lower() if node.children else ""
        return Logic("not", (value,)) if first in {"-not", "!"} else value

    def _sum(self, node: Node) -> Expr:
        parts = tuple(self.expression(one) for one in node.named_children)
        return Joined(parts) if any(one.type == "+" for one in node.children) else Opaque(parts)

    def _format(self, node: Node) -> Expr:
        values = [one for one in node.named_children if one.type != "format_operator"]
        left, right = self.expression(values[0]), self.expression(values[-1])
        given = right.items if isinstance(right, Listed) else (right,)
        return Apply(Member(left, "-f"), given, line=self.line(node))

    def _member(self, node: Node) -> Expr:
        parts = node.named_children
        if len(parts) <= 1:
            return self.opaque(node)
        return Member(self._owner(parts[0]), self.text(parts[1]).strip().lower())

    def _owner(self, node: Node) -> Expr:
        if node.type == "type_literal":
            return Name(self.text(node).strip("[]").lower())
        return self.expression(node)

    def _invocation(self, node: Node) -> Expr:
        given = child(node, "argument_list")
        inner = field(given, "argument_expression_list") if given else None
        inner = inner or (child(given, "argument_expression_list") if given else None)
        args = tuple(self.expression(one) for one in (inner.named_children if inner else []))
        return Apply(self._member(node), args, line=self.line(node))

    def _element(self, node: Node) -> Expr:
        of, key = (self.expression(one) for one in node.named_children[:2])
        return (
            Member(of, key.text.lower())
            if isinstance(key, Literal) and not key.text.isdigit()
            else Indexed(of, key)
        )

    def _command(self, node: Node) -> Expr:
        name, elements = field(node, "command_name"), field(node, "command_elements")
        if name is None:
            return self.opaque(node)
        called = self.text(name).strip().strip("\"'")
        found = list(self._elements(elements.named_children if elements else []))
        return Cmdlet(called, tuple(found), line=self.line(node))

    def _elements(self, nodes: list[Node]) -> Iterator[tuple[str, Expr | None]]:
        """The arguments; a parameter takes what follows it, unless that is a parameter too."""
        waiting: str | None = None
        for one in nodes:
            if one.type in {"command_argument_sep", "redirection", "comment"}:
                continue
            if one.type == "command_parameter":
                if waiting is not None:
                    yield waiting, None
                waiting = self.text(one).strip()
                continue
            splat = _down(one)
            if splat.type == "variable" and self.text(splat).startswith("@"):
                yield "@", Name(f"${self.text(splat)[1:]}".lower())
                continue
            value = self._literal(one) if one.type == "generic_token" else self.expression(one)
            yield waiting or "", value
            waiting = None
        if waiting is not None:
            yield waiting, None

    def _listed_block(self, node: Node) -> Expr:
        return Grouping(self.block(node))

    def _script_block(self, node: Node) -> Expr:
        return self.function(child(node, "script_block"))

    _EXPRESSIONS: ClassVar[dict[str, Callable[[PowerShellValues, Node], Expr]]] = {
        "variable": _variable,
        "left_assignment_expression": _chain,
        "integer_literal": _literal,
        "decimal_integer_literal": _literal,
        "real_literal": _literal,
        "simple_name": _literal,
        "string_literal": lambda reader, node: reader.expression(node.named_children[0]),
        "sub_expression": _sub_expression,
        "array_expression": _array,
        "array_literal_expression": _comma,
        "hash_literal_expression": _hash,
        "assignment_expression": _assignment,
        "logical_expression": _logic,
        "comparison_expression": _comparison,
        "expression_with_unary_operator": _unary,
        "additive_expression": _sum,
        "format_expression": _format,
        "member_access": _member,
        "invokation_expression": _invocation,
        "element_access": _element,
        "command": _command,
        "script_block_expression": _script_block,
        "statement_list": _listed_block,
    }


def _down(node: Node) -> Node:
    """The first node that says something: the grammar has one for each precedence."""
    while len(node.children) == node.named_child_count == 1 and node.type.endswith("_expression"):
        node = node.named_children[0]
    return node


def _unescaped(text: str) -> str:
    def meant(one: re.Match[str]) -> str:
        return '"' if one[1] is None else _ESCAPED.get(one[1], one[1].strip("\n"))

    return _ESCAPE.sub(meant, text)
