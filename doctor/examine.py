"""One diagnosis from settings to report: collect, check the fix against the database, write."""

from __future__ import annotations

import msgspec

from doctor.evidence.base import Unseen, Why
from doctor.repair import Repair
from doctor.reporting import planned_repair, write
from doctor.runner import Collected, FixCheck, Run
from doctor.model import Report
from doctor.show import table

READS = "EXPLAIN (COSTS OFF) "
NO_PRIVILEGE = "42501"


def examine(run: Run) -> Report:
    """Diagnose the backup that the run is about. Always returns a report."""
    collected = run.collect()
    return write(checked(run, collected), run.registry)


def checked(run: Run, collected: Collected) -> Collected:
    """With what the database says of the fix SQL, where there is one and a database to ask."""
    planned = planned_repair(collected, run.registry)
    if planned.statement is None:
        return collected
    return msgspec.structs.replace(collected, fix_check=_check(run, planned))


def _check(run: Run, planned: Repair) -> FixCheck | Unseen:
    """EXPLAIN executes nothing; the count says how many rows the guard still lets through."""
    if run.deadline.left() <= 0:
        return Unseen(why=Why.TIMED_OUT, what="No time was left.")
    explained = run.sources.database.query(f"{READS}{planned.statement}")
    if isinstance(explained, Unseen):
        # 42501 is the doctor's own read-only role; any other SQLSTATE is about the statement.
        refused = explained.code not in (None, NO_PRIVILEGE)
        return FixCheck(problem=explained.what) if refused else explained
    if planned.aim is None:
        return FixCheck()
    name = table(run.case)
    counted = run.sources.database.query(f"SELECT count(*)::int AS rows FROM {name} WHERE {planned.aim}")
    return FixCheck(rows=None if isinstance(counted, Unseen) else counted[0]["rows"])
