"""What S3 says of the backup's file."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from doctor.evidence.base import Evidence, Fact, Unseen, unseen

# S3's own code for a bucket that does not exist.
NO_SUCH_BUCKET = "NoSuchBucket"


class KeySource(StrEnum):
    """Who named the key that was looked for."""

    ROW = "the row"
    LOG = "the workflow's log"
    SEARCH = "a search of the bucket"


class StoredObject(Fact, frozen=True, kw_only=True):
    """An object as HEAD or a listing shows it. `size` is in bytes, `modified_at` UTC."""

    key: str
    size: int
    modified_at: datetime
    etag: str = ""
    storage_class: str = "STANDARD"
    restored: bool = False
    version_id: str | None = None


class ZipTail(Fact, frozen=True, kw_only=True):
    """What the end of the archive says, read with one ranged GET.

    `whole`: the end record is there and the central directory that it names fits before it.
    `entries` is the number of files in the archive; `problem` says what is wrong where it is not whole.
    `applies` is False for a file that is no zip by its name: then nothing was read and nothing is wrong.
    """

    whole: bool
    applies: bool = True
    entries: int | None = None
    problem: str | None = None


class DeleteMarker(Fact, frozen=True, kw_only=True):
    """The object was there and was deleted: the marker, and the newest version below it."""

    key: str
    deleted_at: datetime | None = None
    version_id: str | None = None
    previous: StoredObject | None = None


class UnfinishedUpload(Fact, frozen=True, kw_only=True):
    """A multipart upload that nobody completed; it is no object, and it costs money."""

    key: str
    upload_id: str
    initiated_at: datetime | None = None
    parts: int | None = None
    bytes: int | None = None


class Search(Fact, frozen=True, kw_only=True):
    """A search of the bucket for keys that name the dispatch (or end like the expected key).

    `listed` keys were looked at under `prefixes`; `complete` is False where the bound ended it.
    """

    prefixes: tuple[str, ...]
    listed: int
    complete: bool
    hits: tuple[StoredObject, ...] = ()


def _archive(tail: ZipTail) -> str:
    files = f" of {tail.entries:,} files" if tail.entries is not None else ""
    return f", a whole zip{files}" if tail.whole else ", not a whole zip"


class ObjectEvidence(Evidence, frozen=True, kw_only=True):
    """Guide step 6: the file in the bucket.

    `expected_key` is the key that the row or the log names, normalized to a key of this bucket;
    `head` is what is there (None: nothing, and the caller may list, so that is certain). `tail` is
    None where there was nothing to read. `search` is None where none was needed. `redirected_to` is
    the bucket's region, where S3 itself had to point from the configured one to it. `latest` is the
    newest file under the prefix that was come upon, only looked for where no backup is in hand.
    """

    bucket: str | Unseen
    expected_key: str | None = None
    key_source: KeySource | None = None
    head: StoredObject | Unseen | None = None
    tail: ZipTail | Unseen | None = None
    search: Search | Unseen | None = None
    found_tail: ZipTail | Unseen | None = None
    deleted: DeleteMarker | None = None
    uploads: tuple[UnfinishedUpload, ...] | Unseen = ()
    versions: tuple[StoredObject, ...] | Unseen = ()
    redirected_to: str | None = None
    latest: StoredObject | None = None

    @property
    def present(self) -> StoredObject | None:
        """The object that this backup made: at its key, else the one hit of the search."""
        if isinstance(self.head, StoredObject):
            return self.head
        hits = self.search.hits if isinstance(self.search, Search) else ()
        return hits[0] if len(hits) == 1 else None

    @property
    def present_tail(self) -> ZipTail | None:
        """The archive's end of the object in `present`."""
        tail = self.tail if isinstance(self.head, StoredObject) else self.found_tail
        return tail if isinstance(tail, ZipTail) else None

    def saw(self) -> str:
        """The file, its size, and what the end of the archive says."""
        here, tail = self.present, self.present_tail
        if here is None:
            return "" if isinstance(self.bucket, Unseen) else f"bucket {self.bucket}"
        return f"{here.size:,} bytes{_archive(tail) if tail and tail.applies else ''}"

    def gaps(self) -> tuple[Unseen, ...]:
        """The bucket, the object, and its end."""
        return tuple(dict.fromkeys(unseen(self.bucket, self.head, self.tail, self.search)))

    def notes(self) -> tuple[Unseen, ...]:
        """Versions and unfinished uploads explain; they are not needed."""
        return unseen(self.uploads, self.versions)
