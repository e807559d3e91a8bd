"""What the workflow listens to, where a dispatch started no run of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.workflow import WorkflowFile, WorkflowState
from backup_doctor.judge.commands import gh_file
from backup_doctor.judge.show import exhibit, listed, setting

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit, Fix
    from backup_doctor.evidence.workflow import WorkflowEvidence

DISPATCHES = ("workflow_dispatch", "repository_dispatch")


class Heard(NamedTuple):
    """What can start the workflow, in a sentence, and what to change where no dispatch can."""

    told: str
    fix: Fix | None = None


def listening(seen: WorkflowEvidence) -> Heard | None:
    """What the backup's workflow listens to on the default branch; None where that is not known."""
    ours, file = seen.ours, seen.ours_file
    if not isinstance(ours, WorkflowState) or isinstance(file, Unseen):
        return None
    if file is None:
        return _elsewhere(ours)
    if file.problem or not file.events:
        return None
    heard = [one for one in file.events if one in DISPATCHES]
    if not heard:
        return _to_no_dispatch(ours, file)
    return Heard(f"{ours.path} listens to {listed(_with_types(one, file) for one in heard)}.")


def _with_types(event: str, file: WorkflowFile) -> str:
    if event != "repository_dispatch" or not file.dispatch_types:
        return event
    types = " or ".join(map(repr, file.dispatch_types))
    return f"{event} with the event_type {types}, and to no other"


def _elsewhere(ours: WorkflowState) -> Heard:
    return Heard(
        f"GitHub knows {ours.path}, and the default branch has no such file: a dispatch finds only the "
        "workflows of the default branch.",
        setting(
            "Bring the workflow to the default branch",
            f"Merge the branch that has {ours.path} into the default branch.",
        ),
    )


def _to_no_dispatch(ours: WorkflowState, file: WorkflowFile) -> Heard:
    return Heard(
        f"{ours.path} listens to {listed(file.events)}: no dispatch starts it.",
        setting(
            "Let the workflow be dispatched",
            "Under `on:` in the workflow, add `workflow_dispatch:` with an input `dispatch_id` (or "
            "`repository_dispatch:` with the `types:` that the app sends).",
        ),
    )


def heard_exhibits(seen: WorkflowEvidence, case: Case) -> tuple[Exhibit, ...]:
    """The events of the workflow's file, and how to read it."""
    ours, file = seen.ours, seen.ours_file
    if not isinstance(ours, WorkflowState) or not isinstance(file, WorkflowFile) or not file.events:
        return ()
    events = [_with_types(one, file) for one in file.events]
    return (exhibit("on", events, ours.path, gh_file(case, ours.path)),)
