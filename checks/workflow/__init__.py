"""What the GitHub Actions run did, and what its update step says."""

from __future__ import annotations

from backup_doctor.checks.workflow import (
    access,
    advice,
    early_failure,
    edge_call,
    fallback,
    going,
    green,
    job,
    look_up,
    run,
    update_step,
    waiting,
)
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.framework import Check

check = Check(
    name="workflow",
    step=1,
    title="GitHub Actions run",
    evidence=WorkflowEvidence,
    collected_by="backup_doctor.collect.workflow.collector:look",
    doc=__doc__,
)

check.include(
    run.rules,
    waiting.rules,
    going.rules,
    job.rules,
    early_failure.rules,
    update_step.rules,
    look_up.rules,
    edge_call.rules,
    fallback.rules,
    green.rules,
    access.rules,
    advice.rules,
)
