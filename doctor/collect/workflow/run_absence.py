"""No run was found: whether one would have been seen, and what the workflow listens to.

A token that lists no run at all, or a repository that has no backup's workflow, proves nothing of a
run: the repository may be another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.collect.workflow.next_run import WorkflowCandidate, candidates, choose_workflow
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.workflow import WorkflowFile
from backup_doctor.services.writers import speaks_of_backups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import Run, WorkflowState


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
) -> RunAbsenceProof:
    """The control look-up: other runs of this repository, and the workflow that updates the table."""
    known = () if isinstance(states, Unseen) else candidates(ask, case, states)
    chosen = choose_workflow(known)
    ours = chosen if chosen and _is_backups(case, chosen) else None
    state, file = (ours.state, ours.file) if ours else (None, None)
    repository = ask.settings.repository or "the repository"
    if ours is not None and (ours.updates or listed):
        return RunAbsenceProof(Shown(by=_by_workflow(ours, repository, listed)), state, file)
    if listed and not _surely_another_repository(states, known):
        return RunAbsenceProof(Shown(by=_by_runs(repository, listed)), state, file)
    return RunAbsenceProof(_not_shown(repository, listed), state, file)


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
