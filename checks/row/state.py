"""What the row itself says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.row.unrecorded import (
    did_you_mean,
    near_exhibits,
    who_inserts,
    why_nobody,
)
from backup_doctor.checks.row.view import SOMETIMES_WRITTEN, WRITTEN, for_how_long, table_of, where
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.ids import is_same_id
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.advice import to_its_writer
from backup_doctor.judge.commands import gh_log
from backup_doctor.judge.framework import Found, Rules, needs
from backup_doctor.judge.history import (
    RowState,
    absence_of_row,
    is_over,
    missing_columns,
    row_state,
)
from backup_doctor.judge.history.written import written_by
from backup_doctor.judge.show import exhibit, listed, manual, row_query
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Shown
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit, Fix


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
    traits=(Trait.HIDES_ROW,),
)
@needs(absence_of_row)
def missing(seen: RowEvidence, case: Case, shown: Shown) -> Found:
    """No row has this dispatch id: the backup was never recorded.

    Detected: the look-up by dispatch_id and by id returns nothing (also without blanks and quotes
    around the id), and whoever asked would have seen the row: SQL by a user from whom row-level
    security hides nothing, or the Data API that shows other rows to the same key. Not where the
    run's own look-up found the row.
    Cause: the app did not insert the row (its `trigger-backup` step failed), inserted it with
    another dispatch_id, or the id was mistyped. For a run of a schedule nobody inserts one, unless
    the workflow does.
    Fix: look at the log of the step that inserts the row; insert the row only for a file that is
    really there.
    By hand: select the row by its dispatch_id (guide, step 3).
    Source: guide, step 1.
    """
    log = case.log
    lines = log.trigger_lines if log else ()
    trigger = (
        (exhibit("log of the trigger step", "\n".join(lines), "workflow log", gh_log(case)),)
        if lines
        else ()
    )
    named = case.dispatch_id or case.asked.backup_id or f"run {case.asked.run_id}"
    return Found(
        summary=f"No row in {case.names.table} belongs to {named!r}.{why_nobody(case)}"
        f"{did_you_mean(seen)}",
        evidence=(
            exhibit("rows found", 0, where(seen), row_query(case)),
            exhibit("would have been seen", shown.by, where(seen)),
            *near_exhibits(seen),
            *trigger,
        ),
        fixes=(who_inserts(case),),
    )


@rules.symptom("row/stuck")
def stuck(seen: RowEvidence, case: Case) -> Found | None:
    """The row is still in progress although the backup is over or overdue.

    Detected: `status` is the in-progress one, and the job that holds the update step has ended, or
    has run longer than usual; where GitHub cannot be asked, the row is older than `stuck_after`.
    Cause: both ways to update the row failed, or were never reached: see the causes.
    Fix: resolve the root cause, then run the fix SQL for the row.
    By hand: select the row by its dispatch_id (guide, step 3).
    Source: guide, step 3.
    """
    if row_state(case) is not RowState.IN_PROGRESS or not is_over(case):
        return None
    return Found(
        summary=f"The row has been {case.names.in_progress!r}{for_how_long(case)}",
        evidence=row_exhibits(seen, case),
    )


@rules.symptom("row/s3-key-null")
def s3_key_null(seen: RowEvidence, case: Case) -> Found | None:
    """The row names no file: the update step did not get through.

    Detected: `s3_key` is NULL in a row whose backup is over.
    Cause: the update step failed or was not reached.
    Fix: the fix SQL fills in the key of the file that was found.
    By hand: select the row's s3_key (guide, step 3).
    Source: guide, step 3.
    """
    stuck_or_failed = row_state(case) in (RowState.IN_PROGRESS, RowState.FAILED, RowState.OTHER)
    row = seen.newest
    if row is None or row.s3_key or not stuck_or_failed or not is_over(case):
        return None
    if not case.names.column("s3_key"):
        return None
    # Another word than that it is in progress may be what the update itself wrote.
    open_still = row_state(case) is RowState.IN_PROGRESS and not written_by(case)
    reached = ": the update never reached the row" if open_still else ""
    return Found(summary=f"s3_key is NULL{reached}.")


@rules.symptom("row/failed")
def failed(seen: RowEvidence, case: Case) -> Found | None:
    """The pipeline recorded that this backup failed.

    Detected: `status` is the failed one.
    Cause: what `error_text` and the workflow's log say.
    Fix: resolve the root cause, then make the backup again; a failed row is left as it is.
    By hand: select the row's status and error_text (guide, step 3).
    Source: guide, step 3.
    """
    if row_state(case) is not RowState.FAILED:
        return None
    row = seen.newest
    said = f": {row.error_text.strip().rstrip('.')}" if row and row.error_text else ""
    return Found(summary=f"The row records a failure{said}.", evidence=row_exhibits(seen, case))


@rules.symptom("row/cancelled")
def cancelled(seen: RowEvidence, case: Case) -> Found | None:
    """Somebody, or the app, recorded that this backup was cancelled.

    Detected: `status` is the cancelled one.
    Cause: a person cancelled the backup in the app, or the app gave it up. Its run may have gone on
    all the same.
    Fix: start a new backup if you need one; a cancelled row is left as it is.
    By hand: select the row's status and error_text (guide, step 3).
    Source: the app's own status word; guide, step 3.
    """
    if row_state(case) is not RowState.CANCELLED:
        return None
    row = seen.newest
    said = f": {row.error_text.strip().rstrip('.')}" if row and row.error_text else ""
    return Found(
        summary=f"The backup was recorded as cancelled{said}.", evidence=row_exhibits(seen, case)
    )


@rules.cause(
    "row/incomplete",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("row/trigger-interferes",),
    traits=(Trait.SPOILS_SUCCESS,),
)
def incomplete(seen: RowEvidence, case: Case) -> Found | None:
    """The row says success, but its key, size or finish time is missing.

    Detected: `status` is the success one and s3_key, size_bytes or finished_at is NULL or empty,
    though the table has that column and another good row a value in it.
    Cause: what updated the row did not have the value (an empty variable in the update step),
    or does not write that column.
    Fix: the fix SQL fills in what the object itself tells; make the update step send the value.
    By hand: select the row by its dispatch_id (guide, step 3).
    Source: guide, step 3.
    """
    if row_state(case) is not RowState.INCOMPLETE:
        return None
    return Found(
        summary=f"The row says {case.names.success!r}, but {_what_it_lacks(case)}.",
        evidence=row_exhibits(seen, case),
        fixes=_send_values(seen, case),
    )


# What the value of a column must be, where one is there that is nothing of the kind.
_KINDS = {"s3_key": "text", "size_bytes": "a whole number of bytes", "finished_at": "a time"}


def _what_it_lacks(case: Case) -> str:
    """The columns that are empty, and those whose value is not what it should be."""
    values = case.backup.values if case.backup else {}
    odd = {
        name: value
        for name in missing_columns(case)
        if (value := values.get(case.names.column(name))) not in (None, "")
    }
    empty = [name for name in missing_columns(case) if name not in odd]
    told = [f"has no {listed(empty)}"] if empty else []
    told += [f"its {name} is {value!r}, which is not {_KINDS[name]}" for name, value in odd.items()]
    return listed(told)


def _send_values(seen: RowEvidence, case: Case) -> tuple[Fix, ...]:
    """How the next row gets what this one lacks; what the table computes nobody can send."""
    known, lacking = table_of(seen), missing_columns(case)
    columns = [known.column(case.names.column(name)) for name in lacking] if known else []
    computed = [one for one in columns if one is not None and one.generated]
    fixes = [
        manual(
            f"Let the update write what {one.name} is computed from",
            f"The table computes {one.name} by itself ({one.default}); nothing was written there.",
        )
        for one in computed
    ]
    if len(computed) == len(lacking):
        return tuple(fixes)
    every = manual(
        "Make the update step send every value",
        "Check that S3_KEY and BACKUP_SIZE are set when the update step runs, and that the "
        "function and the fallback both write s3_key, size_bytes and finished_at.",
    )
    return (to_its_writer(case, every), *fixes)


@rules.warning("row/wrong-run")
def wrong_run(seen: RowEvidence, case: Case) -> Found | None:
    """The row's workflow_run_id is another dispatch's run.

    Detected: the run that the row names carries another dispatch id in its title.
    Cause: the app stored the latest run it saw instead of its own; overlapping dispatches.
    Fix: let the workflow itself write its run id, or take it from the dispatch's answer.
    By hand: open the run that the row names and read its title.
    Source: GitHub, workflow syntax, `run-name`.
    """
    workflow, row = case.workflow, seen.newest
    other = workflow.run_title_dispatch if workflow else None
    if row is None or not row.workflow_run_id or not other or is_same_id(other, row.dispatch_id):
        return None
    return Found(
        summary=f"The row names run {row.workflow_run_id}, which belongs to dispatch {other!r}.",
        evidence=row_exhibits(seen, case),
    )
