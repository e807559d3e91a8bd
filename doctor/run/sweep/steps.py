"""Which steps of a backup's plan are for it alone, and which for all that have its causes. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.evidence.findings import FixKind
from backup_doctor.judge.fix_sql.statement import VERIFY_TITLE

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Fix, PlanStep, Report


def steps_without_sql(report: Report) -> tuple[PlanStep, ...]:
    """What to do but for the row's SQL."""
    return tuple(step for step in report.plan if step not in steps_of_row(report))


def steps_of_row(report: Report) -> tuple[PlanStep, ...]:
    """The step that is the row's SQL; none where there is none."""
    texts = {report.fix_sql} - {None}
    return tuple(step for step in report.plan if any(fix.text in texts for fix in step.one_of))


def steps_of_causes(report: Report) -> tuple[PlanStep, ...]:
    """What ends its causes, for each backup that has them: no SQL that is of one row alone."""
    steps = (step for step in report.plan if step.why in report.causes)
    general = ((step, tuple(fix for fix in step.one_of if not _is_of_row(fix))) for step in steps)
    return tuple(
        step if one_of == step.one_of else msgspec.structs.replace(step, one_of=one_of)
        for step, one_of in general
        if one_of
    )


def _is_of_row(fix: Fix) -> bool:
    return fix.kind is FixKind.SQL and VERIFY_TITLE in fix.text
