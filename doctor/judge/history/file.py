"""Whose file it is that was found, and whether this backup certainly has none.

What the log says of the upload outranks what two clocks say of a few minutes; what another row of
the table names is that row's.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.evidence.base import Shown, Unseen, Why, unseen
from backup_doctor.evidence.ids import is_same_id, mentions, names_another
from backup_doctor.evidence.object import KeySource, Search, StoredObject
from backup_doctor.evidence.object_keys import places
from backup_doctor.evidence.workflow import FoundBy
from backup_doctor.judge.history.bucket import shown_bucket, shown_bucket_gone, shown_missing
from backup_doctor.judge.history.naming import names_backup
from backup_doctor.judge.history.run import dispatch_began, dispatch_runs, ended_at
from backup_doctor.judge.history.upload import left_no_file, may_have_passed, upload_failed

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import KeyOwner, ObjectEvidence
    from backup_doctor.evidence.row import BackupRow
    from backup_doctor.evidence.workflow import WorkflowEvidence

CLOCK_SLACK = timedelta(minutes=5)


class Whose(StrEnum):
    """Whose the file is that was found.

    `OLDER`: it was there before any run of this backup. `NOT_UPLOADED`: likewise, and the log shows
    that this backup's upload failed. `REPLACED`: a later backup wrote the same key.
    """

    OWN = "own"
    OLDER = "older"
    NOT_UPLOADED = "not uploaded"
    REPLACED = "replaced"
    ANOTHERS = "another's"
    OPEN = "open"


class Belonging(NamedTuple):
    """Whose a file is, and in a sentence why it is not, or may not be, this backup's."""

    whose: Whose
    why: str = ""


def found_file(case: Case) -> Belonging | None:
    """Whose the one file is that was found; None where none was."""
    seen = case.object
    here = seen.present if seen else None
    return belonging(seen, case, here) if seen and here else None


def own_file(case: Case) -> StoredObject | None:
    """The file that is this backup's."""
    found = found_file(case)
    return case.object.present if case.object and found and found.whose is Whose.OWN else None


def left_by_another_run(case: Case) -> bool:
    """Whether this backup's file is there, and the dispatch had more runs or attempts than the judged one.

    What the judged one did not come to is then the update: the file was made and uploaded.
    """
    return len(dispatch_runs(case)) > 1 and own_file(case) is not None


def belonging(seen: ObjectEvidence, case: Case, here: StoredObject) -> Belonging:
    """Whose this object is."""
    by_id, by_key = owners_at(seen, here.key)
    if here is seen.head and _log_names_another(seen, case, here, by_key or by_id):
        return Belonging(Whose.ANOTHERS, "The run's own log names another file.")
    if by_id:
        return Belonging(Whose.ANOTHERS, f"Its name holds the id of {_named(by_id[0].row)}.")
    is_named = names_backup(here.key, case)
    if not is_named:
        taken = _by_later(case, seen, here, by_key)
        if taken is not None:
            return taken
    return _by_time(case, here, by_key, is_named=is_named)


def _log_names_another(
    seen: ObjectEvidence, case: Case, here: StoredObject, owners: tuple[KeyOwner, ...]
) -> bool:
    """Whether the row's file is another backup's, and this one's own is where the run's log says."""
    if not isinstance(seen.logged, StoredObject) or doubt_of_log(case):
        return False
    began = began_at(case)
    is_older = began is not None and here.modified_at < began
    return bool(owners) or is_older or names_another(here.key, case.dispatch_id)


def doubt_of_log(case: Case) -> str | None:
    """Why the log that names a file may be another backup's; None where it is this one's."""
    log, workflow, dispatch_id = case.log, case.workflow, case.dispatch_id
    if workflow and workflow.found_by is FoundBy.ONLY_CANDIDATE:
        return "The run is only a guess, so its file may be another backup's."
    if log is None or workflow is None or dispatch_id is None:
        return None
    named = log.assignments.get("DISPATCH_ID", dispatch_id)
    is_ours = is_same_id(_as_logged(named), _as_logged(dispatch_id))
    if is_ours and (log.dispatch_seen or not _has_rivals(workflow, dispatch_id)):
        return None
    return "Nothing tells that the job that named the file is this backup's."


