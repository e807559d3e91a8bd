"""How a change is announced and asked about, the same for one row and for many."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from doctor.cli.stderr import tell
from doctor.show import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doctor.case import Names
    from doctor.mend.plan import Plan
    from doctor.redaction import Redactor

NO_TERMINAL = "Nobody can be asked here. Give --yes to change it without asking."


def described(plan: Plan, names: Names) -> Iterator[str]:
    """What the plan changes, one line for the row and one for each column: old and new value."""
    guide_name, value = plan.key
    verb = "A new row in" if plan.inserts else "The row of"
    yield f"{verb} {names.table} with {names.column(guide_name)} {value}:"
    width = max(len(one.column) for one in plan.differences)
    for one in plan.differences:
        before = f"{_shown(one.old)} → " if one.known else ""
        yield f"  {one.column:<{width}}  {before}{_shown(one.new)}"


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

    agreed = typer.confirm(question, default=False, err=True)
    if not agreed:
        tell("Nothing was changed.")
    return agreed


def say(text: str, redactor: Redactor) -> None:
    """A line for the person on standard error, without secrets."""
    tell(redactor.text(text))
