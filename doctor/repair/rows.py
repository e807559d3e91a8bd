"""Which statement repairs which row, as the contract's table has it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from doctor.collectors.object_keys import Names
from doctor.evidence.row import Table
from doctor.repair.certainty import (
    is_whole,
    surely_absent,
    unsure_of_object,
    unsure_of_row,
)
from doctor.repair.statement import Change, Repair, insert, none, update
from doctor.story import Progress, progress, rows_of

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.diagnosis import Diagnosis
    from doctor.evidence.object import StoredObject
    from doctor.evidence.row import BackupRow

REASON_LIMIT = 500
GUARDED = ("s3_key", "status", "size_bytes", "finished_at", "error_text")
NOT_LOOKED_AT = "the bucket was not looked at; a person should look for the file."

# A row in progress -------------------------------------------------------------------------------


def finish(case: Case, diagnosis: Diagnosis) -> Repair:
    """In progress and over: success with a whole object, failed where there certainly is none."""
    seen, row = case.object, case.backup
    if seen is None or row is None:
        return none(NOT_LOOKED_AT)
    here = seen.present if is_whole(seen) else None
    why_not = unsure_of_row(case) or unsure_of_object(case, seen) or _not_over(case, here)
    if here is None and why_not is None and not surely_absent(seen, diagnosis):
        why_not = (
            "no object names this dispatch, but nothing names the file's key either: it may be there "
            "under another name. A person should look for it in the bucket."
        )
    if why_not:
        return none(why_not)
    values = _success(case, here) if here else _failure(case, diagnosis)
    change = Change(row=row, values=values, guard={"status": row.status})
    return update(case, row, change, diagnosis)


def _not_over(case: Case, here: StoredObject | None) -> str | None:
    """Why the backup may still be going; None where it is over."""
    now = progress(case)
    if now is Progress.OVER or (now is Progress.UNSEEN and here and _old(case, here)):
        return None
    if here:
        return "the backup may still be going; look again when the job has ended."
    return "the end of the backup was not seen; look again when the job has ended."


def _old(case: Case, here: StoredObject) -> bool:
    return case.now - here.modified_at > timedelta(seconds=case.names.stuck_after_s)


def _success(case: Case, here: StoredObject) -> dict[str, Any]:
    return {
        "s3_key": here.key,
        "status": case.names.success,
        "finished_at": here.modified_at,
        "size_bytes": here.size,
        "error_text": None,
    }


def _failure(case: Case, diagnosis: Diagnosis) -> dict[str, Any]:
    root = diagnosis.root
    text = f"{root.code}: {root.found.summary}" if root else "the backup left no complete file"
    reason = f"backup-doctor: {text}"[:REASON_LIMIT]
    return {"status": case.names.failed, "error_text": reason}


# A row that says success -------------------------------------------------------------------------


def correct(case: Case, diagnosis: Diagnosis) -> Repair:
    """Success, but its object is missing, elsewhere, not whole or of another size, or values lack."""
    seen, row = case.object, case.backup
    if seen is None or row is None:
        return none(NOT_LOOKED_AT)
    unsure = unsure_of_object(case, seen)
    if unsure:
        return none(unsure)
    guard = {
        name: _raw(case, row, name) for name in GUARDED if case.names.column(name) in row.values
    }
    here = seen.present if is_whole(seen) else None
    values = _wrong_values(row, here) if here else _failure(case, diagnosis)
    if not values:
        return none("the row already says what the object tells; look at the findings by hand.")
    return update(case, row, Change(row=row, values=values, guard=guard), diagnosis)


def _wrong_values(row: BackupRow, here: StoredObject) -> dict[str, Any]:
    """The columns that differ from what the object itself tells."""
    values: dict[str, Any] = {}
    if row.s3_key != here.key and not _names_same(row.s3_key, here.key):
        values["s3_key"] = here.key
    if row.size_bytes != here.size:
        values["size_bytes"] = here.size
    if row.finished_at is None:
        values["finished_at"] = here.modified_at
    return values


def _names_same(written: str | None, key: str) -> bool:
    """Whether the row's key is the object's key in another notation (absolute, or an s3:// URL)."""
    return bool(written) and (str(written).lstrip("/") == key or str(written).endswith(f"/{key}"))


def _raw(case: Case, row: BackupRow, guide_name: str) -> Any:  # noqa: ANN401 -- a column's JSON value
    return row.values.get(case.names.column(guide_name))


# Duplicates and rows that are not there ----------------------------------------------------------


def close_duplicate(case: Case, diagnosis: Diagnosis) -> Repair:
    """The stuck row becomes failed, "duplicate of" the finished one."""
    rows = rows_of(case)
    done = [row for row in rows if row.status == case.names.success]
    stuck = [row for row in rows if row.status == case.names.in_progress]
    if len(done) != 1 or len(stuck) != 1:
        return none("more than one row is stuck or finished; a person must choose the right one.")
    (finished,), (waiting,) = done, stuck
    values = {"status": case.names.failed, "error_text": f"duplicate of {finished.id}"}
    change = Change(row=waiting, values=values, guard={"status": waiting.status})
    return update(case, waiting, change, diagnosis)


def record(case: Case, diagnosis: Diagnosis) -> Repair:
    """No row, but a whole object that names the dispatch: an INSERT, unless a row is there by then."""
    seen, dispatch = case.object, case.asked.dispatch_id
    known = case.row.table if case.row else None
    if seen is None or seen.present is None or not Names([dispatch]).surely_in(seen.present.key):
        return none("there is no row, and no object in the bucket names this dispatch.")
    unsure = unsure_of_object(case, seen)
    if unsure:
        return none(unsure)
    if not is_whole(seen):
        return none("there is no row, and the object that names the dispatch is not whole.")
    if not isinstance(known, Table):
        return none("there is no row, and the table's columns could not be seen.")
    success = _success(case, seen.present)
    del success["error_text"]
    values = {"dispatch_id": dispatch, **success}
    wanting = _wanting(known, {case.names.column(name) for name in values})
    if wanting:
        return none(f"a new row needs {', '.join(wanting)}, which only the app knows.")
    return insert(case, values, diagnosis)


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
