"""Guide step 5, collected: the platform's record of the function, and its harmless answers.

Nothing here can name a row: an OPTIONS request, a POST of `{}`, and only with --probe-function the
guide's test body with an id that no row has.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from doctor.collectors.pending import Pending
from doctor.evidence.base import Unseen
from doctor.evidence.function import (
    FunctionEvidence,
    FunctionRecord,
    HttpAnswer,
    Project,
)
from doctor.evidence.row import BackupRow, RowEvidence

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from doctor.case import Case
    from doctor.evidence.function import FunctionLogLine, Invocation
    from doctor.sources import Sources

T = TypeVar("T")
NOT_FOUND = 404
# The platform's clocks and the database's need not agree to the second.
LOG_MARGIN = timedelta(minutes=1)
LOG_WINDOW = timedelta(hours=23)


def look(ask: Sources, case: Case) -> FunctionEvidence:
    """Ask the platform and the function at once, then the function's log where a row is stuck."""
    name, key = case.names.function, ask.settings.function_key
    record = Pending(ask, "The function's record", lambda: ask.management.function(name))
    project = Pending(ask, "The project's record", ask.management.project)
    options = Pending(ask, "The answer to OPTIONS", lambda: ask.functions.options(name))
    empty_post = Pending(ask, "The answer to {}", lambda: ask.functions.post(name, {}, key))
    test_call = _test_call(ask, name)

    known, of_project = record.result(), project.result()
    logs, invocations = recorded(ask, case, known)
    return FunctionEvidence(
        name=name,
        record=_of_this_project(known, of_project),
        project=of_project,
        options=options.result(),
        empty_post=empty_post.result(),
        key_sent=key is not None,
        test_call=test_call.result() if test_call else None,
        logs=logs,
        invocations=invocations,
    )


def recorded(
    ask: Sources, case: Case, record: FunctionRecord | Unseen | None
) -> tuple[tuple[FunctionLogLine, ...] | Unseen, tuple[Invocation, ...] | Unseen]:
    """What the platform has recorded since the row's creation: the function's log, and its calls."""
    window = _window(ask, case)
    logs = _recorded(ask, record, window, "log", ask.management.function_logs)
    invocations = _recorded(ask, record, window, "invocations", ask.management.invocations)
    return (logs.result() if logs else (), invocations.result() if invocations else ())


def _test_call(ask: Sources, name: str) -> Pending[HttpAnswer | Unseen] | None:
    """The guide's test body with a random id, only where the user asked for it."""
    if not ask.settings.probe_function:
        return None
    body = {
        "backup_id": str(uuid.uuid4()),
        "s3_key": "backups/test/backup.zip",
        "size_bytes": 1024000,
        "workflow_run_id": "123456789",
    }
    key = ask.settings.function_key
    return Pending(ask, "The test call", lambda: ask.functions.post(name, body, key))


def _of_this_project(
    record: FunctionRecord | Unseen | None, project: Project | Unseen
) -> FunctionRecord | Unseen | None:
    """An absent function is only absent where the project itself is there."""
    if record is None and isinstance(project, Unseen) and project.status == NOT_FOUND:
        return project
    return record


def _window(ask: Sources, case: Case) -> tuple[datetime, datetime] | None:
    """From the row's creation on; None where the row is right, or not known."""
    found = ask.need(RowEvidence)
    row = found.newest if found else None
    if row is None or row.created_at is None or _is_right(row, case):
        return None
    since = row.created_at - LOG_MARGIN
    until = min(case.now, since + LOG_WINDOW)
    return (since, until) if since < until else None


def _recorded(
    ask: Sources,
    record: FunctionRecord | Unseen | None,
    window: tuple[datetime, datetime] | None,
    what: str,
    read: Callable[[str, datetime, datetime], tuple[T, ...] | Unseen],
) -> Pending[tuple[T, ...] | Unseen] | None:
    """What the platform recorded of the function in that window."""
    if window is None or not isinstance(record, FunctionRecord):
        return None
    return Pending(ask, f"The function's {what}", lambda: read(record.id, *window))


def _is_right(row: BackupRow, case: Case) -> bool:
    return row.status == case.names.success
