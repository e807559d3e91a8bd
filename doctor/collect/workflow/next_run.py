"""Guide step 1 with no backup in hand: the workflow that will make the next one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.collect.workflow.at_commit import FOLDER, file_at, with_file
from backup_doctor.collect.workflow.job_choice import choose
from backup_doctor.collect.workflow.run_files import RunFiles
from backup_doctor.collect.workflow.run_logs import RunLogs
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.log import LogReading, Outcome
from backup_doctor.evidence.workflow import Held, WorkflowEvidence, WorkflowFile, WorkflowState
from backup_doctor.services.writers import speaks_of_backups

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import Attempt
    from backup_doctor.evidence.workflow import Job, Run

RECENT_RUNS = 5
NO_RUN = Unseen(
    why=Why.NOT_ASKED,
    what="No backup was asked about, so no run was looked for.",
    remedy="Give --dispatch-id.",
    dependency="GitHub",
)


class WorkflowCandidate(NamedTuple):
    """A workflow that may be the backup's, and its file on the default branch."""

    state: WorkflowState
    file: WorkflowFile | Unseen | None

    @property
    def updates(self) -> bool:
        """Whether it, or one that it calls, updates the row."""
        return isinstance(self.file, WorkflowFile) and self.file.update_step is not None

    @property
    def is_doctors(self) -> bool:
        """Whether it only runs the doctor."""
        return isinstance(self.file, WorkflowFile) and self.file.only_doctor

    @property
    def calls(self) -> bool:
        """Whether the step stands in a workflow that it calls; then it is the dispatched one."""
        return isinstance(self.file, WorkflowFile) and self.file.path != self.state.path


def look_ahead(ask: Sources, case: Case) -> WorkflowEvidence:
    """Which workflow makes the backups, its state, its file, and how its last runs ended."""
    states = ask.github.workflows()
    if isinstance(states, Unseen):
        return WorkflowEvidence(run=NO_RUN, workflows=states, ours=states)
    chosen = choose_workflow(candidates(ask, case, states))
    if chosen is None:
        return WorkflowEvidence(run=NO_RUN, workflows=states, ours=_not_there(case))
    recent = ask.github.workflow_runs(chosen.state.id, status="completed", count=RECENT_RUNS)
    newest = None if isinstance(recent, Unseen) or not recent else recent[0]
    job, log = _read(ask, case, chosen.file, newest) if newest else (None, None)
    return WorkflowEvidence(
        run=NO_RUN,
        workflows=states,
        ours=chosen.state,
        file=chosen.file,
        recent=recent,
        recent_log=log,
        held=_held(case, newest, job, log) if newest else None,
    )


def _read(
    ask: Sources, case: Case, file: WorkflowFile | Unseen | None, newest: Run
) -> tuple[Job | None, LogReading | Unseen | None]:
    """The job of the newest finished run that updates the row, and its log."""
    jobs = ask.github.jobs(newest)
    if isinstance(jobs, Unseen):
        return None, jobs
    choice = choose(jobs, case.names, file if isinstance(file, WorkflowFile) else None)
    read, log = RunLogs(ask, newest, jobs, case.names, None, RunFiles(ask, newest)).read(choice)
    return read.job, log


def _held(
    case: Case, newest: Run, job: Job | None, log: LogReading | Unseen | None
) -> Held | Unseen | None:
    """How that run updated its row, if it ended well and its log shows that."""
    if newest.conclusion != "success":
        return None
    if not isinstance(log, LogReading):
        return log
    updates = [one for one in log.attempts if one.updates]
    ended = (job.completed_at if job else None) or newest.updated_at
    by_function = log.function_call.outcome is Outcome.OK
    directly = log.fallback_call.outcome is Outcome.OK and log.fallback_call.rows != 0
    if ended is None or not (by_function or directly):
        return None
    way = f"the function {case.names.function}" if by_function else "the direct update"
    return Held(
        run_id=newest.id,
        at=ended,
        way=way,
        by_function=by_function,
        buckets=log.buckets,
        columns=_columns(one for one in updates if one.is_direct),
        handed=_columns(one for one in updates if one.is_of_function),
    )


def _columns(updates: Iterable[Attempt]) -> tuple[str, ...]:
    """What they write, or hand over."""
    return tuple(dict.fromkeys(name for one in updates for name in one.columns))


def candidates(
    ask: Sources, case: Case, states: Sequence[WorkflowState]
) -> tuple[WorkflowCandidate, ...]:
    """The workflow that the settings name, else all that have a file."""
    named = case.names.workflow
    if named:
        wanted = [
            one for one in states if named in (one.path, one.path.removeprefix(FOLDER), one.name)
        ]
    else:
        wanted = with_file(states)
    files = ask.at_once(*(partial(file_at, ask, case.names, one.path) for one in wanted))
    return tuple(map(WorkflowCandidate, wanted, files))


def choose_workflow(candidates: Sequence[WorkflowCandidate]) -> WorkflowCandidate | None:
    """The one that updates the row, the caller before the called; else the only likely one."""
    updating = [one for one in candidates if one.updates]
    if updating:
        return min(updating, key=lambda one: (not one.calls, one.state.state != "active"))
    others = [one for one in candidates if not one.is_doctors]
    likely = [one for one in others if speaks_of_backups(one.state.path)]
    only = likely or others
    return only[0] if len(only) == 1 else None


def _not_there(case: Case) -> Unseen:
    if case.names.workflow:
        what = f"The repository has no workflow {case.names.workflow}."
        remedy = "Set `workflow` in backup-doctor.toml to the workflow's file."
    else:
        what = "Could not determine which of the repository's workflows makes the backups: none has the "
        what += f"step {case.names.step!r} on the default branch."
        remedy = "Set `workflow` in backup-doctor.toml, or `step` if it has another name."
    return Unseen(why=Why.NOT_FOUND, what=what, remedy=remedy, dependency="GitHub")
