"""The file looked at again, just before the row is written: is it still as it was diagnosed?

A success rests on a whole file, a failure on its absence; neither has to last until the answer.
"""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.object.collector import look
from backup_doctor.collect.sources import Sources
from backup_doctor.evidence.base import Evidence, Unseen
from backup_doctor.evidence.object import Search

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import ObjectEvidence, StoredObject
    from backup_doctor.settings.model import Settings

LOOK_LIMIT_S = 20.0

Shape = tuple[str, int, str, datetime, str | None]


class _Sight(Immutable, frozen=True, kw_only=True):
    """What a look at the bucket came to: the file, else that there surely is none, else a reason."""

    file: Shape | None = None
    others: frozenset[str] = frozenset()
    gap: str | None = None


def changed_since(settings: Settings, case: Case) -> str | None:
    """Why the file is not what the diagnosis saw; None where it is, or where no file was looked for."""
    if case.object is None:
        return None
    before = _sight(case.object)
    seen = look(_sources(settings, case), case)
    after = _sight(seen)
    if after == before:
        return None
    if after.gap is not None:
        return f"The file could not be looked at again: {after.gap}"
    return "The file is no longer as it was diagnosed. Diagnose the backup again."


def _sources(settings: Settings, case: Case) -> Sources:
    """The clients, with what the other checks saw: the file is looked for as it was before."""
    earlier: dict[type[Evidence], Future[Any]] = {}
    for found in case.evidence.values():
        if isinstance(found, Evidence):
            earlier[type(found)] = Future()
            earlier[type(found)].set_result(found)
    return Sources(settings, Deadline(LOOK_LIMIT_S), earlier)


def _sight(seen: ObjectEvidence) -> _Sight:
    if seen.present is not None:
        return _Sight(file=_shape(seen.present))
    search = seen.search
    gap = next((one for one in (seen.bucket, seen.head, search) if isinstance(one, Unseen)), None)
    if gap is not None:
        return _Sight(gap=gap.code or gap.what)
    if isinstance(search, Search) and not search.complete:
        return _Sight(gap="the bucket could not be searched to the end.")
    hits = search.hits if isinstance(search, Search) else ()
    return _Sight(others=frozenset(one.key for one in hits))


def _shape(found: StoredObject) -> Shape:
    return (found.key, found.size, found.etag, found.modified_at, found.version_id)
