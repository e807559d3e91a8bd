"""The secrets that a text of a workflow names, in its `${{ … }}` expressions.

Source: GitHub, "Contexts", `secrets`; "Evaluate expressions".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENS = "${{"
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_SECRET = re.compile(r"\bsecrets\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*['\"]([A-Za-z_]\w*)['\"]\s*\])")
# A default, or a question whether it is there.
_CAN_DO_WITHOUT = re.compile(r"\|\||&&|[!=]=|!\s*secrets")


def secret_of(text: str) -> str | None:
    """The name X of a text that is `${{ secrets.X }}` and nothing else."""
    expression = _EXPRESSION.fullmatch(text.strip())
    alone = _SECRET.fullmatch(expression[1].strip()) if expression else None
    return (alone[1] or alone[2]) if alone else None


def secrets_in(tree: Any) -> tuple[str, ...]:  # noqa: ANN401 -- what YAML makes
    """The names X of every `secrets.X` in the expressions of a tree's strings, each once."""
    return tuple(dict.fromkeys(name for one in _expressions(tree) for name in _names(one)))


def optional_in(tree: Any) -> tuple[str, ...]:  # noqa: ANN401 -- what YAML makes
    """The secrets of which no use in the tree needs a value."""
    asked: set[str] = set()
    needed: set[str] = set()
    for expression in _expressions(tree):
        without = _CAN_DO_WITHOUT.search(expression) is not None
        (asked if without else needed).update(_names(expression))
    return tuple(sorted(asked - needed))


def _names(expression: str) -> Iterator[str]:
    return (one[1] or one[2] for one in _SECRET.finditer(expression))


def _expressions(tree: Any) -> Iterator[str]:  # noqa: ANN401 -- what YAML makes
    """The inside of every `${{ … }}` in a tree's strings, in their order."""
    waiting, seen = [tree], set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield from (one[1] for one in _EXPRESSION.finditer(item))
        elif isinstance(item, dict | list) and id(item) not in seen:
            # Anchors make one node stand in many places, even in itself: once is enough.
            seen.add(id(item))
            waiting.extend(reversed(list(item.values()) if isinstance(item, dict) else item))
