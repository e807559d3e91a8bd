"""Whether a job of GitHub Actions runs for a change that comes from another repository.

What is checked out there may be a stranger's, and the job may hold the repository's own secrets.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backup_doctor.base import files
from backup_doctor.base.untyped import mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

# GitHub's own limit of an event.
EVENT_LIMIT = 25 * 1024 * 1024
# Events that speak of a head which may be another repository's.
OF_A_HEAD = ("pull_request", "pull_request_target", "workflow_run")


def stranger_in(environ: Mapping[str, str]) -> str | None:
    """The other repository whose change this job runs for; None elsewhere.

    A head that cannot be told (its repository was deleted, the event cannot be read) is another's.
    Source: GitHub, "Webhook events and payloads": `pull_request.head.repo`, `head_repository`.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    speaks_of_head = "pull_request" in event or "workflow_run" in event
    if not speaks_of_head and environ.get("GITHUB_EVENT_NAME") not in OF_A_HEAD:
        return None
    head = _name(
        _part(event, "pull_request", "head", "repo")
        or _part(event, "workflow_run", "head_repository")
    )
    own = _name(_part(event, "repository"))
    if head and own and head.casefold() == own.casefold():
        return None
    return head or "another repository"


def _event(path: str) -> dict[str, Any]:
    try:
        event = json.loads(files.read(Path(path), EVENT_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    return mapping(event)


def _part(event: object, *names: str) -> object:
    for name in names:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def _name(repository: object) -> str | None:
    name = repository.get("full_name") if isinstance(repository, dict) else None
    return name if isinstance(name, str) else None
