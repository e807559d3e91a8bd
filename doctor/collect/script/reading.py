"""`read`: a script's text in, its calls and prints out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.script.budget import Budget
from backup_doctor.collect.script.expressions import EXPRESSION, read_expression
from backup_doctor.collect.script.model import CHANGES, CallKind, Hole, Script, What
from backup_doctor.collect.script.naming import named
from backup_doctor.collect.script.values import EMPTY, Lit, Text, only_hole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backup_doctor.collect.script.model import ScriptCall
    from backup_doctor.collect.script.trace import Trace
    from backup_doctor.collect.script.values import Value

_LANGUAGES = (
    (re.compile(r"\b(?:pwsh|powershell)\b", re.IGNORECASE), "powershell"),
    (re.compile(r"\bpython[\d.]*\b", re.IGNORECASE), "python"),
    (re.compile(r"\b(?:typescript|tsx|ts-node|deno|bun)\b", re.IGNORECASE), "typescript"),
    (re.compile(r"\b(?:node|javascript|github-script)\b", re.IGNORECASE), "javascript"),
    (re.compile(r"\b(?:bash|sh|shell)\b", re.IGNORECASE), "bash"),
)


def _unresolved(_: str) -> str | None:
    return None


class Surroundings(Immutable, frozen=True):
    """What a script finds where it runs.

    `resolve` gives the text of a file of the repository by its path, or None; `environment` is the
    step's `env:`; `context` what names such as `inputs.x` stand for; `directory` where it runs.
    """

    resolve: Callable[[str], str | None] = _unresolved
    environment: Mapping[str, Value] = msgspec.field(default_factory=dict)
    context: Mapping[str, Value] = msgspec.field(default_factory=dict)
    directory: str = ""


NOWHERE = Surroundings()


def language_of(told: str) -> str | None:
    """The language that a step's `shell:` or a name stands for; None if it is none of ours."""
    return next((name for pattern, name in _LANGUAGES if pattern.search(told)), None)


def environment_of(
    given: Mapping[str, str], context: Mapping[str, Value] | None = None
) -> dict[str, Value]:
    """A step's `env:` as values: what each expression names, under the variable's own name."""
    return {name: _variable(name, text, context or {}) for name, text in given.items()}


def _variable(name: str, text: str, context: Mapping[str, Value]) -> Value:
    whole = EXPRESSION.fullmatch(text.strip())
    if whole is None:
        known = "${{" not in text
        shown = (Lit(text),) if known else (Hole(what=What.VARIABLE, name=name),)
        return Text(shown) if text else EMPTY
    told = read_expression(whole[1], context)
    one = only_hole(told)
    if one is not None:
        return Text((msgspec.structs.replace(one, name=name),))
    return named(name, told)


def read(
    text: str,
    language: str = "bash",
    surroundings: Surroundings = NOWHERE,
    *,
    path: str = "",
    first_line: int = 1,
) -> Script | None:
    """The calls and prints of a script; None if it cannot be read here.

    `language` is its name or the step's `shell:`. `path` and `first_line` say where the text stands
    in the repository, if it does.
    """
    from backup_doctor.collect.script.parser import GrammarMissingError

    known = language_of(language)
    if known is None:
        return None
    try:
        trace = _follow(Text((Lit(text, path, first_line),)), known, surroundings, language)
    except GrammarMissingError:
        return None
    return _finished(trace, known)


def _follow(text: Text, language: str, surroundings: Surroundings, shell: str) -> Trace:
    """The trace of a script that has been followed to its end."""
    from backup_doctor.collect.script.trace import Trace

    trace = Trace(Budget(), surroundings.resolve, surroundings.environment, surroundings.context)
    trace.shell.directory = surroundings.directory
    trace.shell.errexit = language == "bash" and _stops_at_errors(shell)
    trace.exits.append([])
    scope: dict[str, Value] = {}
    first = text.parts[0]
    assert isinstance(first, Lit), "the caller has made it of a text"
    try:
        trace.follow(text, language, scope, first.path)
        trace.trapped(scope)
    except RecursionError:
        trace.budget.spent = True
    return trace


def _stops_at_errors(shell: str) -> bool:
    """Whether the runner's command line has `-e`; what `shell: bash` stands for does."""
    given = shell.split()[1:]
    return not given or any(re.fullmatch(r"-[a-z]*e[a-z]*", one) for one in given)


def _finished(trace: Trace, language: str) -> Script:
    """What the trace found, as it is handed out."""
    loops = tuple(trace.loops)
    calls = [
        one.call(repeated=any(start <= one.at <= end for start, end in loops))
        for one in trace.calls
    ]
    return Script(
        language=language,
        calls=tuple(_verifications(calls)),
        prints=tuple(trace.prints),
        loops=loops,
        dead_ends=tuple(trace.dead_ends),
        partial=trace.budget.spent,
        unread=tuple(trace.unread),
    )


def _verifications(calls: list[ScriptCall]) -> list[ScriptCall]:
    """A look-up that comes after an update asks what became of it."""
    changed = False
    found = []
    for one in calls:
        asks = one.kind is CallKind.LOOK_UP and changed
        found.append(msgspec.structs.replace(one, kind=CallKind.VERIFICATION) if asks else one)
        changed = changed or one.kind in (*CHANGES, CallKind.MARKS_FAILED)
    return found
