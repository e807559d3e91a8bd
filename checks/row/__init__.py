"""Guide step 3: what the row in backup_history says, and what its table allows."""

from __future__ import annotations

from checks.row import database, refusals, schema, state
from doctor.evidence.row import RowEvidence
from doctor.framework import Check

check = Check(
    name="row",
    step=3,
    title="Row in backup_history",
    evidence=RowEvidence,
    collected_by="doctor.collectors.row:look",
    doc=__doc__,
)

check.include(state.rules, schema.rules, refusals.rules, database.rules)
