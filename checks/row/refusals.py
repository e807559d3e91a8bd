"""What in the table refuses the update: types, constraints, triggers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checks.row.view import table_of, where
from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.log import Outcome
from doctor.evidence.row import RowEvidence, Trigger
from doctor.framework import Found, Rules
from doctor.model import Fix, Risk, Role, Severity
from doctor.show import (
    exhibit,
    listed,
    log_lines,
    size,
    sql,
    table,
)
from doctor.sql import identifier, literal
from doctor.story import (
    BOTH_WRITES,
    database_then,
    fallback_call,
    function_call,
    function_told,
    weigh,
)

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.evidence.rls import RefusedValue
    from doctor.evidence.row import Constraint


rules = Rules[RowEvidence]()


INTEGER_LIMITS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


OUT_OF_RANGE = "22003"
NO_SUCH_VALUE = "22P02"


@rules.cause("row/size-overflow", breaks=BOTH_WRITES)
def size_overflow(seen: RowEvidence, case: Case) -> Found | None:
    """The column's type cannot hold the object's size.

    Detected: size_bytes is integer or smallint and the file is larger than its limit (2,147,483,647
    bytes for integer), or the log's answer was 22003.
    Cause: the column was made as `integer`; a backup grew beyond 2 GiB.
    Fix: make the column bigint.
    By hand: `SELECT data_type FROM information_schema.columns WHERE column_name = 'size_bytes';`
    Source: PostgreSQL, numeric types; SQLSTATE 22003.
    """
    known = table_of(seen)
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
    kind = column.type if column else "too small"
    # What type it had when it failed is not known.
    cannot = "could not" if weight.healed else f"is {kind} and cannot"
    return weight.found(
        f"{name} {cannot} hold{made}.",
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


@rules.cause("row/constraint-rejects", breaks=BOTH_WRITES)
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
    could_look = not isinstance(evaluated, Unseen) and table_of(seen) is not None and case.rls
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
        (
            *(_widen(case, one) for one in types),
            *(
                _drop(case, one.name, one.definition)
                for one in refusing or _named_in_log(case, seen)
            ),
        ),
    )


def _named_in_log(case: Case, seen: RowEvidence) -> tuple[Constraint, ...]:
    """The constraint that the log names, of a kind that cannot be evaluated (a foreign key)."""
    named, known = _constraint_in_log(case), table_of(seen)
    constraints = known.constraints if known else ()
    return tuple(one for one in constraints if one.name == named)


def _widen(case: Case, refused: RefusedValue) -> Fix:
    """Let the column's type take the value."""
    column = identifier(refused.column)
    if refused.sqlstate == NO_SUCH_VALUE and "enum" in refused.message:
        return sql(
            f"Let the type {refused.type} have the value",
            f"ALTER TYPE {refused.type} ADD VALUE IF NOT EXISTS {literal(case.names.success)};",
        )
    return sql(
        f"Make {refused.column} text, which takes any length",
        f"ALTER TABLE {table(case)} ALTER COLUMN {column} TYPE text;\n"
        "NOTIFY pgrst, 'reload schema';",
    )


def _other_constraint_in_log(case: Case, seen: RowEvidence) -> bool:
    named = _constraint_in_log(case)
    known = table_of(seen)
    return named is None or (
        known is not None
        and any(one.name == named and one.kind != "c" for one in known.constraints)
    )


def _constraint_in_log(case: Case) -> str | None:
    text = f"{function_told(case)}\n{fallback_call(case).body}"
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


@rules.cause("row/trigger-interferes", breaks=BOTH_WRITES)
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
    known = table_of(seen)
    firing = tuple(one for one in known.triggers if one.enabled) if known else ()
    suspects = tuple(one for one in firing if _meddles(one, case))
    now = bool(suspects) if known else None
    then = database_then(case, "row/trigger-interferes", silent=True)
    if fallback_call(case).outcome is Outcome.OK:
        # A row that was changed and changed back counts as changed.
        then[Link.FALLBACK_UPDATES] = None
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
