"""What the row says, in the pipeline's terms."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from doctor.evidence.base import Unseen

if TYPE_CHECKING:
    from datetime import timedelta

    from doctor.case import Case
    from doctor.evidence.row import BackupRow


class RowState(StrEnum):
    """What the row says, in the pipeline's terms."""

    UNSEEN = "unseen"
    ABSENT = "absent"
    IN_PROGRESS = "in progress"
    RIGHT = "right"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    OTHER = "other"


def row_state(case: Case) -> RowState:
    """What the newest row says."""
    if case.row is None:
        return RowState.UNSEEN
    if case.row.table is None and case.row.rows != () and not case.row.newest:
        return RowState.ABSENT
    if isinstance(case.row.rows, Unseen):
        return RowState.UNSEEN
    row = case.row.newest
    if row is None:
        return RowState.ABSENT
    by_status = {
        case.names.in_progress: RowState.IN_PROGRESS,
        case.names.failed: RowState.FAILED,
        case.names.success: RowState.RIGHT,
    }
    state = by_status.get(row.status or "", RowState.OTHER)
    if state is RowState.RIGHT and missing_columns(case):
        return RowState.INCOMPLETE
    return state


def missing_columns(case: Case) -> tuple[str, ...]:
    """The guide's columns that a finished row must have and this one has not."""
    row = case.backup
    if row is None:
        return ()
    wanted = {"s3_key": row.s3_key, "size_bytes": row.size_bytes, "finished_at": row.finished_at}
    return tuple(name for name, value in wanted.items() if value is None or value == "")


def row_age(case: Case) -> timedelta | None:
    """How old the row is."""
    row = case.backup
    return case.now - row.created_at if row and row.created_at else None


def rows_of(case: Case) -> tuple[BackupRow, ...]:
    """Every row of the dispatch, newest first; none where they could not be seen."""
    return case.row.rows if case.row and isinstance(case.row.rows, tuple) else ()


def another_row_succeeded(case: Case) -> bool:
    """Whether the update reached another row of the same dispatch."""
    return any(row.status == case.names.success for row in rows_of(case)[1:])
