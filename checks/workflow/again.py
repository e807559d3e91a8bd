"""Whether and how a backup is made again, once its cause is fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.view import jobs_of, run_of
from backup_doctor.judge.commands import gh_rerun
from backup_doctor.judge.fix_sql.certainty import whole_file
from backup_doctor.judge.history import RowState, row_state
from backup_doctor.judge.show import after_row, by_command, manual

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.workflow import WorkflowEvidence

AT_ITS_COMMIT = (
    " (after a change to the repository, start a new backup: a re-run uses the old commit)"
)
NEW_BACKUP = manual(
    "Make a new backup, once the limit is raised",
    "A re-run does not help: it uses the workflow of the old commit, with the old limit.",
)


def is_wanted_again(case: Case) -> bool:
    """Whether another backup is needed; not where the file is whole: the row's own SQL then ends it."""
    whole = case.object is not None and whole_file(case, case.object) is not None
    return not whole or row_state(case) is not RowState.IN_PROGRESS


def rerun(seen: WorkflowEvidence, case: Case, unless: str = "") -> tuple[Fix, ...]:
    """The command that runs it again, done after the row's SQL; `unless` says when that would not do."""
    run = run_of(seen)
    if run is None or not is_wanted_again(case):
        return ()
    return (
        after_row(
            by_command(
                f"Run it again, once the cause is fixed{unless}",
                gh_rerun(case, run, jobs_of(seen)),
                in_words="On the run's page: Re-run jobs.",
            )
        ),
    )
