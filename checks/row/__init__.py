"""What the row in backup_history says, and what its table allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.row import (
    constraints,
    database,
    duplicates,
    freshness,
    schema,
    schema_cache,
    set_back,
    size,
    state,
    triggers,
)
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.framework import Check
from backup_doctor.judge.history import unknown_status

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Case

check = Check(
    name="row",
    step=3,
    title="Row in backup_history",
    evidence=RowEvidence,
    collected_by="backup_doctor.collect.row.collector:look",
    doc=__doc__,
)

check.include(
    state.rules,
    duplicates.rules,
    schema.rules,
    schema_cache.rules,
    size.rules,
    triggers.rules,
    constraints.rules,
    database.rules,
    freshness.rules,
    set_back.rules,
)


@check.must_see
def known_status(_seen: RowEvidence, case: Case) -> tuple[Unseen, ...]:
    """A status that no setting knows tells nothing."""
    return unknown_status(case)
