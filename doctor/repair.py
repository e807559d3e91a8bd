"""The repair of the row: the one statement that makes it say what is true, ready to paste.

Pure: from the case and the diagnosis to SQL text. Each statement is guarded so that running it
twice, or after the pipeline healed itself, changes nothing. Where what is true is not certain there
is no SQL, and the reason is said instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.object import KeySource, ObjectEvidence, Search, StoredObject, ZipTail
from doctor.evidence.row import BackupRow, Table
from doctor.evidence.workflow import FoundBy, Run
from doctor.model import Verdict
from doctor.show import table
from doctor.sql import identifier, literal
from doctor.story import Progress, RowState, progress, row_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doctor.case import Case
    from doctor.diagnosis import Diagnosis

# While one of these holds, the database refuses the very statement that is printed.
REFUSERS = (
    "row/constraint-rejects",
    "row/trigger-interferes",
    "row/size-overflow",
    "row/locked",
    "row/database-read-only",
    "row/column-missing",
    "row/table-missing",
)
REASON_LIMIT = 500
GUARDED = ("s3_key", "status", "size_bytes", "finished_at", "error_text")
VERIFIED = ("id", "dispatch_id", "s3_key", "status", "size_bytes", "finished_at")
VERIFY_TITLE = "-- Verify the update"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to change in one row: new values by the guide's names, guarded by the old ones.

    `guard` maps the guide's names to the values that must still be there.
    """

    row: BackupRow
    values: Mapping[str, Any]
    guard: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Repair:
    """The SQL and how to check it before it is printed; without SQL, the reason why not.

    `statement` is the bare UPDATE or INSERT for EXPLAIN; `aim` is the condition that finds its row
    (None for an INSERT).
    """

    sql: str | None = None
    statement: str | None = None
    aim: str | None = None
    notes: tuple[str, ...] = ()


def _none(reason: str) -> Repair:
    return Repair(notes=(f"No fix SQL: {reason}",))


def repair(case: Case, diagnosis: Diagnosis) -> Repair:
    """The repair of this case's row, as the contract's table has it; there is none to repair yet."""
    if case.is_preflight:
        return Repair()
    if diagnosis.verdict is Verdict.FAILING:
        return _of_failing(case, diagnosis)
    if diagnosis.verdict is Verdict.UNKNOWN:
        return _none("the row or its file could not be seen, so what is true is not known.")
    return Repair()


def _of_failing(case: Case, diagnosis: Diagnosis) -> Repair:
    state = row_state(case)
    if state is RowState.ABSENT:
        return _insert(case, diagnosis)
    if any(one.code == "row/duplicate" for one in diagnosis.causes):
        return _close_duplicate(case, diagnosis)
    if state is RowState.IN_PROGRESS:
        return _finish(case, diagnosis)
    if state in (RowState.RIGHT, RowState.INCOMPLETE):
        return _correct(case, diagnosis)
    if state is RowState.FAILED:
        return _none(
            "the pipeline recorded a failure; a failed row is left as it is. Mend the cause and start "
            "a new backup."
        )
    return _none("the row's status is none that the settings know; look at the row by hand.")


# A row in progress -------------------------------------------------------------------------------


def _finish(case: Case, diagnosis: Diagnosis) -> Repair:
    """In progress and over: success with a whole object, failed where there certainly is none."""
    seen, row = case.object, case.backup
    if seen is None or row is None:
        return _none("the bucket was not looked at; a person should look for the file.")
    unsure = _unsure_of_object(case, seen)
    if unsure:
        return _none(unsure)
    here = seen.present
    now = progress(case)
    guard = {"status": row.status}
    if here is not None and _whole(seen):
        ended = now is Progress.OVER or (now is Progress.UNSEEN and _old(case, here))
        if not ended:
            return _none("the backup may still be going; look again when the job has ended.")
        change = Change(row=row, values=_success(case, here), guard=guard)
        return _update(case, change, diagnosis)
    if now is not Progress.OVER:
        return _none("the end of the backup was not seen; look again when the job has ended.")
    if here is None and not _surely_absent(seen, diagnosis):
        return _none(
            "no object names this dispatch, but nothing names the file's key either: it may be there "
            "under another name. A person should look for it in the bucket."
        )
    values = {"status": case.names.failed, "error_text": _reason(diagnosis)}
    return _update(case, Change(row=row, values=values, guard=guard), diagnosis)


