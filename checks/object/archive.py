"""A file that S3 keeps in an archive, from which it must be restored before anybody can read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from backup_doctor.checks.object.view import found_one, judged_object, object_command
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.object import NOT_READABLE, ObjectEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RowState, row_state
from backup_doctor.judge.show import by_command, manual
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.object import StoredObject

rules = Rules[ObjectEvidence]()

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
# Its archive tiers are known by S3's refusal alone; a restore from them has no number of days.
TIERING = "INTELLIGENT_TIERING"
DAYS = 7


@rules.warning("object/archived", traits=(Trait.KEEPS_FROM_FILE,))
def archived(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object lies in an archive class: it must be restored before it can be read.

    Detected: storage class GLACIER or DEEP_ARCHIVE, and no copy that can be read; or S3 answers
    InvalidObjectState.
    Cause: a lifecycle rule.
    Fix: none, if that is intended and the row is right. Else restore a copy, which takes hours.
    By hand: `aws s3api head-object`, StorageClass.
    Source: S3, storage classes.
    """
    here = judged_object(seen, case)
    if here is None or here.restored or seen.present_tail is not None:
        return None
    if here.storage_class not in ARCHIVED and not _refused(seen):
        return None
    under_way = "; one is under way" if here.restoring else ""
    return Found(
        summary=f"{here.key} is archived ({here.storage_class}): reading it needs a restore first"
        f"{under_way}, and its end could not be checked.",
        evidence=(found_one(seen, case, here),),
        fixes=() if _is_recorded(case, here) else (_restore(seen, case, here),),
    )


def _is_recorded(case: Case, here: StoredObject) -> bool:
    """Whether the row says already what S3 tells of the file."""
    row = case.backup
    return (
        row_state(case) is RowState.RIGHT
        and row is not None
        and row.size_bytes in (None, here.size)
    )


def _refused(seen: ObjectEvidence) -> bool:
    tail = seen.tail or seen.found_tail
    return isinstance(tail, Unseen) and tail.code == NOT_READABLE


def _restore(seen: ObjectEvidence, case: Case, here: StoredObject) -> Fix:
    if here.restoring:
        return manual("Wait until the copy is restored, then diagnose again", "It takes hours.")
    request: dict[str, object] = {"GlacierJobParameters": {"Tier": "Standard"}}
    if here.storage_class != TIERING:
        request["Days"] = DAYS
    words = ("--key", here.key, "--restore-request", json.dumps(request))
    return by_command(
        "Restore a copy of the archived file, which takes hours; then diagnose again",
        object_command(seen, case, "restore-object", *words),
        in_words=f"Restore {here.key} from the archive.",
    )
