"""What a shape is: a pipeline that is well and looks different, and how the doctor is set up for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.demo.faults.fault import nothing
from backup_doctor.evidence.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backup_doctor.demo.world import World


def back_up(world: World) -> str:
    """Insert the row and run the workflow, as every night; return the dispatch id."""
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)
    return dispatch_id


def as_configured(world: World) -> Mapping[str, str]:
    """The doctor's settings as the world gives them."""
    return world.environment()


def anywhere(_world: World) -> Mapping[str, str]:
    """The doctor does not run in GitHub Actions."""
    return {}


@dataclass(frozen=True)
class Shape:
    """A healthy pipeline, or one that is still going.

    `prepare` changes the world before there is a row, `run` makes the backup and returns its
    dispatch id, `after` is what happened since. `environment` holds the doctor's settings and
    `configuration` its backup-doctor.toml; `surroundings` are the variables that GitHub Actions
    gives to a job, where the doctor is one; `skip` are checks that the user leaves out.
    """

    name: str
    description: str
    prepare: Callable[[World], None] = nothing
    run: Callable[[World], str] = back_up
    after: Callable[[World], None] = nothing
    environment: Callable[[World], Mapping[str, str]] = as_configured
    configuration: str = ""
    surroundings: Callable[[World], Mapping[str, str]] = anywhere
    skip: tuple[str, ...] = ()
    verdict: Verdict = Verdict.HEALTHY

    def make(self, world: World) -> str:
        """Put the world into this shape; return the backup's dispatch id."""
        self.prepare(world)
        dispatch_id = self.run(world)
        self.after(world)
        return dispatch_id