def _surely_absent(seen: ObjectEvidence, diagnosis: Diagnosis) -> bool:
    """A key was named and is not there, or the backup never came as far as a file."""
    before_file = (min(cause.breaks) <= Link.FILE_UPLOADED for cause in diagnosis.causes)
    return seen.expected_key is not None or any(before_file)


def _success(case: Case, here: StoredObject) -> dict[str, Any]:
    return {
        "s3_key": here.key,
        "status": case.names.success,
        "finished_at": here.modified_at,
        "size_bytes": here.size,
        "error_text": None,
    }


def _old(case: Case, here: StoredObject) -> bool:
    return case.now - here.modified_at > timedelta(seconds=case.names.stuck_after_s)


def _whole(seen: ObjectEvidence) -> bool:
    here, tail = seen.present, seen.present_tail
    return here is not None and here.size > 0 and tail is not None and tail.whole


def _unsure_of_object(case: Case, seen: ObjectEvidence) -> str | None:
    """Why it cannot be said whether this backup's file is there and whole; None where it can."""
    if isinstance(seen.bucket, Unseen) or isinstance(seen.head, Unseen):
        return "the file could not be looked at; give the doctor access to the bucket."
    search = seen.search
    if isinstance(search, Search) and len(search.hits) > 1 and seen.head is None:
        return "several objects name this dispatch; a person must choose the right one."
    if seen.present is None:
        if isinstance(search, Unseen) or (search is not None and not search.complete):
            return "the bucket could not be searched to the end, so the file may be somewhere else."
        return None
    tail = seen.tail if isinstance(seen.head, StoredObject) else seen.found_tail
    if seen.present.size > 0 and not isinstance(tail, ZipTail):
        return "the file is there, but whether it is whole could not be read."
    return _unsure_whose(case, seen)


def _unsure_whose(case: Case, seen: ObjectEvidence) -> str | None:
    """The object must be this backup's: its key names the dispatch, or this very run named it."""
    here, row = seen.present, case.backup
    if here is None:
        return None
    workflow = case.workflow
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    began = run.created_at if run else (row.created_at if row else None)
    if began and here.modified_at < began - timedelta(minutes=5):
        return "the object is older than the run that should have made it."
    guessed = workflow is not None and workflow.found_by is FoundBy.ONLY_CANDIDATE
    named = bool(row and row.dispatch_id and row.dispatch_id in here.key)
    if seen.key_source is KeySource.LOG and guessed and not named:
        return "the run is only a guess, so its file may be another backup's."
    return None


def _reason(diagnosis: Diagnosis) -> str:
    root = diagnosis.root
    text = f"{root.code}: {root.found.summary}" if root else "the backup left no complete file"
    return f"backup-doctor: {text}"[:REASON_LIMIT]


# A row that says success -------------------------------------------------------------------------


def _correct(case: Case, diagnosis: Diagnosis) -> Repair:
    """Success, but its object is missing, elsewhere, not whole or of another size, or values lack."""
    seen, row = case.object, case.backup
    if seen is None or row is None:
        return _none("the bucket was not looked at; a person should look for the file.")
    unsure = _unsure_of_object(case, seen)
    if unsure:
        return _none(unsure)
    guard = {
        name: _raw(case, row, name) for name in GUARDED if case.names.column(name) in row.values
    }
    here = seen.present
    if here is None or not _whole(seen):
        values: dict[str, Any] = {"status": case.names.failed, "error_text": _reason(diagnosis)}
    else:
        values = _wrong_values(row, here)
    if not values:
        return _none("the row already says what the object tells; look at the findings by hand.")
    return _update(case, Change(row=row, values=values, guard=guard), diagnosis)


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


def _close_duplicate(case: Case, diagnosis: Diagnosis) -> Repair:
    """The stuck row becomes failed, "duplicate of" the finished one."""
    rows = case.row.rows if case.row and isinstance(case.row.rows, tuple) else ()
    done = [row for row in rows if row.status == case.names.success]
    stuck = [row for row in rows if row.status == case.names.in_progress]
    if len(done) != 1 or len(stuck) != 1:
        return _none("more than one row is stuck or finished; a person must choose the right one.")
    values = {"status": case.names.failed, "error_text": f"duplicate of {done[0].id}"}
    change = Change(row=stuck[0], values=values, guard={"status": stuck[0].status})
    return _update(case, change, diagnosis)


