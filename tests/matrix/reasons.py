"""Why a scene is not diagnosed as it should be, for those that are left."""

from __future__ import annotations

from typing import Final

# By a part of the scene's name.
REASONS: Final[dict[str, str]] = {}


def reason(name: str) -> str | None:
    """Return why the scene of this name is not right; None where it has to be."""
    return next((text for part, text in REASONS.items() if part in name), None)
