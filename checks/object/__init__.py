"""Guide step 6: whether the file is in the bucket, whole, and the one that the row names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.object import access, content, place
from doctor.evidence.base import Unseen, Why
from doctor.evidence.object import ObjectEvidence
from doctor.framework import Check

if TYPE_CHECKING:
    from doctor.case import Case

check = Check(
    name="object",
    step=6,
    title="File in S3",
    evidence=ObjectEvidence,
    needs=("row", "workflow"),
    collected_by="doctor.collectors.object:look",
    doc=__doc__,
)


@check.must_see
def the_file_itself(seen: ObjectEvidence, case: Case) -> tuple[Unseen, ...]:
    """A backup that is still going has no file yet: nothing to pass."""
    if case.is_preflight or seen.present is not None or seen.gaps():
        return ()
    return (Unseen(why=Why.NOT_ASKED, what="There is no file of this backup to look at."),)


check.include(place.rules, content.rules, access.rules)
