"""Whether the table and its columns are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backup_doctor.checks.row.column_fixes import add_column, fixes_for
from backup_doctor.checks.row.view import SOMETIMES_WRITTEN, WRITTEN, both_told, table_of, where
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import RowEvidence, Table
from backup_doctor.evidence.sql import literal
from backup_doctor.evidence.workflow import Held
from backup_doctor.judge.framework import Found, Resolved, Rules, needs
from backup_doctor.judge.history import (
    BOTH_WRITES,
    absence_of_table,
    database_then,
    fallback_call,
    function_call,
    proved_where_open,
    table_beside,
    weigh,
)
from backup_doctor.judge.history.beside import schema_beside, triggers_beside
from backup_doctor.judge.show import exhibit, listed, log_lines, manual, table
from backup_doctor.judge.traits import SqlRefusal, Trait
from backup_doctor.services.meaning import database_meaning, gateway_meaning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.base import Shown
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


rules = Rules[RowEvidence]()
BAD_REQUEST = 400


def _has_no_table(case: Case, _values: Mapping[str, Any]) -> bool:
    return case.row is not None and case.row.table is None


@rules.cause(
    "row/table-missing",
    breaks=BOTH_WRITES,
    traits=(
        Trait.AFTER_KEY,
        Trait.OF_TABLE,
        Trait.HIDES_ROW,
        Trait.FAILS_LOOK_UP,
        Trait.NAMED_BY_STEP,
    ),
    refuses_sql=SqlRefusal(shown=_has_no_table, sqlstates=("42P01", "3F000"), seen_by_plan=True),
)
@needs(absence_of_table)
def table_missing(seen: RowEvidence, case: Case, shown: Shown) -> Found | None:
    """The pipeline's table does not exist in this database.

    Detected: the catalogue has no such table, and the run, its log or its update step names it; or the
    log's answer was PGRST205 or 42P01 and the catalogue cannot be asked. If nothing shows that the
    pipeline's table has this name, it may only be called otherwise: the row is then unknown. If the
    answer names another table (of a trigger, of the function), it is told of that one.
    Cause: the migration was not applied, or the table was renamed or moved to another schema.
    Fix: apply the migration.
    By hand: `SELECT to_regclass('public.backup_history');`
    Source: PostgREST errors, PGRST205; guide, step 3.
    """
    gone = None if isinstance(seen.table, Unseen) else seen.table is None
    other = None if gone else _missing_beside(case)
    then = database_then(case, "row/table-missing")
    if gone:
        then = {Link.ROW_CREATED: None, **then}
    if other:
        then = proved_where_open(then)
    weight = weigh(then, now=gone or None, case=case)
    if weight is None:
        return None
    if other:
        return weight.found(
            f"The database knows no {other}, which the pipeline uses beside {case.names.table}.",
            log_lines(case, "answer of the function", function_call(case))
            + log_lines(case, "answer to the update", fallback_call(case)),
            (_name_rightly(case, "row/table-missing", f"Create the {other}"),),
        )
    similar = () if isinstance(seen.server, Unseen) else seen.server.similar_tables
    hint = f" There is {listed(similar)}." if similar else ""
    return weight.found(
        f"The table {case.names.table} does not exist.{hint}",
        (
            exhibit("table", None if gone else case.names.table, where(seen), _regclass(case)),
            exhibit("that the pipeline uses it", shown.by, "run"),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (
            manual(
                "Apply the migration, or name the right table",
                "Create the table with the project's migration (supabase db push), or set `table` "
                "in backup-doctor.toml if it has another name.",
            ),
        ),
        resolved=Resolved(by="the table is there") if gone is False else None,
    )


def _missing_beside(case: Case) -> str | None:
    """The other table, or schema, of which the log says that it is not there."""
    if other := table_beside(case, "row/table-missing"):
        return f"table {other}"
    other = schema_beside(case)
    return f"schema {other}" if other else None


def _regclass(case: Case) -> str:
    return f"SELECT to_regclass({literal(table(case))});"


def _lacks_column(case: Case, values: Mapping[str, Any]) -> bool:
    """Whether the table lacks a column that the statement writes."""
    known, row = table_of(case.row) if case.row else None, case.backup
    there = {column.name for column in known.columns} if known else set(row.values if row else ())
    return bool(there) and any(case.names.column(name) not in there for name in values)


@rules.cause(
    "row/column-missing",
    breaks=BOTH_WRITES,
    traits=(Trait.AFTER_KEY, Trait.OF_TABLE, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
    refuses_sql=SqlRefusal(
        shown=_lacks_column, sqlstates=("42703",), seen_by_plan=True, adds_column=True
    ),
)
def column_missing(seen: RowEvidence, case: Case) -> Found | None:
    """The table lacks a column that the update writes.

    Detected: the log's answer names a missing column (PGRST204, 42703) that the catalogue does not have. Where
    an update was refused without a word, or no backup is asked about and the table has no good row yet, a
    default column that is not there is a suspicion: not every pipeline writes all of them.
    Cause: a migration that was not applied, or a renamed column.
    Fix: add the column, or name it in the configuration under `columns` (`false` if there is none).
    By hand: `SELECT column_name FROM information_schema.columns WHERE table_name = 'backup_history';`
    Source: PostgREST errors, PGRST204.
    """
    known = table_of(seen)
    if known is None:
        return _by_the_row(seen, case)
    named = column_named_in_log(case)
    other = table_beside(case, "row/column-missing")
    if named and other:
        return _of_another_table(named, other, case)
    columns = (named,) if named and known.column(named) is None else ()
    then = database_then(case, "row/column-missing")
    if named and not columns and _postgres_named(case):
        # PostgreSQL itself missed it, not a cache: it was made since.
        columns, then = (named,), proved_where_open(then)
    if case.is_preflight and (next_one := _of_the_next(known, case)):
        return next_one
    suspected = () if columns else _suspected(seen, known, case)
    lacks = known.column(columns[0]) is None if columns else bool(suspected)
    if columns and lacks:
        then |= _named_by(columns[0], case)
    weight = weigh(then, now=lacks or None, case=case) if columns or suspected else None
    if weight is None:
        return None
    there = Resolved(by="the table has every column that the update writes")
    resolved = None if lacks else there
    return weight.found(
        f"The table {case.names.table} {'had' if weight.is_over(resolved) else 'has'} no column "
        f"{listed(columns or suspected)}.",
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
        fixes_for(case, columns, there=tuple(one.name for one in known.columns))
        or tuple(add_column(case, column) for column in suspected),
        resolved=resolved,
        weak=bool(suspected),
    )


def _of_the_next(known: Table, case: Case) -> Found | None:
    """A column that the script of the last good run writes itself, and that is not there any more."""
    held = case.workflow.held if case.workflow else None
    if not isinstance(held, Held):
        return None
    gone = tuple(name for name in held.columns if known.column(name) is None)
    if not gone:
        return None
    both = set(gone) & set(held.handed)
    return Found(
        summary=f"The table {case.names.table} has no column {listed(gone)}, which the update step writes.",
        evidence=(exhibit("columns", [one.name for one in known.columns], "database", None),),
        fixes=tuple(add_column(case, column) for column in gone),
        breaks=BOTH_WRITES if both else BOTH_WRITES[1:],
    )


def _by_the_row(seen: RowEvidence, case: Case) -> Found | None:
    """Without the catalogue a whole row shows which columns there are; an answer alone does not.

    The Data API hands over what PostgreSQL has, and takes only what stands in its cache.
    """
    named, row = column_named_in_log(case), seen.newest
    if named is None or row is None or not row.values or table_beside(case, "row/column-missing"):
        return None
    weight = weigh(
        database_then(case, "row/column-missing"),
        now=True if named not in row.values else None,
        case=case,
    )
    if weight is None or not weight.holds:
        return None
    return weight.found(
        f"The table {case.names.table} has no column {named}.",
        (
            exhibit("columns of the row", sorted(row.values), where(seen), None),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        fixes_for(case, (named,), there=tuple(row.values)),
    )


def _named_by(column: str, case: Case) -> dict[Link, bool | None]:
    """The direct update, if its own answer names the column, which is not there either: then it is proved."""
    named = re.search(rf"\b{re.escape(column)}\b", fallback_call(case).body)
    return {Link.FALLBACK_UPDATES: True} if named else {}


def _of_another_table(column: str, other: str, case: Case) -> Found | None:
    """A column that the log misses in a table that is not the one of the backups."""
    then = proved_where_open(database_then(case, "row/column-missing"))
    weight = weigh(then, now=None, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The table {other}, which the pipeline uses beside {case.names.table}, had no column {column}.",
        log_lines(case, "answer of the function", function_call(case))
        + log_lines(case, "answer to the update", fallback_call(case)),
        (_name_rightly(case, "row/column-missing", f"Give {other} the column {column}"),),
    )


def _name_rightly(case: Case, code: str, otherwise: str) -> Fix:
    triggers = listed(one.name for one in triggers_beside(case, code))
    user = (
        f"The trigger {triggers} uses it, so that an update by hand fails too."
        if triggers
        else "See who uses it: a trigger of the table, the function, or the script of the update."
    )
    return manual(
        "Correct what names it, or make it",
        f"{user} Correct the name there. {otherwise} where that was meant.",
    )


def _suspected(seen: RowEvidence, known: Table, case: Case) -> tuple[str, ...]:
    """The guide's columns that nobody named and that are not there, where that may be why."""
    untried = case.is_preflight and not seen.has_good
    if not untried and not _refused_without_words(case):
        return ()
    maybe = SOMETIMES_WRITTEN if untried or _bare_400(case) else ()
    return lacking(known, case, WRITTEN) or lacking(known, case, maybe)


