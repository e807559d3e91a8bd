"""What to do about a database that took too long, or takes no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.judge.history import stopped_at_look_up
from backup_doctor.judge.history.beside import enabled_triggers
from backup_doctor.judge.show import listed, manual

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix

RELIEVE = manual(
    "Relieve the database, and let the pipeline retry",
    "Look at the open connections and long queries, raise the pool size or the instance, and let the "
    "update step retry on 503 and 504.",
)


def find_what_is_slow(case: Case) -> Fix:
    """What an update waits for: what it fires, and what else runs; a look-up may lack an index."""
    if stopped_at_look_up(case):
        column = case.names.column("dispatch_id")
        return manual(
            "Find what made the look-up slow",
            f"Look at long queries and locks at the time of the run, and whether {column} has an index. "
            "Then let the step retry, or raise the role's statement_timeout.",
        )
    fired = listed(one.named for one in enabled_triggers(case))
    fires = f" An update fires {fired}: see what that does." if fired else ""
    return manual(
        "Find what made the update slow",
        f"Look at long queries and locks at the time of the run.{fires} Then let the update step retry, "
        "or raise the role's statement_timeout.",
    )
