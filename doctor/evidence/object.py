"""What S3 says of the backup's file."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from backup_doctor.evidence.base import Evidence, Fact, Shown, Unseen, Why, unseen
from backup_doctor.evidence.row import BackupRow

# S3's own code for a bucket that does not exist.
NO_SUCH_BUCKET = "NoSuchBucket"
# S3's own code for a file that must be restored before it can be read.
NOT_READABLE = "InvalidObjectState"
KEYS_SHOWN = 3


class KeySource(StrEnum):
    """Who named the key that was looked for."""

    ROW = "the row"
    LOG = "the workflow's log"
    SEARCH = "a search of the bucket"


class StoredObject(Fact, frozen=True, kw_only=True):
    """An object as HEAD or a listing shows it. `size` is in bytes, `modified_at` UTC.

    Of an archived one, `restored`: a copy can be read; `restoring`: one is being made.
    """

    key: str
    size: int
    modified_at: datetime
    etag: str = ""
    storage_class: str = "STANDARD"
    restored: bool = False
    restoring: bool = False
    version_id: str | None = None


class FileEnd(Fact, frozen=True, kw_only=True, tag="ZipTail"):
    """What the ends of a file say of it, read with one ranged GET or two.

    `whole`: nothing shows that it is not. `kind` is what its name says it is, or what it begins as
    where that is none of the kind that it is `named`; `end_known`: a file of this kind that was cut
    off would have been known. `entries` is the number of files in a zip;
    `problem` says what is wrong where it is not whole. `applies` is False for a file whose name says
    nothing: then nothing was read and nothing is wrong.
    """

    whole: bool
    applies: bool = True
    entries: int | None = None
    problem: str | None = None
    kind: str = "zip"
    end_known: bool = True
    named: str | None = None


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
    `hits` are the backups that surely are meant, `possible` those that may be: their names hold an
    id as a part of a longer word, or are of a kind that is a note as often as a backup.
    """

    prefixes: tuple[str, ...]
    listed: int
    complete: bool
    hits: tuple[StoredObject, ...] = ()
    possible: tuple[StoredObject, ...] = ()


class KeyOwner(Fact, frozen=True, kw_only=True):
    """Another row of the table that has an object.

    It names the object's key, or it is `by_id`: its own id is a word of the key, longer than this
    backup's or another.
    """

    key: str
    row: BackupRow
    by_id: bool = False


def _archive(tail: FileEnd) -> str:
    if not tail.whole:
        return f", not a complete {tail.kind}"
    if not tail.end_known:
        return f", {tail.kind} by its beginning"
    if tail.entries is None:
        return f", complete {tail.kind}"
    return f", complete {tail.kind}, {tail.entries:,} file{'' if tail.entries == 1 else 's'}"


OWNERS_NOT_ASKED = Unseen(
    why=Why.NOT_ASKED,
    what="The table was not asked whether another row names this file.",
    dependency="PostgreSQL",
)


class ObjectEvidence(Evidence, frozen=True, kw_only=True):
    """Guide step 6: the file in the bucket.

    `expected_key` is the key that the row or the log names, normalized to a key of this bucket;
    `head` is what is there (None: nothing, and the caller may list, so that is certain). `tail` is
    None where there was nothing to read. `search` is None where none was needed. `logged` is what is
    at the key that the run's log names, where the row names another one.

    `owners` are the other rows that have one of these objects; `later` the rows that were made next.
    `control` is what a look at other rows' files came to, where this one's is not there: proof that
    they are in this bucket, or why that is not known; `named_by_id`: their keys carry their own ids, so
    that this one's would be found by its id. `endpoint` is the store that was asked, where
    it is not Amazon's. `redirected_to` is the bucket's region, where S3 itself had to point from the
    configured one to it. `latest` is the newest file under the prefix that was come upon, only looked
    for where no backup is in hand.
    """

    bucket: str | Unseen
    expected_key: str | None = None
    key_source: KeySource | None = None
    head: StoredObject | Unseen | None = None
    tail: FileEnd | Unseen | None = None
    search: Search | Unseen | None = None
    found_tail: FileEnd | Unseen | None = None
    logged: StoredObject | Unseen | None = None
    logged_tail: FileEnd | Unseen | None = None
    deleted: DeleteMarker | None = None
    uploads: tuple[UnfinishedUpload, ...] | Unseen = ()
    versions: tuple[StoredObject, ...] | Unseen = ()
    owners: tuple[KeyOwner, ...] | Unseen = OWNERS_NOT_ASKED
    later: tuple[BackupRow, ...] = ()
    control: Shown | Unseen | None = None
    named_by_id: bool = False
    endpoint: str | None = None
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
    def has_hits(self) -> bool:
        """Whether the search found what names this backup."""
        return isinstance(self.search, Search) and bool(self.search.hits)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all objects that may be this backup's."""
        search = self.search if isinstance(self.search, Search) else None
        found = (*search.hits, *search.possible) if search else ()
        several = (self.head, *found, self.logged)
        return tuple(dict.fromkeys(one.key for one in several if isinstance(one, StoredObject)))

    @property
    def present_tail(self) -> FileEnd | None:
        """The archive's end of the object in `present`."""
        tail = self.tail if isinstance(self.head, StoredObject) else self.found_tail
        return tail if isinstance(tail, FileEnd) else None

    @property
    def holds_nothing(self) -> bool:
        """Whether it is an archive without a file in it."""
        tail = self.present_tail
        return tail is not None and tail.entries == 0

    def saw(self) -> str:
        """The file, its size, and what the end of the archive says."""
        here, tail = self.present, self.present_tail
        if here is None:
            return "" if isinstance(self.bucket, Unseen) else f"bucket {self.bucket}"
        return f"{here.size:,} bytes{_archive(tail) if tail and tail.applies else ''}"

    def gaps(self) -> tuple[Unseen, ...]:
        """The bucket, the object, and its end; and which of several objects it is."""
        parts = unseen(self.bucket, self.head, self.tail, self.search)
        return tuple(dict.fromkeys((*parts, *unseen(self._several()))))

    def _several(self) -> Unseen | None:
        """Why nobody can tell which object it is, where several name this backup."""
        if self.head is not None or not isinstance(self.search, Search):
            return None
        keys = [one.key for one in self.search.hits]
        if len(keys) < 2:  # noqa: PLR2004 -- one is no choice
            return None
        named = ", ".join(keys[:KEYS_SHOWN])
        return Unseen(
            why=Why.NOT_FOUND,
            what=f"{len(keys)} objects name this backup, and nothing tells which is its own: {named}.",
            remedy="Look at them, and keep the one that it made.",
            dependency="S3",
        )

    def notes(self) -> tuple[Unseen, ...]:
        """Versions and unfinished uploads explain; they are not needed."""
        return unseen(self.uploads, self.versions)
