"""Why a scene is not diagnosed as it should be, for those that are left."""

from __future__ import annotations

from typing import Final

REASONS: Final[dict[str, str]] = {}
