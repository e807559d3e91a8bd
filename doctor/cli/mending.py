"""How a change is announced and asked about, the same for one row and for many."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import one_line
from backup_doctor.cli.stderr import tell
from backup_doctor.evidence.row import Route
from backup_doctor.judge.show import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.fix.plan import Plan
    from backup_doctor.run.fix.target import Target

# A run may be started again while the question stands; the row would not tell.
ANSWER_LIMIT_S = 300.0
TOO_LATE = (
    "The question stood open for so long that the diagnosis may be out of date. Nothing was changed; "
    "run it again."
)
NO_TERMINAL = "Not a terminal: cannot ask for confirmation. Give --yes to skip it."
BY = {
    Route.DIRECT: "directly (psycopg)",
    Route.MANAGEMENT: "by the Management API",
    Route.REST: "by the Data API",
}


def described(plan: Plan, names: Names) -> Iterator[str]:
    """What the plan changes, one line for the row and one for each column: old and new value."""
    column, value = plan.key
    verb = "A new row in" if plan.inserts else "The row of"
    yield f"{verb} {names.table} with {column} {_shown(value)}:"
    width = max(len(one.column) for one in plan.differences)
    for one in plan.differences:
        before = f"{_shown(one.old)} → " if one.known else ""
        yield f"  {one.column:<{width}}  {before}{_shown(one.new)}"


def located(target: Target) -> Iterator[str]:
    """Where it would be written, by which way, and what acts on the change there."""
    where = f"host {target.host}, database {target.database}, table {target.table}"
    yield one_line(f"It would be written {BY[target.route]}, as it was read: {where}.")
    if target.triggers is None:
        from backup_doctor.run.fix.by_data_api import NOT_PROVED

        yield NOT_PROVED
    elif target.triggers:
        plural = "s" if len(target.triggers) > 1 else ""
        yield one_line(f"It would fire the trigger{plural} {', '.join(target.triggers)}.")


def _shown(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return json.dumps(rfc3339(value))
    return json.dumps(value, ensure_ascii=False, default=str)


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether the user agrees: by --yes, else by an answer on the terminal."""
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        tell(NO_TERMINAL)
        return False
    import typer

    asked_at = time.monotonic()
    if not typer.confirm(question, default=False, err=True):
        tell("Nothing was changed.")
        return False
    if time.monotonic() - asked_at > ANSWER_LIMIT_S:
        tell(TOO_LATE)
        return False
    return True


def say(text: str, redactor: Redactor) -> None:
    """A line for the person on standard error, without secrets."""
    tell(redactor.text(text))
