"""Why a scene is not diagnosed as it should be, for those that are left."""

from __future__ import annotations

from typing import Final

_NOT_FOUND = (
    "A function that finds no backup, and one from which the database hides it, say the same; one cause "
    "for both ways is likelier than two."
)
_NO_TRACE = (
    "Neither call left the runner, and the address explains both as well; that the function is called "
    "at another host is not looked at."
)
_UNTOLD = (
    "The log has a bare 400 and the function was not reached: nothing tells of a column that the Data "
    "API does not know, for reading does not ask for it."
)
# By a part of the scene's name.
REASONS: Final[dict[str, str]] = {
    "rejects-with-404+": _NOT_FOUND,
    "false-success+trigger-skips": (
        "A function that writes nothing, and a trigger that skips the write, look the same from outside."
    ),
    "false-success+view-owner-bound": (
        "A function that writes nothing, and a row that is hidden from it, look the same from outside."
    ),
    "idle-timeout+lock-released": (
        "A function that hangs by itself, and one that waits for the lock which the direct update met right "
        "behind it, look the same from outside; one cause for both ways is likelier than two."
    ),
    "function-unreachable+url-newline": _NO_TRACE,
    "function-unreachable+api-url": _NO_TRACE,
    "function-unreachable+stale-column (silent)": _UNTOLD,
    "function-secret-empty+stale-column (silent)": _UNTOLD,
    "other-function-name+column-missing (silent)": (
        "A bare 404 from a step that calls another name is taken for the function's own: the function "
        "that is configured is there."
    ),
}


# Why the loop of a scene stays open although its report was followed.
OPEN: Final[dict[str, str]] = {
    "rejects-with-404+": _NOT_FOUND,
}


def open_reason(name: str) -> str | None:
    """Return why the loop of this scene stays open; None where it has to close."""
    return next((text for part, text in OPEN.items() if part in name), None)


def reason(name: str) -> str | None:
    """Return why the scene of this name is not right; None where it has to be."""
    return next((text for part, text in REASONS.items() if part in name), None)
