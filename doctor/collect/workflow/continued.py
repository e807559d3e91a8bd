"""Runs of other workflows that go on where the backup's own leaves off: `on: workflow_run`, or dispatched."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.collect.workflow.run_search import FoundRun, LookInside, Scope
from backup_doctor.evidence.workflow import FoundBy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.workflow.attempts import SeenAttempt
    from backup_doctor.evidence.workflow import Run

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
