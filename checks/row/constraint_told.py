"""What the log tells of a constraint: its name, and the row that it refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.row.view import both_told, table_of
from backup_doctor.evidence.log import Outcome
from backup_doctor.judge.history.calls import update_ways

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.row import RowEvidence

_NAMED = re.compile(r"constraint \\?\"([^\"\\]+)\\?\"")
_FAILING_ROW = re.compile(r"Failing row contains \((.*?)\)\.?(?:\\?\"|\n|$)", re.DOTALL)


def name_in_log(case: Case) -> str | None:
    """The name of the constraint, as the refused update was answered."""
    match = _NAMED.search(both_told(case))
    return match.group(1) if match else None


def row_sent(case: Case, seen: RowEvidence) -> dict[str, str]:
    """The row that PostgreSQL refused, by column; empty where the log does not show it whole."""
    known, match = table_of(seen), _FAILING_ROW.search(both_told(case))
    values = match[1].split(", ") if match else []
    if known is None or len(values) != len(known.columns):
        return {}
    return {column.name: value for column, value in zip(known.columns, values, strict=True)}


def status_sent(case: Case, seen: RowEvidence) -> str | None:
    """The status of the row that was refused, by the log or by the script."""
    column = case.names.column("status")
    return row_sent(case, seen).get(column) or _status_written(case, column)


def _status_written(case: Case, column: str) -> str | None:
    """The one status that the refused updates write, by the update step's script."""
    refused = [one for one in update_ways(case) if one.call.outcome is Outcome.REFUSED]
    words = {one.writes[column] for one in refused if column in one.writes}
    return words.pop() if len(words) == 1 else None
