"""Which backup the run is about: what GitHub Actions tells of the event that started it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from backup_doctor.base import files
from backup_doctor.base.untyped import mapping
from backup_doctor.collect.workflow.ci import EVENT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMES = frozenset({"dispatchid", "backupdispatchid"})


class Backup(NamedTuple):
    """The backup of a run: by its dispatch id, else by the run itself; neither outside of CI."""

    dispatch_id: str | None = None
    run_id: str | None = None


def backup_of(environ: Mapping[str, str]) -> Backup:
    """The backup that this run makes, or that the run made after which this one was started.

    Source: GitHub, "Events that trigger workflows": `inputs`, `client_payload`, `workflow_run`.
    """
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    dispatch_id = next(_dispatch_ids(event), None)
    if dispatch_id:
        return Backup(dispatch_id=dispatch_id)
    finished = event.get("workflow_run")
    watched = finished.get("id") if isinstance(finished, dict) else None
    run_id = str(watched) if isinstance(watched, int) else environ.get("GITHUB_RUN_ID", "")
    return Backup(run_id=run_id or None)


def _event(path: str) -> dict[str, Any]:
    try:
        event = json.loads(files.read(Path(path), EVENT_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    return mapping(event)


def _dispatch_ids(event: dict[str, Any]) -> Iterator[str]:
    """Values named `dispatch_id`, `dispatchId` and the like, at the top or one level below it."""
    for part in (event.get("inputs"), event.get("client_payload")):
        fields = mapping(part)
        nested = [value for value in fields.values() if isinstance(value, dict)]
        for one in (fields, *nested):
            yield from (
                str(value)
                for name, value in one.items()
                if name.replace("_", "").replace("-", "").lower() in NAMES
                and isinstance(value, (str, int))
                and str(value).strip()
            )
