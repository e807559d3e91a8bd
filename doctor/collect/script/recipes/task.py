"""Reads a Taskfile: tasks, the tasks that they need or call, and `{{.NAME}}` in their commands.

Each command is a shell of its own; Task shows it first unless it is silent. Source: taskfile.dev,
"Schema reference".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from backup_doctor.base.untyped import Json, mapping
from backup_doctor.collect.script.recipes.model import (
    CommandText,
    FilledIn,
    Recipe,
    RecipeBook,
    RecipeCommand,
    filled_in,
)
from backup_doctor.collect.workflow.file import HostileError, load_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator


TASKS = 300
COMMANDS = 200
_VALUE = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_NAME = re.compile(r"\.(\w+)")


def read_taskfile(text: str) -> RecipeBook | None:
    """The tasks of a Taskfile; None if it is not one."""
    try:
        document = load_yaml(text.encode("utf-8", "replace"))
    except (HostileError, yaml.YAMLError, RecursionError, ValueError):
        return None
    if not isinstance(document, dict):
        return None
    tasks = mapping(document.get("tasks"))
    silent = document.get("silent") is True
    recipes = {
        str(name): _recipe(task, silent=silent) for name, task in list(tasks.items())[:TASKS]
    }
    given = {**_texts(document.get("vars")), **_texts(document.get("env"))}
    whole = "includes" not in document
    return RecipeBook(recipes=recipes, first="default", given=given, whole=whole)


def _recipe(task: Json, *, silent: bool) -> Recipe:
    if not isinstance(task, dict):
        return Recipe(commands=tuple(_commands(task, silent=silent)))
    silent = silent or task.get("silent") is True
    needs = (one for need in _list(task.get("deps")) if (one := _name(need)))
    directory = task.get("dir")
    return Recipe(
        commands=tuple(_commands(task.get("cmds", task.get("cmd")), silent=silent)),
        needs=tuple(needs),
        directory=directory if isinstance(directory, str) and "{{" not in directory else "",
    )


def _commands(told: Json, *, silent: bool) -> Iterator[RecipeCommand]:
    for one in _list(told)[:COMMANDS]:
        if isinstance(one, str):
            yield RecipeCommand(text=_filled(one), line=0, shown=not silent)
        elif isinstance(one, dict) and isinstance(one.get("task"), str):
            yield RecipeCommand(text=(), line=0, recipe=one["task"])
        elif isinstance(one, dict) and isinstance(one.get("cmd"), str):
            shown = not (silent or one.get("silent") is True)
            may_fail = one.get("ignore_error") is True
            text = _filled(one["cmd"])
            yield RecipeCommand(text=text, line=0, shown=shown, may_fail=may_fail)


def _name(need: Json) -> str:
    told = need.get("task") if isinstance(need, dict) else need
    return told if isinstance(told, str) else ""


def _filled(text: str) -> CommandText:
    return filled_in(text, _VALUE, _value)


def _value(told: str) -> CommandText:
    named = _NAME.fullmatch(told)
    return (FilledIn(named[1] if named else "task"),)


def _texts(told: Json) -> dict[str, CommandText]:
    """Variables that are plain texts."""
    return {
        str(name): _filled(str(value))
        for name, value in mapping(told).items()
        if isinstance(value, str | int)
    }


def _list(told: Json) -> list[Json]:
    return told if isinstance(told, list) else [] if told is None else [told]
