"""One script that mends the rows of many backups, in batches, each statement guarded as a single fix.

Pure. Statements that must not be run yet, or that would show a secret, are left out and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.mend.transaction import LOCK_LIMIT_S
from doctor.show import rfc3339
from doctor.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from doctor.case import Names
    from doctor.redaction import Redactor

BATCH = 100


@dataclass(frozen=True, kw_only=True)
class Mendable:
    """A row's repair in a sweep: its bare statement, the id of its row, and what refuses it still."""

    backup_id: str
    statement: str
    refused_by: tuple[str, ...] = ()


def script(
    names: Names, mendables: Sequence[Mendable], found: int, at: datetime, redactor: Redactor
) -> str:
    """The script. `found` is how many stuck backups there are in all."""
    refused = [one for one in mendables if one.refused_by]
    secret = [one for one in mendables if redactor.text(one.statement) != one.statement]
    ready = [one for one in mendables if one not in refused and one not in secret]
    return "\n".join((*_head(len(ready), refused, len(secret), found, at), *_batches(names, ready)))


def _head(
    ready: int, refused: Sequence[Mendable], secret: int, found: int, at: datetime
) -> Iterator[str]:
    yield f"-- backup-doctor sweep, {rfc3339(at)}: the rows of {ready} of {found} stuck backups."
    yield "-- Each statement changes its row only while it still is as it was seen; running the"
    yield "-- script twice changes nothing more."
    if refused:
        codes = sorted({code for one in refused for code in one.refused_by})
        yield f"-- Left out: {len(refused)} that {', '.join(codes)} would refuse. Mend that first."
    if secret:
        yield f"-- Left out: {secret} that would show what looks like a secret."
    if found > ready + len(refused) + secret:
        yield f"-- Without a sure repair: {found - ready - len(refused) - secret}. See the sweep."


def _batches(names: Names, ready: Sequence[Mendable]) -> Iterator[str]:
    for first in range(0, len(ready), BATCH):
        batch = ready[first : first + BATCH]
        yield f"\n-- {first + 1} to {first + len(batch)} of {len(ready)}"
        yield f"BEGIN;\nSET LOCAL lock_timeout = '{LOCK_LIMIT_S}s';\n"
        yield from (f"{one.statement};\n" for one in batch)
        yield "COMMIT;\n"
        yield _verification(names, batch)


def _verification(names: Names, batch: Sequence[Mendable]) -> str:
    status = identifier(names.column("status"))
    key = identifier(names.column("id"))
    ids = ", ".join(literal(one.backup_id) for one in batch)
    table = identifier(names.schema, names.table_name)
    return f"SELECT {status}, count(*)\nFROM {table}\nWHERE {key} IN ({ids})\nGROUP BY {status};\n"
