"""A workflow's file at a commit, followed into the workflow that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.collect.workflow.file import read_workflow
from backup_doctor.evidence.workflow import WorkflowFile

if TYPE_CHECKING:
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Names


def file_at(ask: Sources, names: Names, path: str, ref: str = "") -> WorkflowFile | Unseen | None:
    """The file at a commit, else on the default branch.

    Where it only calls another workflow of the repository that updates the row, that one.
    """
    file = _read(ask, names, path, ref)
    if not isinstance(file, WorkflowFile) or file.update_step or not file.called:
        return file
    for one in file.called:
        called = _read(ask, names, one, ref)
        if isinstance(called, WorkflowFile) and called.update_step:
            return msgspec.structs.replace(
                called,
                run_name=file.run_name,
                handed=file.passed.get(one),
                events=file.events,
                dispatch_types=file.dispatch_types,
                only_doctor=False,
                doctor_jobs=(*file.doctor_jobs, *called.doctor_jobs),
            )
    return file


def _read(ask: Sources, names: Names, path: str, ref: str) -> WorkflowFile | Unseen | None:
    content = ask.github.file(path, ref)
    if not isinstance(content, bytes):
        return content
    return read_workflow(
        path, content, step=names.step, function=names.function, table=names.table_name
    )
