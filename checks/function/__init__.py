"""Guide step 5: whether the edge function is there, runs, and accepts the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.function import answer, deployment, limits, project
from doctor.evidence.base import Unseen, Why, unseen
from doctor.evidence.function import FunctionEvidence
from doctor.framework import Check
from doctor.story import API_KEY

if TYPE_CHECKING:
    from doctor.case import Case

check = Check(
    name="function",
    step=5,
    title="Edge function update-backup",
    evidence=FunctionEvidence,
    collected_by="doctor.collectors.function:look",
    doc=__doc__,
)


NO_KEY_SENT = Unseen(
    why=Why.NOT_CONFIGURED,
    what=f"Whether the function accepts the pipeline's {API_KEY} could not be tried.",
    remedy=f"Set {API_KEY}.",
    dependency="The functions gateway",
)


@check.must_see
def whether_it_answers(seen: FunctionEvidence, case: Case) -> tuple[Unseen, ...]:
    """An answer of the function itself: the platform's record alone does not show that it runs."""
    if case.is_preflight and not seen.key_sent and not isinstance(seen.empty_post, Unseen):
        return (NO_KEY_SENT,)
    return unseen(seen.empty_post) if not isinstance(seen.record, Unseen) else ()


check.include(deployment.rules, answer.rules, limits.rules, project.rules)
