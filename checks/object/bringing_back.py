"""How a file that is not there any more, or not whole, comes back from a bucket that keeps versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.object.archive import ARCHIVED
from backup_doctor.checks.object.view import MAKE_AGAIN, object_command
from backup_doctor.judge.history.versions import earlier_version
from backup_doctor.judge.show import by_command, rfc3339, size

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.object import DeleteMarker, ObjectEvidence

# What S3 copies in one request.
COPIED_BYTES = 5 * 1024**3


def undeleted(seen: ObjectEvidence, case: Case, marker: DeleteMarker) -> Fix:
    """How a deleted file is back: without its delete marker, if what that hides is this backup's."""
    before = earlier_version(seen, case)
    if marker.version_id is None or before is None or before != marker.previous:
        return way_back(seen, case)
    words = ("--key", marker.key, "--version-id", marker.version_id)
    return by_command(
        "Bring the file back by removing the delete marker",
        object_command(seen, case, "delete-object", *words),
        in_words=f"Remove the delete marker {marker.version_id} of {marker.key}.",
    )


def way_back(seen: ObjectEvidence, case: Case) -> Fix:
    """How the file is whole again: an earlier version of it, or a new backup."""
    before = earlier_version(seen, case)
    if before is None or before.version_id is None:
        return MAKE_AGAIN
    source = f"{seen.bucket}/{before.key}?versionId={before.version_id}"
    words = ("--key", before.key, "--copy-source", source)
    by_copy = before.size <= COPIED_BYTES and before.storage_class not in ARCHIVED
    return by_command(
        f"Bring back the version of {rfc3339(before.modified_at)} ({size(before.size)})",
        object_command(seen, case, "copy-object", *words) if by_copy else None,
        in_words=f"Copy the version {before.version_id} of {before.key} over what is there now.",
    )
