"""The table, its columns and words, and the function: by what the scripts do, then by the names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.collect.repository import table
from backup_doctor.collect.repository.model import Clue
from backup_doctor.collect.repository.workflows import finishing
from backup_doctor.collect.script.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backup_doctor.collect.repository.migrations import DeclaredTable
    from backup_doctor.collect.repository.seen import RepositoryReading
    from backup_doctor.collect.script import StepScript
    from backup_doctor.collect.script.model import ScriptCall

_TABLES_IN_CODE = re.compile(
    r"\.from\(\s*['\"`]([\w.]+)['\"`]|rest/v1/(\w+)|\bupdate\s+([\w.]+)\s+set\b", re.IGNORECASE
)
_DISPATCH = re.compile(r"[?&](\w+)=eq\.<[^>]*DISPATCH[^>]*>", re.IGNORECASE)
_WORD = re.compile(r"\w[\w -]{0,62}")
NEEDED_WORDS = ("status.in_progress", "status.success", "status.failed")


def find_table(seen: RepositoryReading, steps: Sequence[StepScript]) -> DeclaredTable | None:
    """The table: what the update writes, else what its function does, else by its name."""
    calls = [call for step in steps for call in _calls(step)]
    written = [one for one in calls if one.kind in (CallKind.TABLE_UPDATE, CallKind.UPSERT)]
    looked_up = [one for one in calls if one.kind is CallKind.LOOK_UP]
    tiers = (
        [_written_table(seen, one, steps) for one in written],
        [_written_table(seen, one, steps) for one in looked_up],
        list(_in_functions(seen, calls)),
        [
            Clue(setting="table", value=one.name, path=one.path, line=one.line)
            for one in table.candidates(seen.tables)
        ],
    )
    clues = next((fit for tier in tiers if (fit := [one for one in tier if one])), [])
    taken = seen.take("table", clues)
    if taken is None and "table" not in seen.questions:
        seen.unknown["table"] = "no file says which table has the backups"
    if taken and taken not in seen.tables and seen.tables:
        seen.unknown["columns"] = f"no SQL file creates {taken}"
    return seen.tables.get(taken) if taken else None


def _written_table(
    seen: RepositoryReading, call: ScriptCall, steps: Sequence[StepScript]
) -> Clue | None:
    bare = (call.target or "").rpartition(".")[2]
    return _table_clue(seen, call.target, seen.in_step("table", "", steps, bare).path)


def _table_clue(seen: RepositoryReading, target: str | None, path: str) -> Clue | None:
    """A table as a script names it, with the schema that the migrations give it."""
    bare = (target or "").rpartition(".")[2]
    same = [one for one in seen.tables.values() if one.bare == bare]
    if len(same) == 1:
        return Clue(setting="table", value=same[0].name, path=same[0].path, line=same[0].line)
    name = target if target and "." in target else f"public.{bare}"
    if not bare or len(same) > 1 or not re.fullmatch(r"\w{1,63}", bare):
        return None
    return seen.clue("table", name, path, bare)


def _in_functions(seen: RepositoryReading, calls: Sequence[ScriptCall]) -> Iterable[Clue]:
    called = {one.target for one in calls if one.kind is CallKind.FUNCTION}
    for function in seen.functions:
        if called and function.value not in called:
            continue
        source = seen.checkout.text(function.path) or ""
        for found in _TABLES_IN_CODE.finditer(source):
            bare = next(filter(None, found.groups()))
            clue = _table_clue(seen, bare, function.path)
            if clue and (called or "backup" in bare.lower()):
                yield clue


def find_columns(
    seen: RepositoryReading, found: DeclaredTable, steps: Sequence[StepScript]
) -> None:
    """The guide's columns and statuses in this table; the script knows better than the names."""
    calls = [call for step in steps for call in _calls(step)]
    looked_up = {name for one in calls for name in _DISPATCH.findall(one.url)}
    for setting, clues in table.columns(found):
        if setting == "columns.dispatch_id" and len(looked_up & found.columns.keys()) == 1:
            (name,) = looked_up & found.columns.keys()
            column = found.columns[name]
            clues = (Clue(setting=setting, value=name, path=column.path, line=column.line),)  # noqa: PLW2901 -- the script knows better
        seen.take(setting, clues)
        if not clues:
            seen.unknown[setting] = f"no column of {found.name} is called so, or nearly so"
    words = {setting: _at_word(seen, clue) for setting, clue in table.statuses(found)}
    for setting, clue in _written_words(seen, found.bare, steps):
        others = words[setting].value.split(",") if setting in words else ()
        words[setting] = replace(clue, value=",".join(dict.fromkeys((clue.value, *others))))
    for setting, clue in words.items():
        seen.take(setting, [clue])
    for setting in NEEDED_WORDS if words else ():
        if setting not in words:
            seen.unknown[setting] = "no file says what it is called"


def find_words(seen: RepositoryReading, steps: Sequence[StepScript]) -> None:
    """What the update writes into a table that no SQL file creates."""
    bare = (seen.value("table") or "").rpartition(".")[2]
    for setting, clue in _written_words(seen, bare, steps):
        seen.take(setting, [clue])


def _at_word(seen: RepositoryReading, clue: Clue) -> Clue:
    """The clue with the line of its word, at or below that of the column."""
    word = f"'{clue.value.partition(',')[0]}'"
    return replace(clue, line=seen.checkout.line(clue.path, word, clue.line))


def _written_words(
    seen: RepositoryReading, bare: str, steps: Sequence[StepScript]
) -> Iterable[tuple[str, Clue]]:
    """The word of success that the update step itself writes into the table."""
    column = seen.value("columns.status") or "status"
    calls = [call for step in steps for call in finishing(step)]
    updates = [one for one in calls if one.kind is CallKind.TABLE_UPDATE]
    ours = [one for one in updates if (one.target or "").rpartition(".")[2] == bare]
    words = {word for one in ours if _WORD.fullmatch(word := one.written(column) or "")}
    if len(words) == 1:
        (word,) = words
        yield "status.success", seen.in_step("status.success", word, steps, word)


def find_function(
    seen: RepositoryReading, steps: Sequence[StepScript], found: DeclaredTable | None
) -> None:
    """The function that the update calls; `false` where its whole script was read and calls none."""
    calls = [call for step in steps for call in finishing(step)]
    named = [one for one in calls if one.kind is CallKind.FUNCTION and one.target]
    clues = [seen.in_step("function", one.target or "", steps, one.target or "") for one in named]
    scripts = [step.script for step in steps if step.script]
    whole = scripts and not any(one.partial or one.unread for one in scripts)
    if clues:
        seen.take("function", clues)
    elif calls and whole and not seen.functions:
        seen.take("function", [seen.in_step("function", "false", steps, short(steps[0].step))])
    elif not steps and seen.functions:
        speaking = [
            one
            for one in seen.functions
            if found and found.bare in (seen.checkout.text(one.path) or "")
        ]
        seen.take("function", speaking or seen.functions)
    else:
        seen.unknown["function"] = "no step was seen that calls one"


def _calls(step: StepScript) -> tuple[ScriptCall, ...]:
    return step.script.calls if step.script else ()


def short(step: str) -> str:
    """A step's name as it stands in the file."""
    return step.removeprefix("Run ")
