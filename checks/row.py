"""Guide step 3: what the row in backup_history says, and what its table allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from doctor.chain import Link
from doctor.evidence.base import Unseen, Why
from doctor.evidence.log import Outcome
from doctor.evidence.row import RowEvidence, Table, Trigger
from doctor.framework import Check, Found
from doctor.model import Exhibit, Fix, Risk, Role, Severity
from doctor.show import (
    duration,
    exhibit,
    listed,
    log_command,
    log_lines,
    manual,
    row_query,
    size,
    sql,
    table,
)
from doctor.sql import identifier, literal
from doctor.story import (
    BOTH_WRITES,
    RowState,
    database_then,
    fallback_call,
    fallback_said,
    function_call,
    function_said,
    is_over,
    missing_columns,
    row_age,
    row_state,
    weigh,
)

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.evidence.rls import RefusedValue

check = Check(
    name="row",
    step=3,
    title="Row in backup_history",
    evidence=RowEvidence,
    collected_by="doctor.collectors.row:look",
)

INTEGER_LIMITS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
WRITTEN = ("s3_key", "status", "size_bytes", "finished_at")
SOMETIMES_WRITTEN = ("error_text", "workflow_run_id")
OUT_OF_RANGE = "22003"
OVERLOADED = re.compile(r"^(PGRST00[0-3]|53\d{3}|57014)$")


def where(seen: RowEvidence) -> str:
    """The route as the source of evidence."""
    return f"database, by {seen.route}" if seen.route else "database"


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


def _table(seen: RowEvidence) -> Table | None:
    return seen.table if isinstance(seen.table, Table) else None


@check.cause(
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


@check.symptom("row/stuck")
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


@check.symptom("row/s3-key-null")
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


@check.symptom("row/failed")
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
    said = f": {row.error_text}" if row and row.error_text else ""
    return Found(
        summary=f"The pipeline itself recorded a failure{said}.", evidence=row_exhibits(seen, case)
    )


@check.cause("row/duplicate", breaks=Link.ROW_CREATED)
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
    unique = sql(
        "Forbid the next duplicate (once the present ones are gone)",
        f"ALTER TABLE {table(case)} ADD UNIQUE ({identifier(case.names.column('dispatch_id'))});",
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


@check.cause("row/incomplete", breaks=Link.FUNCTION_UPDATES)
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
        summary=f"The row says {case.names.success!r}, but {listed(missing_columns(case))} is missing.",
        evidence=row_exhibits(seen, case),
        fixes=(
            manual(
                "Make the update step send every value",
                "Check that S3_KEY and BACKUP_SIZE are set when the update step runs, and that the "
                "function and the fallback both write s3_key, size_bytes and finished_at.",
            ),
        ),
    )


@check.warning("row/wrong-run")
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


@check.cause("row/table-missing", breaks=BOTH_WRITES)
def table_missing(seen: RowEvidence, case: Case) -> Found | None:
    """The table does not exist in this database.

    Detected: the catalogue has no such table (or the log's answer was PGRST205 or 42P01 and the
    catalogue cannot be asked).
    Cause: the migration was not applied, the table was renamed or moved to another schema, or the
    settings name another project.
    Fix: apply the migration, or set `table` in the configuration.
    By hand: `SELECT to_regclass('public.backup_history');`
    Source: PostgREST errors, PGRST205; guide, step 3.
    """
    gone = None if isinstance(seen.table, Unseen) else seen.table is None
    then = database_then(case, "row/table-missing")
    if gone:
        then = {Link.ROW_CREATED: None, **then}
    weight = weigh(then, now=gone, case=case)
    if weight is None:
        return None
    similar = () if isinstance(seen.server, Unseen) else seen.server.similar_tables
    hint = f" There is {listed(similar)}." if similar else ""
    return weight.found(
        f"The table {case.names.table} does not exist.{hint}",
        (
            exhibit("table", None if gone else case.names.table, where(seen), _regclass(case)),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (
            manual(
                "Apply the migration, or name the right table",
                "Create the table with the project's migration (supabase db push), or set `table` "
                "in backup-doctor.toml if it has another name.",
            ),
        ),
    )


def _regclass(case: Case) -> str:
    return f"SELECT to_regclass({literal(table(case))});"


@check.cause("row/column-missing", breaks=BOTH_WRITES)
def column_missing(seen: RowEvidence, case: Case) -> Found | None:
    """The table lacks a column that the update writes.

    Detected: the catalogue lacks s3_key, status, size_bytes or finished_at (under the configured
    names), or the log's answer names a missing column (PGRST204, 42703).
    Cause: a migration that was not applied, or a renamed column.
    Fix: add the column, or name it in the configuration under `columns`.
    By hand: `SELECT column_name FROM information_schema.columns WHERE table_name = 'backup_history';`
    Source: PostgREST errors, PGRST204.
    """
    known = _table(seen)
    lacking = _lacking(known, case, WRITTEN) if known else ()
    named = _column_named_in_log(case)
    if known and named and known.column(named) is None and named not in lacking:
        lacking = (*lacking, named)
    now = bool(lacking) if known else None
    weight = weigh(database_then(case, "row/column-missing"), now=now, case=case)
    if weight is None or (known and named and not lacking and not weight.healed):
        return None
    columns = lacking or ((named,) if named else ())
    return weight.found(
        f"The table {case.names.table} has no column {listed(columns) or 'that the update writes'}.",
        (
            exhibit(
                "columns",
                [column.name for column in known.columns] if known else None,
                where(seen),
                "SELECT column_name FROM information_schema.columns "
                f"WHERE table_name = {literal(case.names.table_name)};",
            ),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        tuple(_add_column(case, column) for column in columns),
    )


def _lacking(known: Table, case: Case, wanted: tuple[str, ...]) -> tuple[str, ...]:
    names = (case.names.column(name) for name in wanted)
    return tuple(name for name in names if known.column(name) is None)


def _column_named_in_log(case: Case) -> str | None:
    text = f"{function_call(case).body}\n{fallback_call(case).body}"
    match = re.search(
        r"the '([^']+)' column|column \"?(?:\w+\.)?(\w+)\"? (?:of|does not exist)", text
    )
    return (match.group(1) or match.group(2)) if match else None


TYPES = {
    "s3_key": "text",
    "status": "text",
    "size_bytes": "bigint",
    "finished_at": "timestamptz",
    "error_text": "text",
    "workflow_run_id": "text",
}


def _add_column(case: Case, column: str) -> Fix:
    guide_name = next((name for name in TYPES if case.names.column(name) == column), column)
    kind = TYPES.get(guide_name, "text")
    return sql(
        f"Add the column {column}",
        f"ALTER TABLE {table(case)} ADD COLUMN IF NOT EXISTS {identifier(column)} {kind};\n"
        "NOTIFY pgrst, 'reload schema';",
    )


@check.cause("row/schema-cache-stale", breaks=BOTH_WRITES)
def schema_cache_stale(seen: RowEvidence, case: Case) -> Found | None:
    """PostgREST does not know a table or column that exists.

    Detected: the Data API answers PGRST205 or PGRST204 (now, or in the log), and the catalogue has
    the table and its columns.
    Cause: the table or column was made after PostgREST last read the schema, and the reload that
    usually follows did not happen.
    Fix: `NOTIFY pgrst, 'reload schema';`
    By hand: ask the Data API for the row and compare with the catalogue.
    Source: PostgREST, schema cache.
    """
    known = _table(seen)
    if known is None or _lacking(known, case, WRITTEN):
        return None
    named = _column_named_in_log(case)
    if named and known.column(named) is None:
        return None
    now = None if isinstance(seen.api, Unseen) else seen.api.code in ("PGRST204", "PGRST205")
    then = database_then(case, "row/schema-cache-stale")
    in_log = {"row/schema-cache-stale"} & {*function_said(case).codes, *fallback_said(case).codes}
    if in_log:
        # The message is PGRST204 or PGRST205 and the thing exists: that is what stale means.
        then = {link: True if shown is None else shown for link, shown in then.items()}
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        "PostgREST's schema cache is stale: it does not know what the database has.",
        (
            *log_lines(case, "answer to the update", fallback_call(case)),
            exhibit("Data API now", _api(seen), "Data API", None),
        ),
        (sql("Reload the schema cache", "NOTIFY pgrst, 'reload schema';", Risk.LOW),),
    )


def _api(seen: RowEvidence) -> str:
    if isinstance(seen.api, Unseen):
        return seen.api.what
    return f"HTTP {seen.api.status} {seen.api.code or ''} {seen.api.message}".strip()


@check.cause("row/size-overflow", breaks=BOTH_WRITES)
def size_overflow(seen: RowEvidence, case: Case) -> Found | None:
    """The column's type cannot hold the object's size.

    Detected: size_bytes is integer or smallint and the file is larger than its limit (2,147,483,647
    bytes for integer), or the log's answer was 22003.
    Cause: the column was made as `integer`; a backup grew beyond 2 GiB.
    Fix: make the column bigint.
    By hand: `SELECT data_type FROM information_schema.columns WHERE column_name = 'size_bytes';`
    Source: PostgreSQL, numeric types; SQLSTATE 22003.
    """
    known = _table(seen)
    column = known.column(case.names.column("size_bytes")) if known else None
    bytes_made = backup_size(case)
    limit = INTEGER_LIMITS.get(column.type) if column else None
    now = None if limit is None or bytes_made is None else bytes_made > limit
    if _too_large(case):
        now = True
    weight = weigh(database_then(case, "row/size-overflow"), now=now, case=case)
    if weight is None:
        return None
    name = case.names.column("size_bytes")
    made = f" {size(bytes_made)}" if bytes_made is not None else " the backup's size"
    return weight.found(
        f"{name} is {column.type if column else 'too small'} and cannot hold{made}.",
        (
            exhibit("type of the column", column.type if column else None, where(seen), None),
            exhibit("size of the backup", bytes_made, "object or workflow log", None),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (
            sql(
                "Make the column bigint (rewrites the table; locks it meanwhile)",
                f"ALTER TABLE {table(case)} ALTER COLUMN {identifier(name)} TYPE bigint;\n"
                "NOTIFY pgrst, 'reload schema';",
            ),
        ),
    )


def _refused(case: Case) -> tuple[RefusedValue, ...]:
    """The values of the pipeline's update that their column's type cannot take."""
    refused = case.rls.refused_values if case.rls else ()
    return () if isinstance(refused, Unseen) else refused


def _too_large(case: Case) -> tuple[RefusedValue, ...]:
    name = case.names.column("size_bytes")
    return tuple(
        one for one in _refused(case) if one.column == name and one.sqlstate == OUT_OF_RANGE
    )


def backup_size(case: Case) -> int | None:
    """The size of the backup in bytes: of its object (of the last one, before the next), else by the log."""
    if case.object and case.object.present:
        return case.object.present.size
    if case.object and case.object.latest:
        return case.object.latest.size
    log = case.log
    said = log.assignments.get("BACKUP_SIZE", "") if log else ""
    return int(said) if said.isascii() and said.isdigit() else None


@check.cause("row/constraint-rejects", breaks=BOTH_WRITES)
def constraint_rejects(seen: RowEvidence, case: Case) -> Found | None:
    """A constraint refuses the update that the pipeline makes.

    Detected: the constraint, evaluated on the row as the pipeline would write it, is false; or the
    log's answer was 23514, 23502, 23505, 23503, 22001 or 22P02.
    Cause: a CHECK that does not know the status `success`, a NOT NULL column that the update sets
    to NULL, a UNIQUE key that another row has, a foreign key, a type or domain that is too narrow.
    Fix: change the constraint, or the value that the pipeline writes.
    By hand: `SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'backup_history'::regclass;`
    Source: PostgreSQL SQLSTATE class 23.
    """
    evaluated = case.rls.constraints if case.rls else ()
    refusing = (
        ()
        if isinstance(evaluated, Unseen)
        else tuple(one for one in evaluated if one.accepts is False)
    )
    types = tuple(one for one in _refused(case) if one not in _too_large(case))
    could_look = not isinstance(evaluated, Unseen) and _table(seen) is not None and case.rls
    now = True if refusing or types else (False if could_look else None)
    weight = weigh(database_then(case, "row/constraint-rejects"), now=now, case=case)
    if weight is None:
        return None
    if weight.healed and _other_constraint_in_log(case, seen):
        # A kind of constraint that is not evaluated: that it holds now is not known.
        weight = weigh(database_then(case, "row/constraint-rejects"), now=None, case=case) or weight
    names = (*(one.name for one in refusing), *(f"the type of {one.column}" for one in types))
    named = listed(names) or _constraint_in_log(case) or "a constraint"
    return weight.found(
        f"The update that the pipeline makes violates {named}.",
        (
            *(exhibit(f"{one.column} {one.type}", one.message, where(seen), None) for one in types),
            *(
                exhibit(f"constraint {one.name}", one.definition, where(seen), _constraints(case))
                for one in refusing
            ),
            *log_lines(case, "answer of the function", function_call(case)),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        tuple(_drop(case, one.name, one.definition) for one in refusing),
    )


def _other_constraint_in_log(case: Case, seen: RowEvidence) -> bool:
    named = _constraint_in_log(case)
    known = _table(seen)
    return named is None or (
        known is not None
        and any(one.name == named and one.kind != "c" for one in known.constraints)
    )


def _constraint_in_log(case: Case) -> str | None:
    text = f"{function_call(case).body}\n{fallback_call(case).body}"
    match = re.search(r"constraint \\?\"([^\"\\]+)\\?\"", text)
    return match.group(1) if match else None


def _constraints(case: Case) -> str:
    return (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE conrelid = {literal(table(case))}::regclass;"
    )


def _drop(case: Case, name: str, definition: str) -> Fix:
    return sql(
        f"Drop {name}, then add it again as it should be (it is: {definition})",
        f"ALTER TABLE {table(case)} DROP CONSTRAINT IF EXISTS {identifier(name)};",
        Risk.HIGH,
    )


@check.cause("row/trigger-interferes", breaks=BOTH_WRITES)
def trigger_interferes(seen: RowEvidence, case: Case) -> Found | None:
    """A trigger rewrites or refuses the update.

    Detected: the log's answer was an exception raised by a trigger (P0001); or the update was
    reported as done, the row is unchanged, and a trigger of the table sets the status, skips the
    write or raises. A trigger that is merely there is a note.
    Cause: a trigger that guards or normalizes the row and does not know this transition.
    Fix: read the trigger's function, and let the pipeline's transition pass.
    By hand: `SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'backup_history'::regclass AND NOT tgisinternal;`
    Source: PostgreSQL, trigger behaviour.
    """
    known = _table(seen)
    firing = tuple(one for one in known.triggers if one.enabled) if known else ()
    suspects = tuple(one for one in firing if _meddles(one, case))
    now = bool(suspects) if known else None
    then = database_then(case, "row/trigger-interferes", silent=True)
    weight = weigh(then, now=now, case=case)
    evidence = (
        *(
            exhibit(f"trigger {one.name}", one.source.strip() or one.definition, where(seen), None)
            for one in suspects or firing
        ),
        *log_lines(case, "answer of the function", function_call(case)),
        *log_lines(case, "answer to the update", fallback_call(case)),
    )
    if weight is None or (not weight.is_cause and not suspects):
        names = listed(one.name for one in firing)
        note = f"The table has triggers that an update fires: {names}."
        return (
            Found(
                summary=note,
                evidence=evidence,
                breaks=(),
                severity=Severity.INFO,
                role=Role.CONTEXT,
            )
            if firing
            else None
        )
    blamed = listed(one.name for one in suspects or firing) or "a trigger"
    return weight.found(
        f"The trigger {blamed} rewrites or refuses the update.",
        evidence,
        tuple(_disable(case, one) for one in suspects),
        weak=not _silent_success(case) and not (case.is_preflight and any(map(_always, suspects))),
    )


def _silent_success(case: Case) -> bool:
    return Outcome.OK in (function_call(case).outcome, fallback_call(case).outcome)


def _always(trigger: Trigger) -> bool:
    """Whether what the trigger does to an update is under no condition at all."""
    text = re.sub(r"--[^\n]*", "", trigger.source)
    on_condition = re.search(r"\b(if|case|when|loop|exception\s+when)\b", text, re.IGNORECASE)
    return not on_condition and not re.search(r"\bWHEN\s*\(", trigger.definition)


def _meddles(trigger: Trigger, case: Case) -> bool:
    status = re.escape(case.names.column("status"))
    source = re.sub(r"--[^\n]*", "", trigger.source)
    skips = trigger.before and re.search(r"\breturn\s+(null|old)\b", source, re.IGNORECASE)
    sets = re.search(rf"\bnew\.\"?{status}\"?\s*:?=", source, re.IGNORECASE)
    raises = re.search(
        r"\braise\s+(exception|sqlstate|'|[a-z_]+\s*(;|using))", source, re.IGNORECASE
    )
    writes = re.search(
        rf"\bupdate\s+(\w+\.)?\"?{re.escape(case.names.table_name)}\"?\s+(\w+\s+)?set\b",
        source,
        re.IGNORECASE,
    )
    instead = re.search(r"\bdo instead\b", trigger.definition, re.IGNORECASE)
    return bool(skips or sets or raises or writes or instead)


def _disable(case: Case, trigger: Trigger) -> Fix:
    name = identifier(trigger.name)
    return sql(
        f"Switch {trigger.name} off until its function lets the update pass",
        f"ALTER TABLE {table(case)} DISABLE TRIGGER {name};\n"
        f"-- On again: ALTER TABLE {table(case)} ENABLE TRIGGER {name};",
        Risk.HIGH,
    )


@check.cause("row/locked", breaks=BOTH_WRITES)
def locked(seen: RowEvidence, case: Case) -> Found | None:
    """An open transaction holds the row, and the update waited for it in vain.

    Detected: pg_locks shows a transaction, older than the failure, that holds the row or a strong
    lock on the table; or the log's answer was 55P03, 57014 or a deadlock.
    Cause: a console, a migration or a job that began a transaction and never ended it.
    Fix: end that transaction.
    By hand: `SELECT pid, xact_start, state, query FROM pg_stat_activity WHERE state <> 'idle';`
    Source: PostgreSQL, pg_locks.
    """
    holders = () if isinstance(seen.locks, Unseen) else seen.locks
    oldest = min(holders, key=lambda one: one.transaction_start or case.now, default=None)
    since = oldest.transaction_start if oldest else None
    now = None if isinstance(seen.locks, Unseen) else bool(holders)
    weight = weigh(database_then(case, "row/locked"), now=now, since=since, case=case)
    if weight is None:
        return None
    held = ""
    if oldest:
        since_text = f" since {duration(case.now - since)}" if since else ""
        held = f" by process {oldest.pid} ({oldest.application or 'unnamed'}, {oldest.state}){since_text}"
    thing = "table" if case.is_preflight else "row"
    return weight.found(
        f"The {thing} is locked{held}." if oldest else "The row was locked when the update came.",
        (
            *(
                exhibit(
                    f"process {one.pid}",
                    f"{one.mode}: {one.query or one.state}",
                    where(seen),
                    _activity(one.pid),
                )
                for one in holders
            ),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        tuple(
            sql(
                f"End the transaction of process {one.pid} (its work is rolled back)",
                f"SELECT pg_terminate_backend({one.pid});",
                Risk.HIGH,
            )
            for one in holders
        ),
    )


def _activity(pid: int) -> str:
    return f"SELECT pid, xact_start, state, query FROM pg_stat_activity WHERE pid = {pid};"


@check.cause("row/database-read-only", breaks=BOTH_WRITES)
def database_read_only(seen: RowEvidence, case: Case) -> Found | None:
    """The database refuses all writes.

    Detected: new sessions are read-only by default (not the doctor's own), or the log's answer was
    25006, "cannot execute UPDATE in a read-only transaction".
    Cause: Supabase turns the database read-only when its disk is nearly full.
    Fix: free or enlarge the disk, then turn the default off again.
    By hand: `SELECT setdatabase, setconfig FROM pg_db_role_setting;` and `SHOW default_transaction_read_only;`
    Source: Supabase, database size.
    """
    now = None if isinstance(seen.server, Unseen) else seen.server.default_read_only
    weight = weigh(database_then(case, "row/database-read-only"), now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        "The database is read-only: it refuses every write.",
        (
            exhibit(
                "default_transaction_read_only",
                now,
                where(seen),
                "SHOW default_transaction_read_only;",
            ),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (
            manual(
                "Make room, then make the database writable again",
                "Enlarge the disk (Supabase Dashboard → Database → Settings → Disk) or delete data "
                "in a session with `SET default_transaction_read_only = off;`, then wait until the "
                "platform lifts the restriction.",
            ),
        ),
    )


@check.cause("row/api-overloaded", breaks=BOTH_WRITES)
def api_overloaded(seen: RowEvidence, case: Case) -> Found | None:
    """The Data API has no connection left, or its statements time out.

    Detected: PGRST000 to PGRST003, 53300 or 57014, or a 503 or 504 of the Data API: in the log, or now.
    Cause: too many connections, a long-running query, an exhausted instance.
    Fix: find what uses the connections; raise the pool or the instance; let the pipeline retry.
    By hand: `SELECT state, count(*) FROM pg_stat_activity GROUP BY state;`
    Source: PostgREST errors, PGRST003.
    """
    now = None
    if not isinstance(seen.api, Unseen):
        now = bool(seen.api.code and OVERLOADED.match(seen.api.code)) or seen.api.status in (
            503,
            504,
        )
    weight = weigh(database_then(case, "row/api-overloaded"), now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        "The Data API was overloaded: no connection left, or the statement timed out.",
        (
            *log_lines(case, "answer to the update", fallback_call(case)),
            exhibit("Data API now", _api(seen), "Data API", None),
        ),
        (
            manual(
                "Relieve the database, and let the pipeline retry",
                "Look at the open connections and long queries, raise the pool size or the instance, "
                "and let the update step retry on 503 and 504.",
            ),
        ),
    )


@check.context("row/unreachable")
def unreachable(seen: RowEvidence, case: Case) -> Found | None:
    """The row could not be seen: no way to the database worked.

    Detected: every configured route failed: psycopg, the Management API, PostgREST.
    Cause: the doctor's own access; it says nothing about the pipeline.
    Fix: give it one route that works.
    By hand: connect with psql and the same URL.
    Source: the doctor's own connection.
    """
    unconfigured = (Why.NOT_CONFIGURED, Why.NOT_ASKED, Why.NOT_TRUSTED)
    if not isinstance(seen.rows, Unseen) or seen.rows.why in unconfigured:
        return None
    return Found(
        summary=f"The row could not be seen. {seen.rows.what}",
        evidence=tuple(
            exhibit(f"route {one.route}", one.reason.what, "doctor", None) for one in seen.failures
        ),
        fixes=(manual("Give the doctor a way to the database", seen.rows.remedy),)
        if seen.rows.remedy
        else (),
    )
