"""Several rows of one dispatch: inserted twice, or an id that is used again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.row.view import A_MINUTE, where
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.evidence.workflow import Run
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.show import after_row, exhibit, listed, manual, row_query, sql, table
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.row import BackupRow

rules = Rules[RowEvidence]()


@rules.cause(
    "row/duplicate", breaks=Link.ROW_CREATED, traits=(Trait.DUPLICATES_ROW, Trait.SPOILS_SUCCESS)
)
def duplicate(seen: RowEvidence, case: Case) -> Found | None:
    """Several rows have this dispatch id, and the update reached only one of them.

    Detected: more than one row has the dispatch_id; one is finished, another is still in progress.
    If all of them are in the same state, or the others were finished before the run of this one
    began (the id is used again), it is only worth a note.
    Cause: the app inserted the row twice (a retry, a double click), and nothing forbids it.
    Fix: close the one that is stuck as a duplicate, and make dispatch_id unique.
    By hand: select the dispatch_id's rows, without LIMIT 1 (guide, step 3).
    Source: guide, step 3.
    """
    if not isinstance(seen.rows, tuple) or len(seen.rows) < 2:
        return None
    statuses = [row.status for row in seen.rows]
    states = [case.names.status_of(status) for status in statuses]
    evidence = (
        exhibit(
            "rows of this dispatch",
            [f"{row.id}: {row.status}" for row in seen.rows],
            where(seen),
            row_query(case),
        ),
    )
    summary = (
        f"{len(seen.rows)} rows have this dispatch id: {listed(str(one) for one in statuses)}."
    )
    inserted_twice = {Status.SUCCESS, Status.IN_PROGRESS} <= set(states)
    again = inserted_twice and _is_used_again(seen.rows, case)
    if again:
        summary = (
            f"{summary} The others were finished before this one's run began: the id is used again."
        )
    if inserted_twice and not again:
        return Found(summary=summary, evidence=evidence, fixes=_forbid(case, states, closed=1))
    return Found(
        summary=summary,
        evidence=evidence,
        fixes=() if again else _forbid(case, states, closed=0),
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


def _is_used_again(rows: tuple[BackupRow, ...], case: Case) -> bool:
    """Whether the run that is judged was started for the one row in progress, after the others had ended."""
    run = case.workflow.run if case.workflow else None
    started = run.created_at if isinstance(run, Run) else None
    of_state = {
        state: [row for row in rows if case.names.status_of(row.status) is state]
        for state in (Status.IN_PROGRESS, Status.SUCCESS)
    }
    begun = [row.created_at for row in of_state[Status.IN_PROGRESS]]
    ended = [row.finished_at for row in of_state[Status.SUCCESS]]
    if started is None or len(begun) != 1 or begun[0] is None:
        return False
    for_this = begun[0] <= started + A_MINUTE
    return for_this and all(end is not None and end < min(started, begun[0]) for end in ended)


def _forbid(case: Case, states: list[Status], *, closed: int) -> tuple[Fix, ...]:
    """The index that allows no second row, where this dispatch does not refuse it itself."""
    if sum(state is not Status.FAILED for state in states) - closed > 1:
        return (
            manual(
                "Find out what inserts the row twice",
                "A retry of the app, or a double click. Once all rows of this dispatch but one are failed, "
                "a unique index on the dispatch id forbids the next one.",
            ),
        )
    dispatch, status = (identifier(case.names.column(one)) for one in ("dispatch_id", "status"))
    index = identifier(f"{case.names.table_name}_one_per_dispatch")
    return (
        after_row(
            sql(
                "Forbid the next duplicate",
                f"CREATE UNIQUE INDEX IF NOT EXISTS {index}\n"
                f"  ON {table(case)} ({dispatch}) WHERE {status} <> {literal(case.names.failed)};",
            )
        ),
    )
