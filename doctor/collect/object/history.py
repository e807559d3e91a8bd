"""What is left of a file that is not there: versions, delete markers, unfinished uploads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.clients.bucket import PAGE_KEYS, Bucket, Versions
from backup_doctor.evidence.base import Unseen, Why, unseen
from backup_doctor.evidence.object import DeleteMarker, StoredObject, UnfinishedUpload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.collect.object.search import Sought
    from backup_doctor.collect.sources import Sources


T = TypeVar("T")
VERSION_PAGES = 10
NOT_ALL_VERSIONS = Unseen(
    why=Why.NOT_ASKED,
    what=f"Of the bucket's versions only the first {VERSION_PAGES * PAGE_KEYS:,} were looked at: a deleted "
    "file of this backup may be among the others.",
    remedy="Set BACKUP_PREFIX to the folder of the backups.",
    dependency="S3",
)


class History(Immutable, frozen=True, kw_only=True):
    """Traces of the file. `deleted` is the newest marker that hides a file of this backup."""

    deleted: DeleteMarker | None
    versions: tuple[StoredObject, ...] | Unseen
    uploads: tuple[UnfinishedUpload, ...] | Unseen


def trace(ask: Sources, bucket: Bucket, sought: Sought) -> History:
    """Everything that S3 keeps of the file."""
    versions, uploads = (
        ask.meanwhile(partial(_versions, ask, bucket, sought)),
        ask.meanwhile(partial(_uploads, ask, bucket, sought)),
    )
    found = versions.result()
    deleted = None if isinstance(found, Unseen) else _newest_marker(found)
    if deleted is None and sought.delete_marker and sought.expected:
        deleted = DeleteMarker(key=sought.expected, version_id=sought.delete_marker)
    objects = found if isinstance(found, Unseen) else found.objects
    return History(deleted=deleted, versions=objects, uploads=uploads.result())


def _versions(ask: Sources, bucket: Bucket, sought: Sought) -> Versions | Unseen:
    """Those of the key; where none is known, those that name the backup: in its folders, then everywhere."""
    if sought.expected:
        return _own_versions([bucket.versions(sought.expected)], sought)
    if not sought.ids:
        return Versions()
    folders = [partial(bucket.versions, prefix) for prefix in sought.folders]
    under = partial(bucket.versions, sought.prefix, VERSION_PAGES)
    found = _own_versions(ask.at_once(*folders, under), sought)
    if isinstance(found, Unseen) or found.objects or found.markers or not sought.prefix:
        return found
    return _own_versions([bucket.versions("", VERSION_PAGES)], sought)


def _own_versions(pages: Iterable[Versions | Unseen], sought: Sought) -> Versions | Unseen:
    """What of it is this backup's; none at all only where all were looked at."""
    pages = tuple(pages)
    failed = unseen(*pages)
    if failed:
        return failed[0]
    seen = [page for page in pages if isinstance(page, Versions)]
    found = Versions(
        objects=_unique(one for page in seen for one in page.objects if _is_it(one.key, sought)),
        markers=_unique(one for page in seen for one in page.markers if _is_it(one.key, sought)),
        complete=all(page.complete for page in seen),
    )
    nothing = not found.complete and not (found.objects or found.markers)
    return NOT_ALL_VERSIONS if nothing else found


def _unique(found: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(found))


def _newest_marker(versions: Versions) -> DeleteMarker | None:
    """The last deletion, with the version that it hides."""
    dated = sorted(versions.markers, key=_age_rank, reverse=True)
    if not dated:
        return None
    marker = dated[0]
    hidden = [one for one in versions.objects if one.key == marker.key]
    return DeleteMarker(
        key=marker.key,
        deleted_at=marker.deleted_at,
        version_id=marker.version_id,
        previous=max(hidden, key=lambda one: one.modified_at, default=None),
    )


def _age_rank(marker: DeleteMarker) -> float:
    return marker.deleted_at.timestamp() if marker.deleted_at else 0.0


def _uploads(ask: Sources, bucket: Bucket, sought: Sought) -> tuple[UnfinishedUpload, ...] | Unseen:
    """Uploads of the key, and of keys under the prefix that name the backup."""
    prefixes = dict.fromkeys((sought.expected or sought.prefix, sought.prefix))
    pages = ask.at_once(*(partial(bucket.uploads, prefix) for prefix in prefixes))
    failed = unseen(*pages)
    if failed:
        return failed[0]
    wanted = _own(pages, sought)
    return ask.at_once(*(partial(bucket.with_parts, upload) for upload in wanted))


def _own(
    pages: Iterable[tuple[UnfinishedUpload, ...] | Unseen], sought: Sought
) -> Iterable[UnfinishedUpload]:
    listed = [one for page in pages if not isinstance(page, Unseen) for one in page]
    by_id = {one.upload_id: one for one in listed if _is_it(one.key, sought)}
    return by_id.values()


def _is_it(key: str, sought: Sought) -> bool:
    return key == sought.expected or sought.ids.whole_in(key)
