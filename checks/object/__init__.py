"""Whether the file is in the bucket, whole, and the one that the row names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.object import access, archive, content, place, whose
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.object import ObjectEvidence
from backup_doctor.judge.framework import Check
from backup_doctor.judge.history.file import object_gaps

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

check = Check(
    name="object",
    step=6,
    title="File in S3",
    evidence=ObjectEvidence,
    needs=("row", "workflow"),
    collected_by="backup_doctor.collect.object.collector:look",
    doc=__doc__,
)


@check.must_see
def the_file_itself(seen: ObjectEvidence, case: Case) -> tuple[Unseen, ...]:
    """The file, and that it is this backup's; one that is still going has none yet: nothing to pass."""
    if case.is_preflight:
        return ()
    gaps = object_gaps(seen, case)
    if gaps or seen.present is not None:
        return gaps
    return (Unseen(why=Why.NOT_ASKED, what="There is no backup file to inspect."),)


check.include(place.rules, whose.rules, content.rules, archive.rules, access.rules)
