"""An update that had no value to send: which, and where it should have come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.log import EnvShown
from backup_doctor.judge.commands import gh_log
from backup_doctor.judge.show import exhibit, manual

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit, Fix
    from backup_doctor.evidence.log import Call

_EMPTY = re.compile(r"invalid input syntax for type ([\w ]+): \\*\"(|null|undefined|None|NaN)\\*\"")
# The columns that a type is most likely of, and what scripts call their values.
_OF_TYPE = {
    "bigint": ("size_bytes", "BACKUP_SIZE"),
    "integer": ("size_bytes", "BACKUP_SIZE"),
    "numeric": ("size_bytes", "BACKUP_SIZE"),
    "uuid": ("id", "BACKUP_ID"),
    "timestamp with time zone": ("finished_at", "FINISHED_AT"),
}


def empty_value(call: Call) -> str | None:
    """The type for which the update had no value to send: PostgreSQL was handed an empty one (22P02)."""
    sent = _EMPTY.search(call.body)
    return sent[1] if sent else None


def said_empty(case: Case, kind: str | None) -> str:
    """A sentence that says which value was empty; empty where none was."""
    if kind is None:
        return ""
    column, variable = _OF_TYPE.get(kind, ("", ""))
    named = f" for {case.names.column(column)} ({variable})" if column else ""
    return f" It sent an empty value{named}, which is no {kind}."


def empty_variables(case: Case, kind: str | None) -> tuple[Exhibit, ...]:
    """The variables that the log's `env:` block shows to be empty."""
    logged = case.log.variables if case.log and kind else ()
    empty = [one.name for one in logged if one.shown is EnvShown.EMPTY]
    told = exhibit("empty in the log's env: block", empty, "workflow log", gh_log(case))
    return (told,) if empty else ()


def send_it(case: Case, kind: str) -> Fix:
    """What lets the value arrive."""
    column, variable = _OF_TYPE.get(kind, ("", ""))
    what = f"{variable} (for {case.names.column(column)})" if column else f"the {kind}"
    return manual(
        "Let the step that sets the value pass it on",
        f"{what} was empty when the update step ran: see that the step before writes it to "
        "GITHUB_ENV or GITHUB_OUTPUT under the name that the update step reads.",
    )
