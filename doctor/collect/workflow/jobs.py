"""Which of a workflow file's jobs updates the row, and what its other jobs do. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.services.runner_steps import ARTIFACT
from backup_doctor.services.secret_uses import Use, use_of
from backup_doctor.services.update_step import GUIDES_TABLE, named_update
from backup_doctor.services.uploading import HANDED
from backup_doctor.services.writers import STATUS_FUNCTION, is_doctors

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from backup_doctor.evidence.workflow import WorkflowStep

# What a step before the doctor's does, where the job makes the backup and is no doctor's own.
BACKUP_WORK = re.compile(
    r"pg_dump|\bdump|\bbackup|\barchive|\bexport|\bzip\b|\btar\b|\brclone\b|\baws s3\b|\bs3\b",
    re.IGNORECASE,
)
_OF_SUPABASE = frozenset({Use.URL, Use.SERVICE_KEY, Use.FUNCTION_KEY})
_CALLS_A_FUNCTION = re.compile(r"/functions/v1/|\bfunctions\s*\.\s*invoke\s*\(")


def find_update(
    steps: Mapping[str, tuple[WorkflowStep, ...]], name: str, function: str, table: str
) -> tuple[str | None, WorkflowStep | None]:
    """The job and the step that update the row; without one, the only job there is."""
    every = [(key, step) for key, of_job in steps.items() for step in of_job]
    exactly = [one for one in every if one[1].name == name]
    nearly = [one for one in every if one[1].name.casefold() == name.casefold()]
    if exactly or nearly:
        return (exactly or nearly)[0]
    able = [one for one in every if not _is_handler(one[1]) and not is_doctors(one[1])]
    at = named_update([step.name for _, step in able], table, function)
    if at is not None:
        return able[at]
    for key, step in every:
        if f"functions/v1/{function}" in step.script:
            return key, step
    calling = [one for one in able if _CALLS_A_FUNCTION.search(one[1].script)]
    if len(calling) == 1:  # By an input or a variable: no other one can be meant.
        return calling[0]
    handed = [one for one in able if _is_handed_keys(one[1])]
    if len(handed) == 1 and _is_behind_upload(every, handed[0][1]):
        return handed[0]
    return (next(iter(steps)), None) if len(steps) == 1 else (None, None)


def _is_handed_keys(step: WorkflowStep) -> bool:
    """Whether it is given Supabase's address or a key by name."""
    return any(use_of(name) in _OF_SUPABASE for name in (*step.env, *step.secrets))


def _is_behind_upload(every: Sequence[tuple[str, WorkflowStep]], step: WorkflowStep) -> bool:
    """Whether a step before it uploads, and it does not itself."""
    before = [one for _, one in every[: [one for _, one in every].index(step)]]
    return not _uploads(step) and any(map(_uploads, before))


def _uploads(step: WorkflowStep) -> bool:
    return any(map(HANDED.search, step.told)) and not ARTIFACT.search(step.uses or "")


def _is_handler(step: WorkflowStep) -> bool:
    """Whether it only runs where something has failed, and so never finishes a good backup."""
    functions = set(STATUS_FUNCTION.findall(step.condition or ""))
    return bool(functions) and functions <= {("", "failure"), ("", "cancelled")}


def makes_backup(steps: tuple[WorkflowStep, ...]) -> bool:
    """Whether a step before the doctor's does a backup's work."""
    first = next((at for at, step in enumerate(steps) if is_doctors(step)), 0)
    return any(BACKUP_WORK.search(f"{step.name}\n{step.script}") for step in steps[:first])


def writing_jobs(
    steps: Mapping[str, tuple[WorkflowStep, ...]],
    others: Collection[str | None],
    function: str,
    table: str,
) -> tuple[str, ...]:
    """The keys of other jobs that name the table or the function."""
    names = re.compile(rf"(?<!\w)(?:{re.escape(table)}|{GUIDES_TABLE}|{re.escape(function)})(?!\w)")
    return tuple(
        key
        for key, of_job in steps.items()
        if key not in others and any(names.search(f"{one.name}\n{one.script}") for one in of_job)
    )