def _refused_without_words(case: Case) -> bool:
    """Whether an update was refused, and the log does not say why."""
    return any(
        call.outcome is Outcome.REFUSED
        and not database_meaning(call.body)
        and not gateway_meaning(call.status, call.body)
        for call in (function_call(case), fallback_call(case))
    )


def _bare_400(case: Case) -> bool:
    """Whether the direct update was refused as PostgREST refuses an unknown column, without its words."""
    call = fallback_call(case)
    return call.status == BAD_REQUEST and not call.body.strip()


def lacking(known: Table, case: Case, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the guide's columns that nobody named are not there."""
    unnamed = (name for name in wanted if f"columns.{name}" not in case.names.given)
    names = (case.names.column(name) or name for name in unnamed)
    return tuple(name for name in names if known.column(name) is None)


def column_named_in_log(case: Case) -> str | None:
    """The column that the answers in the log say is not there."""
    match = re.search(
        r"the '([^']+)' column"
        r"|column \\?\"?(?:\w+\.)?(\w+)\\?\"? (?:of relation \S+ )?does not exist",
        both_told(case),
    )
    return (match.group(1) or match.group(2)) if match else None


def _postgres_named(case: Case) -> bool:
    """Whether PostgreSQL's own message in the log misses a column of this very table."""
    table = re.escape(case.names.table_name)
    missed = rf'column \S+ of relation \\?"?(?:\w+\.)?{table}\\?"? does not exist'
    return re.search(missed, both_told(case)) is not None
