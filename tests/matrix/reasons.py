"""Why a scene is not diagnosed as it should be, for those that are left."""

from __future__ import annotations

from typing import Final

# By a part of the scene's name.
REASONS: Final[dict[str, str]] = {
    "rejects-with-404+trigger-skips": (
        "A function that does not find the backup, and a trigger that skips the write, look the same "
        "from outside."
    ),
    "false-success+trigger-skips": (
        "A function that writes nothing, and a trigger that skips the write, look the same from outside."
    ),
    "function-unreachable+url-newline": (
        "Neither call left the runner, and the address explains both as well; that the function is "
        "called at a host of its own is not looked at."
    ),
    "function-unreachable+api-url": "The same.",
    "api-url (silent)": (
        "No call reached the function; the address is found, and a refused key named beside it."
    ),
    "function-uses-dead-key+no-column-grant (silent)": (
        "The log has a bare 500, which the missing grant explains as well; only the function's own log "
        "tells of the dead key."
    ),
    "function-uses-dead-key+no-service-key (silent)": "The same, with no grant missing.",
    "process-ends+varchar (silent)": "A bare 500, which the refused value explains as well.",
    "too-slow+column-renamed (silent)": (
        "curl's time-out stands before the words that tell whose call it was, and is not read."
    ),
}


def reason(name: str) -> str | None:
    """Return why the scene of this name is not right; None where it has to be."""
    return next((text for part, text in REASONS.items() if part in name), None)
