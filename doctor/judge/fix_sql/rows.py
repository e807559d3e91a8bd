"""Which statement repairs which row: what is true of the backup decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backup_doctor.evidence.base import Shown, Unseen
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.columns import BY_DOCTOR, DUPLICATE_OF
from backup_doctor.evidence.findings import Risk
from backup_doctor.evidence.object import KeySource, StoredObject
from backup_doctor.judge.explanation import page
from backup_doctor.judge.fix_sql.certainty import (
    UNREAD,
    is_of_run,
    may_still_write,
    not_over,
    unsure_of_file,
    unsure_of_row,
    whole_file,
)
from backup_doctor.judge.fix_sql.refusal import may_add_columns
from backup_doctor.judge.fix_sql.statement import Alternative, Repair, none, update
from backup_doctor.judge.history import BOTH_WRITES, RowState, row_state, rows_of
from backup_doctor.judge.history.file import Whose, found_file, own_size, shown_no_file
from backup_doctor.judge.history.upload import left_no_file, upload_failed
from backup_doctor.judge.history.versions import earlier_version, is_written_over, version_of_row
from backup_doctor.judge.show import rfc3339, size
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import ObjectEvidence
    from backup_doctor.evidence.row import BackupRow
    from backup_doctor.judge.diagnosis import Diagnosis
    from backup_doctor.judge.judgement import Judged

REASON_LIMIT = 500
NOT_LOOKED_AT = "the bucket was not looked at; a person should look for the file."
# What an age is told in: it is another one with every diagnosis.
_AGE = re.compile(r"\b\d+ (?:d|h|min|s)\b")

# A row in progress -------------------------------------------------------------------------------


def finish(case: Case, diagnosis: Diagnosis) -> Repair:
    """In progress and over: success with a whole object, failed where there certainly is none."""
    seen, row = case.object, case.backup
    if seen is None or row is None:
        return none(NOT_LOOKED_AT)
    here = whole_file(case, seen)
    why_not = unsure_of_row(case) or unsure_of_file(case, seen) or not_over(case, here)
    if why_not:
        return _unsure(why_not)
    if here is None:
        return _failed(case, diagnosis, seen, row)
    return _with_note(case, _of_file(case, diagnosis, row, success(case, here), here), here)


def _unsure(why: str) -> Repair:
    """No SQL; a file that could not be read can be, once the doctor may or it is restored."""
    return replace(none(why), waits_for=Trait.KEEPS_FROM_FILE if why in UNREAD else None)


def success(case: Case, here: StoredObject) -> dict[str, Any]:
    """What a whole file makes of its row, by the guide's column names."""
    return {
        "s3_key": here.key,
        "status": case.names.success,
        "finished_at": here.modified_at,
        "size_bytes": here.size,
        "error_text": None,
    }


def _of_file(
    case: Case,
    diagnosis: Diagnosis,
    row: BackupRow,
    values: Mapping[str, Any],
    here: StoredObject,
) -> Repair:
    """The UPDATE that writes what the file tells."""
    return update(case, row, values, of_file=here.key, to_be_added=may_add_columns(diagnosis))


def _with_note(case: Case, repair: Repair, here: StoredObject) -> Repair:
    """What the reader should know of a file that only its name proves, or that was written over."""
    said = own_size(case)
    note = None
    if not is_of_run(case, here):
        note = f"{here.key} has this backup's whole id; no run is known to have uploaded it."
    elif case.object and said is not None and is_written_over(case.object, case, here):
        note = (
            f"{here.key} was overwritten at {rfc3339(here.modified_at)}, after the run had ended, and "
            f"the run's file had {size(said)}: look into it before you record it."
        )
    if repair.sql is None or note is None:
        return repair
    return replace(repair, notes=(*repair.notes, note))


# No file ------------------------------------------------------------------------------------------


def _failed(case: Case, diagnosis: Diagnosis, seen: ObjectEvidence, row: BackupRow) -> Repair:
    """`failed`, where no whole file can come back; where one may, it is for a person to choose."""
    found = found_file(case)
    is_broken = found is not None and found.whose is Whose.OWN
    shown = Shown(by="the file is there, and not whole") if is_broken else shown_no_file(seen, case)
    if isinstance(shown, Unseen):
        return none(" ".join(filter(None, (shown.what, shown.remedy))))
    failing = _with_unseen_versions(update(case, row, _failure(case, diagnosis)), case, seen)
    if failing.sql is None or earlier_version(seen, case) is None:
        return failing
    return none(
        "the bucket still has a version of the file: restore it first, then diagnose again.",
        Alternative(
            title="Give the file up: set the row to failed",
            repair=failing,
            risk=Risk.HIGH,
            why=_ended(seen),
        ),
    )


def _with_unseen_versions(repair: Repair, case: Case, seen: ObjectEvidence) -> Repair:
    """What the reader should know if the versions were not seen, unless nothing was ever uploaded."""
    if repair.sql is None or not isinstance(seen.versions, Unseen) or _never_uploaded(case):
        return repair
    note = (
        "A version of the file that was deleted or overwritten may still be in the bucket; its versions "
        f"could not be looked at: {seen.versions.what} If there is one, restore it and do not run this SQL."
    )
    return replace(repair, notes=(*repair.notes, note))


def _never_uploaded(case: Case) -> bool:
    """Whether the run itself shows that it brought no file to the bucket."""
    return left_no_file(case) is not None or upload_failed(case) is not None


def _ended(seen: ObjectEvidence) -> str:
    """The code that giving the file up ends."""
    if seen.present is None:
        return "object/deleted"
    return "object/empty" if seen.holds_nothing or not seen.present.size else "object/truncated"


