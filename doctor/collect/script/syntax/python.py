"""Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

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
    Logic,
    Loop,
    Member,
    Name,
    Param,
    Record,
    Spread,
    Stmt,
)
from backup_doctor.collect.script.syntax.python_values import PythonValues
from backup_doctor.collect.script.syntax.reading import child, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backup_doctor.collect.script.parser import Node


class PythonReader(PythonValues):
    """Reads a tree of tree-sitter-python."""

    def block(self, node: Node | None) -> Block:
        """A body."""
        return self.statements(node.named_children) if node is not None else ()

    def _statement(self, node: Node) -> Iterable[Stmt]:
        read = self._STATEMENTS.get(node.type)
        if read is not None:
            return read(self, node)
        if node.type == "expression_statement":
            return [Do(self.expression(one)) for one in node.named_children]
        return (Do(self.expression(node)),)

    def _if(self, node: Node) -> Iterator[Stmt]:
        otherwise: Block = ()
        for other in reversed(node.children_by_field_name("alternative")):
            if other.type != "elif_clause":
                otherwise = self.block(field(other, "body"))
                continue
            otherwise = (self._branch(other, otherwise),)
        yield self._branch(node, otherwise)

    def _branch(self, node: Node, otherwise: Block) -> If:
        body = self.block(field(node, "consequence"))
        return If(self.expression(field(node, "condition")), body, otherwise)

    def _try(self, node: Node) -> Iterator[Stmt]:
        handlers: list[Except] = []
        last: Block = ()
        otherwise: Block = ()
        for one in node.named_children:
            if one.type.startswith("except"):
                handlers.append(self._handler(one))
            elif one.type == "finally_clause":
                last = self.block(child(one, "block"))
            elif one.type == "else_clause":
                otherwise = self.block(field(one, "body"))
        yield Guarded(self.block(field(node, "body")), tuple(handlers), otherwise, last)

    def _handler(self, node: Node) -> Except:
        caught, body = field(node, "value"), self.block(child(node, "block"))
        if caught is None:
            return Except(None, body)
        target = None
        if caught.type == "as_pattern":
            alias = field(caught, "alias")
            target = self.expression(alias.named_children[0]) if alias else None
            caught = caught.named_children[0]
        listed = caught.named_children if caught.type == "tuple" else [caught]
        return Except(target, body, tuple(self.text(one).rpartition(".")[2] for one in listed))

    def _loop(self, node: Node) -> Iterator[Stmt]:
        left, right, test = (field(node, name) for name in ("left", "right", "condition"))
        yield Loop(
            self.block(field(node, "body")),
            self.expression(left) if left else None,
            self.expression(right) if right else None,
            self.expression(test) if test else None,
        )

    def _with(self, node: Node) -> Iterator[Stmt]:
        clause = child(node, "with_clause")
        for item in clause.named_children if clause else ():
            value = field(item, "value")
            if value is None:
                continue
            alias = field(value, "alias")
            if value.type == "as_pattern" and alias is not None and alias.named_children:
                target = self.expression(alias.named_children[0])
                yield Do(Assigned(target, self.expression(value.named_children[0])))
            else:
                yield Do(self.expression(value))
        yield Body(self.block(field(node, "body")))

    def _match(self, node: Node) -> Iterator[Stmt]:
        value, body = self.expression(field(node, "subject")), field(node, "body")
        otherwise: Block = ()
        for case in reversed(body.named_children if body else []):
            steps = self.block(field(case, "consequence"))
            pattern = child(case, "case_pattern")
            wanted = pattern.named_children if pattern else []
            if wanted and len(wanted) == 1:
                otherwise = (
                    If(Compare("==", value, self.expression(wanted[0])), steps, otherwise),
                )
            else:
                otherwise = steps
        yield from otherwise

    def _leave(self, node: Node) -> Iterator[Stmt]:
        how = node.type.removesuffix("_statement")
        value = node.named_children[0] if node.named_children else None
        yield Leave(
            "break" if how == "continue" else how,
            self.expression(value) if value else None,
            self.line(node),
        )

    def _assert(self, node: Node) -> Iterator[Stmt]:
        told = node.named_children[1:]
        error = Apply(Name("AssertionError"), tuple(self.expression(one) for one in told))
        test = Logic(
            "not", (self.expression(node.named_children[0] if node.named_children else None),)
        )
        yield If(test, (Leave("raise", error, self.line(node)),))

    def _define(self, node: Node) -> Iterator[Stmt]:
        name = field(node, "name")
        if name is not None:
            yield Define(self.text(name), self._function(node))

    def _decorated(self, node: Node) -> Iterable[Stmt]:
        inner = field(node, "definition")
        return self.statements([inner]) if inner else ()

    def _class(self, node: Node) -> Iterator[Stmt]:
        name, body = field(node, "name"), field(node, "body")
        if name is None or body is None:
            return
        inner = [field(one, "definition") or one for one in body.named_children]
        methods = [one for one in inner if one.type == "function_definition"]
        pairs = tuple((self._named(one), self._function(one, bound=True)) for one in methods)
        first = next((made for called, made in pairs if called == "__init__"), None)
        params = tuple(
            Param(one.target, one.default, one.rest) for one in (first.params if first else ())
        )

        def build() -> Block:
            given = tuple(Spread(one.target) if one.rest else one.target for one in params)
            call = (Do(Apply(Member(Name("self"), "__init__"), given)),) if first else ()
            return (Do(Assigned(Name("self"), Record(pairs))), *call, Leave("return", Name("self")))

        yield Define(self.text(name), Function(params, self.later(build)))

    def _named(self, node: Node) -> str:
        name = field(node, "name")
        return self.text(name) if name else ""

    def _import(self, node: Node) -> Iterator[Stmt]:
        for one in node.children_by_field_name("name"):
            name, alias = field(one, "name"), field(one, "alias")
            module = self.text(name or one)
            if alias is None:
                module = module.partition(".")[0]
            yield Import(module, (("*", self.text(alias) if alias else module),))

    def _import_from(self, node: Node) -> Iterator[Stmt]:
        module = field(node, "module_name")
        names = []
        for one in node.children_by_field_name("name"):
            name, alias = field(one, "name"), field(one, "alias")
            names.append((self.text(name or one), self.text(alias or name or one)))
        if module is not None:
            yield Import(self.text(module), tuple(names))

    def _nothing(self, _: Node) -> tuple[Stmt, ...]:
        return ()

    _STATEMENTS: ClassVar[dict[str, Callable[[PythonReader, Node], Iterable[Stmt]]]] = {
        "if_statement": _if,
        "try_statement": _try,
        "for_statement": _loop,
        "while_statement": _loop,
        "with_statement": _with,
        "match_statement": _match,
        "return_statement": _leave,
        "raise_statement": _leave,
        "break_statement": _leave,
        "continue_statement": _leave,
        "assert_statement": _assert,
        "function_definition": _define,
        "decorated_definition": _decorated,
        "class_definition": _class,
        "import_statement": _import,
        "import_from_statement": _import_from,
        "comment": _nothing,
        "pass_statement": _nothing,
    }
