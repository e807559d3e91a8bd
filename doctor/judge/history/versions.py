"""Earlier versions of the backup's file, and whether what is there now was written over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen
from backup_doctor.judge.history.file import CLOCK_SLACK, began_at, own_size
from backup_doctor.judge.history.naming import names_backup
from backup_doctor.judge.history.run import ended_at

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import (
        DeleteMarker,
        ObjectEvidence,
        StoredObject,
        UnfinishedUpload,
    )


def earlier_version(seen: ObjectEvidence, case: Case) -> StoredObject | None:
    """The version that S3 keeps of this backup's file: written by one of its runs, and not what is there.

    Of several, one of the size that the row or the log says, then one that a run wrote, then the newest.
    A key that names the backup is written for no other one: there a later version is its own too.
    """
    here, said, began = seen.present, own_size(case), began_at(case)
    kept = (
        one
        for one in _versions(seen)
        if one.size > 0
        and (here is None or one.etag != here.etag)
        and (began is None or one.modified_at >= began)
        and (_is_of_runs(one, seen, case) or names_backup(one.key, case))
    )
    return max(
        kept,
        key=lambda one: (one.size == said, _is_of_runs(one, seen, case), one.modified_at),
        default=None,
    )


def _is_of_runs(one: StoredObject, seen: ObjectEvidence, case: Case) -> bool:
    """Whether the version was written before all runs of this backup had ended, or may have been."""
    ended = ended_at(case)
    following = next((row.created_at for row in seen.later if row.created_at), None)
    until = ended + CLOCK_SLACK if ended else following
    return until is None or one.modified_at <= until


def _versions(seen: ObjectEvidence) -> tuple[StoredObject, ...]:
    versions = () if isinstance(seen.versions, Unseen) else seen.versions
    previous = seen.deleted.previous if seen.deleted else None
    return (*versions, *((previous,) if previous else ()))


def own_marker(seen: ObjectEvidence, case: Case) -> DeleteMarker | None:
    """The mark that this backup's file was deleted; None where what it hides is an earlier backup's."""
    marker = seen.deleted
    if marker is None or names_backup(marker.key, case):
        return marker
    hidden = marker.previous.modified_at if marker.previous else None
    began = began_at(case)
    times = (one for one in (marker.deleted_at, hidden) if one is not None)
    return None if began and any(one < began - CLOCK_SLACK for one in times) else marker


def own_uploads(seen: ObjectEvidence, case: Case) -> tuple[UnfinishedUpload, ...]:
    """The unfinished uploads that a run of this backup started, or may have started."""
    uploads = () if isinstance(seen.uploads, Unseen) else seen.uploads
    return tuple(
        one for one in uploads if names_backup(one.key, case) or _may_be_of_runs(one, case)
    )


def _may_be_of_runs(one: UnfinishedUpload, case: Case) -> bool:
    began, ended, at = began_at(case), ended_at(case), one.initiated_at
    if at is None:
        return True
    is_early = began is not None and at < began - CLOCK_SLACK
    return not is_early and (ended is None or at <= ended + CLOCK_SLACK)


def is_written_over(seen: ObjectEvidence, case: Case, here: StoredObject) -> bool:
    """Whether the run's own file was there: it has another size, or this one came when all runs were over."""
    said, before, ended = own_size(case), earlier_version(seen, case), ended_at(case)
    if said == here.size:
        return False
    if before is not None and before.size == said:
        return True
    return ended is not None and here.modified_at > ended + CLOCK_SLACK


def version_of_row(seen: ObjectEvidence, case: Case) -> StoredObject | None:
    """The earlier version that has the size that the row says, where what is there has another."""
    row, here, before = case.backup, seen.present, earlier_version(seen, case)
    if row is None or here is None or before is None:
        return None
    return before if before.size == row.size_bytes != here.size else None
