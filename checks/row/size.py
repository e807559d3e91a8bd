"""Whether the column takes the backup's size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backup_doctor.checks.row.altering import retyped
from backup_doctor.checks.row.types import (
    INTEGER_LIMITS,
    OUT_OF_RANGE,
    refused_sizes,
    refused_values,
    told_of_other,
    written_size,
)
from backup_doctor.checks.row.view import (
    table_of,
    where,
)
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    database_then,
    fallback_call,
    weigh,
)
from backup_doctor.judge.show import exhibit, log_lines, size
from backup_doctor.judge.traits import SqlRefusal, Trait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Case


rules = Rules[RowEvidence]()


def _too_large(case: Case, values: Mapping[str, Any]) -> bool:
    """Whether the column cannot hold the size that the statement writes."""
    known, written = table_of(case.row) if case.row else None, values.get("size_bytes")
    column = known.column(case.names.column("size_bytes")) if known else None
    limit = INTEGER_LIMITS.get(column.type) if column else None
    return limit is not None and isinstance(written, int) and written > limit


@rules.cause(
    "row/size-overflow",
    breaks=BOTH_WRITES,
    traits=(Trait.AFTER_KEY, Trait.OF_TABLE, Trait.NAMED_BY_STEP),
    refuses_sql=SqlRefusal(shown=_too_large, sqlstates=(OUT_OF_RANGE,), seen_by_plan=True),
)
def size_overflow(seen: RowEvidence, case: Case) -> Found | None:
    """The column's type cannot hold the object's size.

    Detected: size_bytes is integer or smallint and the file is larger than its limit (2,147,483,647
    bytes for integer), or the log's answer was 22003.
    Cause: the column was made as `integer`; a backup grew beyond 2 GiB.
    Fix: make the column bigint.
    By hand: `SELECT data_type FROM information_schema.columns WHERE column_name = 'size_bytes';`
    Source: PostgreSQL, numeric types; SQLSTATE 22003.
    """
    known = table_of(seen)
    column = known.column(case.names.column("size_bytes")) if known else None
    bytes_made = written_size(case)
    limit = INTEGER_LIMITS.get(column.type) if column else None
    known_limit = limit is not None and bytes_made is not None
    sent = case.rls is None or "size_bytes" not in case.rls.assumed
    over = known_limit and sent and (bytes_made or 0) > (limit or 0)
    too_large = bool(refused_sizes(case)) or over
    now = True if too_large else None
    then = database_then(case, "row/size-overflow")
    if told_of_other(case):
        then = dict.fromkeys(then, False)
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    name = case.names.column("size_bytes")
    made = f" {size(bytes_made)}" if bytes_made is not None else " the backup's size"
    kind = column.type if column else ""
    # What type it had when it failed is not known.
    asked = case.rls is not None and not isinstance(case.rls.refused_values, Unseen)
    fits = known_limit and not too_large and asked and not refused_values(case)
    resolved = Resolved(by=f"the column is {kind} now") if fits else None
    past = weight.is_over(resolved) or column is None
    cannot = "could not" if past else f"is {kind} and cannot"
    return weight.found(
        f"{name} {cannot} hold{made}.",
        (
            exhibit("type of the column", column.type if column else None, where(seen), None),
            exhibit("size of the backup", bytes_made, "object or workflow log", None),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (
            retyped(
                case,
                "Make the column bigint (rewrites the table; locks it meanwhile)",
                name,
                "bigint",
            ),
        ),
        resolved=resolved,
    )
