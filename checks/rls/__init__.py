"""Whether policies and grants let the pipeline's role write the row."""

from __future__ import annotations

from backup_doctor.checks.rls import access, exposure, grants, policies
from backup_doctor.evidence.rls import RlsEvidence
from backup_doctor.judge.framework import Check

check = Check(
    name="rls",
    step=None,
    title="Row-level security and grants",
    evidence=RlsEvidence,
    needs=("row",),
    collected_by="backup_doctor.collect.rls.collector:look",
    doc=__doc__,
)

check.include(grants.rules, policies.rules, exposure.rules, access.rules)
