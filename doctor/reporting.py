"""The report: a pure function of what was collected. No clock, no network, no environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor import __version__, preflight
from doctor.diagnosis import Diagnosis, Placed, diagnose
from doctor.evidence.base import Evidence, Unseen, Why
from doctor.evidence.workflow import Run
from doctor.explanation import explanation_of
from doctor.judgement import Judged, judge
from doctor.model import (
    SCHEMA_VERSION,
    CheckResult,
    FailingStep,
    Finding,
    Moment,
    Report,
    Severity,
    Status,
    Subject,
    Tool,
    Verdict,
)
from doctor.repair import Repair, repair
from doctor.show import duration, rfc3339, size
from doctor.story import Progress, RowState, progress, row_age, row_state

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from doctor.case import Case
    from doctor.framework import AnyCheck
    from doctor.registry import Registry
    from doctor.runner import Collected, FixCheck

# Nobody asked for it, or the user did not give what it needs: the check was skipped.
NOT_ASKED = frozenset({Why.NOT_CONFIGURED, Why.NOT_ASKED, Why.NOT_TRUSTED})
LEFT_OUT = Unseen(why=Why.NOT_ASKED, what="Left out, as --only or --skip asked.")
# General codes: where one of them is the root, something could still say more.
GENERAL = ("workflow/edge-call-failed", "workflow/fallback-failed", "workflow/green-but-failed")


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
    results = tuple(_result(check, case, diagnosis, collected) for check in checks)
    root = diagnosis.root
    return Report(
        schema_version=SCHEMA_VERSION,
        tool=Tool(name="backup-doctor", version=__version__),
        subject=_subject(case),
        verdict=diagnosis.verdict,
        failing_step=_failing_step(checks, diagnosis),
        root_cause=root.code if root else None,
        causes=tuple(cause.code for cause in diagnosis.causes),
        summary=_summary(case, diagnosis),
        fix_sql=mended.sql,
        results=results,
        fix_notes=(*mended.notes, *_fix_check(mended, collected.fix_check)),
        cannot_tell=_cannot_tell(case, diagnosis, checks),
        notes=_notes(collected, registry),
        errors=(*judgement.errors, *_crashes(case)),
        timeline=_timeline(case),
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


# Results -----------------------------------------------------------------------------------------


def _result(check: AnyCheck, case: Case, diagnosis: Diagnosis, collected: Collected) -> CheckResult:
    evidence = case.evidence.get(check.name, LEFT_OUT)
    placed = [one for one in diagnosis.placed if one.judged.check is check]
    gaps = (evidence,) if isinstance(evidence, Unseen) else check.gaps(evidence, case)
    also = () if isinstance(evidence, Unseen) else evidence.notes()
    return CheckResult(
        check=check.name,
        step=check.step,
        title=check.title,
        status=_status(placed, gaps),
        duration_s=collected.seconds.get(check.name, 0.0),
        findings=tuple(_finding(one) for one in placed),
        notes=tuple(dict.fromkeys(_sentence(gap) for gap in (*gaps, *also))),
    )


def _status(placed: list[Placed], gaps: tuple[Unseen, ...]) -> Status:
    severities = {one.severity for one in placed}
    if Severity.FAIL in severities:
        return Status.FAIL
    if gaps and not all(gap.why in NOT_ASKED for gap in gaps):
        return Status.UNKNOWN
    if Severity.WARN in severities:
        return Status.WARN
    return Status.SKIP if gaps else Status.PASS


def _sentence(gap: Unseen) -> str:
    return f"{gap.what} {gap.remedy}" if gap.remedy else gap.what


def _finding(placed: Placed) -> Finding:
    found = placed.judged.found
    return Finding(
        code=placed.judged.code,
        severity=placed.severity,
        role=placed.role,
        summary=found.summary,
        explanation=explanation_of(placed.judged.rule),
        evidence=found.evidence,
        fixes=found.fixes,
    )


def _failing_step(checks: Iterable[AnyCheck], diagnosis: Diagnosis) -> FailingStep | None:
    name = diagnosis.failing_check
    check = next((one for one in checks if one.name == name), None)
    if name is None:
        return None
    if check is None:
        return FailingStep(check=name, step=None, title=name)
    return FailingStep(check=check.name, step=check.step, title=check.title)


# Subject and time --------------------------------------------------------------------------------


def _subject(case: Case) -> Subject:
    row, workflow, seen = case.backup, case.workflow, case.object
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    here = seen.present if seen else None
    run_id = str(run.id) if run else (row.workflow_run_id if row else case.asked.run_id)
    return Subject(
        dispatch_id=case.asked.dispatch_id
        or (row.dispatch_id if row else None)
        or (workflow.run_title_dispatch if workflow else None),
        backup_id=row.id if row else case.asked.backup_id,
        run_id=run_id,
        s3_key=(row.s3_key if row and row.s3_key else None)
        or (here.key if here else (seen.expected_key if seen else None)),
    )


def _timeline(case: Case) -> tuple[Moment, ...]:
    row, workflow, seen = case.backup, case.workflow, case.object
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    job = workflow.job if workflow else None
    step = workflow.update_step if workflow else None
    here = seen.present if seen else None
    moments: list[tuple[datetime | None, str]] = [
        (row.created_at if row else None, "row created"),
        (run.created_at if run else None, "run created"),
        (job.started_at if job else None, "job started"),
        (here.modified_at if here else None, "file uploaded"),
        (step.started_at if step else None, "update step started"),
        (job.completed_at if job else None, f"job ended: {job.conclusion}" if job else ""),
        (row.finished_at if row else None, "row finished"),
    ]
    # GitHub and S3 tell whole seconds: within one, things happened in the chain's order.
    known = sorted(
        ((at, what) for at, what in moments if at is not None),
        key=lambda moment: moment[0].replace(microsecond=0),
    )
    return (
        *(Moment(at=rfc3339(at), what=what) for at, what in known),
        Moment(at=rfc3339(case.now), what="diagnosed"),
    )


# Sentences ---------------------------------------------------------------------------------------


def _summary(case: Case, diagnosis: Diagnosis) -> str:
    if case.is_preflight:
        return preflight.summary(case, diagnosis)
    if diagnosis.verdict is Verdict.HEALTHY:
        return _healthy(case, diagnosis)
    if diagnosis.verdict is Verdict.RUNNING:
        return _running(case)
    if diagnosis.verdict is Verdict.UNKNOWN:
        return _unknown(case, diagnosis)
    return f"{_state(case)} {_why(diagnosis)}".strip()


def _healthy(case: Case, diagnosis: Diagnosis) -> str:
    seen = case.object
    here = seen.present if seen else None
    file = (
        f"{here.key} is in the bucket ({size(here.size)})" if here else "its file was not looked at"
    )
    warned = [one for one in diagnosis.placed if one.severity is Severity.WARN]
    but = f" But: {warned[0].judged.found.summary}" if warned else ""
    return f"The backup succeeded: the row is right and {file}.{but}"


def _running(case: Case) -> str:
    age = row_age(case)
    since = f", {duration(age)} after its row was made" if age is not None else ""
    if progress(case) is Progress.UNSEEN:
        return f"The row is in progress and younger than stuck_after{since}; its job could not be seen."
    return f"The backup is still going{since}."


def _unknown(case: Case, diagnosis: Diagnosis) -> str:
    gap = _deciding_gap(case)
    root = diagnosis.root
    known = f" What is known: {root.found.summary}" if root else ""
    return f"Cannot tell: {gap.what if gap else 'not enough could be seen.'}{known}"


def _state(case: Case) -> str:
    age, row = row_age(case), case.backup
    since = f" for {duration(age)}" if age is not None else ""
    status = row.status if row else None
    return {
        RowState.IN_PROGRESS: f"The backup has been stuck in {case.names.in_progress}{since}.",
        RowState.OTHER: f"The row's status is {status!r}, none of the configured ones.",
        RowState.ABSENT: "There is no row for this backup.",
        RowState.FAILED: "The backup failed.",
        RowState.INCOMPLETE: "The row is incomplete.",
        RowState.RIGHT: "The row says success, but the backup is not right.",
        RowState.UNSEEN: "",
    }[row_state(case)]


def _why(diagnosis: Diagnosis) -> str:
    causes = diagnosis.causes
    if not causes:
        return "No cause could be proved."
    also = f" Besides: {causes[1].found.summary}" if len(causes) > 1 else ""
    return f"{causes[0].found.summary}{also}"


def _deciding_gap(case: Case) -> Unseen | None:
    """The one thing that would settle an unknown verdict: the row, then the object it names."""
    row = case.evidence.get("row")
    if isinstance(row, Unseen):
        return row
    if case.row is None:
        return Unseen(
            why=Why.NOT_ASKED, what="The row was not looked at.", remedy="Run the row check."
        )
    if isinstance(case.row.rows, Unseen):
        return case.row.rows
    seen = case.evidence.get("object")
    if isinstance(seen, Unseen):
        return seen
    return next(iter(case.object.gaps()), None) if case.object else None


def _cannot_tell(case: Case, diagnosis: Diagnosis, checks: tuple[AnyCheck, ...]) -> tuple[str, ...]:
    """What is open, and what to give the doctor to settle it."""
    if diagnosis.verdict is Verdict.UNKNOWN and case.is_preflight:
        findings = tuple(one.judged for one in diagnosis.placed)
        return tuple(map(_sentence, preflight.unsettled(case, findings)))
    if diagnosis.verdict is Verdict.UNKNOWN:
        gap = _deciding_gap(case)
        return (_sentence(gap),) if gap else ()
    root = diagnosis.root
    if diagnosis.verdict is not Verdict.FAILING or (root and root.code not in GENERAL):
        return ()
    gaps: list[str] = []
    for name in ("workflow", "function", "rls", "secrets"):
        evidence = case.evidence.get(name)
        check = next((one for one in checks if one.name == name), None)
        if check is None or evidence is None:
            continue
        unseen = (evidence,) if isinstance(evidence, Unseen) else _open(check, evidence, case)
        gaps.extend(_sentence(gap) for gap in unseen)
    return tuple(dict.fromkeys(gaps))


def _open(check: AnyCheck, evidence: Evidence, case: Case) -> tuple[Unseen, ...]:
    return (*check.gaps(evidence, case), *evidence.notes())


def _fix_check(mended: Repair, check: FixCheck | Unseen | None) -> tuple[str, ...]:
    if mended.sql is None or check is None:
        return ()
    if isinstance(check, Unseen):
        return (f"The SQL could not be checked against the database. {check.what}",)
    if check.problem:
        return (f"The database would refuse the SQL as it stands: {check.problem}",)
    aimed = "" if check.rows is None else f", and it aims at {check.rows} row"
    return (f"Checked by EXPLAIN in a read-only transaction: it parses, its types fit{aimed}.",)


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
