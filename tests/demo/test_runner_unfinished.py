"""Runs that no runner finishes, and one that a person cancels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backup_doctor.demo.runner.dispatch import Dispatch
from backup_doctor.demo.runner.run import run_workflow
from backup_doctor.demo.runner.unfinished import going, queued, refused, step_names

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOW = ".github/workflows/backup.yml"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
FILE = """
name: Backup
run-name: Backup ${{ inputs.dispatch_id }}
jobs:
  backup:
    name: Nightly
    steps:
      - {name: Dump, run: sleep 30}
      - {name: Upload, run: echo uploaded}
      - {name: Record, if: cancelled(), run: echo recorded}
"""


def dispatch(checkout: Path) -> Dispatch:
    (checkout / WORKFLOW).parent.mkdir(parents=True)
    (checkout / WORKFLOW).write_text(FILE)
    return Dispatch(
        checkout=checkout,
        workflow=WORKFLOW,
        job="backup",
        secrets={},
        variables={},
        inputs={"dispatch_id": "d-1"},
        env={},
        run_id=7,
        attempt=1,
        workflow_id=1,
        repository="acme/app",
        head_sha="a" * 40,
        now=lambda: NOW,
    )


def test_a_queued_run_has_its_title_and_a_job_without_runner_or_steps(tmp_path: Path) -> None:
    run = queued(dispatch(tmp_path))

    (job,) = run.jobs
    assert (run.title, run.status, run.conclusion) == ("Backup d-1", "queued", None)
    assert (job.name, job.status, job.runner_name, job.steps) == ("Nightly", "queued", None, [])
    assert job.log is None


def test_a_refused_run_is_known_by_its_path_and_has_no_job(tmp_path: Path) -> None:
    run = refused(dispatch(tmp_path))

    assert (run.title, run.conclusion, run.jobs) == (WORKFLOW, "failure", [])


def test_a_run_put_at_a_step_has_done_those_before_and_waits_with_those_after(
    tmp_path: Path,
) -> None:
    run = queued(dispatch(tmp_path))

    going(run, step_names(tmp_path, WORKFLOW, "backup"), "Upload")

    (job,) = run.jobs
    assert (run.status, job.status, job.runner_name is not None) == (
        "in_progress",
        "in_progress",
        True,
    )
    assert [(step.name, step.status, step.conclusion) for step in job.steps] == [
        ("Set up job", "completed", "success"),
        ("Dump", "completed", "success"),
        ("Upload", "in_progress", None),
        ("Record", "queued", None),
    ]


def test_a_cancelled_run_ends_its_step_and_runs_only_what_is_for_that_case(tmp_path: Path) -> None:
    run = run_workflow(**dispatch(tmp_path), cancel_after=0.3)

    (job,) = run.jobs
    assert run.conclusion == "cancelled"
    assert {step.name: step.conclusion for step in job.steps} == {
        "Set up job": "success",
        "Dump": "cancelled",
        "Upload": "skipped",
        "Record": "success",
        "Complete job": "success",
    }
    assert job.annotations == ["The operation was canceled."]
    assert "##[error]The operation was canceled." in (job.log or "")
