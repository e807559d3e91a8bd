"""What of the table's constraints and types refuses the update: the value, and what may take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backup_doctor.checks.row.altering import VIEWS
from backup_doctor.checks.row.constraint_fixes import (
    PARTITION,
    UNIQUE,
    UNTRIED,
    let_pass,
    let_pass_beside,
    other_status,
    widen,
)
from backup_doctor.checks.row.constraint_told import name_in_log, row_sent, status_sent
from backup_doctor.checks.row.failure_word import failure_refused, refusing_failure
from backup_doctor.checks.row.types import refused_types, refused_values, told_of_other
from backup_doctor.checks.row.unwritable import (
    has_no_identity,
    is_writable_now,
    let_write,
    refused_by_view,
    without_identity,
)
from backup_doctor.checks.row.view import both_told, message_told, table_of, where, where_else
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    database_then,
    fallback_call,
    function_call,
    names_ours,
    table_beside,
    weigh,
)
from backup_doctor.judge.history.beside import triggers_beside
from backup_doctor.judge.history.status_words import word_of_update
from backup_doctor.judge.show import exhibit, listed, log_lines, manual, table
from backup_doctor.judge.traits import SqlRefusal, Trait
from backup_doctor.services.meaning import VALUE_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.chain import Link
    from backup_doctor.evidence.findings import Exhibit, Fix
    from backup_doctor.evidence.rls import RefusedValue
    from backup_doctor.evidence.row import Constraint

rules = Rules[RowEvidence]()

# PostgreSQL has it where a table that is published has no replica identity.
NOT_IN_STATE = "55000"
_NO_PARTITION = "no partition of relation"


def _refuses_status(case: Case, values: Mapping[str, Any]) -> bool:
    """The verdicts are on the pipeline's own values: they speak of the statement that writes these.

    Of one that writes a failure, a CHECK that lists the words for a status tells.
    """
    if values.get("status") == case.names.failed:
        return refusing_failure(case) is not None
    same = values.get("status") == case.names.success == word_of_update(case)
    return same and bool(_refusing(case) or refused_values(case))


def _untried_refuses(case: Case, values: Mapping[str, Any]) -> bool:
    """Whether what refused the update, and can only be tried by a write, is there still.

    A foreign key and an EXCLUDE are of the columns that the statement writes, or leave it alone.
    """
    if has_no_identity(case):
        return True
    if case.row is None or values.get("status") != case.names.success:
        return False
    told = _named_in_log(case, case.row)
    if told is None:
        return refused_by_view(case)
    written = {case.names.column(name) for name in values}
    of_these = not told.columns or bool(written & set(told.columns))
    return told.kind in UNTRIED and told.accepts is None and of_these


@rules.cause(
    "row/constraint-rejects",
    breaks=BOTH_WRITES,
    yields_to=("row/trigger-interferes",),
    traits=(Trait.AFTER_KEY, Trait.OF_TABLE, Trait.CONFLICTS, Trait.NAMED_BY_STEP),
    refuses_sql=SqlRefusal(
        shown=_refuses_status,
        sqlstates=(*VALUE_CLASSES, NOT_IN_STATE),
        by_constraint=True,
        left_open=_untried_refuses,
    ),
)
def constraint_rejects(seen: RowEvidence, case: Case) -> Found | None:
    """A constraint refuses the update that the pipeline makes.

    Detected: the constraint, evaluated on the row as the pipeline would write it, is false; or a type
    cannot take one of its values (a run's number that is larger than an integer, a time in a column
    of numbers); or the log's answer was 23514, 23502, 23505, 23503, 22001, or that an enum has no such
    value. What was sent is read from PostgreSQL's "Failing row contains", or from the update step's
    script. A CHECK that lists the words for a status, and not the one for a failure, is a warning where
    a failure is what is left to record.
    Cause: a CHECK that does not know the status `success`, a NOT NULL column that the update sets
    to NULL, a UNIQUE key that another row has, a foreign key, an EXCLUDE, a type or domain that is too
    narrow, a partition that is missing, a column that the table computes, a view that would not show
    the row; or what a trigger writes to another table.
    Fix: change the constraint, or the value that the pipeline writes.
    By hand: `SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'backup_history'::regclass;`
    Source: PostgreSQL SQLSTATE class 23.
    """
    refusing, types = _refusing(case), refused_types(case)
    told, sent = _named_in_log(case, seen), status_sent(case, seen)
    still = told is not None and sent is not None and _knows_not(told, sent)
    now = True if refusing or types or still or has_no_identity(case) else None
    weight = weigh(_then(case), now=now, case=case)
    if weight is None:
        return failure_refused(seen, case)
    # What the log names comes first: the others would refuse the update as well.
    first = (told,) if told and told not in refusing else ()
    blamed = first + (refusing if told or not table_beside(case, "row/constraint-rejects") else ())
    evidence = (
        *(_shown_type(one, seen, case) for one in types),
        *(_shown(one, seen, case) for one in blamed),
        *log_lines(case, "answer of the function", function_call(case)),
        *log_lines(case, "answer to the update", fallback_call(case)),
    )
    if told and sent and sent != case.names.success:
        return weight.found(
            f"The update writes the status {sent!r}, which {told.name} does not allow.",
            evidence,
            other_status(case, told, sent),
        )
    resolved = is_writable_now(seen, case) or _passes_now(case, seen, told, sent)
    return weight.found(
        _summary(case, blamed, types, weight.breaks, over=weight.is_over(resolved)),
        evidence,
        _fixes(seen, case, blamed, types),
        resolved=resolved,
    )


def _then(case: Case) -> dict[Link, bool | None]:
    """What the log proves; a value that does not fit, and is not the size, is told of by other codes too."""
    if told_of_other(case):
        return database_then(
            case, "row/constraint-rejects", "row/size-overflow", "workflow/fallback-failed"
        )
    return database_then(case, "row/constraint-rejects")


def _refusing(case: Case) -> tuple[Constraint, ...]:
    evaluated = case.rls.constraints if case.rls else ()
    if isinstance(evaluated, Unseen):
        return ()
    return tuple(one for one in evaluated if one.accepts is False)


def _shown_type(one: RefusedValue, seen: RowEvidence, case: Case) -> Exhibit:
    """What the column's type said of the value: to the doctor, or in the log."""
    whence = where(seen) if one in refused_values(case) else "workflow log"
    return exhibit(f"{one.column} {one.type}", one.message, whence)


