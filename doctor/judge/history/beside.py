"""Of which table a refusal of the database speaks, where it names one.

A trigger of the table, the function or an earlier step may use others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.judge.history.calls import fallback_call, function_told
from backup_doctor.judge.history.early import early_text
from backup_doctor.services.meaning import database_meaning, named_relation

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


def table_beside(case: Case, code: str) -> str | None:
    """The table other than that of the backups that a refusal with this code names."""
    return next((name for name in _named(case, code) if not _is_ours(name, case)), None)


def names_ours(case: Case, code: str) -> bool:
    """Whether a refusal with this code names the table of the backups."""
    return any(_is_ours(name, case) for name in _named(case, code))


def _named(case: Case, code: str) -> list[str]:
    look_up = case.log.lookup_call.body if case.log else ""
    texts = (function_told(case), fallback_call(case).body, look_up, early_text(case))
    meant = (named_relation(text) for text in texts if code in database_meaning(text))
    return [name for name in meant if name]


def _is_ours(name: str, case: Case) -> bool:
    return name.rpartition(".")[2] == case.names.table_name
