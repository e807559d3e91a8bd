"""Writes logs as GitHub's runner does, for the tests to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from backup_doctor.evidence.workflow import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

START = datetime(2026, 1, 15, 2, 3, 4, tzinfo=UTC)
UPDATE = "Update backup_history via Edge Function"
DISPATCH = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
MASKED = {
    "SUPABASE_URL": "***",
    "SUPABASE_SERVICE_ROLE_KEY": "***",
    "BACKUP_API_KEY": "***",
}


def stamped(text: str, second: float = 0) -> str:
    """One message: a time stamp on its first line alone."""
    return f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.%f}0Z {text}\n"


def head(script: str, env: Mapping[str, str], second: float = 0) -> str:
    """The head of a `run` step: the script in colour, the shell, the `env:` block."""
    lines = script.strip("\n").split("\n")
    return "".join(
        stamped(text, second)
        for text in (
            f"##[group]Run {lines[0]}",
            *(f"\x1b[36;1m{line}\x1b[0m" for line in lines),
            "shell: /usr/bin/bash -e {0}",
            *(("env:",) if env else ()),
            *(f"  {name}: {value}" for name, value in env.items()),
            "##[endgroup]",
        )
    )


def step(
    script: str,
    output: Iterable[str] | str,
    env: Mapping[str, str] = MASKED,
    second: float = 0,
) -> str:
    """A `run` step and what it printed."""
    lines = output.strip("\n").split("\n") if isinstance(output, str) else output
    return head(script, env, second) + "".join(stamped(line, second) for line in lines)


def job(*steps: str) -> bytes:
    """A whole job: set-up, the steps, the end."""
    begin = stamped("Current runner version: '2.336.0'") + stamped("Complete job name: backup")
    return ("\ufeff" + begin + "".join(steps) + stamped("Cleaning up orphan processes")).encode()


def api_step(
    name: str = UPDATE, second: int = 0, conclusion: str = "success", lasting: int = 0
) -> Step:
    """The step as the API has it; `lasting` is in seconds."""
    at = START + timedelta(seconds=second)
    return Step(
        name=name,
        number=2 + second,
        status="completed",
        conclusion=conclusion,
        started_at=at,
        completed_at=at + timedelta(seconds=lasting),
    )
