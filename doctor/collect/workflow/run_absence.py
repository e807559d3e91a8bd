"""No run was found: whether one would have been seen, and what the workflow listens to.

A token that lists no run at all, or a repository that has no backup's workflow, proves nothing of a
run: the repository may be another one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.collect.workflow.next_run import WorkflowCandidate, candidates, choose_workflow
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.workflow import WorkflowFile
from backup_doctor.services.writers import speaks_of_backups

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import Run, WorkflowState

# GitHub deletes runs as it deletes logs since October 2026: after 90 days, where nobody set less or more.
KEPT_FOR = timedelta(days=90)
ABOUT = timedelta(days=1)


class RunAbsenceProof(NamedTuple):
    """Whether a run would have been seen; the workflow that makes the backups, and its file."""

    absence: Shown | Unseen
    ours: WorkflowState | None = None
    file: WorkflowFile | Unseen | None = None


def look_for_proof(
    ask: Sources,
    case: Case,
    listed: Sequence[Run],
    states: Sequence[WorkflowState] | Unseen,
    created: datetime | None,
) -> RunAbsenceProof:
    """The control look-up: other runs of this repository, and the workflow that updates the table.

    `created` is when the row was made: runs that old may be deleted.
    """
    known = () if isinstance(states, Unseen) else candidates(ask, case, states)
    chosen = choose_workflow(known)
    ours = chosen if chosen and _is_backups(case, chosen) else None
    state, file = (ours.state, ours.file) if ours else (None, None)
    repository = ask.settings.repository or "the repository"
    if created is not None and not _are_kept(ask, case, listed, created):
        return RunAbsenceProof(_deleted(repository, created), state, file)
    if ours is not None and (ours.updates or listed):
        return RunAbsenceProof(Shown(by=_by_workflow(ours, repository, listed)), state, file)
    if listed and not _surely_another_repository(states, known):
        return RunAbsenceProof(Shown(by=_by_runs(repository, listed)), state, file)
    return RunAbsenceProof(_not_shown(repository, listed), state, file)


def _are_kept(ask: Sources, case: Case, listed: Sequence[Run], created: datetime) -> bool:
    """Whether a run of the row's time would still be there: of an old row, one as old as it is."""
    if case.now - created < KEPT_FOR:
        return True
    latest = created + ABOUT
    if any(run.created_at and run.created_at < latest for run in listed):
        return True
    older = ask.github.runs_between(created - KEPT_FOR, latest)
    return not isinstance(older, Unseen) and bool(older)


def _is_backups(case: Case, one: WorkflowCandidate) -> bool:
    """Whether the workflow is the backup's: it updates the row, is configured, or called so."""
    named = speaks_of_backups(f"{one.state.path} {one.state.name}")
    return one.updates or case.names.workflow is not None or named


def _surely_another_repository(
    states: Sequence[WorkflowState] | Unseen, known: Sequence[WorkflowCandidate]
) -> bool:
    """Whether all workflows were read, and none of them can be the backup's."""
    if isinstance(states, Unseen):
        return False
    read = all(isinstance(one.file, WorkflowFile) and not one.file.problem for one in known)
    return read and not any(one.updates or speaks_of_backups(one.state.path) for one in known)


def _by_workflow(ours: WorkflowCandidate, repository: str, listed: Sequence[Run]) -> str:
    if ours.updates:
        return f"{repository} has the workflow that updates the row, {ours.state.path}"
    return f"{_by_runs(repository, listed)}, and its workflow {ours.state.path}"


def _by_runs(repository: str, listed: Sequence[Run]) -> str:
    runs = "another run" if len(listed) == 1 else f"{len(listed)} other runs"
    return f"the same token lists {runs} of {repository}"


def _deleted(repository: str, created: datetime) -> Unseen:
    return Unseen(
        why=Why.GONE,
        what=f"GitHub shows no run in {repository} from the time of this row ({created:%Y-%m-%d}) or "
        "the three months before: runs that old may have been deleted.",
        dependency="GitHub",
    )


def _not_shown(repository: str, listed: Sequence[Run]) -> Unseen:
    seen = "runs, but no workflow that makes backups" if listed else "no run at all"
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"No run of this dispatch was found, but GitHub shows {seen} in {repository}: the backups "
        "may be made in another repository.",
        remedy="Check GITHUB_REPOSITORY, or set `workflow` to the file of the workflow that makes the "
        "backups.",
        dependency="GitHub",
    )