def chosen_by_log(case: Case, key: str) -> bool:
    """Whether the run's log says of this one file that it is the row's: no other job may say another."""
    log, workflow, dispatch_id = case.log, case.workflow, case.dispatch_id
    if log is None or workflow is None or dispatch_id is None:
        return False
    named = places(log.assignments.get("S3_KEY", ""), None)
    return any(one.key == key for one in named) and not _has_rivals(workflow, dispatch_id)


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


def owners_at(seen: ObjectEvidence, key: str) -> tuple[tuple[KeyOwner, ...], tuple[KeyOwner, ...]]:
    """The other rows whose id stands in the key, and those that name it."""
    owners = () if isinstance(seen.owners, Unseen) else seen.owners
    here = [one for one in owners if one.key == key]
    return (
        tuple(one for one in here if one.by_id),
        tuple(one for one in here if not one.by_id),
    )


def _named(row: BackupRow) -> str:
    named = f"the backup {row.dispatch_id!r}" if row.dispatch_id else f"the row {row.id}"
    return f"{named} ({row.status})" if row.status else named


def _named_beside(case: Case, row: BackupRow) -> str:
    """The same; another row of the very dispatch by its own id."""
    if case.backup is None or row.dispatch_id is None or row.dispatch_id != case.backup.dispatch_id:
        return _named(row)
    return f"the other row of this dispatch, {row.id} ({row.status}),"


def _by_later(
    case: Case, seen: ObjectEvidence, here: StoredObject, by_key: tuple[KeyOwner, ...]
) -> Belonging | None:
    """Whether a later backup wrote the same key: by its row, or as the next one to be made."""
    row = case.backup
    if row is None or row.created_at is None:
        return None
    since = row.created_at
    for owner in by_key:
        if _is_between(since, owner.row, here):
            return Belonging(Whose.REPLACED, f"{_capital(_named(owner.row))} wrote it anew.")
    following = following_backup(seen, case, here)
    if following is None:
        return None
    size = own_size(case)
    if size is None:
        return Belonging(
            Whose.OPEN,
            f"It was written after {_named(following)} was started, and may be that one's.",
        )
    if size == here.size:
        return None
    return Belonging(
        Whose.REPLACED, f"It was written after {_named(following)} was started, with another size."
    )


def following_backup(seen: ObjectEvidence, case: Case, here: StoredObject) -> BackupRow | None:
    """The next backup, where it was begun before the object was written and has no key of its own."""
    since = case.backup.created_at if case.backup else None
    if since is None:
        return None
    following = next((one for one in seen.later if _is_between(since, one, here)), None)
    return None if following is None or following.s3_key else following


def _is_between(since: datetime, row: BackupRow, here: StoredObject) -> bool:
    """Whether the row was made after this backup's, and before the object was written."""
    if row.created_at is None:
        return False
    return since < row.created_at and _second(row.created_at) <= here.modified_at


def own_size(case: Case) -> int | None:
    """What the row or the run says of this backup's size."""
    row = case.backup
    if row is not None and row.size_bytes is not None:
        return row.size_bytes
    said = case.log.assignments.get("BACKUP_SIZE", "") if case.log else ""
    return int(said) if said.isascii() and said.isdigit() else None


