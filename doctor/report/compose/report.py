"""The report from what was collected, and the repair before it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor import __version__
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.findings import SCHEMA_VERSION, Report, Tool
from backup_doctor.judge.fix_sql import Repair, repair
from backup_doctor.judge.opinion import Opinion, opinion_on
from backup_doctor.judge.show import rfc3339
from backup_doctor.report.fingerprint import fingerprint

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.collected import Collected, FixCheck
    from backup_doctor.judge.registry import Registry

from backup_doctor.report.compose.gaps import open_gaps, questions, to_settle
from backup_doctor.report.compose.plan import plan, warned
from backup_doctor.report.compose.results import failing_step, result_of
from backup_doctor.report.compose.stages import stages
from backup_doctor.report.compose.subject import subject_of, timeline_of
from backup_doctor.report.compose.summary import summary_of
from backup_doctor.report.compose.time import clock_notes


def write(collected: Collected, registry: Registry, formed: Opinion | None = None) -> Report:
    """Write the report of what was collected, with the opinion on its case that was `formed`, if one was."""
    opinion = formed or opinion_on(collected.case, registry)
    case = opinion.case
    checks, diagnosis = opinion.checks, opinion.diagnosis
    mended = planned_repair(opinion, collected.fix_check)
    failed = opinion.judgement.failed
    results = tuple(result_of(check, case, diagnosis, collected, failed) for check in checks)
    root_cause = diagnosis.root.code if diagnosis.root else None
    reason = diagnosis.root.found.reason if diagnosis.root else None
    causes = tuple(dict.fromkeys(cause.code for cause in diagnosis.causes))
    step = failing_step(checks, diagnosis)
    gaps = open_gaps(case, diagnosis, checks)
    return Report(
        schema_version=SCHEMA_VERSION,
        tool=Tool(name="backup-doctor", version=__version__),
        subject=subject_of(case),
        verdict=diagnosis.verdict,
        failing_step=step,
        root_cause=root_cause,
        causes=causes,
        summary=summary_of(case, diagnosis),
        plan=plan(diagnosis, mended, to_settle(gaps)),
        fix_sql=mended.sql,
        results=results,
        chain=stages(case, diagnosis),
        fix_notes=(*mended.notes, *_fix_check(mended, collected)),
        cannot_tell=questions(gaps),
        notes=_notes(collected, registry),
        errors=(*opinion.judgement.errors, *_crashes(case)),
        timeline=timeline_of(case),
        fingerprint=fingerprint(diagnosis.verdict, root_cause, causes, step, reason),
        generated_at=rfc3339(case.now),
        duration_s=collected.duration_s,
    )


def planned_repair(opinion: Opinion, check: FixCheck | Unseen | None = None) -> Repair:
    """The repair; before the database was asked about it, what it is to be asked about."""
    return warned(opinion.diagnosis, repair(opinion.case, opinion.diagnosis, check))


def _fix_check(mended: Repair, collected: Collected) -> tuple[str, ...]:
    """How the SQL was checked that is printed: the row's own, or that of an alternative."""
    told = _how_checked(mended, collected)
    if mended.sql is None:
        return tuple(f"The alternative SQL: {note[0].lower()}{note[1:]}" for note in told)
    return told


def _how_checked(mended: Repair, collected: Collected) -> tuple[str, ...]:
    check = collected.fix_check
    if mended.sql is None and not mended.alternatives:
        return ()
    if collected.read_from or check is None:
        whence = f"The SQL was not checked on this machine: it is from {collected.read_from}."
        return (whence,) if collected.read_from else ()
    if isinstance(check, Unseen):
        return (f"The SQL could not be checked against the database. {check.what}",)
    if check.problem:
        return (f"The database would refuse the SQL as it is now: {check.problem}",)
    aimed = "" if check.rows is None else f"exactly {check.rows} row{_plural(check.rows)}"
    if not check.planned:
        matches = f" The WHERE clause matches {aimed}." if aimed else ""
        return (f"Not dry-run: the database user is read-only.{matches}",)
    affects = f", affects {aimed}" if aimed else ""
    return (f"Checked by EXPLAIN in a read-only transaction: valid SQL, types match{affects}.",)


def _plural(count: int) -> str:
    return "" if count == 1 else "s"


def _notes(collected: Collected, registry: Registry) -> tuple[str, ...]:
    broken = (
        f"The check {one.name} of {one.package} could not be loaded: {one.reason}"
        for one in registry.broken
    )
    cut = ("Interrupted: this is what was known by then.",) if collected.interrupted else ()
    return (*cut, *clock_notes(collected.case.clock), *collected.warnings, *broken)


def _crashes(case: Case) -> tuple[str, ...]:
    return tuple(
        one.what
        for one in case.evidence.values()
        if isinstance(one, Unseen) and one.why is Why.CRASHED
    )
