"""The log of the last run that ended well, held against a step that failed of no known error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.log.usual import also_in
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.log import LogReading
from backup_doctor.evidence.workflow import LastGoodRun
from backup_doctor.services.meaning import database_meaning, gateway_meaning
from backup_doctor.services.told import told_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.workflow import Job, Run, Step

RUNS = 20


def look_at_last_good(
    ask: Sources,
    run: Run,
    jobs: Sequence[Job],
    log: LogReading | Unseen | None,
    update: Step | None,
) -> LastGoodRun | None:
    """What of the failed step's output the last good run printed as well.

    None where the error is known, where the update itself failed, and where no such log can be read.
    """
    if not isinstance(log, LogReading) or (update and update.name == log.failed_step):
        return None
    job = next((one for one in jobs if _failed_in(one, log.failed_step)), None)
    if job is None or run.workflow_id is None or _is_known(log):
        return None
    lines = (*log.errors, *log.complaints, *log.failed_excerpt)
    asked = ask.meanwhile(lambda: _held_against(ask, run, job, lines))
    try:
        # Others wait for this evidence, which is good enough without it.
        return asked.result(timeout=ask.deadline.left() / 2)
    except TimeoutError:
        return None


def _held_against(ask: Sources, run: Run, job: Job, lines: tuple[str, ...]) -> LastGoodRun | None:
    good = _last_good(ask, run)
    jobs = ask.github.jobs(good) if good else ()
    if good is None or isinstance(jobs, Unseen):
        return None
    same = next((one for one in jobs if one.name == job.name and one.steps), None)
    if same is None:
        return None
    seen = ask.github.job_log(same, lambda text: also_in(text, lines))
    return None if isinstance(seen, Unseen) else LastGoodRun(run_id=good.id, lines=seen)


def _failed_in(job: Job, step: str | None) -> bool:
    return step is not None and any(
        one.name == step and one.conclusion == "failure" for one in job.steps
    )


def _is_known(log: LogReading) -> bool:
    text = "\n".join(log.of_failure)
    return bool(told_by(log) or database_meaning(text) or gateway_meaning(None, text))


def _last_good(ask: Sources, run: Run) -> Run | None:
    """The newest run of the same workflow before this one that ended well: ids only grow."""
    assert run.workflow_id is not None, "only then"
    runs = ask.github.workflow_runs(run.workflow_id, status="success", count=RUNS)
    if isinstance(runs, Unseen):
        return None
    return next((one for one in runs if one.id < run.id), None)
