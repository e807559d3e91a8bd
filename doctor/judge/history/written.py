"""Whether an update's own answer shows the row as written, whatever became of the row since."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from backup_doctor.evidence.case import Status
from backup_doctor.evidence.log import Outcome
from backup_doctor.judge.history.calls import fallback_call, function_call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import Call


def shows_written(case: Case, call: Call) -> bool:
    """Whether the answer holds this very row, with the status of a good backup.

    It must hold what nobody sends to an update, the row's dispatch id beside its own: a function may
    well answer what it was told.
    """
    return Status.SUCCESS in _statuses_shown(case, call)


def shows_otherwise(case: Case, call: Call) -> bool:
    """Whether the answer holds this very row, and not with the status of a good backup."""
    shown = _statuses_shown(case, call)
    return bool(shown) and shown.isdisjoint({Status.SUCCESS, Status.UNKNOWN})


def _statuses_shown(case: Case, call: Call) -> set[Status]:
    row = case.backup
    if row is None or row.id is None or row.dispatch_id is None or call.outcome is not Outcome.OK:
        return set()
    names = case.names
    own = {names.column("id"): row.id, names.column("dispatch_id"): row.dispatch_id}
    return {
        names.status_of(_text(one.get(names.column("status"))))
        for one in _objects(call.body)
        if all(str(one.get(name)) == value for name, value in own.items())
    }


def is_begun(case: Case) -> bool:
    """Whether something of a finished backup is in the row, whatever its status says."""
    row = case.backup
    return row is not None and bool(row.s3_key or row.size_bytes or row.finished_at)


def written_by(case: Case) -> Call | None:
    """The call whose answer shows the row as written; None where none does."""
    return next(
        (one for one in (function_call(case), fallback_call(case)) if shows_written(case, one)),
        None,
    )


def is_written_by_others(case: Case) -> bool:
    """Whether the log shows that the run's updates were refused: what the row says is not from them.

    A 5xx may come behind an update that was made; so may an earlier attempt.
    """
    several = case.workflow is not None and len(case.workflow.attempts) > 1
    made = [
        one
        for one in (function_call(case), fallback_call(case))
        if one.outcome is not Outcome.NOT_MADE
    ]
    return bool(made) and not several and all(map(_is_refused, made))


def _is_refused(call: Call) -> bool:
    client_error = call.status is not None and call.status // 100 == 4  # noqa: PLR2004 -- HTTP 4xx
    return call.outcome is Outcome.REFUSED and client_error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _objects(body: str) -> Iterator[dict[str, Any]]:
    """Every JSON object in an answer, at any depth."""
    try:
        waiting = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
