"""The progress line: what the run is waiting for, on standard error, while it works."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_terminal

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.status import Status

    from backup_doctor.judge.framework import AnyCheck


class Progress:
    """Observes a run, from whatever threads its collectors are in.

    On a terminal a line says which checks are waited for, until the block is left; elsewhere
    nothing is printed.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted and sys.stderr.isatty()
        self._status: Status | None = None
        self._waiting: dict[str, None] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if self._wanted:
            from rich.console import Console

            self._status = Console(stderr=True).status("Looking")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            status, self._status = self._status, None
        if status:
            status.stop()

    def started(self, check: AnyCheck) -> None:
        """A collector began."""
        with self._lock:
            self._waiting[check.name] = None
            self._show()

    def finished(self, check: AnyCheck, seconds: float) -> None:  # noqa: ARG002 -- the report has it
        """A collector ended, or was given up."""
        with self._lock:
            self._waiting.pop(check.name, None)
            self._show()

    def _show(self) -> None:
        if self._status:
            waiting = for_terminal(", ".join(self._waiting)).replace("[", "\\[")
            self._status.update(f"Looking at {waiting}" if waiting else "Judging")
