"""What a run is started with: the parameters of `run_workflow`, in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path


class Dispatch(TypedDict):
    """A dispatch of one job of a workflow. `run_workflow` says what each is."""

    checkout: Path
    workflow: str
    job: str
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    inputs: Mapping[str, str]
    env: Mapping[str, str]
    run_id: int
    attempt: int
    workflow_id: int
    repository: str
    head_sha: str
    now: Callable[[], datetime]
