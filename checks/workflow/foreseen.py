"""What the workflow file says of an update step that no run has come to yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.view import usable_file
from backup_doctor.judge.framework import Found
from backup_doctor.judge.history import BOTH_WRITES
from backup_doctor.judge.show import exhibit, setting

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.workflow import WorkflowEvidence

NEVER = re.compile(r"\s*(?:false|\$\{\{\s*false\s*\}\})\s*$")


def step_to_be_missed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The file has no step that updates the row; it may have another name, so this proves little."""
    file = usable_file(seen)
    if file is None or file.update_step is not None:
        return None
    return Found(
        summary=f"The workflow {file.path} has no step {case.names.step!r}, nor one like it.",
        evidence=(exhibit("steps", tuple(step.name for step in file.steps), file.path),)
        if file.steps
        else (),
        fixes=(add_step(),),
        breaks=BOTH_WRITES,
        weak=True,
    )


def step_to_be_skipped(seen: WorkflowEvidence) -> Found | None:
    """The step is there, and its `if:` is never true."""
    file = usable_file(seen)
    step = file.update_step if file else None
    if file is None or step is None or not NEVER.match(step.condition or ""):
        return None
    return Found(
        summary=f"The step {step.name!r} of {file.path} is switched off: its `if:` is never true.",
        evidence=(exhibit("if", step.condition, file.path),),
        fixes=(let_it_run(),),
        breaks=BOTH_WRITES,
    )


def add_step() -> Fix:
    """What to do about a step that is not there."""
    return setting(
        "Add the step, or name the one that updates the row",
        'Set `step = "…"` in backup-doctor.toml if it has another name.',
    )


def let_it_run() -> Fix:
    """What to do about a step that is skipped."""
    return setting("Let it run", "Correct the `if:` of the step, or what it depends on.")