def _insert(case: Case, diagnosis: Diagnosis) -> Repair:
    """No row, but a whole object that names the dispatch: an INSERT, unless a row is there by then."""
    seen, dispatch = case.object, case.asked.dispatch_id
    known = case.row.table if case.row else None
    if seen is None or seen.present is None or not dispatch or dispatch not in seen.present.key:
        return _none("there is no row, and no object in the bucket names this dispatch.")
    unsure = _unsure_of_object(case, seen)
    if unsure:
        return _none(unsure)
    if not _whole(seen):
        return _none("there is no row, and the object that names the dispatch is not whole.")
    if not isinstance(known, Table):
        return _none("there is no row, and the table's columns could not be seen.")
    values = {"dispatch_id": dispatch, **_success(case, seen.present)}
    del values["error_text"]
    here = {case.names.column(name): value for name, value in values.items()}
    wanting = [
        column.name
        for column in known.columns
        if column.not_null
        and column.default is None
        and not column.generated
        and column.name not in here
    ]
    if wanting:
        return _none(f"a new row needs {', '.join(wanting)}, which only the app knows.")
    return _insert_sql(case, here, diagnosis)


def _insert_sql(case: Case, values: Mapping[str, Any], diagnosis: Diagnosis) -> Repair:
    dispatch = identifier(case.names.column("dispatch_id"))
    wanted = f"{dispatch} = {literal(case.asked.dispatch_id)}"
    columns = ", ".join(identifier(name) for name in values)
    literals = ", ".join(literal(value) for value in values.values())
    statement = (
        f"INSERT INTO {table(case)} ({columns})\n"
        f"SELECT {literals}\n"
        f"WHERE NOT EXISTS (SELECT 1 FROM {table(case)} WHERE {wanted})"
    )
    return Repair(
        sql=_transaction(case, statement, wanted, diagnosis), statement=statement, notes=()
    )


# The text ----------------------------------------------------------------------------------------


def _update(case: Case, change: Change, diagnosis: Diagnosis) -> Repair:
    if change.row.id is None:
        return _none("the row has no id that could be aimed at.")
    columns = {
        name: value
        for name, value in change.values.items()
        if not change.row.values or case.names.column(name) in change.row.values
    }
    assignments = ",\n  ".join(
        f"{identifier(case.names.column(name))} = {literal(value)}"
        for name, value in columns.items()
    )
    row_id = f"{identifier(case.names.column('id'))} = {literal(change.row.id)}"
    guards = "".join(
        f"\n  AND {_unchanged(case, name, value)}" for name, value in change.guard.items()
    )
    aim = f"{row_id}{guards}"
    statement = f"UPDATE {table(case)}\nSET\n  {assignments}\nWHERE {aim}"
    return Repair(
        sql=_transaction(case, statement, row_id, diagnosis), statement=statement, aim=aim
    )


def _unchanged(case: Case, guide_name: str, value: Any) -> str:  # noqa: ANN401 -- a column's JSON value
    column = identifier(case.names.column(guide_name))
    if guide_name == "status" and value is not None:
        return f"{column} = {literal(value)}"
    if value is None:
        return f"{column} IS NULL"
    plain = value if isinstance(value, str | int | float | datetime) else str(value)
    return f"{column} IS NOT DISTINCT FROM {literal(plain)}"


def _transaction(case: Case, statement: str, wanted: str, diagnosis: Diagnosis) -> str:
    shown = ", ".join(identifier(case.names.column(name)) for name in VERIFIED)
    return (
        f"{_first_mend(diagnosis)}BEGIN;\n\n{statement};\n\nCOMMIT;\n\n"
        f"{VERIFY_TITLE}\nSELECT {shown}\nFROM {table(case)}\nWHERE {wanted};\n"
    )


def _first_mend(diagnosis: Diagnosis) -> str:
    """The first line: what would still refuse the statement. Codes only, nothing from outside."""
    refusing = [
        one.code for one in diagnosis.causes if one.code in REFUSERS and not one.found.healed
    ]
    if not refusing:
        return ""
    return f"-- First mend {', '.join(refusing)} (its own fix is in the report): it refuses this statement.\n"
