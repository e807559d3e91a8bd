"""How a write ended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from backup_doctor.base.immutable import Immutable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ending(StrEnum):
    """How a write ended; `NOT_BEGUN` also where this route may not write at all."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"
    NOT_BEGUN = "not started"
    UNKNOWN = "unknown"


class Written(Immutable, frozen=True, kw_only=True):
    """How a write ended, and in a sentence why it was not committed, or not as announced.

    `otherwise`: a check of its own found the row otherwise than announced. `over`: nothing of it can
    come any more, though nobody knows yet how it ended. `became` is the row as JSON, where it was
    changed to something else than was announced.
    """

    ending: Ending
    reason: str = ""
    otherwise: bool = False
    over: bool = False
    became: Mapping[str, Any] | None = None


def never() -> bool:
    """No signal came."""
    return False
