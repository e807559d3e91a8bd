"""What a document holds whose shape nobody promised: YAML and JSON from outside."""

from __future__ import annotations

from typing import Any

Json = Any


def mapping(value: Json) -> dict[Any, Json]:
    """The mapping; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def sequence(value: Json) -> list[Json]:
    """The list; an empty one where it is none."""
    return value if isinstance(value, list) else []
