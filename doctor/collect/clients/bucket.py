"""The bucket: what is in it, read without reading any file as a whole, and never written to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.threads import spawn
from backup_doctor.collect.clients.bucket_errors import FAILURES, explain
from backup_doctor.collect.clients.bucket_objects import from_headers, moment, stored, whole_size
from backup_doctor.collect.clients.bucket_refusals import (
    NOT_S3,
    BucketPlace,
    BucketRefusal,
    code_of,
    headers_of,
    is_of_whole_bucket,
    unseen,
)
from backup_doctor.collect.clients.bucket_session import Connection, connect
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.object import DeleteMarker, StoredObject, UnfinishedUpload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Future

    from mypy_boto3_s3 import S3Client

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.settings.model import Settings

T = TypeVar("T")
CALL_LIMIT_S = 20.0
PAGE_KEYS = 1000
# Where the next page of versions begins.
MARKERS = ("KeyMarker", "VersionIdMarker")
LONGEST_KEY = 1024
NO_SUCH_RANGE = 416
# A search looks again where it looked before it knew the key; a page of a thousand keys is about 1 MB.
KEPT_PAGES = 8
ABSENT = frozenset({"NoSuchKey", "KeyTooLongError"})
OUT_OF_RANGE = BucketRefusal(
    Why.GARBLED, "S3 ({where}) did not keep to the range that was asked for."
)
CANNOT_TELL = BucketRefusal(
    Why.DENIED,
    "Could not determine whether the object is there: to a key that may not list bucket {bucket}, S3 "
    "answers alike for an absent object and a hidden one.",
    "Allow s3:ListBucket on the bucket and s3:GetObject on its objects in the doctor's IAM policy.",
)


class Absent(Immutable, frozen=True, kw_only=True):
    """There certainly is no such object. `delete_marker` is the version id of one that hides it."""

    delete_marker: str | None = None


class ObjectPage(Immutable, frozen=True, kw_only=True):
    """A page of a listing: up to 1,000 objects in S3's order; `after` is None at the end."""

    objects: tuple[Mapping[str, Any], ...]
    after: str | None = None


class Versions(Immutable, frozen=True, kw_only=True):
    """Versions and delete markers under a prefix, newest first for each key; `complete`: all of them."""

    objects: tuple[StoredObject, ...] = ()
    markers: tuple[DeleteMarker, ...] = ()
    complete: bool = True


