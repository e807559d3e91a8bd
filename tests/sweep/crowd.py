"""Sweep a world in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.run.sweep.sweeping import Sweeping, Wish
from backup_doctor.settings.load import Flags, load
from tests.e2e.doctoring import AWS

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.run.sweep.result import Sweep
    from backup_doctor.settings.model import Settings


class Quiet:
    """Watches, and says nothing."""

    def phase(self, what: str, total: int | None = None) -> None:
        """A phase began."""

    def step(self) -> None:
        """One step is done."""


def settings_of(world: World, directory: Path) -> Settings:
    """The world's settings. boto3 would read the process's environment; see `doctoring`."""
    environ = world.environment()
    aws = {name: value for name, value in environ.items() if name in AWS}
    (directory / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in aws.items()))
    rest = {name: value for name, value in environ.items() if name not in AWS}
    return load(Flags(), environ=rest, cwd=directory)


def swept(world: World, directory: Path, wish: Wish | None = None) -> Sweep:
    """Sweep the world for what has been in progress for two hours."""
    chosen = wish or Wish(older_than_s=7200)
    return Sweeping(settings_of(world, directory), chosen, Quiet()).run()
