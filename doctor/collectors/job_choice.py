"""Which job of a run holds the update step, and which step that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from doctor.case import Names
    from doctor.evidence.workflow import Job, Step, WorkflowFile

FAILED = frozenset({"failure", "cancelled", "timed_out", "startup_failure"})


@dataclass(frozen=True)
class Choice:
    """The job, and its update step where it has one."""

    job: Job | None
    step: Step | None = None


def choose(jobs: Sequence[Job], names: Names, file: WorkflowFile | None) -> Choice:
    """The job with the update step; else the configured one, the failed one, the only one."""
    pool = [job for job in jobs if _is_called(job, names.job)] if names.job else []
    for job, step in _with_update_step(pool or jobs, names, file):
        return Choice(job, step)
    if pool:
        return Choice(pool[0])
    return Choice(_without_update_step(jobs, file))


def _with_update_step(
    jobs: Sequence[Job], names: Names, file: WorkflowFile | None
) -> Iterable[tuple[Job, Step]]:
    """The jobs' steps that are the update step, the surest first."""
    by_file = file.update_step.name if file and file.update_step else None
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: name == names.step,
        lambda name: name.casefold() == names.step.casefold(),
        lambda name: name == by_file,
        lambda name: "backup_history" in name.casefold() or names.table_name in name,
        lambda name: names.function in name,
    )
    for test in tests:
        for job in jobs:
            for step in job.steps:
                if test(step.name) and not _is_aside(step.name, names):
                    yield job, step


def _is_aside(name: str, names: Names) -> bool:
    """Steps that speak of the table and do not finish the backup."""
    return name.startswith("Post ") or name == names.trigger_step


def _without_update_step(jobs: Sequence[Job], file: WorkflowFile | None) -> Job | None:
    if file and file.update_step:
        called = [
            job for job in jobs if _is_called(job, file.job) or _is_called(job, file.job_name)
        ]
        # One that was skipped because an earlier job failed says less than that earlier job.
        told = [job for job in called if job.conclusion != "skipped"]
        if told:
            return told[0]
    going = [job for job in jobs if job.status != "completed"]
    failed = [job for job in jobs if job.conclusion in FAILED]
    for group in (failed, going):
        if group:
            return group[0]
    return jobs[0] if len(jobs) == 1 else None


def _is_called(job: Job, name: str | None) -> bool:
    """A job by its name; that of a called workflow is `caller / called`."""
    return name is not None and name in (job.name, job.name.rpartition(" / ")[2])
