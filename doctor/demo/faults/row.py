"""What is wrong with the row before the workflow runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from doctor.demo.faults.fault import Fault, Side

if TYPE_CHECKING:
    from doctor.demo.world import World


def delete_rows(world: World) -> None:
    """The app's insert was never committed."""
    world.sql("DELETE FROM public.backup_history")


FAULTS: Final = (
    Fault("row-missing", "the row was never created", Side.ROW, "row/missing", delete_rows),
)
