"""Of which table a refusal of the database speaks, where it names one.

A trigger of the table, the function or an earlier step may use others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.columns import FILLED_BY_UPDATE
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import Table
from backup_doctor.judge.history.calls import (
    answers_told,
    fallback_call,
    update_ways,
)
from backup_doctor.judge.history.early import early_text
from backup_doctor.services.meaning import database_meaning, missing_schema, named_relation

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.trigger import Trigger

BY_PROCEDURE = "rpc"


def table_beside(case: Case, code: str) -> str | None:
    """The table other than that of the backups that a refusal with this code names."""
    named = _named(code, *_told(case))
    return next((name for name in named if not _is_ours(name, case)), None)


def names_ours(case: Case, code: str) -> bool:
    """Whether a refusal with this code names the table of the backups."""
    return any(_is_ours(name, case) for name in _named(code, *_told(case)))


def schema_beside(case: Case) -> str | None:
    """The schema other than that of the backups' table of which the database says that it is not there."""
    named = (missing_schema(text) for text in _told(case))
    return next((name for name in named if name and name != case.names.schema), None)


def triggers_beside(case: Case, code: str) -> tuple[Trigger, ...]:
    """The triggers that use the other table, or schema, which the refusal names.

    Where the direct update was refused so, it is one of those that fire, whatever their text says.
    """
    other = table_beside(case, code) or schema_beside(case)
    if other is None:
        return ()
    firing = enabled_triggers(case)
    naming = tuple(one for one in firing if other.rpartition(".")[2] in one.source)
    return naming or (firing if _is_direct(case, other) else ())


def met_by_trigger(case: Case, code: str) -> bool:
    """Whether a trigger of the backups' table met it: then so does whoever updates a row."""
    if triggers_beside(case, code):
        return True
    other = table_beside(case, code) or schema_beside(case)
    unseen = case.row is None or not isinstance(case.row.table, Table)
    return unseen and other is not None and _is_direct(case, other)


def enabled_triggers(case: Case) -> tuple[Trigger, ...]:
    """The triggers that the update fires, as far as the catalogue was seen.

    Of one that fires for some columns only, those count that the script names, or the guide does.
    """
    known = case.row.table if case.row else None
    if not isinstance(known, Table):
        return ()
    guides = (case.names.column(name) for name in ("status", *FILLED_BY_UPDATE))
    written = {*guides, *(name for one in update_ways(case) for name in one.columns)}
    return tuple(
        one
        for one in known.triggers
        if one.enabled and (not one.columns or written.intersection(one.columns))
    )


def _is_direct(case: Case, other: str) -> bool:
    """Whether an update of the table itself, by no function of anybody's, was refused in the other."""
    by_procedure = any(
        one.kind == BY_PROCEDURE and one.call.outcome is Outcome.REFUSED
        for one in update_ways(case)
    )
    return not by_procedure and other in fallback_call(case).body


def _told(case: Case) -> tuple[str, ...]:
    return (*answers_told(case), early_text(case))


def _named(code: str, *texts: str) -> list[str]:
    meant = (named_relation(text) for text in texts if code in database_meaning(text))
    return [name for name in meant if name]


def _is_ours(name: str, case: Case) -> bool:
    return name.rpartition(".")[2] == case.names.table_name
