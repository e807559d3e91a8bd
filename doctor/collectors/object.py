"""Guide step 6: is the file in the bucket, is it whole, and if not, where is it?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace as updated

from doctor.clients.bucket import Absent
from doctor.clients.bucket_refusals import is_of_whole_bucket
from doctor.collectors.object_clues import from_row, may_follow, with_log
from doctor.collectors.object_history import trace
from doctor.collectors.object_keys import newest_first
from doctor.collectors.object_search import latest, look_everywhere, look_nearby, merged
from doctor.collectors.object_spot import (
    Early,
    at_any,
    at_key,
    read_end,
    search_early,
    where_uploaded,
)
from doctor.evidence.base import Unseen
from doctor.evidence.object import ObjectEvidence, Search, StoredObject
from doctor.evidence.row import RowEvidence
from doctor.evidence.workflow import WorkflowEvidence

if TYPE_CHECKING:
    from concurrent.futures import Future

    from doctor.case import Case
    from doctor.clients.bucket import Bucket, Page
    from doctor.collectors.object_clues import Clues
    from doctor.sources import Sources


def look(ask: Sources, case: Case) -> ObjectEvidence:
    """Asks for the key that the row names, else the log; where it is not, searches the bucket."""
    own = ask.bucket if case.names.bucket else None
    # Opens a connection while the row is awaited; its answer matters only where no key is known.
    opening = ask.meanwhile(partial(own.page, case.names.prefix, limit=1)) if own else None
    if case.is_preflight:
        return _bucket_alone(ask, case, opening, own)
    rows = ask.need(RowEvidence)
    clues = from_row(case, rows.newest if rows else None)
    early = None
    if own and clues.text is None:
        early = ask.meanwhile(partial(search_early, ask, own, clues.sought))
    if own is None or clues.text is None:
        clues = with_log(clues, ask.need(WorkflowEvidence))
    bucket = own or _named_bucket(ask, clues)
    if bucket is None or (clues.text is None and not clues.sought.names):
        return _bucket_alone(ask, case, opening, bucket)
    return _in_bucket(ask, bucket, clues, early.result() if early else Early())


def _bucket_alone(
    ask: Sources, case: Case, opening: Future[Page | Unseen] | None, bucket: Bucket | None
) -> ObjectEvidence:
    """No backup to look for, or no bucket to look in: only whether the bucket can be read."""
    if bucket is None:
        absent = ask.settings.absent("bucket")
        return ObjectEvidence(bucket=absent, head=absent)
    listed = opening.result() if opening else bucket.page(case.names.prefix, limit=1)
    if isinstance(listed, Unseen):
        return ObjectEvidence(bucket=listed, head=listed)
    return ObjectEvidence(
        bucket=bucket.name,
        redirected_to=bucket.redirected_to,
        latest=latest(ask, bucket, case) if case.is_preflight else None,
    )


def _named_bucket(ask: Sources, clues: Clues) -> Bucket | None:
    """The bucket that the row or the log names, where no setting does."""
    name = clues.bucket()
    return ask.bucket.at(name) if name and may_follow(ask.settings) else None


def _in_bucket(ask: Sources, bucket: Bucket, clues: Clues, early: Early) -> ObjectEvidence:
    evidence = ObjectEvidence(bucket=bucket.name)
    if clues.text is None:
        return _searched(ask, evidence, bucket, clues, early)
    spot = at_key(ask, bucket, clues.text, early)
    if isinstance(spot.head, Absent):
        uploaded = with_log(clues, ask.need(WorkflowEvidence)).others
        spot = where_uploaded(spot, uploaded, may_follow=may_follow(ask.settings))
    evidence = ObjectEvidence(
        bucket=spot.bucket.name,
        expected_key=spot.key,
        key_source=clues.source,
        redirected_to=bucket.redirected_to,
    )
    if isinstance(spot.head, StoredObject):
        tail = early.tail if spot.head in early.hits else None
        return updated(evidence, head=spot.head, tail=tail or read_end(spot.bucket, spot.head))
    if isinstance(spot.head, Unseen):
        hopeless = is_of_whole_bucket(spot.head)
        return updated(evidence, head=spot.head, bucket=spot.head if hopeless else evidence.bucket)
    sought = replace(clues.sought, expected=spot.key, delete_marker=spot.head.delete_marker)
    return _searched(ask, evidence, spot.bucket, replace(clues, sought=sought), early)


def _searched(
    ask: Sources, evidence: ObjectEvidence, bucket: Bucket, clues: Clues, early: Early
) -> ObjectEvidence:
    """The evidence with a search, and with the traces of a file that is not at its key."""
    if early.hits:
        return _with_search(evidence, bucket, early)
    history = ask.meanwhile(partial(trace, ask, bucket, clues.sought))
    search = _search(ask, bucket, clues, early)
    traces = history.result()
    if isinstance(search, Unseen) and clues.text is None and is_of_whole_bucket(search):
        return updated(evidence, bucket=search, head=search)
    evidence = updated(
        evidence, deleted=traces.deleted, versions=traces.versions, uploads=traces.uploads
    )
    return _with_search(evidence, bucket, Early(search))


def _with_search(evidence: ObjectEvidence, bucket: Bucket, found: Early) -> ObjectEvidence:
    only = found.hits[0] if len(found.hits) == 1 else None
    tail = found.tail or (read_end(bucket, only) if only else None)
    return updated(
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
    return merged((search, everywhere)) or everywhere


def _logged(ask: Sources, bucket: Bucket, clues: Clues) -> Search | None:
    """The files at the keys that the log names and the row does not."""
    texts = with_log(clues, ask.need(WorkflowEvidence)).others
    hits = newest_first(at_any(ask, bucket, texts))
    return Search(prefixes=(), listed=len(hits), complete=True, hits=hits) if hits else None
