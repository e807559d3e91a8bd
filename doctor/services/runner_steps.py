"""Which steps of a job are the runner's own, and which only keep files with GitHub.

Source: actions/runner, src/Runner.Worker/JobExtension.cs and ExecutionContext.cs: what an action does
before or after its step is called "Pre" or "Post", and the step's own name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_OWN = re.compile(
    r"^(?:Set up job|Set up runner|Initialize containers|Stop containers|Complete job"
    r"|Complete runner)$"
)
_AROUND = ("Pre ", "Post ")
# What keeps files with GitHub: no upload of a backup.
ARTIFACT = re.compile(r"artifact|actions/cache", re.IGNORECASE)


def is_runners(name: str, names: Collection[str]) -> bool:
    """Whether a step is the runner's own, among the steps of its job by their names.

    A step that its author called "Post the status" is none: no step is called "the status".
    """
    around = (name.removeprefix(word) for word in _AROUND if name.startswith(word))
    return _OWN.match(name) is not None or any(one in names for one in around)
