"""Guide step 6: is the file in the bucket, is it whole, whose is it, and if not, where is it?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.clients.bucket import Absent
from backup_doctor.collect.clients.bucket_refusals import is_of_whole_bucket
from backup_doctor.collect.object.clues import from_row, may_follow, with_log
from backup_doctor.collect.object.control import are_named_by_id, control, files_of
from backup_doctor.collect.object.history import trace
from backup_doctor.collect.object.mentioned import look_where_mentioned
from backup_doctor.collect.object.presumed import search_presumed
from backup_doctor.collect.object.rows import neighbours_of, owners_of, without_others
from backup_doctor.collect.object.search import (
    latest,
    look_beside,
    look_everywhere,
    look_nearby,
    merged,
)
from backup_doctor.collect.object.spot import (
    Early,
    at_any,
    at_key,
    read_end,
    search_early,
    where_uploaded,
)
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.object import FileEnd, KeySource, ObjectEvidence, Search, StoredObject
from backup_doctor.evidence.object_keys import backups_in, places
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.evidence.workflow import WorkflowEvidence

if TYPE_CHECKING:
    from concurrent.futures import Future

    from backup_doctor.collect.clients.bucket import Bucket, ObjectPage
    from backup_doctor.collect.object.clues import Clues
    from backup_doctor.collect.object.presumed import Presumed
    from backup_doctor.collect.object.rows import Neighbours
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import KeyOwner


class RowQueries(Immutable, frozen=True, kw_only=True):
    """What is asked of the table about other rows, while the bucket is looked at."""

    ask: Sources
    case: Case
    rows: RowEvidence | None
    near: Future[Neighbours | Unseen]

    def owners(
        self, keys: tuple[str, ...], clues: Clues, bucket: str
    ) -> tuple[KeyOwner, ...] | Unseen:
        """The other rows that have one of these objects."""
        return owners_of(self.ask, self.case, self.rows, keys, clues.sought.ids, bucket)


def look(ask: Sources, case: Case) -> ObjectEvidence:
    """Asks for the key that the row names, else the log; where it is not, searches the bucket."""
    own = ask.bucket if case.names.bucket else None
    # Opens a connection while the row is awaited; its answer matters only where no key is known.
    opening = ask.meanwhile(partial(own.page, case.names.prefix, limit=1)) if own else None
    if case.is_preflight:
        return _bucket_alone(ask, case, opening, own)
    presumed = ask.meanwhile(partial(search_presumed, ask, case, own)) if own else None
    rows = ask.need(RowEvidence)
    clues = from_row(case, rows.newest if rows else None)
    early = None
    if own and clues.text is None:
        early = ask.meanwhile(partial(_early, ask, own, clues, presumed))
    near = ask.meanwhile(partial(neighbours_of, ask, case, rows))
    if own is None or clues.text is None:
        clues = with_log(clues, ask.need(WorkflowEvidence))
    bucket = own or _named_bucket(ask, clues)
    if bucket is None or (clues.text is None and not clues.sought.ids):
        return _bucket_alone(ask, case, opening, bucket)
    table = RowQueries(ask=ask, case=case, rows=rows, near=near)
    found = _in_bucket(table, bucket, clues, early.result() if early else Early())
    return replace(found, endpoint=_endpoint(ask))


def _early(
    ask: Sources, bucket: Bucket, clues: Clues, presumed: Future[Presumed | None] | None
) -> Early:
    """The search while the log is awaited; it is under way already where the row is as presumed."""
    before = presumed.result() if presumed and presumed.done() else None
    if before is not None and before.clues == clues:
        return before.early.result()
    return search_early(ask, bucket, clues.sought)


def _bucket_alone(
    ask: Sources, case: Case, opening: Future[ObjectPage | Unseen] | None, bucket: Bucket | None
) -> ObjectEvidence:
    """No backup to look for, or no bucket to look in: only whether the bucket can be read."""
    if bucket is None:
        absent = ask.settings.absent("bucket")
        return ObjectEvidence(bucket=absent, head=absent)
    listed = opening.result() if opening else bucket.page(case.names.prefix, limit=1)
    if isinstance(listed, Unseen):
        return ObjectEvidence(bucket=listed, head=listed, endpoint=_endpoint(ask))
    return ObjectEvidence(
        bucket=bucket.name,
        endpoint=_endpoint(ask),
        redirected_to=bucket.redirected_to,
        latest=latest(ask, bucket, case) if case.is_preflight else None,
    )


def _endpoint(ask: Sources) -> str | None:
    """The host of the store that is asked; None for Amazon's own."""
    return urlsplit(ask.settings.storage.endpoint or "").netloc.rpartition("@")[2] or None


