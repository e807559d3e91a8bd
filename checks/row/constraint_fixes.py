"""What may be done about a constraint or a type that refuses the update."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.checks.row.altering import retyped
from backup_doctor.checks.row.types import INTEGER_LIMITS, OUT_OF_RANGE
from backup_doctor.checks.row.view import table_of, where_else
from backup_doctor.evidence.findings import Risk
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.judge.history.status_words import word_of_update
from backup_doctor.judge.show import after_row, either, listed, manual, sql, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.rls import RefusedValue
    from backup_doctor.evidence.row import Constraint
    from backup_doctor.evidence.trigger import Trigger

NO_SUCH_VALUE, TOO_LONG = "22P02", "22001"
OF_DOMAIN = "23"
UNIQUE = ("u", "p")
EXCLUDE = "x"
# What nobody can try without a write: foreign keys, EXCLUDE, and unique indexes on expressions.
UNTRIED = ("f", "x", "u")
PARTITION = "partition"
_OF_ENUM = re.compile(r"\benum\b(?: (.+?): )?")
_NUMBERS = (*INTEGER_LIMITS, "numeric", "double precision", "real")


def widen(case: Case, refused: RefusedValue) -> tuple[Fix, ...]:
    """Let the column's type take the value; what a domain's rule refuses, by text in its place."""
    kind = refused.type
    enum = _OF_ENUM.search(refused.message) if refused.sqlstate == NO_SUCH_VALUE else None
    if enum:
        # The column's own type may be a domain over it.
        kind = enum[1] or kind
        add = f"ALTER TYPE {kind} ADD VALUE IF NOT EXISTS {literal(word_of_update(case))};"
        return (sql(f"Let the type {kind} have the value", add),)
    if not refused.sqlstate.startswith(OF_DOMAIN):
        return (_retype(case, refused),)
    again = manual(
        f"If {kind} was right: let the pipeline write what it allows, then give the column its type back",
        f"The domain says: {refused.message}.",
    )
    without = f"Make {refused.column} text, without the rule of {kind}"
    text = replace(retyped(case, without, refused.column, "text"), risk=Risk.HIGH)
    return (text, after_row(again))


def _retype(case: Case, refused: RefusedValue) -> Fix:
    """The type that the column needs for what the pipeline writes."""
    name = refused.column
    if refused.sqlstate == OUT_OF_RANGE and refused.type in INTEGER_LIMITS:
        as_bigint = f"Make {name} bigint (rewrites the table; locks it meanwhile)"
        return retyped(case, as_bigint, name, "bigint")
    if name == case.names.column("finished_at") and refused.type in _NUMBERS:
        as_time = f"timestamptz USING to_timestamp({identifier(name)})"
        title = f"Make {name} timestamptz (what it holds is read as seconds)"
        return retyped(case, title, name, as_time, drop_default=_has_default(case, name))
    what = "length" if refused.sqlstate == TOO_LONG else "value"
    return retyped(case, f"Make {name} text, which takes any {what}", name, "text")


def _has_default(case: Case, name: str) -> bool:
    """Whether the column has a default, which the new type may not take."""
    known = table_of(case.row) if case.row else None
    column = known.column(name) if known else None
    return column is not None and column.default is not None


def let_pass(case: Case, one: Constraint) -> tuple[Fix, ...]:
    """What lets the update pass one constraint, by its kind."""
    if one.kind == "n" and one.columns:
        column = identifier(one.columns[0])
        return (
            sql(
                f"Let {one.columns[0]} be NULL",
                f"ALTER TABLE {table(case)} ALTER COLUMN {column} DROP NOT NULL;",
            ),
        )
    if one.kind in UNIQUE:
        return (_let_both(case, one),)
    if one.kind == PARTITION:
        return _add_partition(case, one)
    if one.partitions or _only_status(case, one):
        return (
            _as_partition_has_it(one)
            if one.partitions
            else allow_status(case, one, word_of_update(case)),
        )
    left_out = _left_out(case, one)
    if left_out:
        wants = f"The row with it satisfies {one.name}, which is: {one.definition}."
        return (manual(f"Let the update write {listed(left_out)} too", wants),)
    drop = sql(
        f"Drop {one.name}, which refuses this row (it is: {one.definition})",
        _drop_constraint(case, one),
        Risk.HIGH,
    )
    # EXCLUDE is the one kind that PostgreSQL takes no NOT VALID for.
    how = (
        "It can be added once no two rows conflict any more."
        if one.kind == EXCLUDE
        else "Add it with NOT VALID, or this row would have to satisfy it too."
    )
    again = manual(
        f"If {one.name} was right: let the pipeline write what it allows, then add it again",
        f"It was: {one.definition}. {how}",
    )
    return (drop, after_row(again))


def _as_partition_has_it(one: Constraint) -> Fix:
    return manual(
        f"Let {one.name} of {listed(one.partitions)} take the row, or let the update write what it allows",
        f"The table itself does not have it: {one.definition}.",
    )


def _left_out(case: Case, one: Constraint) -> list[str]:
    """The columns of a CHECK that no refused update writes, where the whole row would satisfy it."""
    attempts = case.log.attempts if case.log else ()
    refused = [
        one.columns for one in attempts if one.is_direct and one.call.outcome is Outcome.REFUSED
    ]
    written = {column for columns in refused for column in columns}
    if not one.accepts or one.kind != "c" or not written:
        return []
    return [column for column in one.columns if column not in written]


def _let_both(case: Case, one: Constraint) -> Fix:
    """Drop what allows it once, where that is not the file's key: of one file two rows cannot be right."""
    holder = f"row {one.holder}" if one.holder else "the other row"
    of_index = one.definition.startswith("CREATE UNIQUE INDEX")
    if one.kind == "p" or case.names.column("s3_key") in one.columns:
        return manual(
            "Look at the row that has the key already",
            f"{holder[0].upper()}{holder[1:]} has {listed(one.columns) or 'it'} already: see which "
            f"of the two is right. {one.name} is what forbids both: {one.definition}.",
        )
    return sql(
        f"Drop {one.name}, unless {holder} should not have {listed(one.columns) or 'it'} "
        f"(it is: {one.definition})",
        f"DROP INDEX IF EXISTS {identifier(case.names.schema, one.name)};"
        if of_index
        else _drop_constraint(case, one),
        Risk.HIGH,
    )


