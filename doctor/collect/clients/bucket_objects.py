"""Objects as S3 tells of them: in a listing, and in the headers of an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from backup_doctor.evidence.object import StoredObject

if TYPE_CHECKING:
    from collections.abc import Mapping

OK = 200


def stored(entry: Mapping[str, Any]) -> StoredObject | None:
    """An object of a listing; None for what no S3 lists."""
    modified_at = moment(entry.get("LastModified"))
    if modified_at is None or "Key" not in entry:
        return None
    return StoredObject(
        key=entry["Key"],
        size=entry.get("Size", 0),
        modified_at=modified_at,
        etag=str(entry.get("ETag", "")).strip('"'),
        storage_class=entry.get("StorageClass") or "STANDARD",
        version_id=entry.get("VersionId"),
    )


def moment(text: object) -> datetime | None:
    """A time of a listing (ISO 8601) or of a header (RFC 9110), in UTC; None for anything else."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = parse(str(text))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return None


def from_headers(key: str, answer: Mapping[str, Any], size: int | None) -> StoredObject | None:
    """The object that an answer's headers describe; None where they are not S3's."""
    modified_at = moment(answer.get("LastModified"))
    if modified_at is None or "ETag" not in answer or size is None:
        return None
    return StoredObject(
        key=key,
        size=size,
        modified_at=modified_at,
        etag=str(answer["ETag"]).strip('"'),
        storage_class=answer.get("StorageClass") or "STANDARD",
        restored='ongoing-request="false"' in str(answer.get("Restore", "")),
        restoring='ongoing-request="true"' in str(answer.get("Restore", "")),
        version_id=answer.get("VersionId"),
    )


def whole_size(answer: Mapping[str, Any]) -> int | None:
    """The object's size by the answer to a ranged GET, which may be the whole object; None if it is not told."""
    if answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == OK:
        return answer.get("ContentLength")
    size = str(answer.get("ContentRange", "")).rpartition("/")[2]
    return int(size) if size.isdecimal() else None
