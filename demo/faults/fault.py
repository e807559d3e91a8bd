"""What a fault is, and how faults are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.demo.faults.defect import Defect, Side
from backup_doctor.demo.faults.expectation import expected

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.demo.world import World

    Change = Callable[[World], object]


def nothing(_world: World) -> None:
    """Leave the world as it is."""


@dataclass(frozen=True)
class Fault(Defect):
    """One way to break a pipeline.

    before: changes the world after the row was inserted and before the workflow runs.
    after: changes it once the workflow has run.
    parts: the faults that a composed fault is made of.
    """

    before: Change = nothing
    after: Change = nothing
    parts: tuple[Fault, ...] = ()

    @property
    def causes(self) -> tuple[Fault, ...]:
        """The faults that it is made of: itself, unless it is composed."""
        return self.parts or (self,)

    @property
    def root_cause(self) -> str | None:
        """What a right diagnosis names if this is all that is broken; None for a healthy backup."""
        return expected([self]).root_cause


def compose(*faults: Fault, name: str = "", description: str = "") -> Fault:
    """Put faults into one, done in the order of the pipeline; its code is its root cause's."""
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
