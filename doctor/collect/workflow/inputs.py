"""What a called workflow is handed: its `inputs` as its caller, and that one's caller, wrote them.

Source: GitHub, "Reuse workflows": `with`, `on.workflow_call.inputs`, `secrets`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backup_doctor.base.untyped import Json, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 500
MOST = 2000
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
# A text that says nothing more where it stands in an expression, between quotes.
_HARMLESS = re.compile(r"[\w ./:@-]*")
_INPUT = re.compile(r"\binputs\s*(?:\.\s*([A-Za-z_][\w-]*)|\[\s*'([A-Za-z_][\w-]*)'\s*\])(?![\w-])")


def with_inputs(document: dict[str, Json], given: Mapping[str, str]) -> dict[str, Json]:
    """The called workflow's document with what was handed, or the default, in the place of its inputs.

    What the caller says by an expression stays one: it is the caller's own, and not looked into.
    """
    known = {**_defaults(document), **given}
    known = {name: text for name, text in known.items() if len(text) <= LONGEST}
    left = [MOST]

    def told(text: str) -> str:
        if "inputs" not in text:
            return text
        return _EXPRESSION.sub(lambda one: _expression(one, known, left), text)

    jobs = _each(document.get("jobs"), told)
    return {**document, "env": _each(document.get("env"), told), "jobs": jobs}


def _defaults(document: Mapping[str, Json]) -> dict[str, str]:
    declared = mapping(mapping(mapping(document.get("on")).get("workflow_call")).get("inputs"))
    found = {str(name): mapping(about).get("default") for name, about in declared.items()}
    return {name: text for name, value in found.items() if (text := plain(value)) is not None}


def plain(value: Json) -> str | None:
    """A value of the file as the text that GitHub makes of it; None where it is no single value."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _expression(found: re.Match[str], known: Mapping[str, str], left: list[int]) -> str:
    """One `${{ … }}`: the text itself where it is an input and nothing else."""
    inner = found[1].strip()
    alone = _INPUT.fullmatch(inner)
    if alone:
        return known.get(alone[1] or alone[2], found[0])

    def operand(one: re.Match[str]) -> str:
        text = known.get(one[1] or one[2])
        left[0] -= 1
        if text is None or left[0] < 0:
            return one[0]
        whole = _EXPRESSION.fullmatch(text.strip())
        if whole and "}}" not in whole[1]:
            return whole[1].strip()
        return f"'{text}'" if _HARMLESS.fullmatch(text) else one[0]

    return "${{ " + _INPUT.sub(operand, inner) + " }}"


def _each(tree: Json, told: Any) -> Json:  # noqa: ANN401 -- a tree of YAML, and what is done to its texts
    """The same tree with other texts. Its depth and size are bounded by whoever loaded it."""
    if isinstance(tree, str):
        return told(tree)
    if isinstance(tree, dict):
        return {key: _each(value, told) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_each(value, told) for value in tree]
    return tree
