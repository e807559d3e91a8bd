"""One diagnosis from settings to report: collect, check the fix against the database, write."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from doctor.database.answers import Refusal
from doctor.evidence.base import Unseen, Why
from doctor.runner import FixCheck
from doctor.show import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from doctor.database.answers import Rows
    from doctor.model import Report
    from doctor.repair import Repair
    from doctor.runner import Collected, Run

EXPLAIN = "EXPLAIN (COSTS OFF) "
NO_PRIVILEGE = "42501"


def examine(run: Run, meanwhile: Callable[[], object] | None = None) -> Report:
    """Diagnose the backup that the run is about. Always returns a report."""
    collected = gather(run, meanwhile)
    from doctor.reporting import write

    return write(collected, run.registry)


def gather(run: Run, meanwhile: Callable[[], object] | None = None) -> Collected:
    """All that the report is made from, without secrets.

    `meanwhile` is called while the services are waited for, as the judgement is imported then.
    """

    def prepare() -> None:
        import_module("doctor.reporting")
        run.redacting.prepare()
        if meanwhile:
            meanwhile()

    return checked(run, run.collect(prepare)).redacted(run.redacting)


def checked(run: Run, collected: Collected) -> Collected:
    """With what the database says of the fix SQL, where there is one and a database to ask."""
    from doctor.reporting import planned_repair

    planned = planned_repair(collected, run.registry)
    if planned.statement is None:
        return collected
    return msgspec.structs.replace(collected, fix_check=_check(run, planned, planned.statement))


def _check(run: Run, planned: Repair, statement: str) -> FixCheck | Unseen:
    """EXPLAIN executes nothing; the count says how many rows the guard still lets through."""
    if run.deadline.left() <= 0:
        return Unseen(why=Why.TIMED_OUT, what="No time was left.")
    counting = run.sources.meanwhile(lambda: _aimed_at(run, planned))
    explained = _explained(run, f"{EXPLAIN}{statement}")
    refused = isinstance(explained, Unseen)
    if isinstance(explained, Unseen) and explained.code is None:
        return explained
    if isinstance(explained, Unseen) and explained.code != NO_PRIVILEGE:
        return FixCheck(problem=explained.what)
    return FixCheck(rows=counting.result(), planned=not refused)


def _explained(run: Run, statement: str) -> Rows | Unseen:
    """What EXPLAIN says to the doctor's own role; where that may not, to the pipeline's."""
    database = run.sources.database
    own = database.query(statement)
    if (
        not isinstance(own, Unseen)
        or own.code != NO_PRIVILEGE
        or isinstance(database.direct, Unseen)
    ):
        return own
    writers = database.direct.run(statement, role=run.settings.writer_role)
    return own if isinstance(writers, (Refusal, Unseen)) else writers


def _aimed_at(run: Run, planned: Repair) -> int | None:
    if planned.aim is None:
        return None
    counted = run.sources.database.query(
        f"SELECT count(*)::int AS rows FROM {table(run.case)} WHERE {planned.aim}"
    )
    return None if isinstance(counted, Unseen) else counted[0].get("rows")
