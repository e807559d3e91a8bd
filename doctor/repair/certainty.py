"""How sure it is whether this backup's file is there, whole, and this backup's. Pure functions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from doctor.chain import Link
from doctor.collectors.object_keys import Names, is_uuid
from doctor.evidence.base import Unseen
from doctor.evidence.object import (
    NO_SUCH_BUCKET,
    KeySource,
    ObjectEvidence,
    Search,
    StoredObject,
    ZipTail,
)
from doctor.evidence.workflow import FoundBy, Run
from doctor.log.mention import mentions, names_another
from doctor.story import rows_of
from doctor.story.bucket import met_no_bucket, uploaded_to_bucket

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.diagnosis import Diagnosis
    from doctor.evidence.workflow import WorkflowEvidence

CLOCK_SLACK = timedelta(minutes=5)


def is_whole(seen: ObjectEvidence) -> bool:
    """Whether the file is there, with bytes, and complete."""
    here, tail = seen.present, seen.present_tail
    return here is not None and here.size > 0 and tail is not None and tail.whole


def unsure_of_object(case: Case, seen: ObjectEvidence) -> str | None:
    """Why it cannot be said whether this backup's file is there and whole; None where it can."""
    if _bucket_is_gone(case, seen):
        return None
    if isinstance(seen.bucket, Unseen) or isinstance(seen.head, Unseen):
        return "the file could not be looked at; give the doctor access to the bucket."
    search = seen.search
    if isinstance(search, Search) and len(search.hits) > 1 and seen.head is None:
        return "several objects name this dispatch; a person must choose the right one."
    if seen.present is None:
        return _unsure_of_absence(search)
    tail = seen.tail if isinstance(seen.head, StoredObject) else seen.found_tail
    if seen.present.size > 0 and not isinstance(tail, ZipTail):
        return "the file is there, but whether it is whole could not be read."
    return _unsure_whose(case, seen)


def _unsure_of_absence(search: Search | Unseen | None) -> str | None:
    if isinstance(search, Unseen) or (search is not None and not search.complete):
        return "the bucket could not be searched to the end, so the file may be somewhere else."
    return None


def _bucket_is_gone(case: Case, seen: ObjectEvidence) -> bool:
    """Whether there is no such bucket, and the pipeline, not only the doctor, was to use it."""
    gone = isinstance(seen.bucket, Unseen) and seen.bucket.code == NO_SUCH_BUCKET
    return gone and (uploaded_to_bucket(case) or met_no_bucket(case))


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
    if seen.key_source is KeySource.ROW or Names(_ids(case)).in_key(here.key):
        return None
    if _is_another_rows(case, here.key):
        return "another row names this file."
    # A UUID in the name that this very job gave its file is the file's own.
    return _unsure_of_log(case) if seen.key_source is KeySource.LOG else _unsure_of_name(case, here)


def _unsure_of_name(case: Case, here: StoredObject) -> str | None:
    another = names_another(here.key, _dispatch_id(case))
    return "the file's key names another backup; it may be that one's." if another else None


def _unsure_of_log(case: Case) -> str | None:
    """Why the log that names the file may be another backup's."""
    if case.workflow and case.workflow.found_by is FoundBy.ONLY_CANDIDATE:
        return "the run is only a guess, so its file may be another backup's."
    if not _is_own_log(case, _dispatch_id(case)):
        return "nothing tells that the job that named the file is this backup's."
    return None


def _dispatch_id(case: Case) -> str | None:
    return case.asked.dispatch_id or (case.backup.dispatch_id if case.backup else None)


def _ids(case: Case) -> tuple[str | None, ...]:
    """By what a key may name this backup; an id that is a mere number names nothing."""
    own = (case.asked.backup_id, case.backup.id if case.backup else None)
    return (_dispatch_id(case), *(one for one in own if is_uuid(one)))


def _is_another_rows(case: Case, key: str) -> bool:
    own = case.backup.id if case.backup else None
    return any(row.id != own and row.s3_key == key for row in rows_of(case))


def _is_own_log(case: Case, dispatch_id: str | None) -> bool:
    """Whether the log names this dispatch and no other; the only job of its run need not."""
    log, workflow = case.log, case.workflow
    if log is None or workflow is None or dispatch_id is None:
        return True
    if _as_logged(log.assignments.get("DISPATCH_ID", dispatch_id)) != _as_logged(dispatch_id):
        return False
    return log.dispatch_seen or not _has_rivals(workflow, dispatch_id)


def _as_logged(dispatch_id: str) -> str:
    """What a line of a log keeps of an id: its first line, without quotes and blanks around it."""
    return next(iter(dispatch_id.strip().splitlines()), "").strip(" \t\"'")


def _has_rivals(workflow: WorkflowEvidence, dispatch_id: str) -> bool:
    """Whether other jobs of the run update a row as well, and no name tells which is this one's."""
    job, update = workflow.job, workflow.update_step
    if job is None or update is None or isinstance(workflow.jobs, Unseen):
        return False
    if mentions(job.name, dispatch_id):
        return False
    others = (one for one in workflow.jobs if one.id != job.id)
    return any(step.name == update.name for one in others for step in one.steps)


def unsure_of_row(case: Case) -> str | None:
    """Why the run may be another row's; None where one row is in progress, or the log names this one."""
    waiting = [row.id for row in rows_of(case) if row.status == case.names.in_progress]
    named = case.log.assignments.get("BACKUP_ID") if case.log else None
    if len(waiting) < 2 or (case.backup and named == case.backup.id):  # noqa: PLR2004 -- two are a choice
        return None
    return (
        "several rows of this dispatch are in progress; a person must choose the one that it made."
    )


def surely_absent(seen: ObjectEvidence, diagnosis: Diagnosis) -> bool:
    """A key was named and is not there, or the backup never came as far as a file."""
    before_file = (min(cause.breaks) <= Link.FILE_UPLOADED for cause in diagnosis.causes)
    return seen.expected_key is not None or any(before_file)
