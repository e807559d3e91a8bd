"""Guide step 1 with no backup in hand: the workflow that will make the next one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from doctor.collectors.workflow_at import file_at
from doctor.evidence.base import Unseen, Why
from doctor.evidence.workflow import WorkflowEvidence, WorkflowFile, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from doctor.case import Case
    from doctor.sources import Sources

FOLDER = ".github/workflows/"
# More workflows than this are not read to find the backup's.
MOST_READ = 20
RECENT_RUNS = 5
NO_RUN = Unseen(
    why=Why.NOT_ASKED,
    what="No backup was asked about, so no run was looked for.",
    remedy="Give --dispatch-id.",
    dependency="GitHub",
)


class Candidate(NamedTuple):
    """A workflow that may be the backup's, and its file on the default branch."""

    state: WorkflowState
    file: WorkflowFile | Unseen | None

    @property
    def updates(self) -> bool:
        """Whether it, or one that it calls, updates the row."""
        return isinstance(self.file, WorkflowFile) and self.file.update_step is not None

    @property
    def calls(self) -> bool:
        """Whether the step stands in a workflow that it calls; then it is the dispatched one."""
        return isinstance(self.file, WorkflowFile) and self.file.path != self.state.path


def look_ahead(ask: Sources, case: Case) -> WorkflowEvidence:
    """Which workflow makes the backups, its state, its file, and how its last runs ended."""
    states = ask.github.workflows()
    if isinstance(states, Unseen):
        return WorkflowEvidence(run=NO_RUN, workflows=states, ours=states)
    chosen = _choose(_candidates(ask, case, states))
    if chosen is None:
        return WorkflowEvidence(run=NO_RUN, workflows=states, ours=_not_there(case))
    recent = ask.github.workflow_runs(chosen.state.id, status="completed", count=RECENT_RUNS)
    return WorkflowEvidence(
        run=NO_RUN, workflows=states, ours=chosen.state, file=chosen.file, recent=recent
    )


def _candidates(ask: Sources, case: Case, states: Sequence[WorkflowState]) -> tuple[Candidate, ...]:
    """The workflow that the settings name, else all that have a file."""
    named = case.names.workflow
    if named:
        wanted = [
            one for one in states if named in (one.path, one.path.removeprefix(FOLDER), one.name)
        ]
    else:
        wanted = [one for one in states if one.path.startswith(FOLDER)][:MOST_READ]
    files = ask.at_once(*(partial(file_at, ask, case, one.path) for one in wanted))
    return tuple(map(Candidate, wanted, files))


def _choose(candidates: Sequence[Candidate]) -> Candidate | None:
    """The one that updates the row, the caller before the called; else the only likely one."""
    updating = [one for one in candidates if one.updates]
    if updating:
        return min(updating, key=lambda one: (not one.calls, one.state.state != "active"))
    likely = [one for one in candidates if "backup" in one.state.path.lower()]
    only = likely or list(candidates)
    return only[0] if len(only) == 1 else None


def _not_there(case: Case) -> Unseen:
    if case.names.workflow:
        what = f"The repository has no workflow {case.names.workflow}."
        remedy = "Set `workflow` in backup-doctor.toml to the workflow's file."
    else:
        what = "Which of the repository's workflows makes the backups cannot be told: none has the "
        what += f"step {case.names.step!r} on the default branch."
        remedy = "Set `workflow` in backup-doctor.toml, or `step` if it has another name."
    return Unseen(why=Why.NOT_FOUND, what=what, remedy=remedy, dependency="GitHub")
