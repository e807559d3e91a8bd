"""Reads a justfile: recipes, their arguments, and `{{ … }}` as far as it is a plain name.

Each line is a shell of its own and is printed first unless `@` stands before it or the recipe's
name; one that begins with `#!` is a script as a whole. Source: just's manual, "Recipes".
"""

from __future__ import annotations

import re

from backup_doctor.collect.script.recipes.model import (
    CommandText,
    FilledIn,
    Recipe,
    RecipeBook,
    RecipeCommand,
    filled_in,
)

LINES = 3_000
DEPTH = 4
_SET = re.compile(r"^(export\s+)?([\w-]+)\s*:=\s*(.*)$")
_RECIPE = re.compile(
    r"^(?P<quiet>@?)(?P<name>[A-Za-z_][\w-]*)(?P<takes>(?:\s+[^:\s][^:]*)?)\s*:(?!=)(?P<needs>.*)$"
)
_ELSEWHERE = re.compile(r"^\s*(?:import|mod|!include)\b")
_TAKEN = re.compile(r"[*+$]*([\w-]+)(?:\s*=\s*(?:'[^']*'|\"[^\"]*\"|\S+))?")
_NEED = re.compile(r"\(\s*([\w-]+)[^)]*\)|([\w-]+)")
_VALUE = re.compile(r"\{\{(?!\{)(.*?)\}\}")
_ENVIRONMENT = re.compile(r"""env(?:_var)?(?:_or_default)?\(\s*['"](\w+)['"]""")


def read_justfile(text: str) -> RecipeBook:
    """The recipes of a justfile."""
    variables: dict[str, str] = {}
    exported: list[str] = []
    recipes: dict[str, Recipe] = {}
    whole = True
    for number, line, body in _blocks(text):
        assigned = _SET.match(line)
        found = None if assigned else _RECIPE.match(line)
        if assigned:
            variables[assigned[2]] = assigned[3].strip()
            exported.extend([assigned[2]] if assigned[1] else [])
        elif found:
            recipes[found["name"]] = _recipe(found, body, number, variables)
        elif _ELSEWHERE.match(line):
            whole = False
    given = {name: _filled(f"{{{{{name}}}}}", variables) for name in exported}
    return RecipeBook(recipes=recipes, first=next(iter(recipes), ""), given=given, whole=whole)


def _blocks(text: str) -> list[tuple[int, str, list[str]]]:
    """Each line that begins at the margin, with the indented ones below it."""
    found: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n")[:LINES], 1):
        if line[:1] in {" ", "\t"} or not line:
            if found:
                found[-1][2].append(line)
        elif not line.startswith(("#", "[")):
            found.append((number, line, []))
    return found


def _recipe(
    found: re.Match[str], body: list[str], number: int, variables: dict[str, str]
) -> Recipe:
    before, _, after = found["needs"].partition("&&")
    needs = tuple(one[1] or one[2] for one in _NEED.finditer(before))
    takes = tuple(one[1] for one in _TAKEN.finditer(found["takes"]))
    later = [
        RecipeCommand(text=(), line=number, recipe=one[1] or one[2])
        for one in _NEED.finditer(after)
    ]
    commands = _commands(body, number, variables, quiet=bool(found["quiet"]))
    return Recipe(commands=(*commands, *later), needs=needs, takes=takes)


def _commands(
    body: list[str], number: int, variables: dict[str, str], *, quiet: bool
) -> list[RecipeCommand]:
    margin = next((len(one) - len(one.lstrip()) for one in body if one.strip()), 0)
    lines = [one[margin:] for one in body]
    if lines and lines[0].startswith("#!"):
        text = _filled("\n".join(lines), variables)
        return [RecipeCommand(text=text, line=number + 1, shown=False)]
    found = []
    held = ""
    for at, line in enumerate(lines, number + 1):
        held += line
        if line.endswith("\\"):
            held += "\n"
            continue
        marks = re.match(r"[@-]*", held)
        before = marks[0] if marks else ""
        text = _filled(held[len(before) :], variables)
        if held.strip():
            shown = ("@" in before) == quiet
            found.append(RecipeCommand(text=text, line=at, shown=shown, may_fail="-" in before))
        held = ""
    return found


def _filled(text: str, variables: dict[str, str]) -> CommandText:
    """The text with what just puts into it, as far as that is known."""
    return filled_in(text, _VALUE, lambda told: _value(told.strip(), variables))


def _value(told: str, variables: dict[str, str], depth: int = 0) -> CommandText:
    quoted = re.fullmatch(r"'([^']*)'|\"([^\"\\]*)\"", told)
    if quoted:
        return (quoted[1] or quoted[2] or "",)
    if (asked := _ENVIRONMENT.match(told)) is not None:
        return (FilledIn(asked[1]),)
    if told in variables and depth < DEPTH:
        return _value(variables[told], variables, depth + 1)
    return (FilledIn(told if told.isidentifier() else "just"),)
