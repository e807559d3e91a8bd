"""Runs of other workflows that go on where the backup's own leaves off: `on: workflow_run`, or dispatched."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from backup_doctor.collect.workflow.at_commit import file_at, with_file
from backup_doctor.collect.workflow.run_search import FoundRun, LookInside, Scope
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.workflow import FoundBy, MissedFollowUp, WorkflowFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.collect.workflow.attempts import SeenAttempt
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import Run, WorkflowState

# How long after the end of the first one such a run is started.
SOON = timedelta(minutes=15)
PROOFS = (FoundBy.STEP_NAME, FoundBy.LOG)


def continued(
    scope: Scope, attempts: Sequence[SeenAttempt], listed: Sequence[Run]
) -> tuple[FoundRun, ...]:
    """The runs that speak of the dispatch and began with or after these, which update no row."""
    if not attempts or any(one.attempt.update_step or one.attempt.may_write for one in attempts):
        return ()
    known = {one.run.id for one in attempts}
    after = [run for run in listed if run.id not in known and _follows(run, attempts)]
    found = LookInside(scope, after).look(after).runs if after else ()
    return tuple(one for one in found if one.by in PROOFS)


def _follows(run: Run, attempts: Sequence[SeenAttempt]) -> bool:
    """Whether it was started while one of them went on, or soon after."""
    spans = [(one.run.created_at, one.run.updated_at) for one in attempts]
    at = run.created_at
    return at is not None and any(a and b and a <= at <= b + SOON for a, b in spans)


def missed_follow_up(
    ask: Sources, case: Case, run: Run, states: Sequence[WorkflowState] | Unseen
) -> MissedFollowUp | None:
    """The only workflow that updates the row after others' runs, if none of its runs came after this one.

    None also where GitHub does not show its runs: what was not seen is not missing.
    """
    if run.status != "completed" or run.updated_at is None or isinstance(states, Unseen):
        return None
    own = next((one for one in states if one.id == run.workflow_id), None)
    others = with_file(one for one in states if one is not own)
    if own is None or case.now < run.updated_at + SOON:
        return None
    files = ask.at_once(*(partial(file_at, ask, case.names, one.path) for one in others))
    found = [
        (one, file)
        for one, file in zip(others, files, strict=True)
        if isinstance(file, WorkflowFile) and file.follows and file.update_step
    ]
    if len(found) != 1:
        return None
    workflow, file = found[0]
    since = ask.github.workflow_runs_since(workflow.id, run.created_at or run.updated_at)
    if isinstance(since, Unseen) or any(_may_follow(one, run) for one in since):
        return None
    return MissedFollowUp(workflow=workflow, follows=file.follows, name=own.name)


def _may_follow(one: Run, run: Run) -> bool:
    """Whether it was started while the run went on, or soon after; without times it may have been."""
    if one.created_at is None or run.updated_at is None:
        return True
    return one.created_at <= run.updated_at + SOON
