"""The shell's commands. Its words are read in `bash_words`, its tests in `bash_tests`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from backup_doctor.collect.script.syntax.bash_counting import counted
from backup_doctor.collect.script.syntax.bash_tests import read_test
from backup_doctor.collect.script.syntax.bash_words import ShellWords
from backup_doctor.collect.script.syntax.nodes import (
    Assigned,
    Block,
    Compare,
    Define,
    Do,
    Expr,
    Function,
    Grouping,
    If,
    Indexed,
    Listed,
    Literal,
    Logic,
    Loop,
    Name,
    Pipe,
    Printed,
    Redirect,
    Redirected,
    SimpleCommand,
    Stmt,
)
from backup_doctor.collect.script.syntax.reading import NOTHING, child, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backup_doctor.collect.script.parser import Node

_LOGIC = {"&&": "and", "||": "or"}
_DESCRIPTORS = {"&>": 12, "&>>": 12}
BOTH = 12
"""The descriptor of what goes for standard output and standard error alike."""


class BashReader(ShellWords):
    """Reads a tree of tree-sitter-bash."""

    def block(self, node: Node | None) -> Block:
        """A body, with or without braces."""
        if node is None:
            return ()
        if node.type in {"compound_statement", "do_group", "subshell", "program", "else_clause"}:
            return self.statements(node.named_children)
        return self.statements([node])

    def printed(self, node: Node) -> Expr:
        """What a `$(…)` gives."""
        redirect = child(node, "file_redirect")
        body = [one for one in node.named_children if one is not redirect]
        if redirect is not None and not [one for one in body if one.type != "file_redirect"]:
            whole = Redirected(
                SimpleCommand((Literal("cat"),), line=self.line(node)), self._redirects([redirect])
            )
            return Printed((Do(whole),))
        return Printed(self.statements(body))

    def _statement(self, node: Node) -> Iterable[Stmt]:
        read = self._STATEMENTS.get(node.type)
        if read is not None:
            return read(self, node)
        if node.type == "ERROR":
            return self.statements(one for one in node.named_children if one.type in self._COMMANDS)
        return (Do(self.expression(node)),)

    def _if(self, node: Node) -> Iterator[Stmt]:
        otherwise: Block = ()
        for other in reversed(node.named_children):
            if other.type == "elif_clause":
                otherwise = tuple(self._branch(other, otherwise))
            elif other.type == "else_clause":
                otherwise = self.block(other)
        yield from self._branch(node, otherwise)

    def _branch(self, node: Node, otherwise: Block) -> Iterator[Stmt]:
        """`if a; b; then …`: what stands before `then`, whose last command is the test."""
        at = next((one.start_byte for one in node.children if one.type == "then"), node.end_byte)
        parts = [
            one for one in node.named_children if one.type not in {"elif_clause", "else_clause"}
        ]
        tests = [one for one in parts if one.start_byte < at and one.type != "comment"]
        yield from self.statements(tests[:-1])
        body = self.statements(one for one in parts if one.start_byte > at)
        yield If(self.expression(tests[-1]) if tests else NOTHING, body, otherwise)

    def _case(self, node: Node) -> Iterator[Stmt]:
        value = self.word(field(node, "value"))
        otherwise: Block = ()
        for item in reversed([one for one in node.named_children if one.type == "case_item"]):
            patterns = item.children_by_field_name("value")
            body = self.statements(one for one in item.named_children if one.role != "value")
            if any(self.text(one) == "*" for one in patterns):
                otherwise = body
                continue
            tests = tuple(Compare("like", value, self.word(one)) for one in patterns)
            otherwise = (If(tests[0] if len(tests) == 1 else Logic("or", tests), body, otherwise),)
        yield from otherwise

    def _for(self, node: Node) -> Iterator[Stmt]:
        name, values = field(node, "variable"), node.children_by_field_name("value")
        target = Name(self.text(name)) if name else None
        yield Loop(
            self.block(field(node, "body")), target, Listed(tuple(self.word(one) for one in values))
        )

    def _while(self, node: Node) -> Iterator[Stmt]:
        tests = [one for one in node.children_by_field_name("condition") if one.is_named]
        yield from self.statements(tests[:-1])
        test = self.expression(tests[-1]) if tests else NOTHING
        if any(one.type == "until" for one in node.children):
            test = Logic("not", (test,))
        yield Loop(self.block(field(node, "body")), test=test)

    def _c_for(self, node: Node) -> Iterator[Stmt]:
        yield Loop(self.block(field(node, "body")))

    def _define(self, node: Node) -> Iterator[Stmt]:
        name, body = field(node, "name"), field(node, "body")
        if name is not None:
            yield Define(self.text(name), Function((), self.later(lambda: self.block(body))))

    def _nothing(self, _: Node) -> tuple[Stmt, ...]:
        return ()

    # Commands, which are expressions here: their value is how they ended.

    def _expression(self, node: Node) -> Expr:
        read = self._COMMANDS.get(node.type)
        if read is not None:
            return read(self, node)
        if node.type in self._STATEMENTS:
            return Grouping(tuple(self._STATEMENTS[node.type](self, node)))
        return self.word(node)

    def _command(self, node: Node) -> Expr:
        name = field(node, "name")
        words = [self.word(one) for one in (*(name.named_children if name else ()),)]
        words += [self.word(one) for one in node.children_by_field_name("argument")]
        made = [one for one in node.named_children if one.type == "variable_assignment"]
        before = [one for one in made if self._stands_above(one, name)]
        assigned = tuple(
            (self._assigned_name(one), self.word(field(one, "value")))
            for one in made
            if one not in before
        )
        command = SimpleCommand(tuple(words), assigned, self.line(name or node))
        run = self._redirected(command, node.children_by_field_name("redirect"))
        set_ = tuple(Do(self._assign(one, local=False)) for one in before)
        return Grouping((*set_, Do(run))) if set_ else run

    def _stands_above(self, assignment: Node, name: Node | None) -> bool:
        """Whether a line ends between the two: the grammar takes `a=1 b=2` and the next line for one."""
        between = self.between(assignment.end_byte, name.start_byte) if name else ""
        return "\n" in between.replace("\\\n", "")

    def _assigned_name(self, node: Node) -> str:
        name = field(node, "name")
        return self.text(name) if name else ""

    def _assignment(self, node: Node) -> Expr:
        return self._assign(node, local=False)

    def _assign(self, node: Node, *, local: bool) -> Expr:
        name, value = field(node, "name"), field(node, "value")
        target: Expr = Name(self._assigned_name(node), self.line(node))
        if name is not None and name.type == "subscript":
            of, index = field(name, "name"), field(name, "index")
            target = Indexed(Name(self.text(of) if of else ""), self.word(index))
        adds = any(one.type == "+=" for one in node.children)
        return Assigned(target, self.word(value), adds=adds, of_shell=True, local=local)

    def _assignments(self, node: Node) -> Expr:
        """`a=1 b=2`, several in one line."""
        return Grouping(tuple(Do(self._assign(one, local=False)) for one in node.named_children))

    def _declaration(self, node: Node) -> Expr:
        kind = node.children[0].type if node.children else ""
        local = kind in {"local", "declare", "typeset"}
        made = [one for one in node.named_children if one.type == "variable_assignment"]
        return Grouping(tuple(Do(self._assign(one, local=local)) for one in made))

    def _list(self, node: Node) -> Expr:
        """`a && b || c`, which is nested as deeply as it is long."""
        rights: list[tuple[str, Node]] = []
        left = node
        while left.type == "list" and len(left.named_children) > 1:
            operator = next((one.type for one in left.children if one.type in _LOGIC), "&&")
            rights.append((operator, left.named_children[-1]))
            left = left.named_children[0]
        made = self.expression(left)
        for operator, right in reversed(rights):
            made = Logic(_LOGIC[operator], (made, self.expression(right)))
        return made

    def _negated(self, node: Node) -> Expr:
        return Logic(
            "not", (self.expression(node.named_children[-1] if node.named_children else None),)
        )

    def _pipeline(self, node: Node) -> Expr:
        both = Redirect(2, ">&", Literal("1"))
        parts: list[Expr] = []
        for one in node.children:
            if one.type == "|&" and parts:
                parts[-1] = Redirected(parts[-1], (both,))
            elif one.is_named and one.type != "comment":
                parts.append(self.expression(one))
        first = parts[0] if parts else None
        if isinstance(first, Logic) and first.operator == "not":
            # `!` is of the whole pipeline, wherever the grammar hangs it.
            return Logic("not", (Pipe((*first.parts, *parts[1:])),))
        return Pipe(tuple(parts))

    def _group(self, node: Node) -> Expr:
        if node.children and node.children[0].type == "((":
            return counted(self.text(node), self.line(node)) or read_test(self, node)
        return Grouping(self.statements(node.named_children), subshell=node.type == "subshell")

    def _test(self, node: Node) -> Expr:
        return read_test(self, node)

    def _redirected_statement(self, node: Node) -> Expr:
        body = field(node, "body")
        redirects = node.children_by_field_name("redirect")
        line = self.line(node)
        command = self.expression(body) if body else SimpleCommand((Literal("cat"),), line=line)
        if isinstance(command, Logic) and command.operator == "not":
            return Logic("not", (self._redirected(command.parts[0], redirects),))
        return self._redirected(command, redirects)

    def _redirected(self, command: Expr, nodes: list[Node]) -> Expr:
        """A command with its redirects, and with what tree-sitter hangs below a `<<EOF`."""
        if not nodes:
            return command
        extra = [self.word(one) for node in nodes for one in self._arguments(node)]
        if extra and isinstance(command, SimpleCommand):
            command = SimpleCommand((*command.words, *extra), command.assigned, command.line)
        made: Expr = Redirected(command, self._redirects(nodes))
        for node in nodes:
            if node.type != "heredoc_redirect":
                continue
            pipeline = child(node, "pipeline")
            if pipeline is not None:
                made = Pipe((made, *(self.expression(one) for one in pipeline.named_children)))
            right, operator = field(node, "right"), field(node, "operator")
            if right is not None and operator is not None:
                made = Logic(_LOGIC.get(self.text(operator), "and"), (made, self.expression(right)))
        return made

    def _arguments(self, node: Node) -> list[Node]:
        """The words that belong to the command although they stand behind its redirect."""
        if node.type == "file_redirect" and child(node, "ERROR") is None:
            return node.children_by_field_name("destination")[1:]
        if node.type == "heredoc_redirect":
            inner = node.children_by_field_name("redirect")
            return [
                *node.children_by_field_name("argument"),
                *(a for r in inner for a in self._arguments(r)),
            ]
        return []

    def _redirects(self, nodes: Iterable[Node]) -> tuple[Redirect, ...]:
        return tuple(one for node in nodes for one in self._redirect(node))

    def _redirect(self, node: Node) -> Iterator[Redirect]:
        if node.type == "heredoc_redirect":
            yield Redirect(0, "<<", self.heredoc(node))
            yield from self._redirects(node.children_by_field_name("redirect"))
        elif node.type == "herestring_redirect":
            yield Redirect(
                0, "<<", self.word(node.named_children[0] if node.named_children else None)
            )
        else:
            yield self._file_redirect(node)

    def _file_redirect(self, node: Node) -> Redirect:
        descriptor, target = field(node, "descriptor"), field(node, "destination")
        operator = next((one.type for one in node.children if not one.is_named), ">")
        if operator == ">&" and target is not None and not self.text(target).strip().isdigit():
            operator = "&>"
        number = self.text(descriptor).strip() if descriptor else ""
        chosen = int(number) if number.isdecimal() and len(number) == 1 else 1
        if "<" in operator:
            chosen = 0
        return Redirect(_DESCRIPTORS.get(operator, chosen), operator, self.word(target))

    _STATEMENTS: ClassVar[dict[str, Callable[[BashReader, Node], Iterable[Stmt]]]] = {
        "if_statement": _if,
        "case_statement": _case,
        "for_statement": _for,
        "while_statement": _while,
        "c_style_for_statement": _c_for,
        "function_definition": _define,
        "comment": _nothing,
    }

    _COMMANDS: ClassVar[dict[str, Callable[[BashReader, Node], Expr]]] = {
        "command": _command,
        "variable_assignment": _assignment,
        "variable_assignments": _assignments,
        "declaration_command": _declaration,
        "list": _list,
        "negated_command": _negated,
        "pipeline": _pipeline,
        "compound_statement": _group,
        "subshell": _group,
        "test_command": _test,
        "redirected_statement": _redirected_statement,
    }
