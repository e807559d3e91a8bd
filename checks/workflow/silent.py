"""An update step that failed and printed nothing: what its script and its exit code tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.update_fixes import SHOW_SILENT
from backup_doctor.checks.workflow.view import run_exhibits
from backup_doctor.judge.framework import Found
from backup_doctor.judge.history import BOTH_WRITES
from backup_doctor.judge.show import exhibit, listed
from backup_doctor.services.errors import decide

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import SilentExit
    from backup_doctor.evidence.workflow import Step, WorkflowEvidence

HTTP_ERROR = 22


def printed_nothing(seen: WorkflowEvidence, case: Case, step: Step, silent: SilentExit) -> Found:
    """All of its calls failed, and how the last one did is curl's exit code."""
    code = exhibit("exit code", silent.code, "the run's log")
    return Found(
        summary=f"The step {step.name!r} printed nothing and ended with exit code {silent.code}: "
        f"{_ended(silent)}",
        evidence=(*run_exhibits(seen, case), code),
        fixes=(SHOW_SILENT,),
        breaks=BOTH_WRITES,
        by_log=True,
    )


def _ended(silent: SilentExit) -> str:
    meaning = _meaning(silent.code)
    if len(silent.calls) == 1:
        return f"its call, the {silent.calls[0]}, failed ({meaning})."
    calls = listed(f"the {one}" for one in silent.calls)
    both = "both" if len(silent.calls) == 2 else "all"
    return f"its calls, {calls}, {both} failed, the last one because {meaning}."


def _meaning(code: int) -> str:
    """What curl means by it."""
    if code == HTTP_ERROR:
        return "it was answered with an HTTP status of 400 or more"
    told = decide([f"curl: ({code})"])
    return told.error.means if told else f"curl's exit code {code}"
