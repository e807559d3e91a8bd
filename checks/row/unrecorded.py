"""A dispatch that no row has: what is nearly its row, and who was to insert one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.row.view import where
from backup_doctor.evidence.workflow import Run
from backup_doctor.judge.history.row import written_otherwise
from backup_doctor.judge.show import exhibit, manual

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit, Fix
    from backup_doctor.evidence.row import RowEvidence

SCHEDULE = "schedule"


def who_inserts(case: Case) -> Fix:
    """What to do so that the next backup has its row."""
    other = written_otherwise(case)
    if other is not None:
        return manual(
            "Let the app write the dispatch_id as it sends it to the workflow",
            f"Row {other.id} has it as {other.dispatch_id!r}, so that the workflow does not find the row. "
            "Correct that row's dispatch_id too.",
        )
    return _insert_by_schedule() if _is_scheduled(case) else _look_at_app(case)


def did_you_mean(seen: RowEvidence) -> str:
    """The ids that are nearly the one asked for, as a question; nothing where there are none."""
    ids = [repr(row.dispatch_id or row.id) for row in seen.near]
    return f" Did you mean {' or '.join(ids)}?" if ids else ""


def near_exhibits(seen: RowEvidence) -> tuple[Exhibit, ...]:
    """The rows whose id is nearly the one asked for."""
    if not seen.near:
        return ()
    rows = [
        f"{row.dispatch_id or row.id}: {row.status}"
        + (f", made {row.created_at:%Y-%m-%d %H:%M} UTC" if row.created_at else "")
        for row in seen.near
    ]
    return (exhibit("rows with nearly this id", rows, where(seen)),)


def _is_scheduled(case: Case) -> bool:
    run = case.workflow.run if case.workflow else None
    return isinstance(run, Run) and run.event == SCHEDULE


def why_nobody(case: Case) -> str:
    """Why no row was to be expected; empty where one was."""
    if not _is_scheduled(case):
        return ""
    return " Its run was started by the schedule, and for such a run nobody inserted a row."


def _insert_by_schedule() -> Fix:
    return manual(
        "Let the workflow insert the row of a scheduled run",
        "A run that the app starts has its row from the app. A scheduled run needs a first step that "
        "inserts one, with the dispatch_id that the later steps use, and in progress.",
    )


def _look_at_app(case: Case) -> Fix:
    return manual(
        "Find out why the app did not insert the row",
        f"Look at the log of the step `{case.names.trigger_step}` (or of the app) at the time "
        "of the dispatch, and check that it inserts the same dispatch_id that it sends to "
        "the workflow, and into the project that the workflow updates.",
    )
