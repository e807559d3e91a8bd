"""A CHECK that knows no word for a failure: then nothing can record one, neither a handler nor the fix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.row.constraint_fixes import allow_status
from backup_doctor.checks.row.view import table_of, where
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.judge.framework import Found
from backup_doctor.judge.history import RowState, is_over, row_state, update_ran
from backup_doctor.judge.history.file import own_file
from backup_doctor.judge.show import either, exhibit, listed, setting

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.row import Constraint, RowEvidence

_WORD = re.compile(r"'((?:[^']|'')*)'(?:::[a-z]+(?: varying)?)?")
# What is left of a list of words: `= ANY (ARRAY[…])`, or one word after the other.
_LIST = re.compile(r"(?:=|ANY|ARRAY|OR|::text(?:\[\])?|::character varying|[\s()\[\],])*")


def words_of(one: Constraint, column: str) -> tuple[str, ...]:
    """The words that a CHECK of one column allows; none where it does more than list them."""
    if one.kind != "c" or one.columns != (column,):
        return ()
    expression = one.expression or ""
    named = re.compile(rf'(?<!\w)"?{re.escape(column)}"?(?!\w)')
    rest = named.sub(" ", _WORD.sub(" ", expression))
    words = tuple(word.replace("''", "'") for word in _WORD.findall(expression))
    return words if named.search(expression) and _LIST.fullmatch(rest) else ()


def refusing_failure(case: Case) -> Constraint | None:
    """The CHECK that lists the words for a status, and not the one for a failure."""
    known = table_of(case.row) if case.row else None
    column = case.names.column("status")
    listing = ((one, words_of(one, column)) for one in (known.constraints if known else ()))
    return next((one for one, words in listing if words and case.names.failed not in words), None)


def failure_refused(seen: RowEvidence, case: Case) -> Found | None:
    """That a backup which left no file cannot be recorded as failed."""
    one = refusing_failure(case)
    left_nothing = update_ran(case) is False and own_file(case) is None
    if one is None or not left_nothing:
        return None
    if row_state(case) is not RowState.IN_PROGRESS or not is_over(case):
        return None
    word, column = case.names.failed, case.names.column("status")
    words = words_of(one, column)
    unknown = [other for other in words if case.names.status_of(other) is Status.UNKNOWN]
    meant = setting(
        f"Name the word for a failure, if {one.name} allows one",
        f"It allows {listed(words)}. Set status.failed (BACKUP_DOCTOR_STATUS_FAILED) to what a failure is.",
    )
    return Found(
        summary=f"{one.name} does not allow the status {word!r}: nothing can record a failure under "
        "that word.",
        evidence=(exhibit(f"constraint {one.name}", one.definition, where(seen)),),
        fixes=either(*((meant,) if unknown else ()), allow_status(case, one, word)),
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )
