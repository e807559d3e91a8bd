"""Whether the word that the doctor would write for a success is the pipeline's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Status
from backup_doctor.judge.history.calls import fallback_call, function_told

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

WORD_SETTING = "status.success"
# PostgreSQL's own words where a CHECK or an enum does not know a word.
_REFUSES_WORD = re.compile(r"violates check constraint|invalid input value for enum")


def word_of_update(case: Case) -> str:
    """The status that the update was held against the table with."""
    held = case.rls.written.get("status") if case.rls else None
    return held or case.names.success


def unknown_success(case: Case) -> str | None:
    """The status that the update step writes, where it is none of the configured words.

    None where the table refuses it: then the step is what is wrong, and not the configuration. None too
    where somebody set the word for a success: it is theirs to say.
    """
    if WORD_SETTING in case.names.given:
        return None
    log = case.workflow.newest_reading if case.workflow else None
    word = log.word_written(case.names.column("status")) if log else None
    if word is None or case.names.status_of(word) is not Status.UNKNOWN:
        return None
    return None if _is_refused(case, word) else word


def _is_refused(case: Case, word: str) -> bool:
    told = f"{function_told(case)}\n{fallback_call(case).body}"
    if _REFUSES_WORD.search(told):
        return True
    seen, column = case.rls, case.names.column("status")
    if seen is None or word_of_update(case) != word:
        return False
    values = () if isinstance(seen.refused_values, Unseen) else seen.refused_values
    checks = () if isinstance(seen.constraints, Unseen) else seen.constraints
    return any(one.column == column for one in values) or any(
        one.accepts is False and column in one.columns for one in checks
    )
