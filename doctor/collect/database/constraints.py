"""Each constraint of the table, held against the row as the pipeline would write it.

EXPLAIN sees no constraint. So a CHECK is evaluated on the new row, a UNIQUE one looked up among the
other rows, and NOT NULL compared with the catalogue.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.threads import spawn
from backup_doctor.collect.database.answers import Refusal
from backup_doctor.collect.database.expressions import (
    JsonRow,
    Run,
    Verdict,
    evaluate,
    mentions,
    named_by,
)
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.rls import RefusedValue
from backup_doctor.evidence.row import Constraint
from backup_doctor.evidence.sql import identifier, literal

if TYPE_CHECKING:
    from backup_doctor.collect.database.update import Update

EVALUATED = ("c", "partition")
NOT_EVALUATED = "This kind of constraint cannot be evaluated without writing."
OF_EXPRESSION = "A unique index on an expression is not evaluated."
OF_GENERATED = "It depends on a generated column, which only a real update computes."
NO_ROW = "It depends on columns of a row that is not there."


def refused_values(run: Run, update: Update) -> tuple[RefusedValue, ...] | Unseen:
    """The values that their column's type (or domain) cannot take."""
    whole = _fits(run, update, update.new_row())
    if not isinstance(whole, Refusal):
        return whole if isinstance(whole, Unseen) else ()
    found = []
    for name in update.written:
        others = tuple(other for other in update.written if other != name)
        verdict = _fits(run, update, update.new_row(without=others))
        if isinstance(verdict, Refusal) and name not in update.guessed:
            column = update.table.column(name)
            found.append(
                RefusedValue(
                    column=name,
                    type=column.type if column else "",
                    sqlstate=verdict.sqlstate,
                    message=verdict.message,
                )
            )
    return tuple(found)


def _fits(run: Run, update: Update, row: JsonRow) -> Verdict:
    return evaluate(run, update.names, row, {"fits": "true"})["fits"]


def judged_values(
    run: Run, update: Update, of: str = ""
) -> tuple[tuple[RefusedValue, ...] | Unseen, tuple[Constraint, ...]]:
    """The refused values whose SQLSTATE begins with `of`, and the constraints without those.

    Hardly ever is there one; so both are asked at once.
    """
    unrefused = spawn(lambda: judged_constraints(run, update, ()))
    every = refused_values(run, update)
    if isinstance(every, Unseen):
        return every, unrefused.result()
    refused = tuple(one for one in every if one.sqlstate.startswith(of))
    return refused, judged_constraints(run, update, refused) if refused else unrefused.result()


def judged_constraints(
    run: Run, update: Update, refused: tuple[RefusedValue, ...]
) -> tuple[Constraint, ...]:
    """The table's constraints with their verdicts, and one of kind n for each NULL not allowed."""
    row = update.new_row(without=tuple(one.column for one in refused))
    constraints = update.table.constraints
    checks = {
        one.name: one.expression for one in constraints if one.kind in EVALUATED and one.expression
    }
    touched = [one for one in constraints if _is_touched(one, update)]
    # All are asked at once: who comes together waits for one answer.
    unique = [
        spawn(partial(_unique, one, run, update, row)) for one in touched if one.kind in ("u", "p")
    ]
    verdicts = evaluate(run, update.names, row, checks)
    return (
        *(_checked(one, verdicts[one.name], update) for one in constraints if one.name in checks),
        *(one.result() for one in unique),
        *(_open(one, NOT_EVALUATED) for one in touched if one.kind in ("f", "x")),
        *(_open(one, OF_EXPRESSION) for one in constraints if one.kind == "u" and not one.columns),
        *_not_null(update),
    )


def _is_touched(constraint: Constraint, update: Update) -> bool:
    """Whether the update writes one of its columns, or one that a partial index asks for."""
    asked = mentions(constraint.expression or "", update.written) if constraint.kind == "u" else ()
    return bool(set(constraint.columns) & set(update.written)) or bool(constraint.columns and asked)


