"""Guide step 1, collected: the runs, their jobs and steps, the log, the workflow's file and state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.collect.log.mention import is_same_id, mentions
from backup_doctor.collect.workflow.ahead import attempts_of, read_ahead
from backup_doctor.collect.workflow.attempts import SeenAttempt, judged, with_choice
from backup_doctor.collect.workflow.ci import JobSurroundings
from backup_doctor.collect.workflow.continued import continued, missed_follow_up
from backup_doctor.collect.workflow.find_run import RunsFound, find_runs, newest_runs
from backup_doctor.collect.workflow.job_choice import by_secrets
from backup_doctor.collect.workflow.last_good import look_at_last_good
from backup_doctor.collect.workflow.next_run import look_ahead
from backup_doctor.collect.workflow.pending import Pending
from backup_doctor.collect.workflow.run_absence import look_for_proof
from backup_doctor.collect.workflow.run_facts import RunFacts
from backup_doctor.collect.workflow.run_search import Scope
from backup_doctor.collect.workflow.run_title import dispatch_of
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import dispatch_id_of
from backup_doctor.evidence.log import LogReading
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.evidence.workflow import FoundBy, Job, Run, Step, WorkflowEvidence, WorkflowFile

if TYPE_CHECKING:
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.row import BackupRow
    from backup_doctor.evidence.workflow import Approval, WorkflowState

    Workflows = Pending[tuple[WorkflowState, ...] | Unseen]

USUAL_RUNS = 20
# What a log shows in a secret's place.
MASK = "***"
LOG_OF_GOING_JOB = Unseen(
    why=Why.NOT_FOUND,
    what="GitHub gives out the log of a job only when the job has ended, and this one goes on.",
    remedy="Run the doctor in a separate job, after this one (`needs:`).",
    dependency="GitHub",
)


def look(ask: Sources, case: Case) -> WorkflowEvidence:
    """Find the runs, then read their jobs and files, and the log of the one that is judged."""
    if case.is_preflight:
        return look_ahead(ask, case)
    newest = newest_runs(ask)
    facts = RunFacts(ask, case, JobSurroundings.here())
    ask.meanwhile(lambda: read_ahead(ask, case, facts, newest))
    only_run = case.asked.dispatch_id is None and case.asked.backup_id is None
    # With nothing but a run's id the row is found through the run, so this must not wait for it.
    seen = None if only_run else ask.need(RowEvidence)
    workflows = facts.workflows()
    row = seen.newest if seen else None
    dispatch_id = dispatch_id_of(case.asked, row)

    period = seen.period if seen else None

    def looked(found: RunsFound) -> WorkflowEvidence:
        found = found.within(period)
        if not found.runs:
            return _without_run(ask, case, found, facts, row, workflows)
        attempts = attempts_of(case, found.runs, facts, dispatch_id)
        created = row.created_at if row else None
        scope = Scope(
            ask=ask, case=case, facts=facts, dispatch_id=dispatch_id or "", created=created
        )
        more = continued(scope, attempts, found.listed) if dispatch_id else ()
        if more:
            attempts = attempts_of(case, (*found.runs, *more), facts, dispatch_id)
        return _examine(ask, case, found, attempts, facts, row, dispatch_id)

    evidence = looked(find_runs(ask, case, row, facts, newest))
    handed = _handed_another(evidence, dispatch_id)
    if handed is not None and isinstance(evidence.run, Run):
        anothers = evidence.run.id
        evidence = looked(find_runs(ask, case, row, facts, newest, anothers=anothers))
        evidence = msgspec.structs.replace(evidence, run_title_dispatch=handed)
    states = workflows.result()
    if isinstance(evidence.run, Run) and evidence.job and evidence.update_step is None:
        missed = missed_follow_up(ask, case, evidence.run, states)
        evidence = msgspec.structs.replace(evidence, missed=missed)
    return msgspec.structs.replace(evidence, workflows=states)


def _handed_another(evidence: WorkflowEvidence, dispatch_id: str | None) -> str | None:
    """The other dispatch that the run was handed, by its log, where only the row calls it this one's."""
    log = evidence.reading
    if evidence.found_by is not FoundBy.ROW or dispatch_id is None or log is None:
        return None
    handed = log.assignments.get("DISPATCH_ID", "").strip()
    told = bool(handed) and MASK not in handed and not log.dispatch_seen
    return handed if told and not is_same_id(handed, dispatch_id) else None


