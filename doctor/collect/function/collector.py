"""Guide step 5, collected: the platform's record of the function, and its harmless answers.

Nothing here can name a row: an OPTIONS request; a POST of `{}` only where its answer decides what
the log leaves open; and only with --probe-function the guide's test body with an id that no row has.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec

from backup_doctor.collect.workflow.pending import Pending
from backup_doctor.evidence.base import Evidence, Unseen, Why
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.function import FunctionEvidence, FunctionRecord, HttpAnswer, Project
from backup_doctor.evidence.row import BackupRow, RowEvidence
from backup_doctor.evidence.secrets import SecretsEvidence
from backup_doctor.evidence.workflow import WorkflowEvidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.function import FunctionLogLine, Invocation

T = TypeVar("T")
NOT_FOUND = 404
# The platform's clocks and the database's need not agree to the second.
LOG_MARGIN = timedelta(minutes=1)
LOG_WINDOW = timedelta(hours=23)


# `Deno.env.get("NAME")`, `process.env.NAME`: what the function's source reads.
_READS = re.compile(r"env\.get\(\s*['\"](\w+)['\"]\s*\)|process\.env(?:\.|\[['\"])([A-Za-z_]\w*)")
FORBIDDEN_BY_USER = Unseen(
    why=Why.NOT_ASKED,
    what="The function was not called with a body: --no-probe, or a file that nobody named gives "
    "its name.",
    dependency="The functions gateway",
)
NO_FUNCTION = Unseen(
    why=Why.NOT_ASKED,
    what="The pipeline calls no function, as the setting `function` says.",
    dependency="The functions gateway",
)
CALLED_ALREADY = Unseen(
    why=Why.NOT_ASKED,
    what="The function was called with the test body, as --probe-function asks.",
    dependency="The functions gateway",
)
NOT_NAMED = Unseen(
    why=Why.NOT_ASKED,
    what="The function was not called with a body: its name is known from the pipeline's script alone.",
    remedy="Set `function` in backup-doctor.toml to its name.",
    dependency="The functions gateway",
)
UNDECIDED = Unseen(why=Why.NOT_ASKED, what="The function was not called.")


def look(ask: Sources, case: Case) -> FunctionEvidence:
    """Ask the platform and the function at once, then the function's log where a row is stuck."""
    name = case.names.function
    project = Pending(ask, "The project's record", ask.management.project)
    if not case.names.calls_function:
        return FunctionEvidence(
            name=name,
            record=NO_FUNCTION,
            project=project.result(),
            options=NO_FUNCTION,
            empty_post=NO_FUNCTION,
        )
    test_call = _test_call(ask, name)
    seen = _seen(ask, case, name, project)
    other = called_instead(ask.need(WorkflowEvidence), case)
    if other:
        usual = isinstance(seen.record, FunctionRecord)
        found = _seen(ask, case, other, project)
        return msgspec.structs.replace(
            found, empty_post=NOT_NAMED, instead_of=name if usual else None
        )
    if test_call:
        seen = msgspec.structs.replace(seen, test_call=test_call.result())
    return _with_post(ask, case, seen)


def called_instead(workflow: WorkflowEvidence | None, case: Case) -> str | None:
    """The one other function that the update step's script calls, where no setting names one."""
    reading = workflow.reading if workflow else None
    if reading is None or "function" in case.names.given:
        return None
    called = {one.target for one in reading.attempts if one.is_of_function and one.updates}
    (other, *more) = called or {case.names.function}
    return None if more or not other or other == case.names.function else other


def _seen(
    ask: Sources, case: Case, name: str, project: Pending[Project | Unseen]
) -> FunctionEvidence:
    """What the platform and the function of this name say by themselves."""
    asked_at = ask.now
    record = Pending(ask, "The function's record", lambda: ask.management.function(name))
    options = Pending(ask, "The answer to OPTIONS", lambda: ask.functions.options(name))
    source = Pending(ask, "The function's source", lambda: _names_read(ask, name))

    known, of_project = record.result(), project.result()
    logs, invocations = recorded(ask, case, known)
    return FunctionEvidence(
        name=name,
        record=_of_this_project(known, of_project),
        project=of_project,
        options=options.result(),
        empty_post=UNDECIDED,
        key_sent=ask.settings.function_key is not None,
        logs=logs,
        invocations=invocations,
        asked_at=asked_at,
        reads=source.result(),
    )


def _with_post(ask: Sources, case: Case, seen: FunctionEvidence) -> FunctionEvidence:
    """The same with the answer to `{}`, where that decides what the log leaves open."""
    if isinstance(seen.test_call, HttpAnswer):
        return msgspec.structs.replace(seen, empty_post=CALLED_ALREADY)
    if not ask.settings.may_post_to_function:
        return msgspec.structs.replace(seen, empty_post=FORBIDDEN_BY_USER)
    beside = (ask.need(WorkflowEvidence), ask.need(RowEvidence), ask.need(SecretsEvidence))
    known: dict[str, Evidence | Unseen] = {
        type(one).__name__: one for one in (*beside, seen) if one is not None
    }
    without = ask.why_not_posted(msgspec.structs.replace(case, evidence=known))
    if without is not None:
        return msgspec.structs.replace(seen, empty_post=without)
    at, key = datetime.now(UTC), ask.settings.function_key
    post = Pending(ask, "The answer to {}", lambda: ask.functions.post(seen.name, {}, key))
    return msgspec.structs.replace(seen, empty_post=post.result(), posted_at=at)


def _names_read(ask: Sources, name: str) -> tuple[str, ...] | Unseen:
    """The environment variables that the function's source reads, on the default branch."""
    content = ask.github.file(f"supabase/functions/{name}/index.ts", "")
    if not isinstance(content, bytes):
        return content or Unseen(why=Why.NOT_FOUND, what="The function's source was not found.")
    found = (one[1] or one[2] for one in _READS.finditer(content.decode("utf-8", "replace")))
    return tuple(dict.fromkeys(found))


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
    until = min(ask.now, since + LOG_WINDOW)
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
    return case.names.status_of(row.status) is Status.SUCCESS
