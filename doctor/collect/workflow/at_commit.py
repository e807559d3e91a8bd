"""A workflow's file at a commit, followed into the workflows that it calls, of whatever repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backup_doctor.collect.workflow.file import read_workflow
from backup_doctor.evidence.workflow import WorkflowFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.workflow import WorkflowState

FOLDER = ".github/workflows/"
MOST_READ = 20
"""More workflows than this are not read to find the one that is meant."""

DEPTH = 4
"""Levels of called workflows that are followed; GitHub allows a few more."""

FILES = 12
"""Called workflows that are read of one run's, those included that are not there."""

_ELSEWHERE = re.compile(
    r"([A-Za-z0-9][\w-]{0,38}/[\w.-]{1,100})/(\.github/workflows/[\w./-]{1,150}\.ya?ml)@([\w./-]{1,150})"
)


class _CalledPlace(NamedTuple):
    """Where a file is; `repository` empty for the run's own."""

    path: str
    ref: str
    repository: str = ""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.repository}/{self.path}@{self.ref}" if self.repository else self.path

    def called(self, uses: str) -> _CalledPlace | None:
        """The place of a workflow that this one calls: without a repository it is the same commit's."""
        elsewhere = _ELSEWHERE.fullmatch(uses)
        if elsewhere:
            return _CalledPlace(elsewhere[2], elsewhere[3], elsewhere[1])
        return None if "@" in uses else self._replace(path=uses)


def with_file(states: Iterable[WorkflowState]) -> list[WorkflowState]:
    """The workflows that have a file in the repository, as many as are read."""
    return [one for one in states if one.path.startswith(FOLDER)][:MOST_READ]


def file_at(ask: Sources, names: Names, path: str, ref: str = "") -> WorkflowFile | Unseen | None:
    """The file at a commit, else on the default branch.

    Where it only calls another workflow that updates the row, that one.
    """
    place = _CalledPlace(path, ref)
    file = _read(ask, names, place)
    if not isinstance(file, WorkflowFile) or file.update_step or not file.called:
        return file
    found = _CalledSearch(ask, names).into(file, place, DEPTH)
    return file if found is None else _as_run(file, found)


def _as_run(file: WorkflowFile, called: WorkflowFile) -> WorkflowFile:
    """The called workflow as a part of the run that the other one is."""
    return msgspec.structs.replace(
        called,
        run_name=file.run_name,
        events=file.events,
        dispatch_types=file.dispatch_types,
        only_doctor=False,
        doctor_jobs=(*file.doctor_jobs, *called.doctor_jobs),
    )


class _CalledSearch:
    """Looks for the workflow with the update step among those that are called."""

    def __init__(self, ask: Sources, names: Names) -> None:
        self._ask = ask
        self._names = names
        self._left = FILES

    def into(self, file: WorkflowFile, place: _CalledPlace, depth: int) -> WorkflowFile | None:
        """The first that updates the row, its secrets by the names that GitHub has for them."""
        for uses in file.called:
            there = place.called(uses)
            if there is None or self._left <= 0:
                continue
            self._left -= 1
            called = _read(self._ask, self._names, there, file.given.get(uses, {}))
            if not isinstance(called, WorkflowFile):
                continue
            handed = _composed(file.handed, file.passed.get(uses))
            called = msgspec.structs.replace(called, handed=handed)
            if called.update_step:
                return called
            below = self.into(called, there, depth - 1) if depth > 1 else None
            if below is not None:
                return msgspec.structs.replace(
                    below, doctor_jobs=(*called.doctor_jobs, *below.doctor_jobs)
                )
            if _does_nothing_else(file) and called.steps:
                return called
        return None


def _does_nothing_else(file: WorkflowFile) -> bool:
    """Whether all that a workflow does is to call one other: then the backup is made there."""
    return len(file.called) == 1 and file.job is not None and not file.steps


def _composed(outer: dict[str, str] | None, inner: dict[str, str] | None) -> dict[str, str] | None:
    """What a workflow is handed by one that was handed secrets itself; None: GitHub's own names."""
    if outer is None or inner is None:
        return outer if inner is None else inner
    return {name: outer.get(secret, "") for name, secret in inner.items()}


def _read(
    ask: Sources, names: Names, place: _CalledPlace, given: Mapping[str, str] | None = None
) -> WorkflowFile | Unseen | None:
    content = ask.github.file(place.path, place.ref, place.repository)
    if not isinstance(content, bytes):
        return content
    return read_workflow(
        place.name,
        content,
        step=names.step,
        function=names.function,
        table=names.table_name,
        given=given,
    )
