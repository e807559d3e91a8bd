"""A step that makes, uploads and records the backup (`make backup`): whether it came to its update.

GitHub knows one red step. That it ended before the update is shown by what it printed, which tells of
no file and of no call, and by the error of a program that only makes or uploads files; else by the
pipeline's own bucket, which has no file of this backup.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.object import Search
from backup_doctor.evidence.workflow import WorkflowFile
from backup_doctor.judge.history.naming import left_its_file
from backup_doctor.services.error_lines import is_of_another_call
from backup_doctor.services.secret_uses import UPLOAD_KEYS, use_of
from backup_doctor.services.told import told_by
from backup_doctor.services.uploading import BY_COMMAND

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import LogReading
    from backup_doctor.evidence.object import ObjectEvidence
    from backup_doctor.evidence.workflow import WorkflowEvidence, WorkflowStep

# The tools whose known errors are met while a file is made or uploaded.
_OF_FILES = frozenset(
    {"age", "aws", "disk", "gpg", "gzip", "openssl", "pg-dump", "rclone", "tar", "zip"}
)
# The tools that bring the programs which make the calls, before they run.
_INSTALLERS = frozenset({"apt", "npm", "pip", "pnpm", "yarn"})
# Programs that only make files, where what they say has the words of others.
_DUMPS = re.compile(r"^\W*(?:pg_dump(?:all)?|pg_basebackup|mysqldump|mongodump|zip|7z|tar|gzip): ")
_UNTOLD = frozenset({Outcome.NOT_SAID, Outcome.NOT_MADE})


def ended_before_update(case: Case) -> str | None:
    """The error with which the step that does all ended before it came to the update; None where it did not."""
    workflow = case.workflow
    log = workflow.reading if workflow else None
    step = workflow.update_step if workflow else None
    if workflow is None or log is None or step is None or step.conclusion != "failure":
        return None
    if log.failed_step != step.name or _tells_of_more(log) or not _does_all(workflow, log):
        return None
    if left_its_file(case):
        return None
    known = told_by(log)
    of_upload = next((one for one in log.upload_errors if not is_of_another_call(one)), None)
    if of_upload is not None:
        return of_upload
    if known and (known.error.tool in _OF_FILES or _DUMPS.match(known.line)):
        return known.line
    absent = case.object is not None and _has_none(case.object, log)
    said = known.line if known else next(iter(log.errors), None)
    return said if absent else None


def ended_installing(case: Case) -> bool:
    """Whether the update step ended as it installed what makes its calls: none was made by then."""
    workflow = case.workflow
    log, step = (workflow.reading, workflow.update_step) if workflow else (None, None)
    if log is None or step is None or step.conclusion != "failure":
        return False
    if log.failed_step != step.name or _tells_of_a_call(log):
        return False
    known = told_by(log)
    return known is not None and known.error.tool in _INSTALLERS


def _tells_of_more(log: LogReading) -> bool:
    """Whether the log tells of a file that was uploaded, or of a call."""
    return _tells_of_a_call(log) or bool(log.uploaded)


def _tells_of_a_call(log: LogReading) -> bool:
    named = (log.function_call, log.fallback_call, log.lookup_call)
    calls = (*named, *(one.call for one in log.attempts))
    not_found = log.backup_id_not_found is not None
    return not_found or any(call.outcome not in _UNTOLD for call in calls)


def _does_all(workflow: WorkflowEvidence, log: LogReading) -> bool:
    """Whether the update step was given the upload's keys, and no other step of the job uploads."""
    given = {use_of(one.name) for one in log.variables}
    file = workflow.file if isinstance(workflow.file, WorkflowFile) else None
    update = workflow.update_step
    if file is None or update is None or not given & {*UPLOAD_KEYS}:
        return False
    return not any(_may_upload(one) for one in file.steps if one.name != update.name)


def _may_upload(step: WorkflowStep) -> bool:
    own = {use_of(name) for name in step.env} & {*UPLOAD_KEYS}
    return bool(own or BY_COMMAND.search(f"{step.name}\n{step.script}"))


def _has_none(seen: ObjectEvidence, log: LogReading) -> bool:
    """Whether the pipeline's own bucket was searched as a whole, and nothing there names this backup."""
    search = seen.search if isinstance(seen.search, Search) else None
    if seen.present is not None or search is None or not search.complete:
        return False
    if search.hits or search.possible:
        return False
    return isinstance(seen.control, Shown) or seen.bucket in log.buckets
