"""How sure it is that the file which was found is this backup's, and whole. Pure functions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.ids import ids_of, mentions, names_another
from backup_doctor.evidence.object import (
    NOT_READABLE,
    FileEnd,
    KeySource,
    ObjectEvidence,
    Search,
    StoredObject,
)
from backup_doctor.evidence.object_keys import FileKind, basename, kind_of, places
from backup_doctor.evidence.reuse import are_apart
from backup_doctor.evidence.workflow import FoundBy
from backup_doctor.judge.history import RunProgress, dispatch_runs, progress, rows_of
from backup_doctor.judge.history.bucket import shown_bucket_gone
from backup_doctor.judge.history.file import (
    CLOCK_SLACK,
    Whose,
    began_at,
    belonging,
    chosen_by_log,
    doubt_of_log,
    following_backup,
    found_file,
    own_size,
    owners_at,
)
from backup_doctor.judge.history.naming import names_backup
from backup_doctor.judge.history.run import ended_at
from backup_doctor.judge.history.upload import left_no_file, logged_keys

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

# The ways to find a run that only its naming the dispatch opens.
NAMED_BY = frozenset(
    {FoundBy.TITLE, FoundBy.NUMBER, FoundBy.STEP_NAME, FoundBy.LOG, FoundBy.ENVIRONMENT}
)


IN_ARCHIVE = "the file is archived, so whether it is whole could not be read: restore a copy first."

NOT_SEEN = "the file could not be looked at; give the doctor access to the bucket."
NO_BUCKET = "the file could not be looked at: no bucket is configured; set BACKUP_BUCKET."
GOES_ON = "the backup may still be going; look again when the job has ended."
NOT_READ = "the file is there, but whether it is whole could not be read."
# What is known once the file can be read.
UNREAD = frozenset({IN_ARCHIVE, NOT_SEEN, NO_BUCKET, NOT_READ})


def is_whole(seen: ObjectEvidence) -> bool:
    """Whether the file is there, with bytes, and complete."""
    here, tail = seen.present, seen.present_tail
    return here is not None and here.size > 0 and tail is not None and tail.whole


def whole_file(case: Case, seen: ObjectEvidence) -> StoredObject | None:
    """The file that is this backup's, where it is whole."""
    found = found_file(case)
    return seen.present if found and found.whose is Whose.OWN and is_whole(seen) else None


def may_still_write(case: Case) -> str | None:
    """Why a run that was seen may still write the row, or its file; None where none is known to."""
    known_to_end = progress(case) in (RunProgress.OVER, RunProgress.UNSEEN)
    return None if known_to_end or not dispatch_runs(case) else GOES_ON


def not_over(case: Case, here: StoredObject | None) -> str | None:
    """Why the backup may still be going; None where it is over."""
    now = progress(case)
    if now is RunProgress.OVER or (now is RunProgress.UNSEEN and here and _old(case, here)):
        return None
    if here:
        return GOES_ON
    return "the end of the backup was not seen; look again when the job has ended."


def _old(case: Case, here: StoredObject) -> bool:
    return case.now - here.modified_at > timedelta(seconds=case.names.stuck_after_s)


def unsure_of_file(case: Case, seen: ObjectEvidence) -> str | None:
    """Why it cannot be said whether the file is this backup's, or whole; None where it can, or is none."""
    if seen.head is None and isinstance(seen.search, Search) and len(seen.search.hits) > 1:
        return "several objects name this dispatch; a person must choose the right one."
    here = seen.present if isinstance(seen.bucket, str) else None
    return _unsure_of(case, seen, here) if here else _unsure_of_look(case, seen)


def _unsure_of_look(case: Case, seen: ObjectEvidence) -> str | None:
    """Why it is not known whether there is a file, where the bucket itself could not be looked into."""
    gone = shown_bucket_gone(seen, case)
    if left_no_file(case) is not None or isinstance(gone, Shown):
        return None
    if isinstance(gone, Unseen):
        return f"{gone.what} {gone.remedy}"
    if isinstance(seen.bucket, Unseen) and seen.bucket.why is Why.NOT_CONFIGURED:
        return NO_BUCKET
    if isinstance(seen.bucket, Unseen) or isinstance(seen.head, Unseen):
        return NOT_SEEN
    return None


def _unsure_of(case: Case, seen: ObjectEvidence, here: StoredObject) -> str | None:
    found = belonging(seen, case, here)
    if found.whose is Whose.NOT_UPLOADED:
        return None
    if found.whose is not Whose.OWN:
        return f"{here.key} is not surely this backup's. {found.why}"
    owned = _unsure_of_owners(seen, here)
    if owned:
        return owned
    if _is_one_of_several(case, seen, here):
        return "several objects name this dispatch; a person must choose the right one."
    return _unsure_of_end_of_file(seen, here) or _unsure_of_source(case, seen, here)


def _unsure_of_owners(seen: ObjectEvidence, here: StoredObject) -> str | None:
    """Whether another row names the file, or nobody could ask."""
    if isinstance(seen.owners, Unseen):
        return f"whether another row names this file is not known. {seen.owners.what}"
    _, others = owners_at(seen, here.key)
    return f"another row names this file: {others[0].row.id}." if others else None


