"""Files of the repository at a run's commit, for the scripts that its update step runs.

Few and small ones: a script that runs more than that is read as far as it goes. They are asked for
while the log comes, by what the workflow's file says that the step runs.
"""

from __future__ import annotations

import posixpath
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from backup_doctor.collect.script import Surroundings, read, read_action
from backup_doctor.collect.workflow.pending import Pending

if TYPE_CHECKING:
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.workflow import Run, WorkflowStep

FILES = 16
"""Files asked for of one run, those included that are not there."""

SIZE_LIMIT = 256 * 1024
PATH_LIMIT = 200


class RunFiles:
    """Each file is asked for once, whoever needs it. `directory` is where the update step runs."""

    def __init__(self, ask: Sources, run: Run) -> None:
        self._ask = ask
        self._run = run
        self.directory = ""
        self._lock = Lock()
        self._asked: dict[str, Pending[bytes | Unseen | None]] = {}

    def begin(self, step: WorkflowStep | None) -> None:
        """Ask for what the step runs, and for what that runs, as far as the scripts tell."""
        self.directory = step.directory if step and "${{" not in step.directory else ""
        if step is not None and (step.uses or "").startswith("./"):
            self._ask.meanwhile(partial(read_action, step.uses or "", self.text))
        elif step is not None and step.script and not step.uses:
            around = Surroundings(resolve=self.text, directory=self.directory)
            self._ask.meanwhile(partial(read, step.script, "bash", around))

    def text(self, path: str) -> str | None:
        """A file's text; None where there is none, or where it cannot be had."""
        pending = self._pending(path)
        content = pending.result() if pending else None
        if not isinstance(content, bytes) or len(content) > SIZE_LIMIT:
            return None
        return content.decode("utf-8", "replace")

    def _pending(self, path: str) -> Pending[bytes | Unseen | None] | None:
        path = posixpath.normpath(path)
        if not _is_inside(path):
            return None
        with self._lock:
            if path not in self._asked and len(self._asked) < FILES:
                call = partial(self._ask.github.file, path, self._run.head_sha)
                self._asked[path] = Pending(self._ask, f"The file {path}", call)
            return self._asked.get(path)


def _is_inside(path: str) -> bool:
    """Whether it can be a file of the repository."""
    named = 0 < len(path) <= PATH_LIMIT and path.isprintable() and not set(path) & set("<>$*`?")
    return named and path != "." and not path.startswith(("/", "..", "~"))
