"""PowerShell. Its names are read in lower case, its variables with their `$`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from backup_doctor.collect.script.syntax.nodes import (
    Assigned,
    Block,
    Cmdlet,
    Compare,
    Define,
    Do,
    Except,
    Function,
    Guarded,
    If,
    Leave,
    Loop,
    Name,
    Opaque,
    Param,
    Stmt,
)
from backup_doctor.collect.script.syntax.powershell_values import PowerShellValues
from backup_doctor.collect.script.syntax.reading import child, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backup_doctor.collect.script.parser import Node


class PowerShellReader(PowerShellValues):
    """Reads a tree of tree-sitter-powershell."""

    def block(self, node: Node | None) -> Block:
        """A body: of a block, of a script block, of the program."""
        if node is None:
            return ()
        if node.type in {"statement_list", "pipeline"}:
            return self.statements(node.named_children if node.type == "statement_list" else [node])
        return tuple(step for one in node.named_children for step in self._inner(one))

    def _inner(self, node: Node) -> Block:
        if node.type in {
            "statement_list",
            "script_block",
            "script_block_body",
            "statement_block",
            "named_block_list",
            "named_block",
        }:
            return self.block(node)
        return (
            self.statements([node])
            if node.type in self._STATEMENTS or node.type == "pipeline"
            else ()
        )

    def _statement(self, node: Node) -> Iterable[Stmt]:
        read = self._STATEMENTS.get(node.type)
        if read is not None:
            return read(self, node)
        value = self.expression(node)
        if isinstance(value, Assigned | Opaque):
            return (Do(value),)
        if isinstance(value, Cmdlet):
            shown = Cmdlet(value.name, value.elements, value.input, shown=True, line=value.line)
            return (Do(shown),)
        return (Do(Cmdlet("write-output", (("", value),), line=self.line(node))),)

    def _if(self, node: Node) -> Iterator[Stmt]:
        otherwise: Block = ()
        clauses = child(node, "elseif_clauses")
        for one in node.named_children:
            if one.type == "else_clause":
                otherwise = self.block(child(one, "statement_block"))
        for one in reversed(clauses.named_children if clauses else []):
            otherwise = (
                If(
                    self.expression(field(one, "condition")),
                    self.block(child(one, "statement_block")),
                    otherwise,
                ),
            )
        yield If(
            self.expression(field(node, "condition")),
            self.block(child(node, "statement_block")),
            otherwise,
        )

    def _try(self, node: Node) -> Iterator[Stmt]:
        clauses, last = child(node, "catch_clauses"), child(node, "finally_clause")
        handlers = tuple(self._handler(one) for one in (clauses.named_children if clauses else []))
        body = self.block(child(node, "statement_block"))
        yield Guarded(body, handlers, finally_=self.block(last) if last else ())

    def _handler(self, node: Node) -> Except:
        types = child(node, "catch_type_list")
        names = [
            self.text(one).strip("[] ").rpartition(".")[2]
            for one in (types.named_children if types else [])
        ]
        known = tuple(name for name in names if name not in {"Exception", "RuntimeException"})
        return Except(Name("$_"), self.block(child(node, "statement_block")), known)

    def _foreach(self, node: Node) -> Iterator[Stmt]:
        target, over = child(node, "variable"), child(node, "pipeline")
        body = self.block(child(node, "statement_block"))
        yield Loop(
            body,
            self.expression(target) if target else None,
            self.expression(over) if over else None,
        )

    def _loop(self, node: Node) -> Iterator[Stmt]:
        test = field(node, "condition") or child(node, "for_condition", "while_condition")
        yield Loop(
            self.block(child(node, "statement_block")), test=self.expression(test) if test else None
        )

    def _switch(self, node: Node) -> Iterator[Stmt]:
        value = self.expression(child(node, "switch_condition"))
        body = child(node, "switch_body")
        clauses = child(body, "switch_clauses") if body else None
        otherwise: Block = ()
        for one in reversed(clauses.named_children if clauses else []):
            condition, steps = (
                child(one, "switch_clause_condition"),
                self.block(child(one, "statement_block")),
            )
            if condition is None or self.text(condition).strip().lower() == "default":
                otherwise = steps
            else:
                wanted = self.expression(
                    condition.named_children[0] if condition.named_children else None
                )
                otherwise = (If(Compare("==", value, wanted), steps, otherwise),)
        yield from otherwise

    def _leave(self, node: Node) -> Iterator[Stmt]:
        how = node.children[0].type.lower() if node.children else "return"
        how = {"throw": "raise", "continue": "break"}.get(how, how)
        value = child(node, "pipeline")
        yield Leave(how, self.expression(value) if value else None, self.line(node))

    def _define(self, node: Node) -> Iterator[Stmt]:
        name, body = child(node, "function_name"), child(node, "script_block")
        if name is not None:
            yield Define(
                self.text(name).lower(),
                self.function(body, child(node, "function_parameter_declaration")),
            )

    def function(self, body: Node | None, declared: Node | None = None) -> Function:
        """A function with its parameters."""
        block = child(body, "param_block") if body else None
        holder = block or declared
        listed = child(holder, "parameter_list") if holder else None
        params = []
        for one in listed.named_children if listed else []:
            name, default = child(one, "variable"), child(one, "script_parameter_default")
            if name is not None:
                value = (
                    self.expression(default.named_children[0])
                    if default and default.named_children
                    else None
                )
                params.append(Param(self.expression(name), value))
        return Function(tuple(params), self.later(lambda: self.block(body)))

    def _nothing(self, _: Node) -> tuple[Stmt, ...]:
        return ()

    _STATEMENTS: ClassVar[dict[str, Callable[[PowerShellReader, Node], Iterable[Stmt]]]] = {
        "if_statement": _if,
        "try_statement": _try,
        "foreach_statement": _foreach,
        "for_statement": _loop,
        "while_statement": _loop,
        "do_statement": _loop,
        "switch_statement": _switch,
        "flow_control_statement": _leave,
        "function_statement": _define,
        "param_block": _nothing,
        "comment": _nothing,
        "empty_statement": _nothing,
        "trap_statement": _nothing,
    }
