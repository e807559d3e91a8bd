"""Guide step 2: whether the secrets are set, on both sides, and whether they can work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.secrets import exposure, function_key, service_key, stored, values
from checks.secrets.view import REQUIRED, logged_as
from doctor.evidence.log import Shown
from doctor.evidence.secrets import SecretsEvidence
from doctor.framework import Check

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.evidence.base import Unseen

check = Check(
    name="secrets",
    step=2,
    title="Secrets",
    evidence=SecretsEvidence,
    collected_by="doctor.collectors.secrets:look",
    doc=__doc__,
)


@check.must_see
def whether_they_are_set(seen: SecretsEvidence, case: Case) -> tuple[Unseen, ...]:
    """The names at every level, or the log's `env:` block with a value for each."""
    logged = [logged_as(case, group[0]) for group in REQUIRED]
    in_log = all(one is not None and one.shown is not Shown.EMPTY for one in logged)
    if in_log or seen.all_levels_read():
        return ()
    return seen.unread()


check.include(stored.rules, values.rules, service_key.rules, function_key.rules, exposure.rules)
