"""JavaScript and TypeScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from backup_doctor.collect.script.syntax.javascript_values import TRANSPARENT, JavaScriptValues
from backup_doctor.collect.script.syntax.nodes import (
    Apply,
    Assigned,
    Block,
    Body,
    Compare,
    Define,
    Do,
    Except,
    Function,
    Guarded,
    If,
    Import,
    Leave,
    Loop,
    Member,
    Name,
    Param,
    Record,
    Spread,
    Stmt,
)
from backup_doctor.collect.script.syntax.reading import child, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backup_doctor.collect.script.parser import Node


class JavaScriptReader(JavaScriptValues):
    """Reads a tree of tree-sitter-javascript or -typescript."""

    def block(self, node: Node | None) -> Block:
        """A body, with or without braces."""
        if node is None:
            return ()
        if node.type in {"statement_block", "program", "else_clause", "class_body"}:
            return self.statements(_hoisted(node.named_children))
        return self.statements([node])

    def _statement(self, node: Node) -> Iterable[Stmt]:
        read = self._STATEMENTS.get(node.type)
        if read is not None:
            return read(self, node)
        if node.type in TRANSPARENT and node.named_children:
            inner = field(node, "declaration") or node.named_children[0]
            return self.statements([inner])
        return (Do(self.expression(node)),)

    def _declaration(self, node: Node) -> Iterator[Stmt]:
        for one in node.named_children:
            if one.type == "variable_declarator":
                name, value = field(one, "name"), field(one, "value")
                if name is not None and value is not None:
                    yield Do(Assigned(self.expression(name), self.expression(value)))

    def _if(self, node: Node) -> Iterator[Stmt]:
        yield If(
            self.expression(field(node, "condition")),
            self.block(field(node, "consequence")),
            self.block(field(node, "alternative")),
        )

    def _try(self, node: Node) -> Iterator[Stmt]:
        handler, last = field(node, "handler"), field(node, "finalizer")
        caught = field(handler, "parameter") if handler else None
        body = field(handler, "body") if handler else None
        target = self.expression(caught) if caught else None
        yield Guarded(
            self.block(field(node, "body")),
            (Except(target, self.block(body)),) if handler else (),
            finally_=self.block(field(last, "body")) if last else (),
        )

    def _loop(self, node: Node) -> Iterator[Stmt]:
        start = field(node, "initializer")
        if start is not None:
            yield from self.statements([start])
        left, right = field(node, "left"), field(node, "right")
        test, update = field(node, "condition"), field(node, "increment")
        counted = (Do(self.expression(update)),) if update else ()
        yield Loop(
            (*self.block(field(node, "body")), *counted),
            self.expression(left) if left else None,
            self.expression(right) if right else None,
            self.expression(test) if test else None,
        )

    def _switch(self, node: Node) -> Iterator[Stmt]:
        value, body = self.expression(field(node, "value")), field(node, "body")
        otherwise: Block = ()
        cases = body.named_children if body else []
        for case in reversed(cases):
            read = self.statements(case.children_by_field_name("body"))
            steps = tuple(one for one in read if not _is_break(one))
            wanted = field(case, "value")
            if wanted is None:
                otherwise = steps
                continue
            otherwise = (If(Compare("==", value, self.expression(wanted)), steps, otherwise),)
        yield from otherwise

    def _leave(self, node: Node) -> Iterator[Stmt]:
        how = node.type.removesuffix("_statement")
        value = node.named_children[0] if node.named_children else None
        yield Leave(
            {"throw": "raise", "continue": "break"}.get(how, how),
            self.expression(value) if value and how in {"return", "throw"} else None,
            self.line(node),
        )

    def _define(self, node: Node) -> Iterator[Stmt]:
        name = field(node, "name")
        if name is not None:
            yield Define(self.text(name), self._function(node))

    def _class(self, node: Node) -> Iterator[Stmt]:
        name, body = field(node, "name"), field(node, "body")
        if name is not None and body is not None:
            yield Define(self.text(name), self._constructor(body))

    def _constructor(self, body: Node) -> Function:
        """A class as the function that makes its instance."""
        members = [one for one in body.named_children if one.type == "method_definition"]
        pairs = tuple((self._key(field(one, "name")), self._function(one)) for one in members)
        first = next((made for name, made in pairs if name == "constructor"), None)
        fields = [one for one in body.named_children if one.type.endswith("field_definition")]
        set_ = tuple(
            Do(
                Assigned(
                    Member(Name("this"), self._key(name)), self.expression(field(one, "value"))
                )
            )
            for one in fields
            if (name := field(one, "property") or field(one, "name"))
        )

        def build() -> Block:
            made = Do(Assigned(Name("this"), Record(pairs)))
            given = (*(Spread(one.target) if one.rest else one.target for one in params),)
            call = (Do(Apply(Member(Name("this"), "constructor"), given)),) if first else ()
            return (made, *set_, *call, Leave("return", Name("this")))

        params = tuple(
            Param(Name(f"argument{index}"), rest=one.rest)
            for index, one in enumerate(first.params if first else ())
        )
        return Function(params, self.later(build))

    def _import(self, node: Node) -> Iterator[Stmt]:
        source, clause = field(node, "source"), child(node, "import_clause")
        if source is None:
            return
        names: list[tuple[str, str]] = []
        for one in clause.named_children if clause else ():
            if one.type == "identifier":
                names.append(("default", self.text(one)))
            elif one.type == "namespace_import" and one.named_children:
                names.append(("*", self.text(one.named_children[0])))
            elif one.type == "named_imports":
                names.extend(self._specified(one))
        yield Import(self._string(source), tuple(names))

    def _specified(self, node: Node) -> Iterator[tuple[str, str]]:
        for one in node.named_children:
            name, alias = field(one, "name"), field(one, "alias")
            if name is not None:
                yield self.text(name), self.text(alias or name)

    def _block(self, node: Node) -> Iterator[Stmt]:
        yield Body(self.block(node))

    def _nothing(self, _: Node) -> tuple[Stmt, ...]:
        return ()

    _STATEMENTS: ClassVar[dict[str, Callable[[JavaScriptReader, Node], Iterable[Stmt]]]] = {
        "lexical_declaration": _declaration,
        "variable_declaration": _declaration,
        "if_statement": _if,
        "try_statement": _try,
        "for_statement": _loop,
        "for_in_statement": _loop,
        "while_statement": _loop,
        "do_statement": _loop,
        "switch_statement": _switch,
        "return_statement": _leave,
        "throw_statement": _leave,
        "break_statement": _leave,
        "continue_statement": _leave,
        "function_declaration": _define,
        "generator_function_declaration": _define,
        "class_declaration": _class,
        "import_statement": _import,
        "statement_block": _block,
        "comment": _nothing,
        "empty_statement": _nothing,
        "interface_declaration": _nothing,
        "type_alias_declaration": _nothing,
    }


def _hoisted(nodes: list[Node]) -> list[Node]:
    """Functions can be called above the line where they stand."""
    functions = ("function_declaration", "generator_function_declaration", "class_declaration")

    def is_function(node: Node) -> bool:
        exported = node.type == "export_statement" and field(node, "declaration")
        return (exported or node).type in functions

    return sorted(nodes, key=lambda node: not is_function(node))


def _is_break(step: Stmt) -> bool:
    return isinstance(step, Leave) and step.how == "break"