def _summary(
    case: Case,
    blamed: tuple[Constraint, ...],
    types: tuple[RefusedValue, ...],
    links: tuple[Link, ...],
    *,
    over: bool,
) -> str:
    if types and not blamed:
        one = types[0]
        return f"{one.column} ({one.type}) cannot take what the update writes: {one.message}."
    held = next((one for one in blamed if one.kind in UNIQUE and one.holder), None)
    if held:
        return (
            f"The update would give this row what row {held.holder} has already "
            f"({listed(held.columns)}), and {held.name} allows that once."
        )
    if any(one.kind == PARTITION for one in blamed):
        return f"{case.names.table} has no partition for the row that the update makes of this one."
    named = listed(map(_named_with_partitions, blamed)) or name_in_log(case)
    other = None if blamed else table_beside(case, "row/constraint-rejects")
    if other and _NO_PARTITION in both_told(case):
        return f"The table {other} has no partition for what is written to it beside {case.names.table}."
    of = f" of the table {other}, which is {where_else(case)}" if other else ""
    if named or other:
        violates = "made violated" if over else "makes violates"
        return f"The update that the pipeline {violates} {named or 'a constraint'}{of}."
    said = f"PostgreSQL refuses the update that the pipeline makes{message_told(case, links)}."
    return without_identity(case) or said


def _named_with_partitions(one: Constraint) -> str:
    """Its name, and where it is if the table itself does not have it."""
    return f"{one.name} of {listed(one.partitions)}" if one.partitions else one.name


def _shown(one: Constraint, seen: RowEvidence, case: Case) -> Exhibit:
    """The constraint; of a unique key the row that has it."""
    if one.kind in UNIQUE and one.holder:
        key = identifier(case.names.column("id"))
        row = f"SELECT * FROM {table(case)} WHERE {key} = {literal(one.holder)};"
        return exhibit(f"has {listed(one.columns)} already", f"row {one.holder}", where(seen), row)
    return exhibit(f"constraint {one.name}", one.definition, where(seen), _constraints(case))


