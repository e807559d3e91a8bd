"""GitHub's expressions in a script, `${{ inputs.dispatch_id || github.run_id }}`: what they name.

Source: GitHub, "Evaluate expressions in workflows and actions", "Contexts reference".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import lit
from backup_doctor.collect.script.model import Hole, What
from backup_doctor.collect.script.values import EMPTY, Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.collect.script.values import Value

EXPRESSION = re.compile(r"\$\{\{(.{0,1000}?)\}\}", re.DOTALL)
_NAME = re.compile(r"^[A-Za-z_][\w-]*(?:\.[\w*-]+|\[\s*'[^']*'\s*\])*$")
_INDEX = re.compile(r"\[\s*'([^']*)'\s*\]")
_LITERAL = re.compile(r"^'((?:[^']|'')*)'$")
_CALL = re.compile(r"^(\w+)\((.*)\)$", re.DOTALL)
_SAME = frozenset({"toJSON", "fromJSON", "format"})


def read_expression(text: str, context: Mapping[str, Value]) -> Value:
    """What an expression stands for: the first name in it, unless `context` knows what that is."""
    for part in re.split(r"\|\||&&", text):
        told = part.strip().strip("()").strip()
        quoted = _LITERAL.match(told)
        if quoted:
            return lit(quoted[1].replace("''", "'"))
        if _NAME.match(told):
            return _named(_INDEX.sub(r".\1", told), context)
        called = _CALL.match(part.strip())
        if called and called[1] in _SAME:
            return read_expression(called[2].rpartition(",")[2], context)
    return Unknown()


def _named(path: str, context: Mapping[str, Value]) -> Value:
    if path in context:
        return context[path]
    scope, _, rest = path.partition(".")
    name = path.rpartition(".")[2]
    if scope == "secrets":
        return Text((Hole(what=What.VARIABLE, name=name, secret=name),))
    if path.lower() in {"github.run_id", "github.run_number"}:
        return Unknown(path)
    if scope == "github" and not rest.startswith("event."):
        return Unknown(path)
    return Text((Hole(what=What.UNKNOWN, name=name),)) if rest else EMPTY