class Bucket:
    """A bucket asked under the run's deadline. Safe to use from several threads.

    The client is made in a thread of its own, at once. Nothing raises for what S3 does.
    """

    def __init__(
        self,
        settings: Settings,
        deadline: Deadline,
        name: str | None = None,
        connection: Future[Connection] | None = None,
    ) -> None:
        self.name = name or settings.names.bucket or ""
        self._settings = settings
        self._deadline = deadline
        self._connection = connection or spawn(partial(connect, settings, deadline))
        self._first_pages: dict[str, ObjectPage] = {}

    def at(self, name: str) -> Bucket:
        """Another bucket, asked through the same client."""
        return Bucket(self._settings, self._deadline, name, self._connection)

    @property
    def redirected_to(self) -> str | None:
        """The bucket's region, where S3 had to point to it from the configured one."""
        made = self._connection.done() and self._connection.exception() is None
        return self._connection.result().redirected_to if made else None

    def head(self, key: str) -> StoredObject | Absent | Unseen:
        """The object at exactly this key. Absent only where that is certain."""
        if len(key.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
            return Absent()

        def ask_head(s3: S3Client) -> Mapping[str, Any] | Absent:
            try:
                return s3.head_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if _delete_marker(error):
                    return Absent(delete_marker=_delete_marker(error))
                raise

        answer = self._call("s3:GetObject", ask_head)
        if isinstance(answer, Absent):
            return answer
        if not isinstance(answer, Unseen):
            found = from_headers(key, answer, answer.get("ContentLength") or 0)
            if found is None:
                return self._not_s3(answer)
            return found if found.size else self._without_size(found)
        return answer if answer.status is None else self._settle(key)

    def read(self, key: str, first: int, last: int) -> bytes | Unseen:
        """The bytes from `first` to `last`, both included; a server that sends more is not read."""

        def get(s3: S3Client) -> bytes | None:
            answer = s3.get_object(Bucket=self.name, Key=key, Range=f"bytes={first}-{last}")
            with answer["Body"] as body:
                wanted = last - first + 1
                return body.read() if answer.get("ContentLength") == wanted else None

        part = self._call("s3:GetObject", get)
        return part if part is not None else unseen(OUT_OF_RANGE, self.place())

    def page(
        self, prefix: str, after: str | None = None, limit: int = PAGE_KEYS
    ) -> ObjectPage | Unseen:
        """One page of the keys that begin with `prefix`."""

        def get(s3: S3Client) -> Mapping[str, Any]:
            if after:
                return s3.list_objects_v2(
                    Bucket=self.name, Prefix=prefix, MaxKeys=limit, ContinuationToken=after
                )
            return s3.list_objects_v2(Bucket=self.name, Prefix=prefix, MaxKeys=limit)

        answer = self._call("s3:ListBucket", get)
        if isinstance(answer, Unseen):
            return answer
        if "IsTruncated" not in answer and "Name" not in answer:
            return self._not_s3(answer)
        return ObjectPage(
            objects=tuple(answer.get("Contents", ())),
            after=answer.get("NextContinuationToken") if answer.get("IsTruncated") else None,
        )

    def first_page(self, prefix: str) -> ObjectPage | Unseen:
        """The first page of the keys that begin with `prefix`, listed once for all who ask."""
        known = self._first_pages.get(prefix)
        if known is not None:
            return known
        page = self.page(prefix)
        if isinstance(page, ObjectPage) and len(self._first_pages) < KEPT_PAGES:
            self._first_pages[prefix] = page
        return page

    def versions(self, prefix: str, pages: int = 1) -> Versions | Unseen:
        """Versions and delete markers of the keys that begin with `prefix`: 1,000 a page."""
        found = Versions()
        after: dict[str, str] = {}
        for _ in range(pages):
            page = self._versions_page(prefix, after)
            if isinstance(page, Unseen):
                return found if after else page
            found = Versions(
                objects=(*found.objects, *_objects(page)),
                markers=(*found.markers, *_latest_markers(page)),
                complete=not page.get("IsTruncated"),
            )
            after = {name: page[f"Next{name}"] for name in MARKERS if page.get(f"Next{name}")}
            if found.complete or not after:
                break
        return found

    def _versions_page(self, prefix: str, after: Mapping[str, str]) -> Mapping[str, Any] | Unseen:
        answer = self._call(
            "s3:ListBucketVersions",
            lambda s3: s3.list_object_versions(
                Bucket=self.name, Prefix=prefix, **cast("Any", after)
            ),
        )
        return {} if isinstance(answer, Unseen) and answer.code == "NotImplemented" else answer

    def uploads(self, prefix: str) -> tuple[UnfinishedUpload, ...] | Unseen:
        """Multipart uploads that nobody completed, under `prefix`: the first 1,000."""
        answer = self._call(
            "s3:ListBucketMultipartUploads",
            lambda s3: s3.list_multipart_uploads(Bucket=self.name, Prefix=prefix),
        )
        if isinstance(answer, Unseen):
            return () if answer.code == "NotImplemented" else answer
        return tuple(
            UnfinishedUpload(
                key=upload["Key"],
                upload_id=upload["UploadId"],
                initiated_at=moment(upload.get("Initiated")),
            )
            for upload in answer.get("Uploads", ())
            if "Key" in upload and "UploadId" in upload
        )

    def with_parts(self, upload: UnfinishedUpload) -> UnfinishedUpload:
        """The upload with the number and bytes of its parts, as far as they may be listed."""

        def get(s3: S3Client) -> list[int]:
            pages = s3.get_paginator("list_parts").paginate(
                Bucket=self.name, Key=upload.key, UploadId=upload.upload_id
            )
            return [part.get("Size", 0) for page in pages for part in page.get("Parts", ())]

        sizes = self._call("s3:ListMultipartUploadParts", get)
        if isinstance(sizes, Unseen):
            return upload
        return UnfinishedUpload(
            key=upload.key,
            upload_id=upload.upload_id,
            initiated_at=upload.initiated_at,
            parts=len(sizes),
            bytes=sum(sizes),
        )

    def _settle(self, key: str) -> StoredObject | Absent | Unseen:
        """After a failed HEAD: a GET of one byte says why, a listing whether it is there."""
        listing = spawn(lambda: self.page(key, limit=1))
        got = self._first_byte(key)
        if isinstance(got, StoredObject):
            return got
        if isinstance(got, Unseen) and is_of_whole_bucket(got):
            return got
        listed = listing.result()
        if not isinstance(listed, Unseen):
            found = next((entry for entry in listed.objects if entry.get("Key") == key), None)
            marker = got if isinstance(got, Absent) else Absent()
            return (stored(found) if found else marker) or self._not_s3()
        if isinstance(got, Unseen) and got.why is not Why.DENIED:
            return got
        if listed.why is not Why.DENIED:
            return listed
        return unseen(CANNOT_TELL, self.place(), status=listed.status, code=listed.code)

    def _without_size(self, found: StoredObject) -> StoredObject | Absent | Unseen:
        """An object of no size by its HEAD. Stores leave that out of an empty one's, proxies out of any."""
        got = self._first_byte(found.key)
        return found if isinstance(got, Unseen) and got.status == NO_SUCH_RANGE else got

    def _first_byte(self, key: str) -> StoredObject | Absent | Unseen:
        def get(s3: S3Client) -> Mapping[str, Any] | Absent:
            try:
                answer = s3.get_object(Bucket=self.name, Key=key, Range="bytes=0-0")
            except ClientError as error:
                if code_of(error) not in ABSENT:
                    raise
                return Absent(delete_marker=_delete_marker(error))
            answer["Body"].close()
            return answer

        answer = self._call("s3:GetObject", get)
        if isinstance(answer, Absent | Unseen):
            return answer
        return from_headers(key, answer, whole_size(answer)) or self._not_s3(answer)

    def _call(self, needs: str, ask: Callable[[S3Client], T]) -> T | Unseen:
        """Ask within the time that is left; every failure is evidence."""
        future = spawn(lambda: ask(self._connection.result().client))
        try:
            return future.result(timeout=self._deadline.limit(CALL_LIMIT_S))
        except FAILURES as error:
            return explain(error, self.place(needs))

    def place(self, needs: str = "") -> BucketPlace:
        """Of what was asked, and where, for a sentence about a failure."""
        storage = self._settings.storage
        host = urlsplit(storage.endpoint or "").netloc.rpartition("@")[2]
        where = host or (f"Amazon S3, {storage.region}" if storage.region else "Amazon S3")
        return BucketPlace(bucket=self.name, where=where, needs=needs, region=self.redirected_to)

    def _not_s3(self, answer: Mapping[str, Any] | None = None) -> Unseen:
        status = (answer or {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
        return unseen(NOT_S3, self.place(), status=status)


def _objects(page: Mapping[str, Any]) -> Iterable[StoredObject]:
    """The versions of a page."""
    return filter(None, map(stored, page.get("Versions", ())))


def _latest_markers(page: Mapping[str, Any]) -> Iterable[DeleteMarker]:
    """The markers of a page that hide their objects now."""
    for marker in page.get("DeleteMarkers", ()):
        if marker.get("IsLatest"):
            yield DeleteMarker(
                key=marker.get("Key", ""),
                deleted_at=moment(marker.get("LastModified")),
                version_id=marker.get("VersionId"),
            )


def _delete_marker(error: ClientError) -> str | None:
    """The version id of the delete marker that the refusal names."""
    headers = headers_of(error)
    return headers.get("x-amz-version-id") if headers.get("x-amz-delete-marker") == "true" else None
