"""Which job of a run holds the update step, and which step that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.log.mention import is_same_id, mentions, names_another
from backup_doctor.evidence.log import LogReading
from backup_doctor.services.update_step import SUPABASE, named_update
from backup_doctor.services.uploading import NAMED_OR_HANDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.workflow import Job, Step, WorkflowFile, WorkflowStep

FAILED = frozenset({"failure", "cancelled", "timed_out", "startup_failure"})


class JobChoice(Immutable, frozen=True):
    """The job, and its update step where it has one."""

    job: Job | None
    step: Step | None = None


def choose(
    jobs: Sequence[Job], names: Names, file: WorkflowFile | None, dispatch_id: str | None = None
) -> JobChoice:
    """The job with the update step; else the configured one, the failed one, the only one.

    A matrix has one for each dispatch: where names tell the dispatch, only the jobs that name it;
    else the leg that says most of a row that is not finished.
    """
    own = [job for job in jobs if is_named(job, dispatch_id)]
    open_ones = [job for job in jobs if not names_another(job.name, dispatch_id)]
    pool = own or open_ones or jobs
    choice = _choose(pool, names, file)
    return min(legs(pool, choice), key=_telling, default=choice)


def _telling(leg: JobChoice) -> int:
    """A leg that is going comes first, then one whose update failed, was made, was never come to."""
    step, job = leg.step, leg.job
    if job is not None and job.status != "completed":
        return 0
    if step is None or step.conclusion in (None, "skipped"):
        return 3
    return 1 if step.conclusion in FAILED else 2


def is_named(job: Job, dispatch_id: str | None) -> bool:
    """Whether the job's or a step's name names the dispatch."""
    if not dispatch_id or not dispatch_id.strip():
        return False
    return any(mentions(name, dispatch_id) for name in (job.name, *(s.name for s in job.steps)))


def legs(jobs: Sequence[Job], chosen: JobChoice) -> list[JobChoice]:
    """The jobs that have the chosen one's update step, that one first: a matrix has several."""
    if chosen.job is None or chosen.step is None:
        return []
    others = (
        JobChoice(job, step)
        for job in jobs
        if job.id != chosen.job.id
        for step in job.steps
        if step.name == chosen.step.name
    )
    return [chosen, *others]


def leg_of(
    choices: Sequence[JobChoice], logs: Mapping[int, object], dispatch_id: str | None
) -> JobChoice | None:
    """The leg whose log is this dispatch's: it was handed the id, or it alone speaks of it."""
    read = [
        (one, log)
        for one in choices
        if one.job and isinstance(log := logs.get(one.job.id), LogReading)
    ]
    handed = [
        one for one, log in read if is_same_id(log.assignments.get("DISPATCH_ID"), dispatch_id)
    ]
    if handed:
        return handed[0]
    speaking = [
        one for one, log in read if log.dispatch_seen and "DISPATCH_ID" not in log.assignments
    ]
    return speaking[0] if len(speaking) == 1 else None


def by_secrets(job: Job | None, file: WorkflowFile | None) -> Step | None:
    """The step that failed after the upload and was given Supabase's secrets: an update, unnamed."""
    if job is None or file is None or file.update_step is not None:
        return None
    failed = next((step for step in job.steps if step.conclusion == "failure"), None)
    names = [step.name for step in file.steps]
    if failed is None or failed.name not in names:
        return None
    place = names.index(failed.name)
    given = file.steps[place]
    is_given = any(SUPABASE.search(name) for name in (*given.secrets, *given.env))
    uploaded = any(_uploads(step) for step in file.steps[:place])
    return failed if is_given and uploaded and not _uploads(given) else None


def _uploads(step: WorkflowStep) -> bool:
    told = (step.name, step.uses or "", step.script, *step.secrets, *step.env)
    return any(NAMED_OR_HANDED.search(text) for text in told)


def _choose(jobs: Sequence[Job], names: Names, file: WorkflowFile | None) -> JobChoice:
    pool = [job for job in jobs if is_called(job, names.job)] if names.job else []
    for job, step in _with_update_step(pool or jobs, names, file):
        return JobChoice(job, step)
    other = _without_update_step(jobs, file)
    # One that was skipped because an earlier job failed says less than that earlier job.
    stopped_before = other is not None and other.conclusion in FAILED
    if pool and not (pool[0].conclusion == "skipped" and stopped_before):
        return JobChoice(pool[0])
    return JobChoice(other)


def update_step_of(job: Job, names: Names, file: WorkflowFile | None) -> Step | None:
    """The step of this job that updates the row, by its name."""
    return next((step for _, step in _with_update_step([job], names, file)), None)


def _with_update_step(
    jobs: Sequence[Job], names: Names, file: WorkflowFile | None
) -> Iterable[tuple[Job, Step]]:
    """The jobs' steps that are the update step, the surest first."""
    by_file = file.update_step.name if file and file.update_step else None
    every = [(job, step) for job in jobs for step in job.steps if step.name != names.trigger_step]
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: name == names.step,
        lambda name: name.casefold() == names.step.casefold(),
        lambda name: name == by_file,
    )
    for test in tests:
        yield from ((job, step) for job, step in every if test(step.name))
    at = named_update([step.name for _, step in every], names.table_name, names.function)
    if at is not None:
        yield every[at]


def _without_update_step(jobs: Sequence[Job], file: WorkflowFile | None) -> Job | None:
    names = (file.job, file.job_name) if file and file.update_step else ()
    called = [job for job in jobs if any(is_called(job, name) for name in names)]
    # One that was skipped because an earlier job failed says less than that earlier job.
    told = [job for job in called if job.conclusion != "skipped"]
    going = [job for job in jobs if job.status != "completed"]
    failed = [job for job in jobs if job.conclusion in FAILED]
    for group in (told, failed, going, called):
        if group:
            return group[0]
    return jobs[0] if len(jobs) == 1 else None


def is_called(job: Job, name: str | None) -> bool:
    """A job by its name; that of a called workflow is `caller / called`."""
    return name is not None and name in (job.name, job.name.rpartition(" / ")[2])