def _fixes(
    seen: RowEvidence,
    case: Case,
    blamed: tuple[Constraint, ...],
    types: tuple[RefusedValue, ...],
) -> tuple[Fix, ...]:
    if blamed or types:
        widened = (fix for one in types for fix in widen(case, one))
        return (*widened, *(fix for one in blamed for fix in let_pass(case, one)))
    return _let_pass_beside(case) or let_write(seen, case) or _look_at(seen, case)


def _let_pass_beside(case: Case) -> tuple[Fix, ...]:
    other = table_beside(case, "row/constraint-rejects")
    if other is None:
        return ()
    triggers = triggers_beside(case, "row/constraint-rejects")
    if _NO_PARTITION in both_told(case):
        return let_pass_beside(case, f"Give {other} the partition that it lacks", triggers)
    named = name_in_log(case) or "its constraint"
    what = f"Let what is written to {other} satisfy {named}, or change {named}"
    return let_pass_beside(case, what, triggers)


def _look_at(seen: RowEvidence, case: Case) -> tuple[Fix, ...]:
    """What to do of a constraint that only the log tells of, where the catalogue could not be read."""
    named = name_in_log(case)
    known = table_of(seen)
    if named is None or (known is not None and known.kind not in VIEWS):
        return ()
    return (
        manual(
            f"Let the update write what {named} allows, or change {named}",
            f"What it allows is not known here. In the SQL editor: SELECT pg_get_constraintdef(oid) FROM "
            f"pg_constraint WHERE conname = {literal(named)};",
        ),
    )


def _named_in_log(case: Case, seen: RowEvidence) -> Constraint | None:
    """The constraint that the log names, with its verdict where it was evaluated."""
    named, known = name_in_log(case), table_of(seen)
    other = table_beside(case, "row/constraint-rejects")
    if other and known and known.kind == "table":
        return None  # Another table's of the same name; of a partitioned one, a partition has it.
    evaluated = case.rls.constraints if case.rls else ()
    candidates = (
        *(() if isinstance(evaluated, Unseen) else evaluated),
        *(known.constraints if known else ()),
    )
    return next((one for one in candidates if one.name == named), None)


def _knows_not(constraint: Constraint, status: str) -> bool:
    """Whether it is a CHECK that lists words, and not this one."""
    return (
        constraint.kind == "c"
        and "'" in constraint.definition
        and f"'{status}'" not in constraint.definition
        and constraint.accepts is not False
    )


def _passes_now(
    case: Case, seen: RowEvidence, told: Constraint | None, sent: str | None
) -> Resolved | None:
    """The constraint is gone, or allows now the very values that were sent."""
    known, named = table_of(seen), name_in_log(case)
    if names_ours(case, "row/constraint-rejects") and _has_partition(case):
        return Resolved(by="it has the partition now")
    if known is None or named is None or known.kind in VIEWS:
        return None  # A view has none: the table behind it, of whatever schema, has.
    if told is None and not names_ours(case, "row/constraint-rejects"):
        return None  # It may be another table's.
    if told is None:
        return Resolved(by=f"the table has no constraint {named} any more")
    row = row_sent(case, seen)
    written = case.rls.written if case.rls else {}
    again = {case.names.column(name): value for name, value in written.items()}
    same = all(row.get(name) == again.get(name) for name in told.columns)
    if told.kind == "c" and told.accepts and sent and same:
        return Resolved(by=f"{named}, evaluated on what was sent, allows it")
    return None


def _has_partition(case: Case) -> bool:
    """Whether a partition takes the row now, and the log says that none did."""
    evaluated = case.rls.constraints if case.rls else ()
    judged = () if isinstance(evaluated, Unseen) else evaluated
    takes = any(one.kind == PARTITION and one.accepts for one in judged)
    return takes and _NO_PARTITION in both_told(case)


def _constraints(case: Case) -> str:
    return (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE conrelid = {literal(table(case))}::regclass;"
    )
