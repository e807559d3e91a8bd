"""What is broken, and where in the pipeline: what an expectation follows from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Side(Enum):
    """Where in the pipeline a fault sits, in the order in which a backup passes."""

    ROW = "the row is created"
    RUN = "the run starts"
    BACKUP = "the backup is made"
    UPLOAD = "the file is uploaded"
    STEP = "the update step runs"
    BOTH = "what both ways to the row need"
    FUNCTION = "the function updates the row"
    FALLBACK = "the fallback updates the row"
    AFTER = "the row and its object stay right"


@dataclass(frozen=True)
class Defect:
    """One thing that is broken.

    name: one word, as the demo takes it.
    code: the finding code that it is the cause of; None where it is harmless by itself.
    in_lookup: it already refuses the look-up of the row. An update step that begins with one gets
        no further, and never calls the function.
    in_front: it stands in front of the function: no call gets as far as to the function's own faults.
    silent: it sits before the update and does not keep the pipeline from going on.
    claims_success: the caller is told that all is well, and does not fall back.
    hides_row: while it lasts nobody sees the row, so that nobody can say how the backup is.
    """

    name: str
    description: str
    side: Side
    code: str | None
    in_lookup: bool = field(default=False, kw_only=True)
    in_front: bool = field(default=False, kw_only=True)
    silent: bool = field(default=False, kw_only=True)
    claims_success: bool = field(default=False, kw_only=True)
    hides_row: bool = field(default=False, kw_only=True)

    @property
    def causes(self) -> Sequence[Defect]:
        """The defects that it is made of: itself, unless it is composed."""
        return (self,)
