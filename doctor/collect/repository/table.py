"""Which of the tables is that of the backups, and what the guide's columns are called there. Pure.

A name is taken only if it is the only one that fits; with several, the user is asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.repository.model import Clue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.collect.repository.migrations import DeclaredColumn, DeclaredTable

# Other names of the guide's columns, whole names only.
_ALIKE: dict[str, str] = {
    "id": r"(?:backup_)?(?:uu|pk_?)?id",
    "dispatch_id": r"dispatch(?:_?(?:uu)?id|_?key|_?ref)?|(?:request|correlation|trigger|external)_?(?:id|key)",
    "s3_key": r"(?:s3|r2|object|storage|file|archive|bucket|backup)_?(?:key|path|name)|key|path|object",
    "status": r"(?:backup_)?(?:status|state)",
    "size_bytes": r"(?:file|backup|archive|object|byte|total)?_?(?:size|bytes)(?:_?(?:in_?)?bytes)?|bytes",
    "finished_at": r"(?:finished|completed?|ended|done)_?(?:at|on|time)",
    "error_text": r"(?:error|failure|fail)(?:_?(?:text|message|msg|reason|detail|details))?",
    "workflow_run_id": r"(?:workflow|github|gh|actions|ci)?_?run_?(?:id|number)",
    "created_at": r"(?:created|inserted|requested|queued)_?(?:at|on|time)",
}
_WORDS: dict[str, str] = {
    "in_progress": r"in[_ -]?progress|running|started|processing|active",
    "success": r"success(?:ful)?|succeeded|completed?|done|finished|ok",
    "failed": r"fail(?:ed|ure)?|error(?:ed)?",
    "cancelled": r"cancell?ed|aborted",
}
_BACKUP = re.compile(r"backup", re.IGNORECASE)


def candidates(tables: Mapping[str, DeclaredTable]) -> tuple[DeclaredTable, ...]:
    """The tables that by their names and columns could be that of the backups."""
    named = [one for one in tables.values() if _BACKUP.search(one.bare)]
    return tuple(one for one in named if len(_found(one, "status")) == 1)


def columns(table: DeclaredTable) -> Iterator[tuple[str, tuple[Clue, ...]]]:
    """For each of the guide's columns the names that fit: one is taken, several are a question."""
    for guides in _ALIKE:
        setting = f"columns.{guides}"
        yield setting, tuple(_clue(setting, one) for one in _found(table, guides))


def _found(table: DeclaredTable, guides: str) -> list[DeclaredColumn]:
    if guides in table.columns:
        return [table.columns[guides]]
    fit = [
        one
        for name, one in table.columns.items()
        if re.fullmatch(_ALIKE[guides], name, re.IGNORECASE)
    ]
    if guides == "id":
        return [one for one in table.columns.values() if one.primary] or fit
    taken = {name for name in _ALIKE if name in table.columns}
    return [one for one in fit if one.name not in taken]


def statuses(table: DeclaredTable) -> Iterator[tuple[str, Clue]]:
    """The table's words for the guide's statuses, as far as a check, a type or a default says them.

    The word of a new row is its default; what else means the same comes after it.
    """
    found = _found(table, "status")
    if len(found) != 1:
        return
    (column,) = found
    default = column.default
    words = tuple(dict.fromkeys((*((default,) if default else ()), *column.words)))
    # A new row has its default: whatever that is called, such a backup is in progress.
    meaning = {one: _state_of(one) or ("in_progress" if one == default else None) for one in words}
    for state in _WORDS:
        fit = [one for one, means in meaning.items() if means == state]
        fit.sort(key=lambda one: (one != default, one != state))
        is_sure = len(fit) == 1 or (fit and fit[0] in (default, state))
        if is_sure and not any("," in one for one in fit):
            value = ",".join(fit)
            clue = Clue(setting=f"status.{state}", value=value, path=column.path, line=column.line)
            yield clue.setting, clue


def _state_of(word: str) -> str | None:
    """Which of the guide's statuses the word can only mean."""
    fit = (one for one, pattern in _WORDS.items() if re.fullmatch(pattern, word, re.IGNORECASE))
    return next(fit, None)


def _clue(setting: str, column: DeclaredColumn) -> Clue:
    return Clue(setting=setting, value=column.name, path=column.path, line=column.line)
