"""Guide step 1, collected: the run, its jobs and steps, its log, the workflow's file and state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from doctor.collectors.ci import Surroundings, is_doctors_own
from doctor.collectors.find_run import Found, find_run, newest_runs
from doctor.collectors.job_choice import by_secrets, choose
from doctor.collectors.next_run import look_ahead
from doctor.collectors.pending import Pending
from doctor.collectors.run_logs import RunLogs
from doctor.collectors.run_title import dispatch_of
from doctor.collectors.workflow_at import file_at
from doctor.evidence.base import Unseen
from doctor.evidence.log import LogReading
from doctor.evidence.row import RowEvidence
from doctor.evidence.workflow import Job, Run, Step, WorkflowEvidence, WorkflowFile
from doctor.log.mention import mentions

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.sources import Sources

USUAL_RUNS = 20
TOLD_BY_GITHUB = frozenset({"failure", "cancelled", "timed_out", "startup_failure"})


def look(ask: Sources, case: Case) -> WorkflowEvidence:
    """Find the run, then read its jobs, its file and its log."""
    if case.is_preflight:
        return look_ahead(ask, case)
    here = Surroundings.here()
    workflows = Pending(ask, "The workflows", ask.github.workflows)
    only_run = case.asked.dispatch_id is None and case.asked.backup_id is None
    newest = newest_runs(ask) if case.asked.run_id is None else None
    # With nothing but a run's id the row is found through the run, so this must not wait for it.
    seen = None if only_run else ask.need(RowEvidence)
    row = seen.newest if seen else None
    found = find_run(ask, case, row, here, newest)
    dispatch_id = case.asked.dispatch_id or (row.dispatch_id if row else None)
    if not isinstance(found.run, Run):
        return WorkflowEvidence(
            run=found.run,
            searched=found.searched,
            candidates=found.candidates,
            workflows=workflows.result(),
        )
    return msgspec.structs.replace(
        _examine(ask, case, found, dispatch_id, here), workflows=workflows.result()
    )


def _examine(
    ask: Sources, case: Case, found: Found, dispatch_id: str | None, here: Surroundings
) -> WorkflowEvidence:
    run, names = found.run, case.names
    assert isinstance(run, Run), "the caller has looked"
    file_call = Pending(
        ask, "The workflow's file", lambda: file_at(ask, case, run.path, run.head_sha)
    )
    listed = Pending(ask, "The run's jobs", lambda: ask.github.jobs(run)).result()
    file = file_call.result()
    known_file = file if isinstance(file, WorkflowFile) else None
    if isinstance(listed, Unseen):
        jobs: tuple[Job, ...] = ()
    else:
        jobs = tuple(job for job in listed if not _is_own(job, run, case, here, known_file))
    choice = choose(jobs, names, known_file, dispatch_id)

    told = Pending(ask, "The job's annotations", lambda: _annotations(ask, choice.job))
    usual = Pending(ask, "Earlier runs", lambda: _usual_s(ask, run, choice.job))
    logs = RunLogs(ask, run, names, dispatch_id)
    read, log = logs.read(jobs, choice)
    job = read.job
    annotations = told.result() if job is choice.job else _annotations(ask, job)
    unread = annotations if isinstance(annotations, Unseen) else None
    if job is not None and not isinstance(annotations, Unseen):
        job = msgspec.structs.replace(job, annotations=annotations)
    step = read.step or _step_of(job, log) or by_secrets(job, known_file)
    earlier = usual.result()
    return WorkflowEvidence(
        run=run,
        found_by=found.by,
        searched=found.searched,
        jobs=listed if isinstance(listed, Unseen) else jobs,
        job=job,
        update_step=step,
        log=log,
        file=file,
        usual_s=() if isinstance(earlier, Unseen) else earlier,
        run_title_dispatch=_title_dispatch(found, known_file, log, dispatch_id),
        unread_annotations=unread,
    )


def _is_own(job: Job, run: Run, case: Case, here: Surroundings, file: WorkflowFile | None) -> bool:
    updates = any(step.name == case.names.step for step in job.steps)
    return not updates and is_doctors_own(job, run, here, file)


def _annotations(ask: Sources, job: Job | None) -> tuple[str, ...] | Unseen:
    """What GitHub itself says of a job that did not end well: time limits, billing, runners."""
    if job is None or job.conclusion not in TOLD_BY_GITHUB:
        return ()
    return ask.github.annotations(job)


def _usual_s(ask: Sources, run: Run, job: Job | None) -> tuple[float, ...] | Unseen:
    """How long recent successful runs took, in seconds; only asked while this one is going."""
    over = run.status == "completed" if job is None else job.status == "completed"
    if over or run.workflow_id is None:
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


def _title_dispatch(
    found: Found,
    file: WorkflowFile | None,
    log: LogReading | Unseen | None,
    dispatch_id: str | None,
) -> str | None:
    """The dispatch of the run that the row names, else of this run."""
    run = found.named_by_row or found.run
    assert isinstance(run, Run), "the caller has looked"
    if dispatch_id is not None and mentions(run.title, dispatch_id):
        return dispatch_id
    titled = dispatch_of(run.title, file.run_name if file else None, dispatch_id)
    if titled or dispatch_id is not None or not isinstance(log, LogReading):
        return titled
    return log.assignments.get("DISPATCH_ID")
