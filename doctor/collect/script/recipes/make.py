"""Reads a Makefile: rules, their recipes, and variables as far as they are plain texts.

Each line of a recipe is a shell of its own, printed first unless `@` stands before it, and make ends
with the first that fails unless `-` does. Variables that the file does not set are the environment's.
Source: GNU make's manual, "Writing Recipes in Rules", "How to Use Variables".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.collect.script.recipes.model import (
    CommandText,
    FilledIn,
    Recipe,
    RecipeBook,
    RecipeCommand,
    joined_pieces,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = 3_000
DEPTH = 8
PIECES = 400
_SET = re.compile(
    r"^(?P<export>(?:export|override|unexport)\s+)*(?P<name>[\w.-]+)\s*(?P<how>\?|::?:?|\+|!)?=(?P<value>.*)$",
    re.DOTALL,
)
_RULE = re.compile(r"^(?P<targets>[^\s:=#][^:=#]{0,300}?)\s*::?(?!=)(?P<rest>.*)$", re.DOTALL)
_CONDITION = re.compile(r"^\s*(?:ifeq|ifneq|ifdef|ifndef|else|endif)\b")
_ELSEWHERE = re.compile(r"^\s*-?(?:s?include|load|define|endef|vpath)\b")
_PREFIX = re.compile(r"^[\s@+-]*")
_REFERENCE = re.compile(r"\$(?:\$|[({]|.)", re.DOTALL)
_NAME = re.compile(r"[\w.-]+")
_CLOSING = {"(": ")", "{": "}"}
_STOPS = re.compile(r"(?:^|\s)-\w*e")


class _Logical(NamedTuple):
    """A line with those that continue it, and where it begins."""

    text: str
    number: int


class _Rule(NamedTuple):
    """What has been read of a rule so far."""

    targets: list[str]
    needs: list[str]
    lines: list[_Logical]


def read_makefile(text: str) -> RecipeBook:
    """The rules of a Makefile. Of a condition both branches are read, and it is not whole."""
    return _Makefile(text).book()


class _Makefile:
    def __init__(self, text: str) -> None:
        self._variables: dict[str, str] = {}
        self._exported: list[str] = []
        self._rules: list[_Rule] = []
        self._whole = True
        for line in _logical(text):
            self._take(line)

    def _take(self, line: _Logical) -> None:
        if line.text.startswith("\t"):
            if self._rules:
                self._rules[-1].lines.append(line)
            return
        told = line.text.partition(" #")[0].strip()
        if not told or told.startswith("#"):
            return
        if _CONDITION.match(told) or _ELSEWHERE.match(told):
            self._whole = False
            return
        if told == "export":
            self._exported.append("*")
        assigned = _SET.match(told)
        if assigned:
            self._set(assigned)
            return
        rule = _RULE.match(told)
        if rule:
            self._rules.append(_rule(rule, line.number))

    def _set(self, found: re.Match[str]) -> None:
        name, value = found["name"], found["value"].strip()
        if (found["export"] or "").startswith("export"):
            self._exported.append(name)
        if found["how"] == "+":
            value = f"{self._variables.get(name, '')} {value}".strip()
        elif found["how"] == "?" or (name in self._variables and not self._whole):
            # The environment's comes before it; behind a condition it may be another.
            return
        elif found["how"] == "!":
            value = f"$(shell {value})"
        self._variables[name] = value

    def book(self) -> RecipeBook:
        """What was read, by the names of the targets."""
        at_once = any(".ONESHELL" in rule.targets for rule in self._rules)
        stops = bool(_STOPS.search(self._variables.get(".SHELLFLAGS", "")))
        recipes: dict[str, Recipe] = {}
        for rule in self._rules:
            needs = tuple(
                one for need in rule.needs for one in _as_text(self._expanded(need, {})).split()
            )
            for target in rule.targets:
                known = recipes.get(target, Recipe())
                automatic = {"@": target, "<": needs[0] if needs else "", "^": " ".join(needs)}
                commands = tuple(self._commands(rule.lines, automatic, at_once=at_once))
                recipes[target] = Recipe(
                    commands=commands or known.commands,
                    needs=(*known.needs, *needs),
                    stops_at_errors=stops,
                )
        first = next((one for one in recipes if not one.startswith(".")), "")
        exported = self._variables if "*" in self._exported else self._exported
        given = {
            one: self._expanded(self._variables[one], {})
            for one in exported
            if one in self._variables
        }
        goal = self._variables.get(".DEFAULT_GOAL") or first
        return RecipeBook(recipes=recipes, first=goal, given=given, whole=self._whole)

    def _commands(
        self, lines: list[_Logical], automatic: dict[str, str], *, at_once: bool
    ) -> Iterator[RecipeCommand]:
        if at_once and lines:
            text = "\n".join(line.text.removeprefix("\t") for line in lines)
            lines = [_Logical(text, lines[0].number)]
        for line in lines:
            marks = _PREFIX.match(line.text)
            before = marks[0] if marks else ""
            told = self._expanded(line.text[len(before) :], automatic)
            if told:
                yield RecipeCommand(
                    text=told, line=line.number, shown="@" not in before, may_fail="-" in before
                )

    def _expanded(self, text: str, automatic: dict[str, str], depth: int = 0) -> CommandText:
        """The text with its references filled in, as far as they are known."""
        pieces: list[str | FilledIn] = []
        at = 0
        while (found := _REFERENCE.search(text, at)) and len(pieces) < PIECES:
            pieces.append(text[at : found.start()])
            mark = found[0][1]
            if mark in _CLOSING:
                inner, at = _enclosed(text, found.end(), mark)
                pieces.extend(self._reference(inner, automatic, depth))
            else:
                at = found.end()
                pieces.append("$" if mark == "$" else automatic.get(mark, ""))
        pieces.append(text[at:])
        return joined_pieces(pieces)

    def _reference(self, inner: str, automatic: dict[str, str], depth: int) -> CommandText:
        if inner == "MAKE":
            return ("make",)
        if inner.startswith("shell "):
            return joined_pieces(["$(", *self._expanded(inner[6:].strip(), automatic), ")"])
        if inner in automatic:
            return (automatic[inner],)
        if inner in self._variables and depth < DEPTH:
            return self._expanded(self._variables[inner], automatic, depth + 1)
        return (FilledIn(inner if _NAME.fullmatch(inner) else "make"),)


def _rule(found: re.Match[str], number: int) -> _Rule:
    rest, _, command = found["rest"].partition(";")
    needs = [] if "=" in rest else rest.replace("|", " ").split()
    lines = [_Logical(f"\t{command.strip()}", number)] if command.strip() else []
    return _Rule(found["targets"].split(), needs, lines)


def _logical(text: str) -> Iterator[_Logical]:
    """The lines, those that a backslash continues as one; in a recipe the shell joins them."""
    held: list[str] = []
    start = 1
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n")[:LINES], 1):
        start = start if held else number
        in_recipe = (held or [line])[0].startswith("\t")
        held.append(line.removeprefix("\t") if held and in_recipe else line)
        if line.endswith("\\") and not line.endswith("\\\\"):
            continue
        joined = "\n".join(held)
        yield _Logical(joined if in_recipe else joined.replace("\\\n", " "), start)
        held = []
    if held:
        yield _Logical("\n".join(held), start)


def _enclosed(text: str, start: int, opening: str) -> tuple[str, int]:
    """What stands in brackets, and where they end."""
    depth = 1
    for at in range(start, len(text)):
        depth += (text[at] == opening) - (text[at] == _CLOSING[opening])
        if depth == 0:
            return text[start:at], at + 1
    return text[start:], len(text)


def _as_text(told: CommandText) -> str:
    return "".join(one for one in told if isinstance(one, str))
