"""Whether the table and its columns are there, for PostgreSQL and for PostgREST."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checks.row.view import SOMETIMES_WRITTEN, WRITTEN, api_text, table_of, where
from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.log import NOT_SAID
from doctor.evidence.row import RowEvidence, Table
from doctor.framework import Found, Rules
from doctor.model import Fix, Risk
from doctor.show import (
    exhibit,
    listed,
    log_lines,
    manual,
    sql,
    table,
)
from doctor.signatures import database_meaning
from doctor.sql import identifier, literal
from doctor.story import (
    BOTH_WRITES,
    database_then,
    fallback_call,
    function_told,
    proved_where_open,
    weigh,
)

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[RowEvidence]()
BAD_REQUEST = 400


@rules.cause("row/table-missing", breaks=BOTH_WRITES)
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


@rules.cause("row/column-missing", breaks=BOTH_WRITES)
def column_missing(seen: RowEvidence, case: Case) -> Found | None:
    """The table lacks a column that the update writes.

    Detected: the catalogue lacks s3_key, status, size_bytes or finished_at (under the configured
    names), or the log's answer names a missing column (PGRST204, 42703). With no backup in hand, or
    where the log has a 400 without its words, a missing error_text or workflow_run_id is a suspicion:
    not every pipeline writes them.
    Cause: a migration that was not applied, or a renamed column.
    Fix: add the column, or name it in the configuration under `columns`.
    By hand: `SELECT column_name FROM information_schema.columns WHERE table_name = 'backup_history';`
    Source: PostgREST errors, PGRST204.
    """
    known = table_of(seen)
    if known is None:
        # An answer alone does not tell it from a stale cache.
        return None
    lacking = _lacking(known, case, WRITTEN)
    named = _column_named_in_log(case)
    if named and known.column(named) is None and named not in lacking:
        lacking = (*lacking, named)
    wanted = case.is_preflight or _bare_400(case)
    maybe = _lacking(known, case, SOMETIMES_WRITTEN) if wanted else ()
    columns = lacking or maybe
    then = database_then(case, "row/column-missing")
    if named and _postgres_named(case):
        # PostgreSQL itself missed it, not a cache: it was made since.
        columns = columns or (named,)
        then = proved_where_open(then)
    weight = weigh(then, now=bool(lacking or maybe), case=case)
    if weight is None:
        return None
    return weight.found(
        f"The table {case.names.table} {'had' if weight.healed else 'has'} no column "
        f"{listed(columns)}.",
        (
            exhibit(
                "columns",
                [column.name for column in known.columns],
                where(seen),
                "SELECT column_name FROM information_schema.columns "
                f"WHERE table_name = {literal(case.names.table_name)};",
            ),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        tuple(_add_column(case, column) for column in columns),
        weak=not lacking,
    )


def _bare_400(case: Case) -> bool:
    """Whether the direct update was refused as PostgREST refuses an unknown column, without its words."""
    call = fallback_call(case)
    return call.status == BAD_REQUEST and not call.body.strip()


def _lacking(known: Table, case: Case, wanted: tuple[str, ...]) -> tuple[str, ...]:
    names = (case.names.column(name) for name in wanted)
    return tuple(name for name in names if known.column(name) is None)


def _told(case: Case) -> str:
    """What both writes were answered, by the log."""
    return f"{function_told(case)}\n{fallback_call(case).body}"


def _column_named_in_log(case: Case) -> str | None:
    match = re.search(
        r"the '([^']+)' column|column \"?(?:\w+\.)?(\w+)\"? (?:of|does not exist)", _told(case)
    )
    return (match.group(1) or match.group(2)) if match else None


def _postgres_named(case: Case) -> bool:
    """Whether PostgreSQL's own message in the log misses a column of this very table."""
    table = re.escape(case.names.table_name)
    missed = rf'column \S+ of relation \\?"?(?:\w+\.)?{table}\\?"? does not exist'
    return re.search(missed, _told(case)) is not None


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


@rules.cause("row/schema-cache-stale", breaks=BOTH_WRITES)
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
    known = table_of(seen)
    if known is None or _lacking(known, case, WRITTEN):
        return None
    named = _column_named_in_log(case)
    if named and known.column(named) is None:
        return None
    now = None if isinstance(seen.api, Unseen) else seen.api.code in ("PGRST204", "PGRST205")
    if named and not now:
        # The doctor's own look-up does not ask for that column.
        now = None
    then = database_then(case, "row/schema-cache-stale")
    if _says_unknown(case):
        # The message is PGRST204 or PGRST205 and the thing exists: that is what stale means.
        then = proved_where_open(then)
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        "PostgREST's schema cache is stale: it does not know what the database has.",
        (
            *log_lines(case, "answer to the update", fallback_call(case)),
            exhibit("Data API now", api_text(seen), "Data API", None),
        ),
        (sql("Reload the schema cache", "NOTIFY pgrst, 'reload schema';", Risk.LOW),),
    )


def _says_unknown(case: Case) -> bool:
    """Whether PostgREST itself said in the log that it does not know the thing; a 404 may be anyone's."""
    look_up = case.log.lookup_call if case.log else NOT_SAID
    texts = (function_told(case), fallback_call(case).body, look_up.body)
    return any("row/schema-cache-stale" in database_meaning(text) for text in texts)
