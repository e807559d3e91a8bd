"""All runs and attempts of a dispatch are weighed before anything is said of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.demo.runner.unfinished import going, queued, step_names
from backup_doctor.demo.storage import WRITE_ACTIONS, allow
from backup_doctor.demo.world import JOB, WORKFLOW
from tests.harm.situation import HEALTHY, RUNNING, Right, Situations
from tests.harm.stage import dispatch

if TYPE_CHECKING:
    from backup_doctor.demo.github.state import Run
    from backup_doctor.demo.runner.dispatch import Dispatch
    from tests.harm.stage import Stage

situations = Situations("attempts")


def _going(call: Dispatch) -> Run:
    """A run that is making its archive."""
    run = queued(call)
    going(run, step_names(call["checkout"], WORKFLOW, JOB), "Create backup archive")
    return run


@situations.harmful(Right(verdicts=RUNNING))
def a_second_run_is_going(stage: Stage) -> list[str]:
    """The first run failed, and a second one of the same dispatch is making its archive."""
    lost = stage.back_up(None, "upload-denied")
    stage.reopen(lost)
    stage.later(timedelta(minutes=20))
    stage.world.actions = _going
    stage.world.run_pipeline(lost)
    return dispatch(lost)


@situations.harmful(Right(verdicts=RUNNING))
def a_new_attempt_has_no_jobs_yet(stage: Stage) -> list[str]:
    """The run was started again a moment ago, and its list of jobs is still empty."""
    lost = stage.back_up(None, "upload-denied")
    stage.reopen(lost)
    stage.later(timedelta(minutes=20))
    stage.world.actions = _going
    (first,) = stage.world.repository.runs
    run = stage.world.run_pipeline(lost, again=first)
    run.jobs = []
    return dispatch(lost)


@situations.near_miss(Right(row={"status": "success"}))
def a_second_attempt_uploaded_it(stage: Stage) -> list[str]:
    """The first attempt's upload was denied; the second uploaded the file and could not say so."""
    lost = stage.back_up(None, "upload-denied")
    stage.reopen(lost)
    stage.later(timedelta(hours=1))
    (first,) = stage.world.repository.runs
    allow(stage.world.bucket, stage.world.bucket.pipeline, WRITE_ACTIONS)
    stage.world.sql("REVOKE UPDATE ON public.backup_history FROM service_role")
    stage.world.project.functions.clear()
    stage.world.run_pipeline(lost, again=first)
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.harmful(Right(verdicts=RUNNING))
def a_third_run_waits_for_a_runner(stage: Stage) -> list[str]:
    """Two runs failed, and a third of the same dispatch waits for a runner."""
    lost = stage.back_up(None, "upload-denied")
    stage.world.run_pipeline(lost)
    stage.reopen(lost)
    stage.later(timedelta(minutes=20))
    stage.world.actions = queued
    stage.world.run_pipeline(lost)
    return dispatch(lost)


@situations.harmful(Right(verdicts=RUNNING))
def the_row_names_the_run_that_failed(stage: Stage) -> list[str]:
    """The row has the number of the run that failed; another run of its dispatch is going."""
    lost = stage.back_up(None, "upload-denied")
    (first,) = stage.world.repository.runs
    stage.reopen(lost)
    stage.set_row(lost, f"workflow_run_id = '{first.id}'")
    stage.later(timedelta(minutes=20))
    stage.world.actions = _going
    stage.world.run_pipeline(lost)
    return dispatch(lost)


@situations.harmful(Right(verdicts=RUNNING))
def the_failed_run_is_asked_about(stage: Stage) -> list[str]:
    """One asks about the run that failed, while another run of its dispatch is going."""
    lost = stage.back_up(None, "upload-denied")
    (first,) = stage.world.repository.runs
    stage.reopen(lost)
    stage.later(timedelta(minutes=20))
    stage.world.actions = _going
    stage.world.run_pipeline(lost)
    return ["--run-id", str(first.id)]


@situations.harmful(Right(verdicts=HEALTHY))
def a_second_run_was_right(stage: Stage) -> list[str]:
    """The first run's upload was denied; a second run of the same dispatch did all of it."""
    done = stage.back_up(None, "upload-denied")
    stage.reopen(done)
    stage.later(timedelta(hours=1))
    allow(stage.world.bucket, stage.world.bucket.pipeline, WRITE_ACTIONS)
    stage.world.run_pipeline(done)
    return dispatch(done)


@situations.harmful(Right(verdicts=RUNNING))
def the_first_run_is_going(stage: Stage) -> list[str]:
    """The run of a backup is making its archive, for ten minutes now."""
    begun = stage.world.insert_row()
    stage.world.actions = _going
    stage.world.run_pipeline(begun)
    stage.later(timedelta(minutes=10))
    return dispatch(begun)


@situations.near_miss(Right(row={"status": "failed"}))
def both_attempts_failed(stage: Stage) -> list[str]:
    """Both attempts of the run had their upload denied."""
    stage.back_up()
    lost = stage.back_up(None, "upload-denied")
    run = stage.world.repository.runs[-1]
    stage.reopen(lost)
    stage.world.run_pipeline(lost, again=run)
    stage.reopen(lost)
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.near_miss(Right(row={"status": "success"}))
def another_dispatch_is_going(stage: Stage) -> list[str]:
    """Both updates failed, and the run of another dispatch is making its archive."""
    stuck = stage.stuck()
    stage.later(timedelta(hours=5))
    stage.world.actions = _going
    stage.world.run_pipeline(stage.world.insert_row())
    return dispatch(stuck)