def _named_bucket(ask: Sources, clues: Clues) -> Bucket | None:
    """The bucket that the row or the log names, where no setting does."""
    name = clues.bucket()
    return ask.bucket.at(name) if name and may_follow(ask.settings) else None


def _in_bucket(table: RowQueries, bucket: Bucket, clues: Clues, early: Early) -> ObjectEvidence:
    ask, evidence = table.ask, ObjectEvidence(bucket=bucket.name)
    if clues.text is None:
        return _searched(table, evidence, bucket, clues, early)
    likely = tuple(place.key for place in places(clues.text, bucket.name)[:1])
    owners = ask.meanwhile(partial(table.owners, likely, clues, bucket.name))
    spot = at_key(ask, bucket, clues.text, early)
    if isinstance(spot.head, Absent):
        uploaded = with_log(clues, ask.need(WorkflowEvidence)).others
        spot = where_uploaded(spot, uploaded, may_follow=may_follow(ask.settings))
    evidence = ObjectEvidence(
        bucket=spot.bucket.name,
        expected_key=spot.key,
        key_source=clues.source,
        search=early.search if early.hits else None,
        redirected_to=bucket.redirected_to,
    )
    if isinstance(spot.head, StoredObject):
        ask.hints.found(spot.head)
        tail = early.tail if spot.head in early.hits else None
        tail = tail or read_end(spot.bucket, spot.head)
        here = replace(evidence, head=spot.head, tail=tail)
        known = owners if likely == (spot.key,) and spot.bucket is bucket else None
        whose = _with_owners(table, _with_logged(ask, here, spot.bucket, clues), clues, known)
        newest = table.rows.newest if table.rows else None
        return _with_versions(whose, spot.bucket, newest.size_bytes if newest else None)
    if isinstance(spot.head, Unseen):
        hopeless = is_of_whole_bucket(spot.head)
        return replace(evidence, head=spot.head, bucket=spot.head if hopeless else evidence.bucket)
    sought = replace(clues.sought, expected=spot.key, delete_marker=spot.head.delete_marker)
    return _searched(table, evidence, spot.bucket, replace(clues, sought=sought), early)


def _with_versions(evidence: ObjectEvidence, bucket: Bucket, said: int | None) -> ObjectEvidence:
    """The evidence with the versions of a file that may have been written over.

    It is not whole, has another size than the row says, or is named by another backup's row too.
    """
    tail, here = evidence.tail, evidence.present
    if here is None:
        return evidence
    is_cut = not here.size or (isinstance(tail, FileEnd) and not tail.whole)
    is_shared = bool(evidence.owners) and not isinstance(evidence.owners, Unseen)
    if not (is_cut or is_shared) and said in (None, here.size):
        return evidence
    found = bucket.versions(here.key)
    if isinstance(found, Unseen):
        return replace(evidence, versions=found)
    return replace(evidence, versions=tuple(one for one in found.objects if one.key == here.key))


def _with_logged(
    ask: Sources, evidence: ObjectEvidence, bucket: Bucket, clues: Clues
) -> ObjectEvidence:
    """The evidence with the file that the run's log names, where the row names another one."""
    if clues.source is not KeySource.ROW:
        return evidence
    told = with_log(replace(clues, text=None, source=None), ask.need(WorkflowEvidence))
    named = (*((told.text,) if told.text else ()), *told.others)
    if evidence.expected_key in [
        place.key for text in named for place in places(text, bucket.name)
    ]:
        return evidence
    found = backups_in(at_any(ask, bucket, named))
    if len(found) != 1:
        return evidence
    return replace(evidence, logged=found[0], logged_tail=read_end(bucket, found[0]))


def _with_owners(
    table: RowQueries,
    evidence: ObjectEvidence,
    clues: Clues,
    known: Future[tuple[KeyOwner, ...] | Unseen] | None = None,
) -> ObjectEvidence:
    """The evidence with the other rows that have its objects, and with those that were made next."""
    near = table.near.result()
    later = () if isinstance(near, Unseen) else near.later
    keys = evidence.keys
    if known is not None and len(keys) == 1:
        return replace(evidence, owners=known.result(), later=later)
    bucket = evidence.bucket if isinstance(evidence.bucket, str) else ""
    return replace(evidence, owners=table.owners(keys, clues, bucket), later=later)


