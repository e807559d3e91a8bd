"""What would refuse a statement: a cause that must be fixed before, or the statement itself.

`EXPLAIN` and the catalogue decide. A cause that the log alone tells of may be over: it is not
named. A statement that is refused for a reason of its own is not printed at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.evidence.collected import FixCheck
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.judge.fix_sql.statement import Repair, none
from backup_doctor.judge.history.beside import enabled_triggers, met_by_trigger
from backup_doctor.judge.show import listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.diagnosis import Diagnosis
    from backup_doctor.judge.traits import SqlRefusal


def settled(
    case: Case, diagnosis: Diagnosis, repair: Repair, check: FixCheck | Unseen | None
) -> Repair:
    """The repair as it may be printed, once the database was asked; `check` None: it was not."""
    if repair.statement is None:
        kept = tuple(
            replace(one, repair=made)
            for one in repair.alternatives
            if (made := settled(case, diagnosis, one.repair, check)).sql is not None
        )
        return replace(repair, alternatives=kept)
    known = check if isinstance(check, FixCheck) else None
    suspects = _suspects(diagnosis)
    refusing = {
        code: how
        for code, how in suspects.items()
        if met_by_trigger(case, code) or _is_shown(how, case, repair, known)
    }
    own = _own_reason(refusing.values(), known) if known else None
    if own is not None:
        return none(own)
    codes = tuple(refusing)
    notes = (*repair.notes, *(() if codes else _untried_triggers(case, repair)))
    return replace(repair, refused_by=codes, notes=notes)


def _untried_triggers(case: Case, repair: Repair) -> tuple[str, ...]:
    """What nobody can know without a write: what the triggers do that an update fires."""
    updates = repair.change is not None and repair.change.row is not None
    open_ones = [one for one in enabled_triggers(case) if updates and not one.only_keeps_time]
    if not open_ones:
        return ()
    fired = listed(one.named for one in open_ones)
    return (f"It fires {fired}, which no check has tried: EXPLAIN executes nothing.",)


def may_add_columns(diagnosis: Diagnosis) -> bool:
    """Whether the table lacks a column that must be added before the statement can run."""
    return any(how.adds_column for how in _suspects(diagnosis).values())


def _suspects(diagnosis: Diagnosis) -> dict[str, SqlRefusal]:
    """The causes that refused the pipeline's update, and what began since and would refuse this one."""
    causes = (one for one in diagnosis.causes if one.found.resolved is None)
    since = (
        one.judged
        for one in diagnosis.placed
        if one.role is Role.CONTEXT and one.severity is Severity.WARN
    )
    return {one.code: one.rule.refuses_sql for one in (*causes, *since) if one.rule.refuses_sql}


def _own_reason(refusing: Collection[SqlRefusal], check: FixCheck) -> str | None:
    """Why the statement itself can not be run, whatever is fixed before."""
    if check.problem and not any(_fits(how, check.sqlstate) for how in refusing):
        return f"PostgreSQL would refuse it. {check.problem}"
    if check.refused and not any(how.by_constraint for how in refusing):
        return f"{listed(check.refused)} would refuse what it writes; a person must look at it."
    if check.rows not in (None, 1):
        return (
            f"it would change {check.rows} rows and not one: the row, or who else names its file, is "
            "not as it was seen. A person must look at it."
        )
    return None


def _fits(how: SqlRefusal, sqlstate: str | None) -> bool:
    return sqlstate is not None and sqlstate.startswith(how.sqlstates)


def _is_shown(how: SqlRefusal, case: Case, repair: Repair, check: FixCheck | None) -> bool:
    """Whether EXPLAIN or the catalogue shows that this cause refuses the statement."""
    if check is not None and check.problem:
        return _fits(how, check.sqlstate) or (how.by_constraint and bool(check.refused))
    if check is not None and check.planned and how.seen_by_plan:
        return False
    values = repair.change.values if repair.change else {}
    if how.left_open is not None and how.left_open(case, values):
        return True
    if check is not None and how.by_constraint and check.refused is not None:
        return bool(check.refused)
    return how.shown(case, values)