def _by_time(
    case: Case, here: StoredObject, by_key: tuple[KeyOwner, ...], *, is_named: bool
) -> Belonging:
    began, error = began_at(case), upload_failed(case)
    before = began is not None and here.modified_at < began
    long_before = began is not None and here.modified_at < began - _slack(case)
    if long_before or (before and (by_key or error) and not is_named):
        if error is not None:
            return Belonging(Whose.NOT_UPLOADED, f"The upload of this backup failed: {error}")
        return Belonging(Whose.OLDER, "It is older than the run that should have made it.")
    if error is not None and not is_named:
        if by_key:
            return Belonging(Whose.NOT_UPLOADED, f"The upload of this backup failed: {error}")
        if not (_row_names(case) or (may_have_passed(case, error) and _is_as_made(case, here))):
            return Belonging(Whose.OPEN, f"The run's log has an error of its upload: {error}")
    if by_key and not _row_names(case):
        return Belonging(
            Whose.ANOTHERS, f"{_capital(_named_beside(case, by_key[0].row))} names it."
        )
    return Belonging(Whose.OWN)


def _slack(case: Case) -> timedelta:
    """How far two services' clocks may be apart: as far as they are seen to be now, if that is more."""
    ahead = case.clock.ahead_s.values()
    return CLOCK_SLACK + timedelta(seconds=0 if case.clock.is_settled else max(ahead) - min(ahead))


def _is_as_made(case: Case, here: StoredObject) -> bool:
    """Whether it has the size that the run says, and came while the run was going."""
    began, ended = began_at(case), ended_at(case)
    if began is None or ended is None or own_size(case) != here.size:
        return False
    return began <= here.modified_at <= ended + CLOCK_SLACK


def _row_names(case: Case) -> bool:
    """Whether the object was found where the row says."""
    return case.object is not None and case.object.key_source is KeySource.ROW


def began_at(case: Case) -> datetime | None:
    """When the first run of this backup can have begun."""
    times = (dispatch_began(case), case.backup.created_at if case.backup else None)
    return min((_second(one) for one in times if one is not None), default=None)


def _second(time: datetime) -> datetime:
    """The second in which it was: S3 and GitHub tell no more."""
    return time.replace(microsecond=0)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# Whether there is none ---------------------------------------------------------------------------


def shown_no_file(seen: ObjectEvidence, case: Case) -> Shown | Unseen:
    """Proof that this backup certainly has no file; else why that is not known."""
    found = belonging(seen, case, seen.present) if seen.present else None
    if found is not None and found.whose is Whose.NOT_UPLOADED:
        return Shown(by=found.why)
    return left_no_file(case) or shown_bucket_gone(seen, case) or _shown_by_search(seen, case)


def _shown_by_search(seen: ObjectEvidence, case: Case) -> Shown | Unseen:
    search, maybe = seen.search, unowned(seen)
    if isinstance(search, Unseen) or (search is not None and not search.complete):
        return _unknown("The bucket could not be searched to the end: the file may be elsewhere.")
    if maybe:
        return _unknown(f"An object may be this backup's: {maybe[0].key}. A person must look.")
    if seen.expected_key is None and not seen.named_by_id:
        return _unknown(
            "No object names this backup, but nothing names the file's key either: it may be there "
            "under another name. A person should look for it in the bucket."
        )
    return shown_bucket(seen, case)


def unowned(seen: ObjectEvidence) -> tuple[StoredObject, ...]:
    """The objects that perhaps name this backup, and that no other row has."""
    search = seen.search if isinstance(seen.search, Search) else None
    owners = () if isinstance(seen.owners, Unseen) else seen.owners
    taken = {one.key for one in owners}
    return tuple(one for one in search.possible if one.key not in taken) if search else ()


def _unknown(what: str) -> Unseen:
    return Unseen(why=Why.NOT_FOUND, what=what, dependency="S3")


def object_gaps(seen: ObjectEvidence, case: Case) -> tuple[Unseen, ...]:
    """What had to be seen of the file for a verdict on it, and was not, or not with proof."""
    found = belonging(seen, case, seen.present) if seen.present else None
    doubt = None
    if found is not None and found.whose in (Whose.ANOTHERS, Whose.OPEN):
        doubt = _unknown(
            f"{seen.present.key if seen.present else ''} may be another's. {found.why}"
        )
    proofs = (shown_missing(seen, case), shown_bucket_gone(seen, case), doubt)
    return tuple(dict.fromkeys((*unseen(*proofs), *seen.gaps())))
