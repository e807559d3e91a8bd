"""Names in the order of their likeness to one that is not among them."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest_first(wanted: str, names: Iterable[str]) -> list[str]:
    """The names, those that are most like the wanted one first."""
    return sorted(names, key=lambda name: -_likeness(wanted, name))


def _likeness(left: str, right: str) -> float:
    return SequenceMatcher(None, left.lower(), right.lower()).ratio()