def _searched(
    table: RowQueries, evidence: ObjectEvidence, bucket: Bucket, clues: Clues, early: Early
) -> ObjectEvidence:
    """The evidence with a search, and with the traces of a file that is not at its key."""
    ask = table.ask
    if early.hits:
        found = _sorted_out(table, evidence, bucket, clues, early)
        if found.has_hits:
            return _with_rivals(table, found, bucket, clues)
    history = ask.meanwhile(partial(trace, ask, bucket, clues.sought))
    files = ask.meanwhile(lambda: files_of(ask, bucket, table.near.result()))
    search = _search(ask, bucket, clues, early)
    traces = history.result()
    if isinstance(search, Unseen) and clues.text is None and is_of_whole_bucket(search):
        return replace(evidence, bucket=search, head=search)
    evidence = replace(
        evidence,
        deleted=traces.deleted,
        versions=traces.versions,
        uploads=traces.uploads,
    )
    found = _sorted_out(table, evidence, bucket, clues, Early(search))
    if isinstance(search, Search) and search.hits and not found.has_hits:
        others = frozenset(one.key for one in search.hits)
        further = look_everywhere(bucket, replace(clues.sought, others=others))
        search = merged((found.search, further)) or search
        found = _sorted_out(table, evidence, bucket, clues, Early(search))
    shelf = files.result()
    return replace(
        _with_rivals(table, found, bucket, clues),
        control=control(bucket.name, shelf, search),
        named_by_id=are_named_by_id(shelf),
    )


def _with_rivals(
    table: RowQueries, found: ObjectEvidence, bucket: Bucket, clues: Clues
) -> ObjectEvidence:
    """The evidence with what else names the backup, where nobody says which file is its own."""
    if clues.text is not None or found.present is None or not isinstance(found.search, Search):
        return found
    period = table.rows.period if table.rows else None
    both = look_beside(bucket, clues.sought, found.search, period)
    return _sorted_out(table, found, bucket, clues, Early(both)) if both else found


def _sorted_out(
    table: RowQueries, evidence: ObjectEvidence, bucket: Bucket, clues: Clues, found: Early
) -> ObjectEvidence:
    """The evidence with what a search found, and without what is another row's."""
    with_owners = _with_owners(table, _with_search(evidence, bucket, found), clues)
    sorted_out = without_others(with_owners)
    if sorted_out is with_owners or sorted_out.present is None:
        return sorted_out
    return replace(sorted_out, found_tail=read_end(bucket, sorted_out.present))


def _with_search(evidence: ObjectEvidence, bucket: Bucket, found: Early) -> ObjectEvidence:
    only = found.hits[0] if len(found.hits) == 1 else None
    tail = found.tail or (read_end(bucket, only) if only else None)
    return replace(
        evidence,
        search=found.search,
        found_tail=tail,
        redirected_to=bucket.redirected_to,
    )


def _search(ask: Sources, bucket: Bucket, clues: Clues, early: Early) -> Search | Unseen:
    """Where the file should be and where the log says, at once; only then everywhere."""
    nearby = ask.meanwhile(partial(look_nearby, ask, bucket, clues.sought))
    named = _logged(ask, bucket, clues)
    search = merged((early.search, nearby.result(), named))
    if isinstance(search, Search) and search.hits:
        return search
    everywhere = look_everywhere(bucket, clues.sought)
    if isinstance(everywhere, Search) and everywhere.hits:
        return merged((search, everywhere)) or everywhere
    return merged((search, everywhere, _mentioned(ask, bucket, clues))) or everywhere


def _mentioned(ask: Sources, bucket: Bucket, clues: Clues) -> Search | None:
    """The file that the log speaks of in words that are not known."""
    workflow = ask.need(WorkflowEvidence)
    reading = workflow.reading if workflow else None
    return look_where_mentioned(ask, bucket, clues.sought, reading.mentioned) if reading else None


def _logged(ask: Sources, bucket: Bucket, clues: Clues) -> Search | None:
    """The files at the keys that the log names and the row does not."""
    texts = with_log(clues, ask.need(WorkflowEvidence)).others
    hits = backups_in(at_any(ask, bucket, texts))
    return Search(prefixes=(), listed=len(hits), complete=True, hits=hits) if hits else None
