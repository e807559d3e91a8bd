"""The shell's words: quotes, expansions, arrays, here-documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from backup_doctor.collect.script.syntax.bash_counting import counting
from backup_doctor.collect.script.syntax.nodes import (
    Assigned,
    Constant,
    Default,
    Do,
    Expr,
    Indexed,
    Listed,
    Literal,
    Name,
    Opaque,
    Parameter,
    Printed,
    SplitWords,
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
    from collections.abc import Callable

    from backup_doctor.collect.script.parser import Node

EXPANSIONS = frozenset(
    {
        "simple_expansion",
        "expansion",
        "command_substitution",
        "arithmetic_expansion",
        "process_substitution",
    }
)
_IN_QUOTES = re.compile(r"\\([\"\\$`])|\\\n")
_IN_HEREDOC = re.compile(r"\\([\\$`])|\\\n")
_UNQUOTED = re.compile(r"\\(\n|.)", re.DOTALL)
_ANSI_C = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))", re.DOTALL)
_ANSI_NAMES = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "E": "\x1b", "a": "\a", "b": "\b"}
_QUOTED_PART = re.compile(r"\$'((?:[^'\\]|\\.)*)'|'([^']*)'|\"([^\"$`]*)\"")
_DEFAULTS = frozenset({":-", "-", ":=", "="})


class ShellWords(Reader):
    """Reads words; commands inside them are read by the class that has commands."""

    def printed(self, node: Node) -> Expr:
        """What a `$(…)` gives."""
        raise NotImplementedError

    def word(self, node: Node | None) -> Expr:
        """One word, or one of the parts that it is made of."""
        if node is None or not self._budget.descend():
            return NOTHING
        try:
            read = self._WORDS.get(node.type)
            return read(self, node) if read else self._plain(node)
        finally:
            self._budget.leave()

    def heredoc(self, node: Node) -> Expr:
        """The text of a `<<EOF`."""
        start, body = child(node, "heredoc_start"), child(node, "heredoc_body")
        if body is None:
            return Literal("")
        is_raw = start is not None and self.text(start)[:1] in {"'", '"', "\\"}
        strips = any(one.type == "<<-" for one in node.children)

        def plain(text: str) -> str:
            shown = text if is_raw else _IN_HEREDOC.sub(lambda one: one[1] or "", text)
            return shown.lstrip("\t") if strips else shown

        if is_raw:
            return joined(list(literals(self.text(body), self.line(body), plain)))
        return self._parts(body, body.start_byte, body.end_byte, plain)

    def _parts(self, node: Node, start: int, end: int, plain: Callable[[str], str]) -> Expr:
        """Text with expansions in it: what lies between them counts, be it a node or not."""
        parts: list[Expr] = []
        at, line = start, self.line(node)
        for one in node.named_children:
            if one.type in EXPANSIONS:
                parts.extend(literals(self.between(at, one.start_byte), line, plain))
                told = self.text(one)
                blank = told[: len(told) - len(told.lstrip())]
                parts.extend(literals(blank, self.last_line(one), plain))
                parts.append(self._unsplit(self.word(one)))
                at, line = one.end_byte, self.last_line(one)
        parts.extend(literals(self.between(at, end), line, plain))
        return joined(parts)

    def _unsplit(self, word: Expr) -> Expr:
        """Inside quotes a word stays one; but all words of `"$@"` and `"${a[@]}"`."""
        if isinstance(word, SplitWords) and not _is_list(word.of):
            return word.of
        return word

    def _string(self, node: Node) -> Expr:
        def plain(text: str) -> str:
            return _IN_QUOTES.sub(lambda one: one[1] or "", text)

        last = node.children[-1]
        end = last.start_byte if last.type == '"' and not last.is_missing else node.end_byte
        return self._parts(node, node.start_byte + 1, end, plain)

    def _raw(self, node: Node) -> Expr:
        return joined(list(literals(self.text(node)[1:-1], self.line(node), str)))

    def _ansi(self, node: Node) -> Expr:
        return Literal(ansi_c(self.text(node)[2:-1]), self.line(node))

    def _plain(self, node: Node) -> Expr:
        if node.named_children and node.type not in {"word", "regex", "number"}:
            return self.opaque_word(node)
        text = _UNQUOTED.sub(lambda one: "" if one[1] == "\n" else one[1], self.text(node))
        return Literal(text, self.line(node))

    def opaque_word(self, node: Node) -> Expr:
        """A word of no known form; what it runs counts."""
        return Opaque(tuple(self.word(one) for one in node.named_children))

    def _regex(self, node: Node) -> Expr:
        return Literal(self.text(node), self.line(node))

    def _concatenation(self, node: Node) -> Expr:
        return joined([self._unsplit(self.word(one)) for one in node.named_children])

    def _simple(self, node: Node) -> Expr:
        name = self.text(node).strip().removeprefix("$")
        return SplitWords(Name(name, self.line(node)))

    def _name(self, node: Node) -> Expr:
        return Name(self.text(node), self.line(node))

    def _substitution(self, node: Node) -> Expr:
        return SplitWords(self.printed(node))

    def _process(self, node: Node) -> Expr:
        return Opaque((self.printed(node),))

    def _array(self, node: Node) -> Expr:
        return Listed(tuple(self.word(one) for one in node.named_children))

    def _arithmetic(self, node: Node) -> Expr:
        told = self.text(node).strip().removeprefix("$((").removesuffix("))")
        return Printed((Do(counting(told, self.line(node), "$")),))

    def _expansion(self, node: Node) -> Expr:
        of = child(node, "variable_name", "special_variable_name", "subscript")
        if of is None:
            return NOTHING
        before = self.between(node.start_byte, of.start_byte).strip().removeprefix("${")
        after = self.between(of.end_byte, node.end_byte - 1)
        value = self._variable(of)
        if before == "#":
            return Parameter(value, "#", NOTHING)
        if before:
            return Opaque((value,))
        operator = next((one for one in _OPERATORS if after.startswith(one)), "")
        if operator in _DEFAULTS:
            given = self._given(node, of)
            options = Default((value, given))
            if "=" in operator:
                return SplitWords(Default((value, Assigned(value, given))))
            return SplitWords(options)
        if not operator or operator in {":?", "?"}:
            return SplitWords(value)
        if operator in {":+", "+"}:
            return SplitWords(Opaque((value, self._given(node, of))))
        return SplitWords(
            Parameter(value, operator, Literal(_pattern(after.removeprefix(operator))))
        )

    def _given(self, node: Node, of: Node) -> Expr:
        parts = [one for one in node.named_children if one.start_byte >= of.end_byte]
        return joined([self._unsplit(self.word(one)) for one in parts if one.type != "operator"])

    def _variable(self, node: Node) -> Expr:
        if node.type != "subscript":
            return Name(self.text(node), self.line(node))
        of, index = field(node, "name"), field(node, "index")
        name = Name(self.text(of) if of else "", self.line(node))
        if index is not None and self.text(index) in {"@", "*"}:
            return Indexed(name, Constant(None))
        return Indexed(name, self.word(index))

    _WORDS: ClassVar[dict[str, Callable[[ShellWords, Node], Expr]]] = {
        "string": _string,
        "translated_string": _concatenation,
        "raw_string": _raw,
        "ansi_c_string": _ansi,
        "concatenation": _concatenation,
        "simple_expansion": _simple,
        "expansion": _expansion,
        "command_substitution": _substitution,
        "process_substitution": _process,
        "arithmetic_expansion": _arithmetic,
        "array": _array,
        "variable_name": _name,
        "regex": _regex,
        "extglob_pattern": _regex,
        "command_name": _concatenation,
    }


def _is_list(of: Expr) -> bool:
    if isinstance(of, Name):
        return of.name == "@"
    return isinstance(of, Indexed) and isinstance(of.key, Constant)


def _pattern(text: str) -> str:
    """A pattern of `${X##…}` without its quotes."""
    return _QUOTED_PART.sub(
        lambda one: ansi_c(one[1]) if one[1] is not None else one[2] or one[3] or "", text
    )


def ansi_c(text: str) -> str:
    """The text that `$'…'`, `echo -e` or `printf` makes of one with escapes."""

    def plain(match: re.Match[str]) -> str:
        if match[1] or match[2]:
            return chr(int(match[1] or match[2], 16))
        if match[3]:
            return chr(int(match[3], 8) & 0xFF)
        return _ANSI_NAMES.get(match[4], match[4] if match[4] in "\\'\"?" else match[0])

    return _ANSI_C.sub(plain, text)


_OPERATORS = (
    ":-",
    ":=",
    ":?",
    ":+",
    "##",
    "%%",
    "//",
    "/",
    "#",
    "%",
    "^^",
    ",,",
    "^",
    ",",
    "@",
    ":",
    "-",
    "=",
    "?",
    "+",
)
