"""What the database says of a statement that is to repair the row, without executing it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from backup_doctor.collect.database.answers import CANCELLED, DENIED, LOCKED, Refusal
from backup_doctor.collect.database.constraints import judged_values
from backup_doctor.collect.database.update import Update
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.collected import FixCheck
from backup_doctor.evidence.row import Table

if TYPE_CHECKING:
    from backup_doctor.collect.database.answers import Rows
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.fix_sql import Repair

EXPLAIN = "EXPLAIN (COSTS OFF) "
OF_CONSTRAINTS = "23"


def tried(ask: Sources, case: Case, offered: Repair) -> FixCheck | Unseen:
    """What the database says of a statement, without executing it.

    EXPLAIN tells whether it parses and its types fit, the count how many rows its guard still lets
    through, and the catalogue which constraints do not hold.
    """
    if ask.deadline.left() <= 0:
        return Unseen(why=Why.TIMED_OUT, what="No time was left.")
    counting = ask.meanwhile(lambda: _counted(ask, case, offered))
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


def _counted(ask: Sources, case: Case, offered: Repair) -> int | None:
    """How many rows the guard lets through, by the way that showed the row: others may not see it."""
    route = case.row.route if case.row else None
    run = next((way.run for way in ask.database.ways if way.route is route), None)
    counted = run(offered.counting or "") if run else ()
    return None if isinstance(counted, (Unseen, Refusal)) or not counted else counted[0].get("rows")


def _refused(ask: Sources, case: Case, offered: Repair) -> tuple[str, ...] | None:
    """The constraints, and rules of domains, that do not hold for the row as the statement writes it.

    EXPLAIN sees none of them. Whatever cannot be evaluated is left to the statement itself.
    """
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
