"""A workflow that was to update the row after the backup's own run, and was never started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.view import run_exhibits
from backup_doctor.judge.commands import gh, gh_file
from backup_doctor.judge.framework import Found
from backup_doctor.judge.show import by_command, exhibit, manual, setting

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.workflow import MissedFollowUp, WorkflowEvidence

ACTIVE = "active"


def never_followed(seen: WorkflowEvidence, missed: MissedFollowUp, case: Case) -> Found:
    """The run has no update step of its own, and the one that has was not started after it."""
    path = missed.workflow.path
    return Found(
        summary=f"The run itself does not update the row: {path} does, after it (`on: workflow_run`), and "
        f"no run of {path} began then{_because(missed)}.",
        evidence=(
            *run_exhibits(seen, case),
            exhibit("on: workflow_run", missed.follows, path, gh_file(case, path)),
            exhibit(
                "state", missed.workflow.state, "GitHub API", gh(case, "workflow", "list", "--all")
            ),
        ),
        fixes=(_fix(missed, case),),
    )


def _because(missed: MissedFollowUp) -> str:
    if missed.workflow.state != ACTIVE:
        return f": it is disabled now ({missed.workflow.state})"
    if not missed.listens:
        waits = " or ".join(map(repr, missed.follows))
        return f": it waits for runs of {waits}, and this run's workflow is called {missed.name!r}"
    return ""


def _fix(missed: MissedFollowUp, case: Case) -> Fix:
    path = missed.workflow.path
    if missed.workflow.state != ACTIVE:
        return by_command(
            "Enable the workflow that updates the row",
            gh(case, "workflow", "enable", path.rsplit("/", 1)[-1]),
            in_words=f"Enable {path} on the repository's Actions page.",
        )
    if not missed.listens:
        return setting(
            "Let the workflow follow this one",
            f"In {path}, under `on: workflow_run: workflows:`, write the name {missed.name!r}.",
        )
    return manual(
        "Find out why the workflow that updates the row did not start",
        f"{path} starts only from the default branch, for the `types:` and `branches:` that stand under its "
        "`on: workflow_run`, and at the end of a chain of at most three workflows.",
    )
