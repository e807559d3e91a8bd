"""How a step's shell script treats errors, as far as its words tell.

Words, not lines: `shlex` knows quotes, comments and operators. What cannot be read says nothing.
"""

from __future__ import annotations

import shlex
from itertools import dropwhile, groupby, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CONTINUED = "\\\n"
ENDS = frozenset({"\n", ";", "|", "||", "&", "&&", "(", ")", ";;", "|&"})
# After `||`: what turns a failure into a success.
NOTHING = (("true",), (":",), ("exit", "0"))
# A pipe, and the end of `$(…)`.
LOOKED_AT = ("|", "|&", ")")
FAILS = frozenset({"--fail", "--fail-with-body", "--fail-early"})
# curl's options that tell the script the status, so that it can judge for itself.
TELLS = frozenset({"--write-out", "--include", "--dump-header"})
LETTERS = {"f": "--fail", "w": "--write-out", "i": "--include", "D": "--dump-header"}


def swallowed(script: str) -> tuple[str, ...]:
    """The commands whose failure the script turns into a success with `|| true`, by their names."""
    commands = _commands(script)
    return tuple(
        dict.fromkeys(
            before[0]
            for (before, operator), (after, _) in pairwise(commands)
            if operator == "||" and before and tuple(after) in NOTHING
        )
    )


def deaf_curl(script: str) -> bool:
    """Whether a curl of the script succeeds on HTTP 401 or 500 alike, and nothing looks at its answer.

    One whose output goes into a variable or another command is not judged: the script may look.
    """
    return any(
        words[:1] == ["curl"]
        and operator not in LOOKED_AT
        and not (FAILS | TELLS) & set(_options(words))
        for words, operator in _commands(script)
    )


def _commands(script: str) -> list[tuple[list[str], str]]:
    """Each simple command's words, and the operator that ends it."""
    lexer = shlex.shlex(script.replace(CONTINUED, " "), posix=True, punctuation_chars=True)
    lexer.whitespace = " \t\r"
    commands: list[tuple[list[str], str]] = []
    try:
        for is_end, group in groupby(lexer, lambda token: token in ENDS):
            tokens = list(group)
            if not is_end:
                commands.append(([*dropwhile(_assigns, tokens)], ""))
            elif commands:
                commands[-1] = (commands[-1][0], tokens[0])
    except ValueError:  # a quote that is never closed
        return []
    return commands


def _assigns(word: str) -> bool:
    """Whether the word is a variable for the command that follows: `TOKEN=x curl`."""
    return word.partition("=")[0].isidentifier() and "=" in word


def _options(words: Iterable[str]) -> Iterator[str]:
    """The long names of a curl's options; letters may stand together, as in `-fsS`."""
    for word in words:
        if word.startswith("--"):
            yield word.partition("=")[0]
        elif word.startswith("-"):
            yield from (LETTERS[letter] for letter in word if letter in LETTERS)
