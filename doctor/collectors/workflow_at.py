"""A workflow's file at a commit, followed into the workflow that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from doctor.evidence.workflow import WorkflowFile
from doctor.workflow_file import read_workflow

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.evidence.base import Unseen
    from doctor.sources import Sources


def file_at(ask: Sources, case: Case, path: str, ref: str = "") -> WorkflowFile | Unseen | None:
    """The file at a commit, else on the default branch.

    Where it only calls another workflow of the repository that updates the row, that one.
    """
    file = _read(ask, case, path, ref)
    if not isinstance(file, WorkflowFile) or file.update_step or not file.called:
        return file
    for one in file.called:
        called = _read(ask, case, one, ref)
        if isinstance(called, WorkflowFile) and called.update_step:
            return msgspec.structs.replace(
                called,
                run_name=file.run_name,
                doctor_jobs=(*file.doctor_jobs, *called.doctor_jobs),
            )
    return file


def _read(ask: Sources, case: Case, path: str, ref: str) -> WorkflowFile | Unseen | None:
    content = ask.github.file(path, ref)
    if not isinstance(content, bytes):
        return content
    return read_workflow(path, content, step=case.names.step, function=case.names.function)
