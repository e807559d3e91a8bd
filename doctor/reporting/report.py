"""The report from what was collected, and the repair before it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor import __version__, preflight
from doctor.diagnosis import Diagnosis, diagnose
from doctor.evidence.base import Unseen, Why
from doctor.fingerprint import fingerprint
from doctor.judgement import Judged, judge
from doctor.model import (
    SCHEMA_VERSION,
    Report,
    Tool,
)
from doctor.repair import Repair, repair
from doctor.show import rfc3339

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.registry import Registry
    from doctor.runner import Collected, FixCheck

from doctor.reporting.gaps import cannot_tell
from doctor.reporting.passage import passages
from doctor.reporting.results import failing_step, result_of
from doctor.reporting.subject import subject_of, timeline_of
from doctor.reporting.summary import summary_of


def write(collected: Collected, registry: Registry) -> Report:
    """Judge what was collected and write the report."""
    case = collected.case
    checks = tuple(
        one.check
        for one in registry.checks
        if one.check.name in case.evidence or one.check.name in case.skipped
    )
    judgement = judge(case, checks)
    diagnosis = _diagnosis(case, judgement.findings)
    mended = repair(case, diagnosis)
    results = tuple(result_of(check, case, diagnosis, collected) for check in checks)
    root_cause = diagnosis.root.code if diagnosis.root else None
    causes = tuple(cause.code for cause in diagnosis.causes)
    failed = failing_step(checks, diagnosis)
    return Report(
        schema_version=SCHEMA_VERSION,
        tool=Tool(name="backup-doctor", version=__version__),
        subject=subject_of(case),
        verdict=diagnosis.verdict,
        failing_step=failed,
        root_cause=root_cause,
        causes=causes,
        summary=summary_of(case, diagnosis),
        fix_sql=mended.sql,
        results=results,
        fix_notes=(*mended.notes, *_fix_check(mended, collected.fix_check)),
        cannot_tell=cannot_tell(case, diagnosis, checks),
        notes=_notes(collected, registry),
        errors=(*judgement.errors, *_crashes(case)),
        timeline=timeline_of(case),
        chain=passages(case, diagnosis),
        fingerprint=fingerprint(diagnosis.verdict, root_cause, causes, failed),
        generated_at=rfc3339(case.now),
        duration_s=collected.duration_s,
    )


def planned_repair(collected: Collected, registry: Registry) -> Repair:
    """The repair before it is checked: what the runner asks the database about."""
    checks = tuple(one.check for one in registry.checks)
    judgement = judge(collected.case, checks)
    return repair(collected.case, _diagnosis(collected.case, judgement.findings))


def _diagnosis(case: Case, findings: tuple[Judged, ...]) -> Diagnosis:
    return preflight.foresee(case, findings) if case.is_preflight else diagnose(case, findings)


def _fix_check(mended: Repair, check: FixCheck | Unseen | None) -> tuple[str, ...]:
    if mended.sql is None or check is None:
        return ()
    if isinstance(check, Unseen):
        return (f"The SQL could not be checked against the database. {check.what}",)
    if check.problem:
        return (f"The database would refuse the SQL as it stands: {check.problem}",)
    aimed = "" if check.rows is None else f", and it aims at {check.rows} row{_plural(check.rows)}"
    if not check.planned:
        return (f"The doctor's role may not plan a write: only its guard was tried{aimed}.",)
    return (f"Checked by EXPLAIN in a read-only transaction: it parses, its types fit{aimed}.",)


def _plural(count: int) -> str:
    return "" if count == 1 else "s"


def _notes(collected: Collected, registry: Registry) -> tuple[str, ...]:
    broken = (
        f"The check {one.name} of {one.package} could not be loaded: {one.reason}"
        for one in registry.broken
    )
    cut = ("Interrupted: this is what was known by then.",) if collected.interrupted else ()
    return (*cut, *collected.warnings, *broken)


def _crashes(case: Case) -> tuple[str, ...]:
    return tuple(
        one.what
        for one in case.evidence.values()
        if isinstance(one, Unseen) and one.why is Why.CRASHED
    )
