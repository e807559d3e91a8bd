"""Runs a recipe of a Makefile, a justfile or a Taskfile: each of its commands as a shell of its own.

A command is handed to the shell as a file that the runner has written, and one command after the
other is a script with `set -e`: so does a runner stop at the first that fails.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import hole, lit, to_text
from backup_doctor.collect.script.model import What
from backup_doctor.collect.script.recipes import RUNNERS
from backup_doctor.collect.script.texts import literal, rendered
from backup_doctor.collect.script.values import UNKNOWN, Lit, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.recipes.model import (
        CommandText,
        Recipe,
        RecipeBook,
    )
    from backup_doctor.collect.script.values import Part, Value

NEEDS = 30
_TAKING = frozenset({"-C", "--directory", "-f", "--file", "--makefile", "--justfile", "-t"})
_TAKING_ALSO = frozenset({"-d", "--dir", "--working-directory", "--taskfile", "-j", "--jobs"})
_FOLDER = frozenset({"-C", "--directory", "-d", "--dir", "--working-directory"})
_FILE = frozenset({"-f", "--file", "--makefile", "--justfile", "-t", "--taskfile"})
_SETS = re.compile(r"^([A-Za-z_]\w*):{0,2}=")


class _Asked:
    """What a runner's command line asks for."""

    def __init__(self, args: list[Value]) -> None:
        self.names: list[str] = []
        self.rest: list[Value] = []
        self.sets: dict[str, Value] = {}
        self.folder = ""
        self.file = ""
        self.known = True
        taken = ""
        for one in args:
            taken = self._take(one, taken)

    def _take(self, value: Value, taken: str) -> str:
        """Take a word; which option the next one belongs to."""
        told = rendered(value)
        assigned = _SETS.match(told)
        if taken:
            self.folder = told if taken in _FOLDER else self.folder
            self.file = told if taken in _FILE else self.file
        elif assigned:
            self.sets[assigned[1]] = _behind(value, assigned.end())
        elif told in _TAKING | _TAKING_ALSO:
            return told
        elif told.startswith("--") and told.partition("=")[0] in _TAKING | _TAKING_ALSO:
            self._take(lit(told.partition("=")[2]), told.partition("=")[0])
        elif not told.startswith("-"):
            self.rest.append(value)
            self.names.append(told)
            self.known = self.known and literal(value) is not None
        return ""


def _behind(value: Value, start: int) -> Value:
    """What stands behind `NAME=`."""
    parts: list[Part] = list(to_text(value).parts)
    first = parts[0] if parts else None
    if not isinstance(first, Lit):
        return UNKNOWN
    return Text((*([Lit(first.text[start:])] if first.text[start:] else []), *parts[1:]))


class RecipeRunning:
    """Finds a runner's file and runs the recipes that a command names."""

    def __init__(self, trace: Following) -> None:
        self._trace = trace
        self._books: dict[str, RecipeBook | None] = {}
        self._running: list[str] = []

    def run(self, runner: str, args: list[Value]) -> Value | None:
        """How the runner ended; None if the recipe cannot be read, which is then unread."""
        asked = _Asked(args)
        path, book = self._book(runner, asked)
        if book is None or not asked.known or not book.whole:
            self._trace.leave_unread(path)
        if book is None or not asked.known:
            return None
        takes = runner == "just"
        names = asked.names[:1] if takes else asked.names
        recipes = self._ordered(book, names or [book.first])
        if not recipes or path in self._running:
            self._trace.leave_unread(path)
            return None
        given: dict[str, Value] = {name: self._text(text) for name, text in book.given.items()}
        if takes:
            given |= dict(zip(recipes[-1].takes, asked.rest[1:], strict=False))
        self._running.append(path)
        status = self._follow(path, recipes, {**given, **asked.sets}, asked.folder)
        self._running.pop()
        return status

    def _book(self, runner: str, asked: _Asked) -> tuple[str, RecipeBook | None]:
        """The runner's file, by the name that it was given or may have."""
        names, read_file = RUNNERS[runner]
        for name in [asked.file] if asked.file else names:
            found = self._trace.shell.programs.text_of(posixpath.join(asked.folder, name))
            if found is None:
                continue
            path, text = found
            if path not in self._books:
                self._books[path] = read_file(text)
            return path, self._books[path]
        return asked.file or names[0], None

    def _ordered(self, book: RecipeBook, names: list[str]) -> list[Recipe]:
        """The recipes, those that one needs before it, each once."""
        found: dict[str, Recipe] = {}
        entered: set[str] = set()

        def add(name: str) -> None:
            recipe = book.recipes.get(name)
            if recipe is None or name in entered or len(entered) > NEEDS:
                return
            entered.add(name)
            for need in recipe.needs:
                add(need)
            for command in recipe.commands:
                if command.recipe:
                    add(command.recipe)
            found[name] = recipe

        for name in names:
            add(name)
        return list(found.values()) if all(name in found for name in names) else []

    def _follow(
        self, path: str, recipes: list[Recipe], given: dict[str, Value], folder: str
    ) -> Value:
        trace = self._trace
        before = dict(trace.environment), trace.shell.directory
        trace.environment |= given
        trace.shell.directory = posixpath.join(before[1], folder) if folder else before[1]
        lines = [line for recipe in recipes for line in self._written(path, recipe)]
        trace.shell.errexit_next = True
        status = self._trace.shell.programs.run_text(lit("\n".join(lines)), "bash")
        trace.environment, trace.shell.directory = before
        return status

    def _written(self, path: str, recipe: Recipe) -> Iterator[str]:
        """What runs the recipe's commands, each written to a file of its own."""
        folder = f"cd {recipe.directory!r} && " if recipe.directory else ""
        for command in recipe.commands:
            if command.recipe:
                continue
            name = f"{path}:{len(self._trace.files)}"
            self._write(name, Text((Lit(_script(command.text), path, command.line),)))
            if command.shown:
                self._write(f"{name}:shown", self._text(command.text))
                yield f"cat '{name}:shown'"
            flags = "-e " if recipe.stops_at_errors else ""
            yield f"{folder}bash {flags}'{name}'{' || true' if command.may_fail else ''}"

    def _write(self, name: str, text: Text) -> None:
        self._trace.put(self._trace.files, name, text)

    def _text(self, text: CommandText) -> Text:
        """The text as the runner shows it, with the values that the environment has."""
        parts: list[Part] = []
        for one in text:
            known = lit(one) if isinstance(one, str) else self._trace.variable(one.name)
            parts.extend(to_text(known).parts or hole(What.VARIABLE, name="").parts)
        return Text(tuple(parts))


def _script(text: CommandText) -> str:
    """The text with what the runner fills in as variables of the shell."""
    return "".join(one if isinstance(one, str) else f"${{{one.name}}}" for one in text)
