"""Waiting for a backup: whether it is still coming, what shows that something happened, how long to wait.

A whole diagnosis takes dozens of requests. Between two of them only the row and the run's jobs are
asked for, which is one request of GitHub's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Asked, Case
from backup_doctor.evidence.findings import Verdict
from backup_doctor.evidence.workflow import Run as WorkflowRun
from backup_doctor.judge.history import RowState, row_state
from backup_doctor.judge.history.row import row_age
from backup_doctor.run.runner import DoctorRun

if TYPE_CHECKING:
    from backup_doctor.base.redaction import Redactor
    from backup_doctor.collect.sources import Sources
    from backup_doctor.settings.model import Settings

FIRST_WAIT_S = 3.0
LONGEST_WAIT_S = 30.0
GROWTH = 1.5
# A new attempt, or that the usual time is over, shows in neither the row nor the jobs.
LOOK_AGAIN_S = 300.0
PULSE_BUDGET_S = 20.0

Pulse: TypeAlias = tuple[object, ...]


def is_coming(case: Case, verdict: Verdict) -> bool:
    """Whether the backup may still end by itself, within its usual time.

    Where its run cannot be seen that is until its row has been in progress for `stuck_after`.
    """
    if verdict is not Verdict.UNKNOWN:
        return verdict is Verdict.RUNNING
    age = row_age(case)
    young = age is not None and age < timedelta(seconds=case.names.stuck_after_s)
    return young and row_state(case) is RowState.IN_PROGRESS


def pulse(settings: Settings, case: Case, redactor: Redactor, budget_s: float) -> Pulse:
    """What changes when something happens to the backup; of what could not be asked, nothing."""
    backup = case.backup
    asked = Asked(backup_id=backup.id) if backup and backup.id else case.asked
    run = DoctorRun(
        settings=replace(settings, no_probe=True),
        asked=asked,
        budget_s=min(budget_s, PULSE_BUDGET_S),
        only=("row",),
        redactor=redactor,
    )
    row = run.collect().case.backup
    return (*(() if row is None else ("row", row)), *_of_github(run.sources, case))


def _of_github(ask: Sources, case: Case) -> Pulse:
    workflow = case.workflow
    if workflow is None or isinstance(workflow.run, Unseen):
        return ()
    if not isinstance(workflow.run, WorkflowRun):
        runs = ask.github.latest_runs()
        return () if isinstance(runs, Unseen) else ("runs", *(one.id for one in runs))
    jobs = ask.github.jobs(workflow.run)
    if isinstance(jobs, Unseen):
        return ()
    return ("jobs", *((one.id, one.status, one.conclusion, one.steps) for one in jobs))


@dataclass
class Rhythm:
    """When the next look is due. All figures are seconds."""

    timeout_s: float | None
    waited_s: float = FIRST_WAIT_S

    def next_wait(self, elapsed_s: float) -> float:
        """How long to wait now: longer each time, and never past the timeout."""
        wait, self.waited_s = self.waited_s, min(self.waited_s * GROWTH, LONGEST_WAIT_S)
        left = float("inf") if self.timeout_s is None else self.timeout_s - elapsed_s
        return max(0.0, min(wait, left))

    def is_over(self, elapsed_s: float) -> bool:
        """Whether the timeout has passed."""
        return self.timeout_s is not None and elapsed_s >= self.timeout_s
