"""Guide step 1: what the GitHub Actions run did, and what its update step says."""

from __future__ import annotations

from checks.workflow import access, advice, job, run, update_step
from doctor.evidence.workflow import WorkflowEvidence
from doctor.framework import Check

check = Check(
    name="workflow",
    step=1,
    title="GitHub Actions run",
    evidence=WorkflowEvidence,
    collected_by="doctor.collectors.workflow:look",
    doc=__doc__,
)

check.include(run.rules, job.rules, update_step.rules, access.rules, advice.rules)
