"""GitHub's JSON as evidence: the fields that the doctor reads of each record, and no others.

Field names are those of the REST API; what the API may leave out or null has a default.
"""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from sys import intern
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from backup_doctor.base.models import as_model, from_json
from backup_doctor.evidence.secrets import Level, StoredSecret
from backup_doctor.evidence.workflow import Approval, Job, Run, Step, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.clients.answer import Answer

T = TypeVar("T")
# Statuses of a job that no runner has taken.
NOT_BEGUN = frozenset({"queued", "waiting", "pending", "requested"})


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object of the API."""


class _File(_Record, frozen=True):
    type: Literal["file"]
    encoding: Literal["base64"]
    content: str


class _Step(_Record, frozen=True):
    name: str
    number: int
    status: str
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class _Job(_Record, frozen=True):
    id: int
    name: str
    status: str
    run_attempt: int = 1
    conclusion: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    runner_name: str | None = None
    steps: list[_Step] = []
    html_url: str | None = None


class _Run(_Record, frozen=True):
    id: int
    run_attempt: int = 1
    display_title: str | None = None
    name: str | None = None
    event: str = ""
    status: str | None = None
    conclusion: str | None = None
    created_at: datetime | None = None
    run_started_at: datetime | None = None
    updated_at: datetime | None = None
    head_sha: str = ""
    path: str = ""
    workflow_id: int | None = None
    html_url: str = ""


class _Workflow(_Record, frozen=True):
    id: int
    name: str
    path: str
    state: str


class _Secret(_Record, frozen=True):
    name: str
    created_at: datetime | None = None
    updated_at: datetime | None = None


class _Environment(_Record, frozen=True):
    name: str | None = None


class _Person(_Record, frozen=True):
    login: str | None = None
    slug: str | None = None
    name: str | None = None


class _Reviewer(_Record, frozen=True):
    reviewer: _Person | None = None


class _Pending(_Record, frozen=True):
    environment: _Environment
    wait_timer: int | None = None
    wait_timer_started_at: datetime | None = None
    reviewers: list[_Reviewer] | None = None


class _Annotation(_Record, frozen=True):
    message: str | None = None


def run(body: object) -> Run:
    """`GET …/actions/runs/{id}`. Raises msgspec.ValidationError, as all of these do."""
    return _run(as_model(body, _Run))


def runs(body: object) -> tuple[Run, ...]:
    """`workflow_runs` of a list of runs."""
    return tuple(_run(item) for item in _items(body, "workflow_runs", _Run))


def jobs(body: object) -> tuple[Job, ...]:
    """`jobs` of a run or of an attempt."""
    return tuple(_job(item) for item in _items(body, "jobs", _Job))


def approvals(body: object) -> tuple[Approval, ...]:
    """`GET …/actions/runs/{id}/pending_deployments`: a bare list."""
    return tuple(_approval(item) for item in as_model(body, list[_Pending]))


def workflows(body: object) -> tuple[WorkflowState, ...]:
    """`workflows` of the repository."""
    return tuple(
        WorkflowState(id=item.id, name=item.name, path=item.path, state=item.state)
        for item in _items(body, "workflows", _Workflow)
    )


def secrets(level: Level) -> Callable[[object], tuple[StoredSecret, ...]]:
    """`secrets` of one level: names and times, GitHub shows no more."""

    def decode(body: object) -> tuple[StoredSecret, ...]:
        return tuple(
            StoredSecret(
                name=item.name,
                level=level,
                created_at=_utc(item.created_at),
                updated_at=_utc(item.updated_at),
            )
            for item in _items(body, "secrets", _Secret)
        )

    return decode


def messages(body: object) -> tuple[str, ...]:
    """The messages of a check run's annotations."""
    return tuple(item.message for item in as_model(body, list[_Annotation]) if item.message)


def _items(body: object, name: str, kind: type[T]) -> list[T]:
    """The list under `name`. A list that is missing is a wrong shape, not an empty list."""
    outer = as_model(body, dict[str, Any])
    if name not in outer:
        raise msgspec.ValidationError(f"Object missing required field `{name}`")
    return [as_model(item, kind) for item in as_model(outer[name], list[Any])]


def _run(item: _Run) -> Run:
    """The run; what thousands of them have in common is kept once."""
    return Run(
        id=item.id,
        attempt=item.run_attempt,
        title=item.display_title or "",
        name=intern(item.name or ""),
        event=intern(item.event),
        status=intern(item.status or ""),
        conclusion=item.conclusion and intern(item.conclusion),
        created_at=_utc(item.created_at),
        started_at=_utc(item.run_started_at),
        updated_at=_utc(item.updated_at),
        head_sha=intern(item.head_sha),
        path=intern(item.path.split("@", 1)[0]),
        workflow_id=item.workflow_id,
        html_url=item.html_url,
    )


def _approval(item: _Pending) -> Approval:
    people = [one.reviewer for one in item.reviewers or () if one.reviewer is not None]
    names = (one.login or one.slug or one.name for one in people)
    return Approval(
        environment=item.environment.name or "",
        reviewers=tuple(filter(None, names)),
        wait_minutes=item.wait_timer or 0,
        waits_since=_utc(item.wait_timer_started_at),
    )


def _job(item: _Job) -> Job:
    # GitHub gives a `started_at` to jobs that no runner has taken, too.
    waits = item.status in NOT_BEGUN or (item.runner_name in (None, "") and not item.steps)
    return Job(
        id=item.id,
        name=item.name,
        attempt=item.run_attempt,
        status=item.status,
        conclusion=item.conclusion,
        created_at=_utc(item.created_at),
        started_at=None if waits else _utc(item.started_at),
        completed_at=_utc(item.completed_at),
        runner_name=item.runner_name or None,
        steps=tuple(_step(step) for step in sorted(item.steps, key=lambda step: step.number)),
        html_url=item.html_url or "",
    )


def _step(item: _Step) -> Step:
    return Step(
        name=item.name,
        number=item.number,
        status=item.status,
        conclusion=item.conclusion,
        started_at=_utc(item.started_at),
        completed_at=_utc(item.completed_at),
    )


def _utc(time: datetime | None) -> datetime | None:
    """Times come as `Z`, and at times with another offset, or with none, which is UTC too."""
    if time is None:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def content(answer: Answer) -> bytes:
    """A file's bytes: sent as they are, or, by a server that knows no raw form, within JSON."""
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return answer.body
    try:
        return b64decode(from_json(answer.body, _File).content)
    except (msgspec.DecodeError, ValueError):
        return answer.body
