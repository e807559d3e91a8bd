"""Which backup a run makes, as far as the run itself says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.case import Asked

if TYPE_CHECKING:
    from backup_doctor.evidence.workflow import WorkflowEvidence


def asked_of_run(workflow: WorkflowEvidence | None) -> Asked | None:
    """What the run's title or log says of the backup that it makes."""
    if workflow is None:
        return None
    log = workflow.reading
    env = {variable.name: variable.value for variable in log.variables} if log else {}
    said = {**env, **(log.assignments if log else {})}
    dispatch_id = workflow.run_title_dispatch or said.get("DISPATCH_ID")
    backup_id = said.get("BACKUP_ID")
    if not dispatch_id and not backup_id:
        return None
    return Asked(dispatch_id=dispatch_id or None, backup_id=backup_id or None)
