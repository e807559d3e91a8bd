"""One diagnosis from settings to report: collect, check the fix against the database, write."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.threads import spawn
from backup_doctor.collect.database.answers import CANCELLED, DENIED, LOCKED, Refusal
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.collected import FixCheck
from backup_doctor.evidence.row import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.database.answers import Rows
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.collected import Collected
    from backup_doctor.evidence.findings import Report
    from backup_doctor.judge.fix_sql import Repair
    from backup_doctor.run.runner import DoctorRun

EXPLAIN = "EXPLAIN (COSTS OFF) "
OF_CONSTRAINTS = "23"


def examine(run: DoctorRun, meanwhile: Callable[[], object] | None = None) -> Report:
    """Diagnose the backup that the run is about.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """
    collected = gather(run, meanwhile)
    from backup_doctor.report.compose import write

    return write(collected, run.registry)


def gather(run: DoctorRun, meanwhile: Callable[[], object] | None = None) -> Collected:
    """All that the report is made from, without secrets.

    `meanwhile` is called while the services are waited for, as the judgement is imported then.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """

    def prepare() -> None:
        import_module("backup_doctor.report.compose")
        from backup_doctor.run.foresight import foresee

        spawn(partial(foresee, run))
        run.redacting.prepare()
        if meanwhile:
            meanwhile()

    return checked(run, collected_for(run, prepare)).redacted(run.redacting)


def collected_for(run: DoctorRun, meanwhile: Callable[[], None] | None = None) -> Collected:
    """What the run collects.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """
    from backup_doctor.judge.mistakes import refuse_mistaken_names

    collected = run.collect(meanwhile)
    refuse_mistaken_names(collected.case, run.settings)
    return collected


def checked(run: DoctorRun, collected: Collected) -> Collected:
    """With what the database says of the SQL that is offered, where there is any and a database to ask."""
    from backup_doctor.report.compose import planned_repair

    offered = planned_repair(collected, run.registry).offered
    if offered is None:
        return collected
    check = tried(run.sources, collected.case, offered)
    return msgspec.structs.replace(collected, fix_check=check)


def tried(ask: Sources, case: Case, offered: Repair) -> FixCheck | Unseen:
    """What the database says of a statement, without executing it.

    EXPLAIN tells whether it parses and its types fit, the count how many rows its guard still lets
    through, and the catalogue which constraints do not hold.
    """
    if ask.deadline.left() <= 0:
        return Unseen(why=Why.TIMED_OUT, what="No time was left.")
    counting = ask.meanwhile(lambda: _counted(ask, offered))
    trying = ask.meanwhile(lambda: _refused(ask, case, offered))
    explained = _explained(ask, f"{EXPLAIN}{offered.statement}")
    if isinstance(explained, Unseen) and explained.code in (None, LOCKED, CANCELLED):
        return explained
    if isinstance(explained, Unseen) and explained.code != DENIED:
        return FixCheck(problem=explained.what, sqlstate=explained.code, refused=trying.result())
    planned = not isinstance(explained, Unseen)
    return FixCheck(rows=counting.result(), planned=planned, refused=trying.result())


def _explained(ask: Sources, statement: str) -> Rows | Unseen:
    """What EXPLAIN says to the doctor's own role; where that may not, to the pipeline's.

    Most doctors may not update, so both are asked at once.
    """
    database = ask.database
    if isinstance(database.direct, Unseen):
        return database.query(statement)
    run, writer = database.direct.run, ask.settings.writer_role
    as_writer = ask.meanwhile(lambda: run(statement, role=writer))
    own = database.query(statement)
    if not isinstance(own, Unseen) or own.code != DENIED:
        return own
    writers = as_writer.result()
    return own if isinstance(writers, (Refusal, Unseen)) else writers


def _counted(ask: Sources, offered: Repair) -> int | None:
    counted = ask.database.query(offered.counting or "")
    return None if isinstance(counted, Unseen) else counted[0].get("rows")


def _refused(ask: Sources, case: Case, offered: Repair) -> tuple[str, ...] | None:
    """The constraints, and rules of domains, that do not hold for the row as the statement writes it.

    EXPLAIN sees none of them. Whatever cannot be evaluated is left to the statement itself.
    """
    from backup_doctor.collect.database.constraints import judged_values
    from backup_doctor.collect.database.update import Update

    table = case.row.table if case.row else None
    if offered.change is None or not isinstance(table, Table):
        return None
    values = {name: _text(value) for name, value in offered.change.values.items()}
    update = Update(names=case.names, table=table, row=offered.change.row, values=values)
    # What another type refuses, EXPLAIN tells.
    refused, judged = judged_values(ask.database.run, update, OF_CONSTRAINTS)
    types = () if isinstance(refused, Unseen) else refused
    return (
        *(f"{one.name} ({one.definition})" for one in judged if one.accepts is False),
        *(f"the type {one.type} of {one.column} ({one.message})" for one in types),
    )


def _text(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value)