def _open(constraint: Constraint, problem: str) -> Constraint:
    return msgspec.structs.replace(constraint, accepts=None, problem=problem)


def _decided(constraint: Constraint, *, accepts: bool) -> Constraint:
    return msgspec.structs.replace(constraint, accepts=accepts, problem=None)


def _checked(constraint: Constraint, verdict: Verdict, update: Update) -> Constraint:
    """A CHECK with its verdict; NULL passes, as in an update."""
    if isinstance(verdict, Refusal):
        return _open(constraint, f"It could not be evaluated: {verdict.message}.")
    if isinstance(verdict, Unseen):
        return _open(constraint, verdict.what)
    doubt = _doubt(constraint, update)
    return _open(constraint, doubt) if doubt else _decided(constraint, accepts=verdict is not False)


def _doubt(constraint: Constraint, update: Update) -> str | None:
    """Why the verdict on a CHECK would not be one on the row that the pipeline writes."""
    generated = [column.name for column in update.table.columns if column.generated]
    if mentions(constraint.expression or "", generated):
        return OF_GENERATED
    not_there = update.row is None or update.foreseen
    if not_there and set(constraint.columns) - set(update.written):
        return NO_ROW
    return _guess(constraint, update)


def _guess(constraint: Constraint, update: Update) -> str | None:
    guessed = named_by(constraint, update.guessed)
    return f"What will be written to {', '.join(guessed)} is not known." if guessed else None


def _unique(constraint: Constraint, run: Run, update: Update, row: JsonRow) -> Constraint:
    """A UNIQUE constraint, looked up among the other rows; NULLs are all different."""
    guess = _guess(constraint, update)
    if guess:
        return _open(constraint, guess)
    values = {name: row.get(name) for name in constraint.columns}
    if None in values.values():
        return _decided(constraint, accepts=True)
    if constraint.expression:
        applies = evaluate(run, update.names, row, {"applies": constraint.expression})["applies"]
        if applies is not True:
            return _decided(constraint, accepts=True)
    found = run(_others_with(update, values, constraint.expression))
    if isinstance(found, Refusal):
        return _open(constraint, f"It could not be looked up: {found.message}.")
    if isinstance(found, Unseen):
        return _open(constraint, found.what)
    holder = found[0]["holder"]
    decided = _decided(constraint, accepts=not found[0]["taken"])
    return msgspec.structs.replace(decided, holder=None if holder is None else str(holder))


def _others_with(update: Update, values: JsonRow, condition: str | None) -> str:
    """Whether another row has these values, and which."""
    tests = [f"{identifier(name)} = {literal(str(value))}" for name, value in values.items()]
    if update.row is not None and not update.foreseen:
        tests.append(f"NOT ({update.where})")
    if condition:
        tests.append(f"({condition})")
    where = " AND ".join(tests)
    id_column = update.names.column("id")
    holder = f"{identifier(id_column)}::text" if update.table.column(id_column) else "NULL"
    others = f"FROM {update.qualified} WHERE {where}"
    return f"SELECT EXISTS (SELECT {others}) AS taken, (SELECT {holder} {others} LIMIT 1) AS holder"


def _not_null(update: Update) -> tuple[Constraint, ...]:
    """The columns that the update sets to NULL and that refuse it."""
    columns = [
        column
        for column in update.table.columns
        if column.not_null and column.name not in update.guessed
    ]
    named = {one.columns: one.name for one in update.table.constraints if one.kind == "n"}
    return tuple(
        Constraint(
            name=named.get((column.name,), f"{column.name} NOT NULL"),
            kind="n",
            definition=f"NOT NULL {identifier(column.name)}",
            columns=(column.name,),
            accepts=False,
        )
        for column in columns
        if column.name in update.written and update.written[column.name] is None
    )
