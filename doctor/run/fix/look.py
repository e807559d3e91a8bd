"""One backup diagnosed with its repair in view: what would be done to its row, or why nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.report.compose import planned_repair, write
from backup_doctor.run.examine import checked, collected_for
from backup_doctor.run.fix.plan import Plan, nothing_to_do, plan, refusal

if TYPE_CHECKING:
    from backup_doctor.base.redaction import Redactor
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.collected import Collected
    from backup_doctor.evidence.findings import Report
    from backup_doctor.judge.fix_sql import Repair
    from backup_doctor.judge.judgement import Judged
    from backup_doctor.run.runner import DoctorRun


class Looked(Immutable, frozen=True, kw_only=True):
    """A diagnosis, and what follows from it for the row: one of three.

    `idle` is why nothing needs to be done, `refused` why nothing may be done; else there is a `plan`.
    `findings` are all that the rules found.
    """

    case: Case
    report: Report
    findings: tuple[Judged, ...] = ()
    plan: Plan | None = None
    idle: str | None = None
    refused: str | None = None


def look(run: DoctorRun, redactor: Redactor) -> Looked:
    """Diagnose the run's backup, whose fix is checked against the database where there is one.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """
    examined = checked(run, collected_for(run))
    collected, opinion = examined.collected, examined.opinion
    report = write(collected, run.registry, opinion)
    repair = planned_repair(opinion, collected.fix_check)
    looked = judged(collected, report, repair, redactor)
    return replace(looked, findings=opinion.judgement.findings)


def judged(collected: Collected, report: Report, repair: Repair, redactor: Redactor) -> Looked:
    """What the diagnosis allows to be done. Pure."""
    case = collected.case
    idle = nothing_to_do(report)
    if idle is not None:
        return Looked(case=case, report=report, idle=idle)
    planned = plan(case, repair)
    if planned is None:
        why = next(iter(repair.notes), report.summary)
        return Looked(case=case, report=report, refused=why)
    if redactor.text(planned.sql) != planned.sql:
        why = "No fix SQL: it would hold what looks like a secret. Fix the row by hand."
        return Looked(case=case, report=report, refused=why)
    reason = refusal(collected, report, repair)
    if reason is not None:
        return Looked(case=case, report=report, refused=f"The fix is refused: {reason}")
    return Looked(case=case, report=report, plan=planned)