def _unsure_of_end_of_file(seen: ObjectEvidence, here: StoredObject) -> str | None:
    """Whether the archive's end was not read."""
    tail = seen.tail if isinstance(seen.head, StoredObject) else seen.found_tail
    if isinstance(tail, Unseen) and tail.code == NOT_READABLE:
        return IN_ARCHIVE
    if here.size > 0 and not isinstance(tail, FileEnd):
        return NOT_READ
    return None


def _is_one_of_several(case: Case, seen: ObjectEvidence, here: StoredObject) -> bool:
    """Whether the run left other archives as well that may be meant, and nothing says which one is."""
    if seen.key_source is KeySource.ROW or chosen_by_log(case, here.key):
        return False
    ids, began = ids_of(case.asked, case.backup), began_at(case)
    hits = seen.search.hits if isinstance(seen.search, Search) else ()
    found = {one.key for one in hits if began is None or one.modified_at >= began}
    logged = {key for key in logged_keys(case) if kind_of(key) is FileKind.BACKUP}
    meant = found | logged if here.key in logged else found
    named = {key for key in meant if ids.whole_in(key)} or meant
    return here.key in named and len(named) > 1


def _unsure_of_source(case: Case, seen: ObjectEvidence, here: StoredObject) -> str | None:
    """Who says that this is the file: its own name, the row, or the log of this very run."""
    if names_backup(here.key, case):
        return None
    late = _unsure_of_end(case, seen, here)
    named = seen.key_source if isinstance(seen.head, StoredObject) else None
    if late is not None or named is KeySource.ROW:
        return late
    by_log = named is KeySource.LOG or _is_mentioned(case, here)
    doubt = doubt_of_log(case) if by_log else _unsure_of_likeness(case, here)
    return f"{doubt[0].lower()}{doubt[1:]}" if doubt else None


def _is_mentioned(case: Case, here: StoredObject) -> bool:
    """Whether the log has a word for this file, whatever it says of it, and for no other backup's."""
    mentioned = {basename(text) for text in case.log.mentioned} if case.log else set()
    return basename(here.key) in mentioned and not names_another(here.key, case.dispatch_id)


def _unsure_of_likeness(case: Case, here: StoredObject) -> str | None:
    """Whether a file that was come upon only has the name of the expected one."""
    if names_another(here.key, case.dispatch_id):
        return "The file's key names another backup; it may be that one's."
    if own_size(case) == here.size:
        return None
    return f"{here.key} has the name of this backup's file, but nothing tells that it is the same."


def _unsure_of_end(case: Case, seen: ObjectEvidence, here: StoredObject) -> str | None:
    """Whether a file that does not name the backup was written when its run was long over.

    Its own size is proof enough where no other backup was begun since.
    """
    ended = ended_at(case)
    if ended is not None and here.modified_at <= ended + CLOCK_SLACK:
        return None
    if following_backup(seen, case, here) is not None:
        return f"{here.key} was written after the next backup had started; it may be that one's."
    if ended is None or own_size(case) == here.size:
        return None
    return f"{here.key} was written after the run had ended; it may be a later backup's."


# The run ------------------------------------------------------------------------------------------


def log_names(case: Case, key: str) -> bool:
    """Whether the log of this backup's own run names the file."""
    log = case.log
    if log is None or doubt_of_log(case) is not None:
        return False
    bucket = case.object.bucket if case.object and isinstance(case.object.bucket, str) else None
    texts = (*log.uploaded, log.assignments.get("S3_KEY", ""))
    return any(place.key == key for text in texts for place in places(text, bucket))


def is_of_run(case: Case, here: StoredObject) -> bool:
    """Whether the file is proved to be this run's: its log names it, or name and time both fit."""
    if log_names(case, here.key):
        return True
    began, ended = began_at(case), ended_at(case)
    if began is None or ended is None or not names_backup(here.key, case):
        return False
    return began - CLOCK_SLACK <= here.modified_at <= ended + CLOCK_SLACK


def run_names(case: Case, dispatch_id: str) -> bool:
    """Whether a run is known that names the dispatch."""
    workflow, log = case.workflow, case.log
    if workflow is None or isinstance(workflow.run, Unseen) or workflow.run is None:
        return False
    seen = log is not None and log.dispatch_seen
    return workflow.found_by in NAMED_BY or seen or mentions(workflow.run.title, dispatch_id)


def unsure_of_row(case: Case) -> str | None:
    """Why the run may be another row's; None where one row is in progress, or the log names this one.

    Rows of different times with one id (`nightly`) have runs of their own, unless the log names another.
    """
    rows = rows_of(case)
    waiting = [row.id for row in rows if case.names.status_of(row.status) is Status.IN_PROGRESS]
    named = case.log.assignments.get("BACKUP_ID") if case.log else None
    if len(waiting) < 2 or (case.backup and named == case.backup.id):  # noqa: PLR2004 -- two are a choice
        return None
    if named is None and are_apart(rows):
        return None
    return (
        "several rows of this dispatch are in progress; a person must choose the one that it made."
    )