def _failure(case: Case, diagnosis: Diagnosis) -> dict[str, Any]:
    # What broke the updates alone is not why there is no file.
    of_file = (one for one in diagnosis.causes if set(one.breaks) - set(BOTH_WRITES))
    cause = next(of_file, diagnosis.root)
    text = _told(cause) if cause else "the backup left no complete file"
    reason = f"{BY_DOCTOR}{text}"[:REASON_LIMIT]
    return {"status": case.names.failed, "error_text": reason}


def _told(cause: Judged) -> str:
    """The cause in words that are the same whenever the backup is diagnosed."""
    said = cause.found.summary
    # What a log said stays the same.
    may_change = cause.found.reason is None and _AGE.search(said)
    lasting = page(cause.rule.doc).summary if may_change else said
    return f"{cause.code}: {lasting}" if lasting else cause.code


# A row that says success -------------------------------------------------------------------------


def correct(case: Case, diagnosis: Diagnosis) -> Repair:
    """Success, but its object is missing, elsewhere, not whole or of another size, or values lack."""
    seen, row = case.object, case.backup
    if seen is None or row is None:
        return none(NOT_LOOKED_AT)
    if isinstance(seen.logged, StoredObject) and _is_anothers(case):
        seen = _as_logged(seen)
        case = _with_object(case, seen)
    unsure = may_still_write(case) or unsure_of_file(case, seen)
    if unsure:
        return _unsure(unsure)
    here = whole_file(case, seen)
    if here is None:
        return _failed(case, diagnosis, seen, row)
    values = _wrong_values(row, here)
    if not values:
        return none("the row already says what the object tells; look at the findings by hand.")
    writing = _of_file(case, diagnosis, row, values, here)
    if writing.sql is None or version_of_row(seen, case) is None:
        return writing
    return none(
        "the bucket still has a version of the size that the row says: bring it back, then diagnose "
        "again.",
        Alternative(
            title="Keep what is there now: write its size into the row",
            repair=writing,
            risk=Risk.HIGH,
            why="object/size-mismatch",
        ),
    )


def _is_anothers(case: Case) -> bool:
    found = found_file(case)
    return found is not None and found.whose is Whose.ANOTHERS


def _as_logged(seen: ObjectEvidence) -> ObjectEvidence:
    """The evidence with the file that the run's log names in the place of the row's."""
    assert isinstance(seen.logged, StoredObject), "only then"
    return replace(
        seen,
        expected_key=seen.logged.key,
        key_source=KeySource.LOG,
        head=seen.logged,
        tail=seen.logged_tail,
        logged=None,
        logged_tail=None,
    )


def _with_object(case: Case, seen: ObjectEvidence) -> Case:
    return replace(case, evidence={**case.evidence, "object": seen})


def _wrong_values(row: BackupRow, here: StoredObject) -> dict[str, Any]:
    """The columns that differ from what the object itself tells."""
    values: dict[str, Any] = {}
    if row.s3_key != here.key and not _names_same(row.s3_key, here.key):
        values["s3_key"] = here.key
    if row.size_bytes != here.size:
        values["size_bytes"] = here.size
    if row.finished_at is None:
        values["finished_at"] = here.modified_at
    return values


def _names_same(written: str | None, key: str) -> bool:
    """Whether the row's key is the object's key in another notation (absolute, or an s3:// URL)."""
    return bool(written) and (str(written).lstrip("/") == key or str(written).endswith(f"/{key}"))


# A row that says that it failed, or was cancelled -------------------------------------------------


def keep(case: Case, diagnosis: Diagnosis) -> Repair:
    """The row is left as it is; `success` is an alternative where this run's file is whole."""
    reason = _kept(case)
    seen, row = case.object, case.backup
    here = whole_file(case, seen) if seen and row else None
    if seen is None or row is None or here is None or not is_of_run(case, here):
        return none(reason)
    if unsure_of_file(case, seen) or not_over(case, here):
        return none(reason)
    succeeding = _of_file(case, diagnosis, row, success(case, here), here)
    if succeeding.sql is None:
        return none(reason)
    return none(
        f"{reason} But its file {here.key} is there and whole: whether the row should say so is for a "
        "person to decide.",
        Alternative(
            title="Record the whole file: set the row to success",
            repair=succeeding,
            risk=Risk.HIGH,
            why="row/failed" if row_state(case) is RowState.FAILED else "row/cancelled",
        ),
    )


def _kept(case: Case) -> str:
    if row_state(case) is RowState.FAILED:
        return (
            "the row records a failure; a failed row is left as it is. Fix the cause, then make the "
            "backup again."
        )
    return "somebody recorded that it was cancelled; a cancelled row is left as it is."


# Duplicates --------------------------------------------------------------------------------------


def close_duplicate(case: Case) -> Repair:
    """The stuck row becomes failed, "duplicate of" the finished one."""
    if why_not := may_still_write(case):
        return none(why_not)
    rows = rows_of(case)
    states = [(row, case.names.status_of(row.status)) for row in rows]
    done = [row for row, state in states if state is Status.SUCCESS]
    stuck = [row for row, state in states if state is Status.IN_PROGRESS]
    if len(done) == 1 and not stuck:
        return none(
            f"row {done[0].id} has this backup, and its duplicate is recorded as failed: nothing is "
            "left to write."
        )
    if len(done) != 1 or len(stuck) != 1:
        return none("more than one row is stuck or finished; a person must choose the right one.")
    (finished,), (waiting,) = done, stuck
    values = {"status": case.names.failed, "error_text": f"{DUPLICATE_OF}{finished.id}"}
    is_other = case.backup is not None and waiting.id != case.backup.id
    return replace(update(case, waiting, values), other_row=waiting.id if is_other else None)
