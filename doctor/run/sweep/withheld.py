"""A backup of a sweep whose SQL is held back: neither its report nor the script has it. Pure functions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backup_doctor.run.sweep.steps import steps_without_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.run.sweep.result import Swept

CONTESTED = "No fix SQL: another backup of this sweep would get the same file; a person must choose whose it is."


def contested(backups: Sequence[Swept]) -> tuple[Swept, ...]:
    """The backups, without the SQL of those that would take the same file."""
    takers = Counter(one.takes for one in backups if one.takes is not None)
    return tuple(
        withheld(one, CONTESTED) if takers[one.takes or ""] > 1 else one for one in backups
    )


def withheld(one: Swept, note: str) -> Swept:
    """The backup without its SQL, and with a note that says why."""
    report = msgspec.structs.replace(
        one.report,
        fix_sql=None,
        plan=steps_without_sql(one.report),
        fix_notes=(*one.report.fix_notes, note),
    )
    return replace(one, report=report, takes=None, mendable=None)
