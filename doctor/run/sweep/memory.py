"""GitHub with a memory: what many backups ask about is asked once."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from backup_doctor.collect.clients.github import GitHub

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.workflow import Run, WorkflowState
    from backup_doctor.run.sweep.runs import RunBook
    from backup_doctor.settings.model import Settings


class RememberingGitHub(GitHub):
    """Asks for each file and list once."""

    def __init__(self, settings: Settings, deadline: Deadline) -> None:
        super().__init__(settings, deadline)
        self._deadline = deadline
        self._answers: dict[tuple[Any, ...], Future[Any]] = {}
        self._asking = Lock()

    def latest_runs(self) -> tuple[Run, ...] | Unseen:
        """The newest runs."""
        found: tuple[Run, ...] | Unseen = self._once(("latest",), super().latest_runs)
        return found

    def workflows(self) -> tuple[WorkflowState, ...] | Unseen:
        """The repository's workflows."""
        found: tuple[WorkflowState, ...] | Unseen = self._once(("workflows",), super().workflows)
        return found

    def file(self, path: str, ref: str = "", repository: str = "") -> bytes | Unseen | None:
        """A file at a commit."""
        ask = partial(super().file, path, ref, repository)
        found: bytes | Unseen | None = self._once(("file", path, ref, repository), ask)
        return found

    def _once(self, question: tuple[Any, ...], ask: Callable[[], Any]) -> Any:  # noqa: ANN401 -- any answer
        """The answer to a question; whoever asks it meanwhile waits for the same."""
        with self._asking:
            known = self._answers.get(question)
            answer = self._answers.setdefault(question, Future())
        if known is None:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
                raise
        return answer.result(timeout=self._deadline.left() + 0.1)


class ListedGitHub(RememberingGitHub):
    """Answers from the listed runs where it can."""

    def __init__(self, settings: Settings, deadline: Deadline, book: RunBook) -> None:
        super().__init__(settings, deadline)
        self._book = book

    def run(self, run_id: str | int, attempt: int | None = None) -> Run | Unseen:
        """A run, from the list where it is there."""
        known = self._book.runs.get(int(run_id)) if attempt is None else None
        return known or super().run(run_id, attempt)

    def runs_between(
        self,
        since: datetime,
        until: datetime,
        *,
        pages: int = 5,  # noqa: ARG002 -- the list is there already
    ) -> tuple[Run, ...] | Unseen:
        """The listed runs of that window."""
        if self._book.gap is not None:
            return self._book.gap
        return self._book.between(since, until)

    def latest_runs(self) -> tuple[Run, ...] | Unseen:
        """The newest runs."""
        return self._book.newest
