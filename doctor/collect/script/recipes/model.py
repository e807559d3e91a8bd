"""A runner's file: its recipes, each with commands that are shells of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping


class FilledIn(Immutable, frozen=True):
    """Where the runner puts a value of the environment, or one that is not known here."""

    name: str


CommandText = tuple[str | FilledIn, ...]


class RecipeCommand(Immutable, frozen=True):
    """A command of a recipe. `shown`: the runner prints it first; `may_fail`: it goes on all the same.

    `recipe`: not a shell's command, but another recipe that is run here.
    """

    text: CommandText
    line: int
    shown: bool = True
    may_fail: bool = False
    recipe: str = ""


class Recipe(Immutable, frozen=True):
    """What is run under a name. `needs` are run before it, `takes` are the names of its arguments."""

    commands: tuple[RecipeCommand, ...] = ()
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    directory: str = ""
    stops_at_errors: bool = False


class RecipeBook(Immutable, frozen=True):
    """The recipes of a file. `first` is run where none is named; `given` are variables that it exports.

    `whole`: nothing was left out that could be a recipe or a part of one.
    """

    recipes: Mapping[str, Recipe]
    first: str = ""
    given: Mapping[str, CommandText] = {}
    whole: bool = True


def filled_in(
    text: str, references: re.Pattern[str], told: Callable[[str], CommandText]
) -> CommandText:
    """The text with what the runner puts into it; `told` is asked what stands between a reference's marks."""
    pieces: list[str | FilledIn] = []
    at = 0
    for found in references.finditer(text):
        pieces += [text[at : found.start()], *told(found[1])]
        at = found.end()
    return joined_pieces([*pieces, text[at:]])


def joined_pieces(pieces: list[str | FilledIn]) -> CommandText:
    """The same with neighbouring texts as one."""
    found: list[str | FilledIn] = []
    for one in pieces:
        if isinstance(one, str) and found and isinstance(found[-1], str):
            found[-1] += one
        elif one != "":
            found.append(one)
    return tuple(found)
