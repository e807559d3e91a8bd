"""Whose file it is: this backup's, an earlier one's, or a later one's that wrote the same key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.object.view import earlier_exhibit, found_one
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.object import ObjectEvidence
from backup_doctor.evidence.object_keys import LEAST_DIGITS
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RowState, row_state
from backup_doctor.judge.history.file import CLOCK_SLACK, Whose, began_at, found_file
from backup_doctor.judge.history.naming import names_backup
from backup_doctor.judge.history.run import ended_at
from backup_doctor.judge.history.versions import earlier_version
from backup_doctor.judge.show import exhibit, manual, rfc3339, size
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit, Fix
    from backup_doctor.evidence.object import StoredObject

rules = Rules[ObjectEvidence]()

OWN_KEYS = manual(
    "Give every backup its own key",
    "Let the key hold the dispatch id, so that no backup writes over another one.",
)


@rules.warning("object/stale", yields_to=(Trait.BREAKS_OFF,), traits=(Trait.SPOILS_SUCCESS,))
def stale(seen: ObjectEvidence, case: Case) -> Found | None:
    """The object is older than the run that should have made it.

    Detected: its time lies before every run of this backup. Five minutes are allowed for clocks, but
    not where another row names the object, or the run's log shows that the upload failed: that says
    more than two clocks. The file then is an earlier backup's, and this one has none: a failure.
    Cause: the upload failed silently, and an object of an earlier backup has the same key.
    Fix: give every backup its own key.
    By hand: compare LastModified with the run's start.
    Source: guide, step 6.
    """
    here, found = seen.present, found_file(case)
    if here is None or found is None or found.whose not in (Whose.OLDER, Whose.NOT_UPLOADED):
        return None
    evidence = (
        found_one(seen, case, here),
        exhibit("run began", began_at(case), "GitHub API", None),
    )
    if found.whose is Whose.OLDER:
        return Found(
            summary=f"{here.key} is older than the run that should have made it.",
            evidence=evidence,
            fixes=(OWN_KEYS,),
        )
    return Found(
        summary=f"{here.key} is an earlier backup's file. {found.why}",
        evidence=evidence,
        fixes=(OWN_KEYS,),
        breaks=(Link.FILE_UPLOADED,),
        role=Role.CAUSE,
        severity=Severity.FAIL,
        by_log=True,
    )


@rules.cause("object/replaced", breaks=Link.STAYS_SO, traits=(Trait.SPOILS_SUCCESS,))
def replaced(seen: ObjectEvidence, case: Case) -> Found | None:
    """A later backup wrote the same key, over this one's file.

    Detected: the row of a later backup names the key, and the object was written after that row was
    made; or the object was written after the next backup was started and does not have this one's size.
    If it was written after this backup had ended, has its size, and nothing shows who wrote it, it is
    only noted: a warning if the key tells no backups apart.
    Cause: the pipeline stores every backup under the same key.
    Fix: give every backup its own key. Where the bucket keeps the version that this backup's run wrote,
    copy it to another key. The row is left as it is: what is at its key is not this backup's.
    By hand: `SELECT id, dispatch_id, created_at FROM backup_history WHERE s3_key = 'KEY';`
    Source: S3, PutObject overwrites.
    """
    here, found = seen.present, found_file(case)
    if here is None or found is None:
        return None
    if found.whose is not Whose.REPLACED:
        return _written_since(seen, case, here) if found.whose is Whose.OWN else None
    return Found(
        summary=f"{here.key} is a later backup's file. {found.why}",
        evidence=(found_one(seen, case, here), *earlier_exhibit(seen, case), *_made(case)),
        fixes=(*_kept(seen, case), OWN_KEYS),
    )


def _written_since(seen: ObjectEvidence, case: Case, here: StoredObject) -> Found | None:
    """A right row's file that no run of this backup can have left so, under a key without its id."""
    row = case.backup
    ended = ended_at(case) or (row.finished_at if row else None)
    if row_state(case) is not RowState.RIGHT or names_backup(here.key, case):
        return None
    if ended is None or here.modified_at <= ended + CLOCK_SLACK:
        return None
    tells_apart = sum(map(str.isdigit, here.key)) >= LEAST_DIGITS
    return Found(
        summary=f"{here.key} was written at {rfc3339(here.modified_at)}, and this backup ended at "
        f"{rfc3339(ended)}: it was copied since, or another backup wrote over it.",
        evidence=(found_one(seen, case, here), *_made(case)),
        fixes=() if tells_apart else (OWN_KEYS,),
        breaks=(),
        role=Role.CONTEXT,
        severity=Severity.INFO if tells_apart else Severity.WARN,
    )


def _kept(seen: ObjectEvidence, case: Case) -> tuple[Fix, ...]:
    """How this backup's own version gets out of the way of the next ones, where the bucket has it."""
    own = earlier_version(seen, case)
    if own is None or own.version_id is None:
        return ()
    return (
        manual(
            "Keep the version that is this backup's",
            f"Copy the version {own.version_id} of {own.key} ({size(own.size)}, {rfc3339(own.modified_at)}) "
            "to another key, and let this row name that one.",
        ),
    )


def _made(case: Case) -> tuple[Exhibit, ...]:
    row = case.backup
    if row is None or row.created_at is None:
        return ()
    return (exhibit("this row was made", row.created_at, "database", None),)
