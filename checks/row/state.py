"""What the row itself says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.row.view import SOMETIMES_WRITTEN, WRITTEN, where
from doctor.chain import Link
from doctor.evidence.row import RowEvidence
from doctor.framework import Found, Rules
from doctor.model import Exhibit, Role, Severity
from doctor.show import (
    duration,
    exhibit,
    listed,
    log_command,
    manual,
    row_query,
    sql,
    table,
)
from doctor.sql import identifier, literal
from doctor.story import (
    RowState,
    is_over,
    missing_columns,
    row_age,
    row_state,
)

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[RowEvidence]()


def row_exhibits(seen: RowEvidence, case: Case) -> tuple[Exhibit, ...]:
    """The row as the guide's query shows it."""
    row = seen.newest
    if row is None:
        return ()
    shown = {name: row.values.get(case.names.column(name)) for name in _shown(case)}
    return (exhibit("row", shown, where(seen), row_query(case)),)


def _shown(case: Case) -> tuple[str, ...]:
    columns = ("id", "dispatch_id", *WRITTEN, *SOMETIMES_WRITTEN, "created_at")
    row = case.backup
    return tuple(name for name in columns if row and case.names.column(name) in row.values)


@rules.cause(
    "row/missing",
    breaks=Link.ROW_CREATED,
    yields_to=("row/table-missing", "row/column-missing"),
)
def missing(seen: RowEvidence, case: Case) -> Found | None:
    """No row has this dispatch id: the backup was never recorded.

    Detected: the look-up by dispatch_id and by id returns nothing, and who asked may read the table.
    Cause: the app did not insert the row (its `trigger-backup` step failed), inserted it with
    another dispatch_id, or the id was mistyped.
    Fix: look at the log of the step that inserts the row; insert the row only for a file that is
    really there.
    By hand: run the guide's query of step 3 with this dispatch id.
    Source: guide, step 1, "Could not find backup_id".
    """
    if seen.rows != ():
        return None
    log = case.log
    lines = log.trigger_lines if log else ()
    trigger = (
        (exhibit("log of the trigger step", "\n".join(lines), "workflow log", log_command(case)),)
        if lines
        else ()
    )
    named = case.asked.dispatch_id or case.asked.backup_id or f"run {case.asked.run_id}"
    return Found(
        summary=f"No row in {case.names.table} belongs to {named!r}.",
        evidence=(exhibit("rows found", 0, where(seen), row_query(case)), *trigger),
        fixes=(
            manual(
                "Find out why the app did not insert the row",
                f"Look at the log of the step `{case.names.trigger_step}` (or of the app) at the time "
                "of the dispatch, and check that it inserts the same dispatch_id that it sends to "
                "the workflow.",
            ),
        ),
    )


@rules.symptom("row/stuck")
def stuck(seen: RowEvidence, case: Case) -> Found | None:
    """The row is still in progress although the backup is over or overdue.

    Detected: `status` is the in-progress one, and the job that holds the update step has ended, or
    has run longer than usual; where GitHub cannot be asked, the row is older than `stuck_after`.
    Cause: both ways to update the row failed, or were never reached: see the causes.
    Fix: mend the cause, then run the fix SQL for the row.
    By hand: the guide's query of step 3.
    Source: guide, "Backup Stuck in in_progress Status".
    """
    if row_state(case) is not RowState.IN_PROGRESS or not is_over(case):
        return None
    age = row_age(case)
    since = f" for {duration(age)}" if age is not None else ""
    return Found(
        summary=f"The row has been {case.names.in_progress!r}{since}.",
        evidence=row_exhibits(seen, case),
    )


@rules.symptom("row/s3-key-null")
def s3_key_null(seen: RowEvidence, case: Case) -> Found | None:
    """The row names no file: the update step did not get through.

    Detected: `s3_key` is NULL in a row whose backup is over.
    Cause: the update step failed or was not reached.
    Fix: the fix SQL fills in the key of the file that was found.
    By hand: the guide's query of step 3, column s3_key.
    Source: guide, step 3, "If s3_key is NULL".
    """
    stuck_or_failed = row_state(case) in (RowState.IN_PROGRESS, RowState.FAILED, RowState.OTHER)
    row = seen.newest
    if row is None or row.s3_key or not stuck_or_failed or not is_over(case):
        return None
    return Found(summary="s3_key is NULL: the update never reached the row.")


