"""One script that fixes the rows of many backups, each statement guarded as a single fix.

Pure. What must not be run yet, or would show a secret, is left out and named in a comment: an id as a
quoted literal, and nothing else from outside, so that no line of it can be a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.run.fix.transaction import LOCK_LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.evidence.case import Names

BATCH = 100
SECRET = "it would show what looks like a secret"  # noqa: S105 -- a reason, not a secret
NO_FIX = "no sure fix; the sweep says why"
HEAD = "sweep: the rows of {ready} of {found} stuck backups"
ABOUT = (
    "-- Each statement changes its row only while it still is as it was seen; running the",
    "-- script twice changes nothing more. Each is its own transaction: one that fails",
    "-- undoes no other.",
)


class Mendable(Immutable, frozen=True, kw_only=True):
    """A row's repair in a sweep: the id of its row, its bare statement, and why it must not be run.

    `refused` is in the doctor's own words and codes alone.
    """

    backup_id: str
    statement: str
    refused: str | None = None


class Entry(Immutable, frozen=True, kw_only=True):
    """A stuck backup: what it is called, and the repair of its row, where there is one."""

    name: str
    mendable: Mendable | None = None


def script(
    names: Names,
    entries: Sequence[Entry],
    redactor: Redactor,
    *,
    head: str = HEAD,
    unsure: str = NO_FIX,
) -> str:
    """The script for the backups. `head` says what it is, `unsure` why a row has no repair."""
    ready, left = sorted_out(entries, redactor)
    told = (
        redactor.text(
            f"-- Left out: {literal(one.name)}: {unsure if reason == NO_FIX else reason}."
        )
        for one, reason in left
    )
    first = f"-- backup-doctor {head.format(ready=len(ready), found=len(entries))}."
    return "\n".join((first, *ABOUT, *told, *_batches(names, ready)))


def sorted_out(
    entries: Sequence[Entry], redactor: Redactor
) -> tuple[list[Mendable], list[tuple[Entry, str]]]:
    """The repairs that may be run, and the backups that are left out, each with the reason."""
    ready: list[Mendable] = []
    left: list[tuple[Entry, str]] = []
    for one in entries:
        reason = _reason(one.mendable, redactor)
        if reason is None and one.mendable is not None:
            ready.append(one.mendable)
        else:
            left.append((one, reason or NO_FIX))
    return ready, left


def _reason(mendable: Mendable | None, redactor: Redactor) -> str | None:
    """Why a backup is left out; None for one that is not."""
    if mendable is None:
        return NO_FIX
    if mendable.refused is not None:
        return mendable.refused
    return SECRET if redactor.text(mendable.statement) != mendable.statement else None


def _batches(names: Names, ready: Sequence[Mendable]) -> Iterator[str]:
    for first in range(0, len(ready), BATCH):
        batch = ready[first : first + BATCH]
        yield f"\n-- {first + 1} to {first + len(batch)} of {len(ready)}"
        for one in batch:
            yield f"BEGIN;\nSET LOCAL lock_timeout = '{LOCK_LIMIT_S}s';"
            yield f"{one.statement};\nCOMMIT;\n"
        yield _verification(names, batch)


def _verification(names: Names, batch: Sequence[Mendable]) -> str:
    status = identifier(names.column("status"))
    key = identifier(names.column("id"))
    ids = ", ".join(literal(one.backup_id) for one in batch)
    table = identifier(names.schema, names.table_name)
    return f"SELECT {status}, count(*)\nFROM {table}\nWHERE {key} IN ({ids})\nGROUP BY {status};\n"
