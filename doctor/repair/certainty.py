"""How sure it is whether this backup's file is there, whole, and this backup's. Pure functions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.object import KeySource, ObjectEvidence, Search, StoredObject, ZipTail
from doctor.evidence.workflow import FoundBy, Run

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.diagnosis import Diagnosis

CLOCK_SLACK = timedelta(minutes=5)


def is_whole(seen: ObjectEvidence) -> bool:
    """Whether the file is there, with bytes, and complete."""
    here, tail = seen.present, seen.present_tail
    return here is not None and here.size > 0 and tail is not None and tail.whole


def unsure_of_object(case: Case, seen: ObjectEvidence) -> str | None:
    """Why it cannot be said whether this backup's file is there and whole; None where it can."""
    if isinstance(seen.bucket, Unseen) or isinstance(seen.head, Unseen):
        return "the file could not be looked at; give the doctor access to the bucket."
    search = seen.search
    if isinstance(search, Search) and len(search.hits) > 1 and seen.head is None:
        return "several objects name this dispatch; a person must choose the right one."
    if seen.present is None:
        if isinstance(search, Unseen) or (search is not None and not search.complete):
            return "the bucket could not be searched to the end, so the file may be somewhere else."
        return None
    tail = seen.tail if isinstance(seen.head, StoredObject) else seen.found_tail
    if seen.present.size > 0 and not isinstance(tail, ZipTail):
        return "the file is there, but whether it is whole could not be read."
    return _unsure_whose(case, seen)


def _unsure_whose(case: Case, seen: ObjectEvidence) -> str | None:
    """The object must be this backup's: its key names the dispatch, or this very run named it."""
    here, row = seen.present, case.backup
    if here is None:
        return None
    workflow = case.workflow
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    began = run.created_at if run else (row.created_at if row else None)
    if began and here.modified_at < began - CLOCK_SLACK:
        return "the object is older than the run that should have made it."
    guessed = workflow is not None and workflow.found_by is FoundBy.ONLY_CANDIDATE
    named = bool(row and row.dispatch_id and row.dispatch_id in here.key)
    if seen.key_source is KeySource.LOG and guessed and not named:
        return "the run is only a guess, so its file may be another backup's."
    return None


def surely_absent(seen: ObjectEvidence, diagnosis: Diagnosis) -> bool:
    """A key was named and is not there, or the backup never came as far as a file."""
    before_file = (min(cause.breaks) <= Link.FILE_UPLOADED for cause in diagnosis.causes)
    return seen.expected_key is not None or any(before_file)
