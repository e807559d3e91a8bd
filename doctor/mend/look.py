"""One backup diagnosed with its repair in view: what would be done to its row, or why nothing is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.examine import checked
from doctor.mend.plan import Plan, nothing_to_do, plan, refusal
from doctor.reporting import planned_repair, write

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.model import Report
    from doctor.redaction import Redactor
    from doctor.repair import Repair
    from doctor.runner import Collected, Run


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A diagnosis, and what follows from it for the row.

    `idle` is why nothing needs to be done, `refused` why nothing may be done; where both are None,
    the `plan` may be carried out.
    """

    case: Case
    report: Report
    plan: Plan | None = None
    idle: str | None = None
    refused: str | None = None


def look(run: Run, redactor: Redactor) -> Looked:
    """Diagnose the run's backup, whose fix is checked against the database where there is one."""
    collected = checked(run, run.collect())
    report = write(collected, run.registry)
    return judged(collected, report, planned_repair(collected, run.registry), redactor)


def judged(collected: Collected, report: Report, repair: Repair, redactor: Redactor) -> Looked:
    """What the diagnosis allows to be done. Pure."""
    case = collected.case
    idle = nothing_to_do(case, report)
    if idle is not None:
        return Looked(case=case, report=report, idle=idle)
    planned = plan(case, repair)
    if planned is None:
        why = next(iter(repair.notes), report.summary)
        return Looked(case=case, report=report, refused=why)
    if redactor.text(planned.sql) != planned.sql:
        why = "The repair would write, and show, what looks like a secret; mend the row by hand."
        return Looked(case=case, report=report, refused=why)
    reason = refusal(collected, report, repair)
    refused = f"There is a repair, and it must not be made: {reason}" if reason else None
    return Looked(case=case, report=report, plan=planned, refused=refused)