@rules.symptom("row/failed")
def failed(seen: RowEvidence, case: Case) -> Found | None:
    """The pipeline recorded that this backup failed.

    Detected: `status` is the failed one.
    Cause: what `error_text` and the workflow's log say.
    Fix: mend the cause and start a new backup; a failed row is left as it is.
    By hand: the guide's query of step 3, columns status and error_text.
    Source: guide, step 3.
    """
    if row_state(case) is not RowState.FAILED:
        return None
    row = seen.newest
    said = f": {row.error_text.strip().rstrip('.')}" if row and row.error_text else ""
    return Found(
        summary=f"The pipeline itself recorded a failure{said}.", evidence=row_exhibits(seen, case)
    )


@rules.cause("row/duplicate", breaks=Link.ROW_CREATED)
def duplicate(seen: RowEvidence, case: Case) -> Found | None:
    """Several rows have this dispatch id, and the update reached only one of them.

    Detected: more than one row has the dispatch_id; one is finished, another is still in progress.
    Where all of them are in the same state it is only worth a note.
    Cause: the app inserted the row twice (a retry, a double click), and nothing forbids it.
    Fix: close the one that is stuck as a duplicate, and make dispatch_id unique.
    By hand: the guide's query of step 3 without LIMIT 1.
    Source: guide, step 3.
    """
    if not isinstance(seen.rows, tuple) or len(seen.rows) < 2:
        return None
    statuses = [row.status for row in seen.rows]
    evidence = (
        exhibit(
            "rows of this dispatch",
            [f"{row.id}: {row.status}" for row in seen.rows],
            where(seen),
            row_query(case),
        ),
    )
    dispatch, status = (identifier(case.names.column(one)) for one in ("dispatch_id", "status"))
    unique = sql(
        "Forbid the next duplicate (once the row above is mended)",
        f"CREATE UNIQUE INDEX IF NOT EXISTS {identifier(f'{case.names.table_name}_one_per_dispatch')}\n"
        f"  ON {table(case)} ({dispatch}) WHERE {status} <> {literal(case.names.failed)};",
    )
    summary = (
        f"{len(seen.rows)} rows have this dispatch id: {listed(str(one) for one in statuses)}."
    )
    if case.names.success in statuses and case.names.in_progress in statuses:
        return Found(summary=summary, evidence=evidence, fixes=(unique,))
    return Found(
        summary=summary,
        evidence=evidence,
        fixes=(unique,),
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


@rules.cause("row/incomplete", breaks=Link.FUNCTION_UPDATES)
def incomplete(seen: RowEvidence, case: Case) -> Found | None:
    """The row says success, but its key, size or finish time is missing.

    Detected: `status` is the success one and s3_key, size_bytes or finished_at is NULL or empty.
    Cause: whatever updated the row did not have the value (an empty variable in the update step),
    or does not write that column.
    Fix: the fix SQL fills in what the object itself tells; make the update step send the value.
    By hand: the guide's query of step 3.
    Source: guide, step 3, "Expected Results".
    """
    if row_state(case) is not RowState.INCOMPLETE:
        return None
    return Found(
        summary=f"The row says {case.names.success!r}, but has no {listed(missing_columns(case))}.",
        evidence=row_exhibits(seen, case),
        fixes=(
            manual(
                "Make the update step send every value",
                "Check that S3_KEY and BACKUP_SIZE are set when the update step runs, and that the "
                "function and the fallback both write s3_key, size_bytes and finished_at.",
            ),
        ),
    )


@rules.warning("row/wrong-run")
def wrong_run(seen: RowEvidence, case: Case) -> Found | None:
    """The row's workflow_run_id is another dispatch's run.

    Detected: the run that the row names carries another dispatch id in its title.
    Cause: the app stored the latest run it saw instead of its own; overlapping dispatches.
    Fix: let the workflow itself write its run id, or take it from the dispatch's answer.
    By hand: open the run that the row names and read its title.
    Source: design, "Finding the run".
    """
    workflow, row = case.workflow, seen.newest
    other = workflow.run_title_dispatch if workflow else None
    if row is None or not row.workflow_run_id or not other or other == row.dispatch_id:
        return None
    return Found(
        summary=f"The row names run {row.workflow_run_id}, which belongs to dispatch {other!r}.",
        evidence=row_exhibits(seen, case),
    )