def _without_run(
    ask: Sources,
    case: Case,
    found: RunsFound,
    facts: RunFacts,
    row: BackupRow | None,
    workflows: Workflows,
) -> WorkflowEvidence:
    named, dispatch_id = found.named_by_row, dispatch_id_of(case.asked, row)
    evidence = WorkflowEvidence(
        run=found.gap,
        searched=found.searched,
        candidates=found.candidates,
        absence=found.no_such_run,
        run_title_dispatch=_title_dispatch(named, facts.known_file(named), None, dispatch_id)
        if named
        else None,
    )
    if found.gap is not None or found.no_such_run is not None:
        return evidence
    created = row.created_at if row else None
    proof = look_for_proof(ask, case, found.listed, workflows.result(), created)
    return msgspec.structs.replace(
        evidence, absence=proof.absence, ours=proof.ours, ours_file=proof.file
    )


def _examine(
    ask: Sources,
    case: Case,
    found: RunsFound,
    attempts: list[SeenAttempt],
    facts: RunFacts,
    row: BackupRow | None,
    dispatch_id: str | None,
) -> WorkflowEvidence:
    first = judged(attempts, row, case.names)
    run, file, names = first.run, first.known_file, case.names
    jobs = () if isinstance(first.jobs, Unseen) else first.jobs
    facts.annotations(first.attempt.job)
    usual = Pending(ask, "Earlier runs", lambda: _usual_s(ask, first))
    waits = Pending(ask, "The approvals", lambda: _approvals(ask, run, first.attempt.job))
    choice, log = facts.logs(run, first.jobs, file, dispatch_id).read(first.choice)
    one = with_choice(first, choice, facts.here, names)
    job = choice.job
    annotations = facts.annotations(job).result()
    unread = annotations if isinstance(annotations, Unseen) else None
    if job is not None and not isinstance(annotations, Unseen):
        job = msgspec.structs.replace(job, annotations=annotations)
    step = _later(choice.step, _step_of(job, log)) or by_secrets(job, file)
    if log is None and job is not None and job.status != "completed" and not one.attempt.may_write:
        log = LOG_OF_GOING_JOB
    earlier = usual.result()
    return WorkflowEvidence(
        run=run,
        found_by=first.attempt.found_by,
        searched=found.searched,
        jobs=first.jobs,
        job=job,
        update_step=step,
        log=log,
        file=first.file,
        usual_s=() if isinstance(earlier, Unseen) else earlier,
        run_title_dispatch=_title_dispatch(found.named_by_row or run, file, log, dispatch_id),
        unread_annotations=unread,
        approvals=waits.result(),
        last_good=look_at_last_good(ask, run, jobs, log, step),
        attempts=tuple((one if each is first else each).attempt for each in attempts),
        beside=_beside(run, found, {each.run.id for each in attempts}),
    )


def _beside(run: Run, found: RunsFound, own: set[int]) -> tuple[int, ...]:
    """The other dispatches' runs of the workflow, of those listed, that went on while this one did."""
    if run.created_at is None or run.updated_at is None:
        return ()
    same = (one for one in found.listed if one.workflow_id == run.workflow_id)
    return tuple(
        one.id
        for one in same
        if one.id not in own
        and one.created_at
        and one.updated_at
        and one.created_at <= run.updated_at
        and one.updated_at >= run.created_at
    )


def _approvals(ask: Sources, run: Run, job: Job | None) -> tuple[Approval, ...] | Unseen:
    """What a waiting run waits for."""
    if "waiting" not in (run.status, job.status if job else ""):
        return ()
    return ask.github.approvals(run)


def _usual_s(ask: Sources, seen: SeenAttempt) -> tuple[float, ...] | Unseen:
    """How long recent successful runs took, in seconds; only asked while this one is going."""
    run = seen.run
    if not seen.attempt.may_write or run.workflow_id is None:
        return ()
    runs = ask.github.workflow_runs(run.workflow_id, status="success", count=USUAL_RUNS)
    if isinstance(runs, Unseen):
        return runs
    return tuple(
        (one.updated_at - one.started_at).total_seconds()
        for one in runs
        if one.id != run.id and one.updated_at and one.started_at
    )


def _step_of(job: Job | None, log: LogReading | Unseen | None) -> Step | None:
    if job is None or not isinstance(log, LogReading):
        return None
    return next((step for step in job.steps if step.name == log.update_step), None)


def _later(named: Step | None, read: Step | None) -> Step | None:
    """The step that its name tells, unless its script leaves the status to a later one that ran."""
    if named is None or named.conclusion == "skipped" or read is None:
        return named or read
    return read if read.number > named.number else named


def _title_dispatch(
    run: Run, file: WorkflowFile | None, log: LogReading | Unseen | None, dispatch_id: str | None
) -> str | None:
    """The dispatch of the run that the row names, else of this run."""
    if dispatch_id is not None and mentions(run.title, dispatch_id):
        return dispatch_id
    titled = dispatch_of(run.title, file.run_name if file else None, dispatch_id)
    if titled or dispatch_id is not None or not isinstance(log, LogReading):
        return titled
    return log.assignments.get("DISPATCH_ID")
