"""Commands that read a text and print what they make of it: sed, grep, jq and the like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import lit, to_text
from backup_doctor.collect.script.model import What
from backup_doctor.collect.script.shell.cutting import CHANGES, grep, words_of
from backup_doctor.collect.script.texts import literal, of_part, rendered
from backup_doctor.collect.script.values import (
    UNKNOWN,
    Alt,
    Const,
    Lit,
    Test,
    Text,
    Unknown,
    calls_of,
    only_hole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Part, Value

    Command = Callable[[Following, list[Value], int], Value]
    from backup_doctor.collect.script.shell.cutting import Change


TRUE = Const(value=True)
_FLAG = re.compile(r"success|\bok\b|updated", re.IGNORECASE)
# The name of the field alone: it stands in `"success":false` as well.
_NAME_ALONE = re.compile(r"\W*(?:success|ok|updated)\W*", re.IGNORECASE)


def _filter(name: str, change: Change) -> Command:
    def run(trace: Following, args: list[Value], _: int) -> Value:
        if name in {"jq", "yq"} and _builds(args):
            return _built(trace, args)
        text = _input(trace, name, args)
        if name in {"grep", "egrep"}:
            return _grepped(trace, text, args)
        trace.emit(_shown(text, args, change))
        if name in {"jq", "yq"} and any(one in {"-e", "-er", "-re"} for one in words_of(args)):
            return _shown(text, args, change)
        return _ended(trace, text)

    return run


def _shown(text: Text, args: list[Value], change: Change) -> Text:
    """Each alternative of a text is changed for itself."""
    if len(text.parts) == 1 and isinstance(text.parts[0], Alt):
        return Text((Alt(tuple(_shown(one, args, change) for one in text.parts[0].options)),))
    return change(text, args)


def _ended(trace: Following, text: Text) -> Value:
    """A filter ends well, whatever it reads; jq does not on what is no JSON."""
    return UNKNOWN if calls_of(text) and trace.language == "bash" else TRUE


def _input(trace: Following, name: str, args: list[Value]) -> Text:
    """What it reads: standard input, else the file that is named last."""
    if trace.stdin is not None:
        return to_text(trace.stdin)
    skip = 0 if name in {"sort", "uniq", "base64"} else 1
    named = [one for one in args if not (literal(one) or "").startswith("-")]
    for one in reversed(named[skip:]):
        found = trace.files.get(rendered(one))
        if found is not None:
            return to_text(found)
    return to_text(Unknown("content"))


def _grepped(trace: Following, text: Text, args: list[Value]) -> Value:
    """Grep prints, unless it is asked to be quiet; its end tells whether it found something."""
    words = words_of(args)
    if not any(re.match(r"^-[a-zA-Z]*q", one) or one == "--quiet" for one in words):
        trace.emit(_shown(text, args, grep))
    pattern = next((one for one in words if one and not one.startswith("-")), "")
    one = only_hole(text)
    if one is None:
        return UNKNOWN
    if one.what is What.STATUS:
        return Test("matches", (text, lit(pattern)))
    if one.what is What.ANSWER and _FLAG.search(pattern) and not _NAME_ALONE.fullmatch(pattern):
        return Test("==", (Text((of_part(one, "success"),)), Const(value="false" not in pattern)))
    return UNKNOWN


def _builds(args: list[Value]) -> bool:
    return any(
        one in {"-n", "--null-input", "-nc", "-cn", "-rn", "-nr", "-ncr"} for one in words_of(args)
    )


def _built(trace: Following, args: list[Value]) -> Value:
    """`jq -n --arg a "$X" '{status: "success", key: $a}'`: a body."""
    given: dict[str, Value] = {}
    program = ""
    waiting = iter(args)
    for one in waiting:
        told = literal(one)
        if told in {"--arg", "--argjson", "--rawfile", "--slurpfile"}:
            name = literal(next(waiting, UNKNOWN)) or "?"
            given[name] = next(waiting, UNKNOWN)
        elif told is not None and not told.startswith("-"):
            program = told
    trace.emit(_program(program, given))
    return TRUE


def _program(program: str, given: dict[str, Value]) -> Text:
    """A jq object with its variables filled in."""
    parts: list[Part] = []
    at = 0
    for match in re.finditer(r"\$(\w+)", program):
        if match.start() > at:
            parts.append(Lit(program[at : match.start()]))
        value = given.get(match[1], Unknown(match[1]))
        told = literal(value)
        parts.extend((Lit(f'"{told}"'),) if told is not None else to_text(value).parts)
        at = match.end()
    parts.append(Lit(program[at:]))
    return Text(tuple(part for part in parts if not isinstance(part, Lit) or part.text))


FILTERS: dict[str, Command] = {name: _filter(name, change) for name, change in CHANGES.items()}
