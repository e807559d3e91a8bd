"""Several rows of one dispatch: inserted twice, or an id that is used again."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from backup_doctor.checks.row.altering import altered
from backup_doctor.checks.row.constraint_fixes import PARTITION
from backup_doctor.checks.row.view import A_MINUTE, table_of, where
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.reuse import APART, are_apart
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    RowState,
    another_row_succeeded,
    dispatch_runs,
    fallback_call,
    function_call,
    row_state,
)
from backup_doctor.judge.history.calls import update_that_worked
from backup_doctor.judge.history.row import is_made_later
from backup_doctor.judge.show import (
    after_row,
    exhibit,
    listed,
    log_lines,
    manual,
    moment,
    row_query,
    table,
)
from backup_doctor.judge.traits import Trait
from backup_doctor.services.single_row import says_several

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.log import Call
    from backup_doctor.evidence.row import BackupRow

rules = Rules[RowEvidence]()


@rules.cause(
    "row/duplicate", breaks=Link.ROW_CREATED, traits=(Trait.DUPLICATES_ROW, Trait.SPOILS_SUCCESS)
)
def duplicate(seen: RowEvidence, case: Case) -> Found | None:
    """Several rows have this dispatch id, and the update reached only one of them.

    Detected: more than one row has the dispatch_id; one is finished, another is still in progress, or
    was given up as failed though the update got through, or the update step asked for the one row (`.single()`) and PostgREST says that there are several.
    If all of them are in the same state, or each is another backup with its own run (the id is used
    again), it is only worth a note; so it is if no run could be seen and the rows are far apart.
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
    again = _is_used_again(seen.rows, case)
    if inserted_twice and again is False:
        return Found(summary=summary, evidence=evidence, fixes=_forbid(case, states, closed=1))
    reached = _reached(seen.rows, case) if again is False else None
    if reached is not None:
        return Found(
            summary=f"{summary} The update reached the row {reached.id}; the newest one is recorded as "
            "failed.",
            evidence=evidence,
            fixes=_forbid(case, states, closed=0),
            by_log=True,
        )
    refused = _refused_for_several(case)
    if refused is not None:
        return Found(
            summary=f"{summary} The update step asked for the one row, and was refused.",
            evidence=(*evidence, *log_lines(case, "log", refused)),
            fixes=_forbid(case, states, closed=0),
            breaks=_broken_by_several(case, refused),
            by_log=True,
        )
    return Found(
        summary=f"{summary}{_told_apart(seen, case, again=again)}",
        evidence=evidence,
        fixes=_forbid(case, states, closed=0) if again is False else (),
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


@rules.context("row/made-later")
def made_later(seen: RowEvidence, case: Case) -> Found | None:
    """The row was made after the run had updated it, so the run updated another one.

    Detected: the update step ended well more than five minutes before the row was made.
    Cause: the row that the run updated was deleted, and one with the same dispatch id was inserted.
    Fix: that of the row; nothing in the pipeline needs one.
    By hand: compare created_at with the end of the update step.
    Source: guide, step 3.
    """
    row, step = seen.newest, case.workflow.update_step if case.workflow else None
    if row is None or row.created_at is None or step is None or not is_made_later(case):
        return None
    made = exhibit("created_at", moment(row.created_at), where(seen), row_query(case))
    return Found(
        summary=f"The row was made at {moment(row.created_at)}, after the update step "
        f"{step.name!r} had ended well: the run cannot have updated it.",
        evidence=(made,),
    )


def _reached(rows: tuple[BackupRow, ...], case: Case) -> BackupRow | None:
    """The finished row that the run's update got through to, where the newest row is a failed one."""
    if row_state(case) is not RowState.FAILED or not another_row_succeeded(case):
        return None
    if update_that_worked(case) is None:
        return None
    done = [row for row in rows if case.names.status_of(row.status) is Status.SUCCESS]
    return done[0] if len(done) == 1 else None


def _refused_for_several(case: Case) -> Call | None:
    """The call that wanted a single row, where there were several: the function passes that on."""
    log = case.log
    calls = (log.lookup_call, fallback_call(case), function_call(case)) if log else ()
    return next((one for one in calls if says_several(one.body)), None)


def _broken_by_several(case: Case, refused: Call) -> tuple[Link, ...]:
    """What the refusal kept from the row: of the look-up, both updates."""
    calls = {
        Link.FUNCTION_UPDATES: function_call(case),
        Link.FALLBACK_UPDATES: fallback_call(case),
    }
    if refused not in calls.values():
        return BOTH_WRITES
    return tuple(link for link, one in calls.items() if says_several(one.body))


def _told_apart(seen: RowEvidence, case: Case, *, again: bool | None) -> str:
    """Why they are not one backup, and how to diagnose those in progress that are not judged here."""
    if again is False:
        return ""
    why = (
        " Each is another backup: the id is used again."
        if again
        else " Whether the app inserted it twice or uses the id again, its runs would show."
    )
    rows = seen.rows if isinstance(seen.rows, tuple) else ()
    waiting = [
        f"`backup-doctor --backup-id {row.id}`"
        for row in rows
        if row is not seen.newest and case.names.status_of(row.status) is Status.IN_PROGRESS
    ]
    return f"{why} To diagnose what is still in progress: {listed(waiting)}." if waiting else why


def _is_used_again(rows: tuple[BackupRow, ...], case: Case) -> bool | None:
    """Whether every row is a backup of its own; None where its runs were not seen and the rows are apart.

    It is where a run was started for it before the next row was made; one that was over by then needs
    no run that is seen. An id that is no UUID is used again wherever its rows are apart.
    """
    if are_apart(rows):
        return True
    begun = sorted(
        ((row.created_at, row) for row in rows if row.created_at), key=lambda one: one[0]
    )
    if len(begun) < len(rows):
        return False
    runs = {one.run.created_at for one in dispatch_runs(case) if one.run.created_at}
    if runs:
        return all(_are_two(*pair, runs) for pair in pairwise(begun))
    unseen = case.workflow is None or isinstance(case.workflow.run, Unseen)
    apart = all(later - earlier > APART for (earlier, _), (later, _) in pairwise(begun))
    return None if unseen and apart else False


def _are_two(
    older: tuple[datetime, BackupRow], newer: tuple[datetime, BackupRow], runs: set[datetime]
) -> bool:
    """Whether the newer row has a run, and the older one another, or it was over before that run began."""
    (made, row), (made_next, _) = older, newer
    next_ones = [one for one in runs if one >= made_next - A_MINUTE]
    ended = row.finished_at
    was_over = ended is not None and any(ended < min(one, made_next) for one in next_ones)
    has_run = any(made - A_MINUTE <= one < made_next - A_MINUTE for one in runs)
    return bool(next_ones) and (was_over or has_run)


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
    parted = _partitioned_by(case)
    if parted:
        return (
            manual(
                "Find out what inserts the row twice",
                "A retry of the app, or a double click. PostgreSQL takes no unique index on the dispatch id "
                f"alone here: {case.names.table} is partitioned by {listed(parted)}.",
            ),
        )
    dispatch, status = (identifier(case.names.column(one)) for one in ("dispatch_id", "status"))
    failed = case.names.words(Status.FAILED)
    others = (
        f"<> {literal(failed[0])}"
        if len(failed) == 1
        else f"NOT IN ({', '.join(map(literal, failed))})"
    )
    index = identifier(f"{case.names.table_name}_one_per_dispatch")
    text = (
        f"CREATE UNIQUE INDEX IF NOT EXISTS {index}\n"
        f"  ON {table(case)} ({dispatch}) WHERE {status} {others};"
    )
    return (after_row(altered(case, "Forbid the next duplicate", text)),)


def _partitioned_by(case: Case) -> tuple[str, ...]:
    """The columns beside the dispatch id by which the table is partitioned."""
    known = table_of(case.row) if case.row else None
    parts = [one for one in (known.constraints if known else ()) if one.kind == PARTITION]
    dispatch = case.names.column("dispatch_id")
    return tuple(name for one in parts for name in one.columns if name != dispatch)
