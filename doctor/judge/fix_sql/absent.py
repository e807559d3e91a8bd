"""No row, but a whole file that surely is this dispatch's: the row is made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.ids import Ids
from backup_doctor.evidence.row import Table
from backup_doctor.judge.fix_sql.certainty import (
    log_names,
    not_over,
    run_names,
    unsure_of_file,
    whole_file,
)
from backup_doctor.judge.fix_sql.rows import success
from backup_doctor.judge.fix_sql.statement import Repair, insert, none
from backup_doctor.judge.history.row import written_otherwise

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import StoredObject


def record(case: Case) -> Repair:
    """No row, but a whole object that names the dispatch: an INSERT, unless a row is there by then."""
    seen, dispatch = case.object, case.dispatch_id
    here = seen.present if seen else None
    if seen is None or here is None or dispatch is None:
        return none("there is no row, and no object in the bucket names this dispatch.")
    why_not = (
        _is_there(case)
        or _unproved(case, here, dispatch)
        or unsure_of_file(case, seen)
        or not_over(case, here)
    )
    if why_not:
        return none(why_not)
    if whole_file(case, seen) is None:
        return none("there is no row, and the object that names the dispatch is not whole.")
    known = case.row.table if case.row else None
    if not isinstance(known, Table):
        return none("there is no row, and the table's columns could not be seen.")
    values = {
        name: value
        for name, value in {"dispatch_id": dispatch, **success(case, here)}.items()
        if known.column(case.names.column(name)) and value is not None
    }
    wanting = _wanting(known, {case.names.column(name) for name in values})
    if wanting:
        return none(f"a new row needs {', '.join(wanting)}, which only the app knows.")
    return insert(case, values)


def _is_there(case: Case) -> str | None:
    """Why no other row is added: one has this very id, which the pipeline does not find."""
    other = written_otherwise(case)
    if other is None:
        return None
    return (
        f"row {other.id} has this dispatch id, written otherwise ({other.dispatch_id!r}): correct that "
        "row's dispatch_id, and do not add another row."
    )


def _unproved(case: Case, here: StoredObject, dispatch: str) -> str | None:
    """Why the object is not surely this dispatch's: its name and a run must say so, or the run's log."""
    together = case.log is not None and case.log.dispatch_seen and log_names(case, here.key)
    if together:
        return None
    if not Ids([dispatch]).whole_in(here.key):
        return "there is no row, and no object in the bucket names this dispatch."
    if not run_names(case, dispatch):
        return "there is no row, and no run is known that names this dispatch as its object does."
    return None


def _wanting(table: Table, given: set[str]) -> list[str]:
    """The columns that a new row must have and that nobody but the app can fill."""
    return [
        column.name
        for column in table.columns
        if column.not_null
        and column.default is None
        and not column.generated
        and column.name not in given
    ]
