"""Whether the secrets are set, on both sides, and whether they can work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.secrets import (
    exposure,
    function_key,
    service_key,
    service_key_role,
    stored,
    values,
)
from backup_doctor.checks.secrets.wanted import SERVICE as REQUIRED
from backup_doctor.evidence.log import EnvShown
from backup_doctor.evidence.secrets import SecretsEvidence
from backup_doctor.judge.framework import Check
from backup_doctor.judge.history.calls import logged_for

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Case

check = Check(
    name="secrets",
    step=2,
    title="Secrets",
    evidence=SecretsEvidence,
    collected_by="backup_doctor.collect.secrets.collector:look",
    doc=__doc__,
)


@check.must_see
def whether_they_are_set(seen: SecretsEvidence, case: Case) -> tuple[Unseen, ...]:
    """The names at every level, or the log's `env:` block with a value for each."""
    logged = [logged_for(case, use) for use in REQUIRED]
    in_log = all(one is not None and one.shown is not EnvShown.EMPTY for one in logged)
    if in_log or seen.all_levels_read():
        return ()
    return seen.unread()


check.include(
    stored.rules,
    values.rules,
    service_key_role.rules,
    service_key.rules,
    function_key.rules,
    exposure.rules,
)