def _add_partition(case: Case, one: Constraint) -> tuple[Fix, ...]:
    """The partition that is missing; else one that takes whatever fits no other."""
    rest = identifier(case.names.schema, f"{case.names.table_name}_default")
    # A new table is in the API's reach, whatever protects the table that it is a part of.
    any_row = sql(
        f"Add a partition for all rows that fit no other ({case.names.table_name}_default)",
        f"CREATE TABLE {rest} PARTITION OF {table(case)} DEFAULT;\n"
        f"ALTER TABLE {rest} ENABLE ROW LEVEL SECURITY;",
    )
    made = manual("Or make the partition that is missing, as the others were made", one.definition)
    return either(any_row, made)


def let_pass_beside(case: Case, what: str, triggers: Sequence[Trigger]) -> tuple[Fix, ...]:
    """What lets pass what is written to another table, by these triggers if there are any."""
    named = listed(one.named for one in triggers)
    by = (
        f"It is written by {named}"
        if named
        else f"It is {where_else(case)}, by a trigger or the function"
    )
    again = "An update of the row by hand meets it too." if named else ""
    return (manual(what, f"{by}. {again}".strip()),)


def _drop_constraint(case: Case, one: Constraint) -> str:
    return f"ALTER TABLE {table(case)} DROP CONSTRAINT IF EXISTS {identifier(one.name)};"


def _only_status(case: Case, one: Constraint) -> bool:
    return (
        one.kind == "c" and bool(one.expression) and one.columns == (case.names.column("status"),)
    )


def allow_status(case: Case, one: Constraint, status: str) -> Fix:
    """The same CHECK, which allows one word more."""
    name, column = identifier(one.name), identifier(case.names.column("status"))
    # What the rows of old do not satisfy is not held against them now either.
    old = " NOT VALID" if one.definition.endswith(" NOT VALID") else ""
    return sql(
        f"Let {one.name} allow {status!r} too",
        f"ALTER TABLE {table(case)}\n  DROP CONSTRAINT IF EXISTS {name},\n"
        f"  ADD CONSTRAINT {name} CHECK (({one.expression}) OR {column} = {literal(status)}){old};",
    )


def other_status(case: Case, one: Constraint, sent: str) -> tuple[Fix, ...]:
    """What lets the update write a status that the constraint allows."""
    word = manual(
        f"Let the update step write a status that {one.name} allows",
        f"It writes {sent!r}. The constraint is: {one.definition}.",
    )
    return either(word, allow_status(case, one, sent)) if _only_status(case, one) else (word,)
