"""What the row says, in the pipeline's terms."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.reuse import CLOCKS, are_apart
from backup_doctor.evidence.workflow import Run, WorkflowFile
from backup_doctor.judge.history.absence import absence_of_row, absence_of_table

if TYPE_CHECKING:
    from datetime import timedelta

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.row import BackupRow


class RowState(StrEnum):
    """What the row says, in the pipeline's terms."""

    UNSEEN = "unseen"
    ABSENT = "absent"
    IN_PROGRESS = "in progress"
    RIGHT = "right"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OTHER = "other"


# What may write columns that the script does not name: a function, or a file of the repository.
CALLS_ELSEWHERE = re.compile(
    r"functions/v1|functions\.invoke|\brpc\b|\.rpc\(|(?:^|\s)(?:\./|bash |sh |node |deno |python3? |npm |npx )",
    re.MULTILINE,
)
WITH_ZONE = re.compile(r"(?:Z|[+-]\d\d(?::?\d\d)?)$")
STATED = (
    Status.IN_PROGRESS,
    Status.SUCCESS,
    Status.FAILED,
    Status.CANCELLED,
)
STATES = {
    Status.IN_PROGRESS: RowState.IN_PROGRESS,
    Status.SUCCESS: RowState.RIGHT,
    Status.FAILED: RowState.FAILED,
    Status.CANCELLED: RowState.CANCELLED,
    Status.UNKNOWN: RowState.OTHER,
}


def row_state(case: Case) -> RowState:
    """What the newest row says."""
    seen = case.row
    if seen is None:
        return RowState.UNSEEN
    if seen.newest is None:
        proof = absence_of_table if seen.table is None else absence_of_row
        return RowState.ABSENT if isinstance(proof(seen, case), Shown) else RowState.UNSEEN
    state = STATES[case.names.status_of(seen.newest.status)]
    if state is RowState.RIGHT and missing_columns(case):
        return RowState.INCOMPLETE
    return state


def unknown_status(case: Case) -> tuple[Unseen, ...]:
    """That the row's status is none of the configured words, with the setting that would tell."""
    if row_state(case) is not RowState.OTHER:
        return ()
    row, names = case.backup, case.names
    written = row.values.get(names.column("status")) if row else None
    if row is not None and row.status is None and isinstance(written, dict | list):
        return (_not_a_word(written, names.column("status")),)
    said = f"is {row.status!r}, which is" if row and row.status else "is empty, which is"
    known = "; ".join(f"{one.value}: {' or '.join(names.words(one))}" for one in STATED)
    return (
        Unseen(
            why=Why.NOT_FOUND,
            what=f"The row's status {said} none of the configured words ({known}).",
            remedy="Add it to status.success, status.failed, status.cancelled or status.in_progress "
            "(BACKUP_DOCTOR_STATUS_SUCCESS and so on), whichever it means.",
            dependency="PostgreSQL",
        ),
    )


def _not_a_word(written: dict[str, object] | list[object], column: str) -> Unseen:
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"The row's status is {json.dumps(written, ensure_ascii=False)}: no word, but JSON.",
        remedy="Name a column to the doctor that has the word as text (columns.status, "
        f"BACKUP_DOCTOR_COLUMNS_STATUS): for example one that is generated from {column}.",
        dependency="PostgreSQL",
    )


def missing_columns(case: Case) -> tuple[str, ...]:
    """The guide's columns that a finished row must have and this one has not."""
    row = case.backup
    if row is None:
        return ()
    wanted = {"s3_key": row.s3_key, "size_bytes": row.size_bytes, "finished_at": row.finished_at}
    return tuple(
        name
        for name, value in wanted.items()
        if (value is None or value == "") and _is_written(case, name)
    )


def _is_written(case: Case, guide_name: str) -> bool:
    """Whether the table has the column, some good row a value in it, and the script names it."""
    seen, column = case.row, case.names.column(guide_name)
    nobody_has_it = seen is not None and seen.has_good and guide_name in seen.unwritten
    return bool(column) and not nobody_has_it and not _script_leaves_out(case, column)


def _script_leaves_out(case: Case, column: str) -> bool:
    """Whether the update step updates the table by itself, in a script that never names the column."""
    file = case.workflow.file if case.workflow else None
    step = file.update_step if isinstance(file, WorkflowFile) else None
    script = step.script if step else ""
    by_itself = case.names.table_name in script and not CALLS_ELSEWHERE.search(script)
    return by_itself and re.search(rf"(?<!\w){re.escape(column)}(?!\w)", script) is None


def row_age(case: Case) -> timedelta | None:
    """How old the row is."""
    row = case.backup
    return case.now - row.created_at if row and row.created_at else None


def rows_of(case: Case) -> tuple[BackupRow, ...]:
    """Every row of the dispatch, newest first; none where they could not be seen."""
    return case.row.rows if case.row and isinstance(case.row.rows, tuple) else ()


def another_row_succeeded(case: Case) -> bool:
    """Whether the update reached another row of the same backup; one of another day is none.

    Nor is one that was finished before the run began. A row that was made once the update was done
    has taken the place of the one that it reached.
    """
    if is_made_later(case):
        return True
    rows = rows_of(case)
    if are_apart(rows):
        return False
    return any(
        case.names.status_of(row.status) is Status.SUCCESS and not _was_finished(case, row)
        for row in rows[1:]
    )


def is_made_later(case: Case) -> bool:
    """Whether the row was made when the update step had ended well: it cannot be the one it updated.

    A time without a zone is read at its latest, so it tells nothing here.
    """
    row, step = case.backup, case.workflow.update_step if case.workflow else None
    if row is None or row.created_at is None or step is None or step.conclusion != "success":
        return False
    stated = str(row.values.get(case.names.column("created_at")))
    ended = step.completed_at
    return (
        ended is not None
        and WITH_ZONE.search(stated) is not None
        and row.created_at > ended + CLOCKS
    )


def _was_finished(case: Case, row: BackupRow) -> bool:
    """Whether the row says that it was finished before the run that is judged began."""
    run = case.workflow.run if case.workflow else None
    began = run.started_at or run.created_at if isinstance(run, Run) else None
    return began is not None and row.finished_at is not None and row.finished_at < began - CLOCKS


def written_otherwise(case: Case) -> BackupRow | None:
    """The row whose dispatch id is the one asked for but for blanks, quotes and case around or in it."""
    asked, near = case.dispatch_id, case.row.near if case.row else ()
    return next((one for one in near if asked and _folded(one.dispatch_id) == _folded(asked)), None)


def _folded(text: str | None) -> str:
    return (text or "").strip(" \t\r\n'\"").casefold()
