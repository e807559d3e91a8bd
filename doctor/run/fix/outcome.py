"""What became of the row: looked up after a write, by the route that wrote it.

Where the answer to a write did not come, the row tells whether the write did.
"""

from __future__ import annotations

import time
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.row import Route
from backup_doctor.run.fix.ending import Ending, Written, never
from backup_doctor.run.fix.rows import as_text, has, is_as_announced, table, the_row
from backup_doctor.run.fix.transaction import LOCK_LIMIT_S, STATEMENT_LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.database.answers import Rows
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.fix.plan import Plan
    from backup_doctor.settings.model import Settings

LOOK_LIMIT_S = 15.0
# A statement that waits for a lock and then runs into its limit is over by then.
OVER_AFTER_S = LOCK_LIMIT_S + STATEMENT_LIMIT_S
AFTER_A_STOP_S = 1.0
PAUSE_S = 0.5


class Became(StrEnum):
    """What the row is, held against a plan."""

    AS_ANNOUNCED = "as announced"
    UNCHANGED = "as it was"
    OTHERWISE = "neither as it was nor as announced"


class _Counts(Immutable, frozen=True, kw_only=True):
    """Rows of the plan's key: in all, as announced, and as they were."""

    there: int
    done: int
    old: int


def look_up(settings: Settings, plan: Plan) -> Became | Unseen:
    """Ask for the row by the plan's route."""
    sources = Sources(settings, Deadline(LOOK_LIMIT_S))
    counts = _over_rest(sources, plan) if plan.route is Route.REST else _by_sql(sources, plan)
    if isinstance(counts, Unseen):
        return counts
    if counts.done == counts.there == 1:
        return Became.AS_ANNOUNCED
    unchanged = counts.there == 0 if plan.inserts else counts.old == counts.there == 1
    return Became.UNCHANGED if unchanged else Became.OTHERWISE


def settle(
    settings: Settings, plan: Plan, written: Written, stopped: Callable[[], bool] = never
) -> Written:
    """The ending of a write whose answer did not come, as far as the row tells."""
    if written.ending is not Ending.UNKNOWN:
        return written
    until = time.monotonic() + (0.0 if written.over else OVER_AFTER_S)
    found = look_up(settings, plan)
    while found not in (Became.AS_ANNOUNCED, Became.OTHERWISE) and time.monotonic() < until:
        if stopped():
            until = min(until, time.monotonic() + AFTER_A_STOP_S)
        time.sleep(PAUSE_S)
        found = look_up(settings, plan)
    return _told(written, found)


def _told(written: Written, found: Became | Unseen) -> Written:
    if isinstance(found, Unseen):
        said = f"{written.reason} What became of the row could not be looked up: {found.what}"
        return Written(ending=Ending.UNKNOWN, reason=said)
    if found is Became.AS_ANNOUNCED:
        said = f"{written.reason} The row was looked up: it is as announced."
        return Written(ending=Ending.COMMITTED, reason=said)
    said = f"{written.reason} The row was looked up: it is {found}."
    if found is Became.OTHERWISE:
        return Written(ending=Ending.ROLLED_BACK, reason=said, otherwise=True)
    return Written(ending=Ending.ROLLED_BACK if written.over else Ending.UNKNOWN, reason=said)


# By SQL ------------------------------------------------------------------------------------------


def _by_sql(sources: Sources, plan: Plan) -> _Counts | Unseen:
    statement = counting(sources.settings.names, plan)
    way = next(one for one in sources.database.ways if one.route is plan.route)
    reply = way.run(statement)
    if isinstance(reply, Unseen):
        return reply
    return reply.unseen() if not isinstance(reply, list) else _counted(reply)


def counting(names: Names, plan: Plan) -> str:
    """The SELECT that counts the plan's row: at all, as announced, and as it was."""
    before = " AND ".join(has(one.column, one.old) for one in plan.differences if one.known)
    return (
        "SELECT count(*)::int AS there,\n"
        f"  (count(*) FILTER (WHERE {is_as_announced(plan)}))::int AS done,\n"
        f"  (count(*) FILTER (WHERE {before or 'false'}))::int AS old\n"
        f"FROM {table(names)}\nWHERE {the_row(plan)}"
    )


def _counted(rows: Rows) -> _Counts:
    (row,) = rows
    return _Counts(there=row["there"], done=row["done"], old=row["old"])


# Over the Data API -------------------------------------------------------------------------------


def _over_rest(sources: Sources, plan: Plan) -> _Counts | Unseen:
    """Nothing is inserted that way: the row's own id is the key."""
    rows = sources.data_api.rows("id", plan.key[1])
    if isinstance(rows, Unseen):
        return rows
    return _Counts(
        there=len(rows),
        done=sum(is_announced_row(row, plan) for row in rows),
        old=sum(all(row.get(one.column) == one.old for one in plan.differences) for row in rows),
    )


def is_announced_row(row: dict[str, Any], plan: Plan) -> bool:
    """Whether a row as JSON is what the plan makes of it."""
    return all(_same(row.get(one.column), one.new) for one in plan.differences)


def _same(value: Any, announced: Any) -> bool:  # noqa: ANN401 -- a column's JSON value
    if isinstance(announced, datetime) and isinstance(value, str):
        return _moment(value, announced) == announced
    return as_text(value) == as_text(announced)


def _moment(text: str, like: datetime) -> datetime | None:
    """A time as PostgreSQL prints it; one without a zone is in the zone of what was written."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=like.tzinfo) if found.tzinfo is None else found
