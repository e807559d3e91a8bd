"""What a fault is, and how faults are put together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from doctor.demo.world import World

    Change = Callable[[World], object]


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


def nothing(_world: World) -> None:
    """Leave the world as it is."""


@dataclass(frozen=True)
class Fault:
    """One way to break a pipeline.

    name: one word, as the demo takes it.
    code: the finding code that it is the cause of; None where it is harmless by itself.
    before: changes the world after the row was inserted and before the workflow runs.
    after: changes it once the workflow has run.
    mend: what a person does about it who follows the printed fix, where that is not SQL.
    in_lookup: it already refuses the look-up of the row. An update step that begins with one gets
        no further, and never calls the function.
    in_front: it stands in front of the function: no call gets as far as to the function's own faults.
    silent: it sits before the update and does not keep the pipeline from going on.
    claims_success: the caller is told that all is well, and does not fall back.
    hides_row: while it lasts nobody sees the row, so that nobody can say how the backup is.
    parts: the faults that a composed fault is made of.
    """

    name: str
    description: str
    side: Side
    code: str | None
    before: Change = nothing
    after: Change = nothing
    mend: Change | None = None
    in_lookup: bool = False
    in_front: bool = False
    silent: bool = False
    claims_success: bool = False
    hides_row: bool = False
    parts: tuple[Fault, ...] = ()

    @property
    def causes(self) -> tuple[Fault, ...]:
        """The faults that it is made of: itself, unless it is composed."""
        return self.parts or (self,)

    @property
    def root_cause(self) -> str | None:
        """What a right diagnosis names if this is all that is broken; None for a healthy backup."""
        from doctor.demo.faults.expectation import expected

        return expected([self]).root_cause


def compose(*faults: Fault, name: str = "", description: str = "") -> Fault:
    """Put faults into one, done in the order of the pipeline; its code is its root cause's."""
    from doctor.demo.faults.expectation import expected

    parts = tuple(part for fault in faults for part in fault.causes)
    ordered = sorted(parts, key=lambda part: [*Side].index(part.side))

    def before(world: World) -> None:
        for part in ordered:
            part.before(world)

    def after(world: World) -> None:
        for part in ordered:
            part.after(world)

    return Fault(
        name or "+".join(part.name for part in parts) or "healthy",
        description or ", and ".join(part.description for part in parts),
        ordered[0].side if ordered else Side.AFTER,
        expected(parts).root_cause,
        before,
        after,
        parts=parts,
    )
