"""Which column's type the database speaks of, where the update step was answered that a value does not fit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.row.view import both_told, table_of
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.rls import RefusedValue
from backup_doctor.evidence.workflow import Run
from backup_doctor.judge.history.file import own_file

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

OUT_OF_RANGE = "22003"
INTEGER_LIMITS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
# An escaped quote is that of a message within JSON.
_OUT_OF_RANGE = re.compile(r'value \\?"(-?\d+)\\?" is out of range for type (\w+)')
_TYPE_OUT_OF_RANGE = re.compile(r"\b(smallint|integer|bigint) out of range")
_NO_SUCH_VALUE = re.compile(r'invalid input syntax for type ([\w ]+): \\*"([^"\\]+)')
# What a step writes of a variable that is empty.
_EMPTY = frozenset({"null", "undefined", "none", "nan"})


def refused_values(case: Case) -> tuple[RefusedValue, ...]:
    """The values of the pipeline's update that their column's type cannot take."""
    refused = case.rls.refused_values if case.rls else ()
    return () if isinstance(refused, Unseen) else refused


def refused_sizes(case: Case) -> tuple[RefusedValue, ...]:
    """Those of them that are a size out of range."""
    name = case.names.column("size_bytes")
    return tuple(
        one for one in refused_values(case) if one.column == name and one.sqlstate == OUT_OF_RANGE
    )


def refused_types(case: Case) -> tuple[RefusedValue, ...]:
    """The others; the run's number too, where the log alone tells that it does not fit."""
    sizes = refused_sizes(case)
    seen = tuple(one for one in refused_values(case) if one not in sizes)
    return seen or _run_number(case)


def told_of_other(case: Case) -> bool:
    """Whether the log's words on a value that does not fit its type are of another column than the size."""
    told = both_told(case)
    too_large = _OUT_OF_RANGE.search(told)
    if too_large:
        return bool(_run_number(case)) or _is_no_size(case, int(too_large[1]), too_large[2])
    unnamed = _TYPE_OUT_OF_RANGE.search(told)
    if unnamed:
        return _is_no_size(case, None, unnamed[1])
    no_value = _NO_SUCH_VALUE.search(told)
    if no_value is None or no_value[2].strip().lower() in _EMPTY:
        return False
    of_type = f"for type {no_value[1]}"
    return any(of_type in one.message for one in refused_types(case))


def _run_number(case: Case) -> tuple[RefusedValue, ...]:
    """The number of the run, where the log says that it is out of its column's range."""
    run = case.workflow.run if case.workflow else None
    told = _OUT_OF_RANGE.search(both_told(case))
    column = case.names.column("workflow_run_id")
    if told is None or not isinstance(run, Run) or told[1] != str(run.id) or not column:
        return ()
    message = f'value "{told[1]}" is out of range for type {told[2]}'
    return (RefusedValue(column=column, type=told[2], sqlstate=OUT_OF_RANGE, message=message),)


def _is_no_size(case: Case, value: int | None, kind: str) -> bool:
    """Whether the backup's size is another number than the value, which the type holds."""
    made = written_size(case)
    return made is not None and made != value and made <= INTEGER_LIMITS.get(kind, 0)


def written_size(case: Case) -> int | None:
    """The size that the update wrote: the number that did not fit, if it can be no other; else the backup's."""
    told = _OUT_OF_RANGE.search(both_told(case))
    if told and (told[1] == _said_size(case) or _is_only_of_type(case, told[2])):
        return int(told[1])
    return backup_size(case)


def _is_only_of_type(case: Case, kind: str) -> bool:
    """Whether the size is the table's only column of that type."""
    table = table_of(case.row) if case.row else None
    of_type = [one.name for one in table.columns if one.type == kind] if table else []
    return of_type == [case.names.column("size_bytes")]


def _said_size(case: Case) -> str:
    """What the run's log says of the size; empty if it says no number."""
    said = case.log.assignments.get("BACKUP_SIZE", "") if case.log else ""
    return said if said.isascii() and said.isdigit() else ""


def backup_size(case: Case) -> int | None:
    """The size of the backup in bytes: of its object (of the last one, before the next), else by the log."""
    own = own_file(case)
    if own is not None:
        return own.size
    if case.object and case.object.latest:
        return case.object.latest.size
    said = _said_size(case)
    return int(said) if said else None
