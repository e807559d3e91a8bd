"""Which run and which attempt is judged, and whether the backup is over, on whole pipelines."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.faults.rewriting import age
from backup_doctor.demo.github.state import Job, Run, Step, Workflow
from backup_doctor.demo.runner.unfinished import going, queued, step_names
from backup_doctor.demo.world import JOB, WORKFLOW
from backup_doctor.evidence.findings import Verdict
from tests.e2e.doctoring import diagnose_world
from tests.matrix.pipelines import upload_quickly

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.runner.dispatch import Dispatch
    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Report

UPDATE = "Update backup_history via Edge Function"
DOCTOR_STEP = "      - {name: Diagnose, if: always(), run: backup-doctor --dispatch-id x}\n"


@pytest.fixture
def world(world: World) -> World:
    """What matters here comes after the upload."""
    upload_quickly(world)
    return world


@pytest.fixture(autouse=True)
def _outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def broken(world: World, fault: str, ago: timedelta = timedelta(hours=1)) -> str:
    """A backup that the fault left as it is, some time ago."""
    dispatch_id = world.insert_row()
    FAULTS[fault].before(world)
    world.run_pipeline(dispatch_id)
    FAULTS[fault].after(world)
    age(world, ago)
    return dispatch_id


def at_its_archive(call: Dispatch) -> Run:
    run = queued(call)
    going(run, step_names(call["checkout"], WORKFLOW, JOB), "Create backup archive")
    return run


def cancelled_at_its_archive(call: Dispatch) -> Run:
    run = at_its_archive(call)
    (job,) = run.jobs
    run.status = job.status = "completed"
    run.conclusion = job.conclusion = "cancelled"
    job.completed_at = run.created_at
    for step in job.steps:
        step.conclusion = step.conclusion or ("skipped" if step.status == "queued" else "cancelled")
        step.status = "completed"
    return run


def told(report: Report, code: str) -> str:
    return next(
        (one.summary for result in report.results for one in result.findings if one.code == code),
        "",
    )


def test_a_retry_that_is_going_keeps_the_backup_running(world: World, tmp_path: Path) -> None:
    dispatch_id = broken(world, "stuck")
    world.actions = at_its_archive
    retry = world.run_pipeline(dispatch_id)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert (report.verdict, report.fix_sql) == (Verdict.RUNNING, None)
    assert f"(attempt 1 of run {retry.id})" in told(report, "workflow/still-running")


def test_a_new_attempt_without_jobs_keeps_the_backup_running(world: World, tmp_path: Path) -> None:
    dispatch_id = broken(world, "stuck")
    world.actions = queued
    retry = world.run_pipeline(dispatch_id, again=world.repository.runs[-1])
    retry.jobs = []

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert (report.verdict, report.fix_sql) == (Verdict.RUNNING, None)


def test_a_rerun_of_a_good_backup_that_resets_the_row_is_judged(
    world: World, tmp_path: Path
) -> None:
    dispatch_id = world.insert_row()
    good = world.run_pipeline(dispatch_id)
    age(world, timedelta(hours=1))
    world.sql("UPDATE public.backup_history SET status = 'in_progress'")
    world.actions = cancelled_at_its_archive
    world.run_pipeline(dispatch_id, again=good)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert (report.verdict, report.root_cause) == (Verdict.FAILING, "workflow/cancelled")
    assert "attempt 2; the others:" in told(report, "workflow/several-runs")


def with_the_doctors_step(world: World, *later: Step) -> None:
    """The backup's job goes on: the doctor is at work in it, and then these."""
    (run,) = world.repository.runs
    (job,) = run.jobs
    run.status = job.status = "in_progress"
    run.conclusion = job.conclusion = job.completed_at = None
    at = next(place for place, step in enumerate(job.steps) if step.name == UPDATE)
    number = job.steps[at].number
    now = datetime.now(UTC)
    job.steps = [
        *job.steps[: at + 1],
        Step("Diagnose", number + 1, "in_progress", None, now),
        *(Step(one.name, number + 2 + n, one.status, None) for n, one in enumerate(later)),
    ]
    job.log = None


def test_the_doctor_as_a_step_of_the_job_judges_the_backup(world: World, tmp_path: Path) -> None:
    dispatch_id = broken(world, "stuck")
    record = "      # Only where nothing was uploaded"
    world.edit(WORKFLOW, record, f"{DOCTOR_STEP}{record}")
    off = next(line for line in world.read(WORKFLOW).splitlines() if "steps.upload.outcome" in line)
    world.edit(WORKFLOW, off, "        if: ${{ cancelled() }}")
    with_the_doctors_step(world, Step("Record the failure", 9, "queued", None))

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert report.verdict is Verdict.FAILING
    assert report.root_cause == "function/not-deployed"
    assert "in a separate job" in "\n".join(report.cannot_tell)


def test_a_handler_that_comes_after_the_doctor_is_waited_for(world: World, tmp_path: Path) -> None:
    dispatch_id = broken(world, "stuck", timedelta(minutes=20))
    record = "      # Only where nothing was uploaded"
    world.edit(WORKFLOW, record, f"{DOCTOR_STEP}{record}")
    with_the_doctors_step(world, Step("Record the failure", 9, "queued", None))

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert (report.verdict, report.fix_sql) == (Verdict.RUNNING, None)


def test_a_workflow_that_diagnoses_is_no_run_of_the_backup(world: World, tmp_path: Path) -> None:
    dispatch_id = broken(world, "stuck")
    path = ".github/workflows/diagnose.yml"
    world.write(
        path,
        "name: Diagnose\nrun-name: Diagnose ${{ inputs.dispatch_id }}\non: workflow_dispatch\n"
        "jobs: {look: {steps: [{name: Look, run: backup-doctor}]}}\n",
    )
    now = datetime.now(UTC)
    looking = Job(
        id=7,
        name="look",
        status="in_progress",
        conclusion=None,
        created_at=now,
        started_at=now,
        steps=[Step("Look", 2, "in_progress", None, now)],
    )
    world.repository.workflows.append(Workflow(id=2, name="Diagnose", path=path))
    world.repository.runs.append(
        Run(
            id=world.repository.runs[-1].id + 1,
            workflow_id=2,
            path=path,
            name="Diagnose",
            title=f"Diagnose {dispatch_id}",
            status="in_progress",
            conclusion=None,
            created_at=now,
            run_started_at=now,
            updated_at=now,
            jobs=[looking],
        )
    )

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert (report.verdict, report.root_cause) == (Verdict.FAILING, "function/not-deployed")
    assert told(report, "workflow/several-runs") == ""


def test_another_repository_proves_nothing_of_a_run(world: World, tmp_path: Path) -> None:
    dispatch_id = world.insert_row()
    lint = ".github/workflows/lint.yml"
    world.repository.files = {lint: b"on: push\njobs: {lint: {steps: [{run: lint}]}}\n"}
    world.repository.workflows = [Workflow(id=2, name="Lint", path=lint)]
    moment = datetime.now(UTC) - timedelta(days=1)
    world.repository.runs = [
        Run(
            id=5,
            workflow_id=2,
            path=lint,
            name="Lint",
            title=f"Fix {uuid.uuid4().hex[:8]}",
            created_at=moment,
            run_started_at=moment,
            updated_at=moment,
        )
    ]
    age(world, timedelta(hours=1))

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert (report.verdict, report.root_cause, report.fix_sql) == (Verdict.UNKNOWN, None, None)
    assert "Check GITHUB_REPOSITORY" in "\n".join(report.cannot_tell)
